//! Each day's estimate, and the sum of them.

use std::collections::{BTreeMap, BTreeSet};

use sekong_model::{Day, ProvinceId, UnitId};

use super::record::{Cell, Record, Seen, Within};
use super::scatter::{self, Outset, Regime, Scatter};
use super::{Domain, Flow, Kind, Lost, Method, Quantity, Uncertainty};
use crate::exact::{self, Interval};

/// What a day was drawn by: the regime of each province that has a plan.
type Rules<'a> = BTreeSet<(&'a ProvinceId, u32)>;

/// What is asked, and of which slots.
struct Asked<'a> {
    record: &'a Record,
    within: Within,
    quantity: Quantity,
    method: Method,
}

impl Record {
    /// The flow in a domain.
    pub fn flow(&self, domain: &Domain, quantity: Quantity, method: Method) -> Flow {
        Asked { record: self, within: self.within(domain), quantity, method }.flow()
    }

    /// Each day's estimate, the provinces of a domain together.
    pub fn daily(&self, domain: &Domain, quantity: Quantity, method: Method) -> Vec<(Day, f64)> {
        let asked = Asked { record: self, within: self.within(domain), quantity, method };
        let mut days: BTreeMap<Day, f64> = BTreeMap::new();
        for (day, value) in asked.by_day(&asked.base(), Lost::Predicted) {
            *days.entry(self.days[day].day).or_default() += value;
        }
        days.into_iter().collect()
    }

    /// By day, the flow of all days up to it, with how surely it is known; `None` while there are too few days to compare, or no find.
    pub fn running(
        &self,
        domain: &Domain,
        quantity: Quantity,
        method: Method,
    ) -> Vec<(Day, f64, Option<Interval>)> {
        let asked = Asked { record: self, within: self.within(domain), quantity, method };
        let terms = asked.by_day(&asked.base(), Lost::Predicted);
        let daily = self.daily(domain, quantity, method);
        let up_to = |(day, _): &(Day, f64)| {
            let so_far = || terms.iter().filter(|(at, _)| self.days[**at].day <= *day);
            let seen = || asked.visited().filter(|cell| self.days[cell.day].day <= *day);
            let est = so_far().map(|(_, value)| value).sum();
            let known = asked.known(seen, so_far().map(|(at, value)| (*at, *value)));
            (*day, est, known.map(|(known, _)| asked.interval(est, &known, seen())))
        };
        daily.iter().map(up_to).collect()
    }

    /// What a slot was seen to add, by itself.
    pub(super) fn weighted(&self, cell: &Cell, quantity: Quantity, method: Method) -> f64 {
        self.weighted_with(cell, quantity, method, Lost::Nothing)
    }

    fn weighted_with(&self, cell: &Cell, quantity: Quantity, method: Method, lost: Lost) -> f64 {
        let at = quantity as usize;
        let filled = || self.filled(cell, at, lost);
        match method {
            Method::HorvitzThompson => cell.value(at).unwrap_or_else(filled) / cell.inclusion,
            Method::Difference => {
                (cell.value(at).unwrap_or_else(filled) - cell.predicted[at]) / cell.inclusion
            }
            Method::PerUnit => self.of_units(cell, at, lost).map(|(_, value)| value).sum(),
        }
    }

    /// What each visit adds, by its unit.
    fn of_units<'a>(
        &'a self,
        cell: &'a Cell,
        at: usize,
        lost: Lost,
    ) -> impl Iterator<Item = (&'a UnitId, f64)> {
        cell.visits.iter().map(move |seen| {
            let value = seen.values[at].unwrap_or_else(|| self.filled(cell, at, lost));
            (&seen.unit, value / cell.visits_expected)
        })
    }

    fn filled(&self, cell: &Cell, at: usize, lost: Lost) -> f64 {
        match lost {
            Lost::Nothing => 0.0,
            Lost::Predicted => cell.filled[at],
            Lost::Most => self.most[self.places[cell.place].post_index][at],
        }
    }
}

impl Record {
    /// The loads of one kind. What nobody told apart may be of it: then that is in the upper bounds, and where none of the kind was told
    /// the bound is the upper end of all of it together.
    pub fn flow_of_kind(&self, domain: &Domain, kind: Kind, method: Method) -> Flow {
        let flow = self.of_kind(kind).flow(domain, Quantity::Loads, method);
        if kind == Kind::Untold {
            return flow;
        }
        let most = self.of_kind_at_most(kind).flow(domain, Quantity::Loads, method);
        let lost = Interval { high: most.lost.high.max(flow.lost.high), ..flow.lost };
        let uncertainty = match (flow.uncertainty, most.uncertainty) {
            (Uncertainty::Model { .. }, Uncertainty::Scatter { t95, .. }) => {
                Uncertainty::Model { high: t95.high }
            }
            (Uncertainty::Model { .. }, of_most) => of_most,
            (known, _) => known,
        };
        Flow { lost, uncertainty, ..flow }
    }
}

impl Asked<'_> {
    fn flow(&self) -> Flow {
        let base = self.base();
        let sum = |lost| self.by_day(&base, lost).into_values().fold(0.0, |sum, day| sum + day);
        let (est, low, high) = (sum(Lost::Predicted), sum(Lost::Nothing), sum(Lost::Most));
        let visits = || self.visited().flat_map(|cell| &cell.visits);
        let found = found(self.visited());
        // Without a find what earlier days and other posts predict is no estimate.
        let est = if self.quantity == Quantity::Loads && found == 0 { 0.0 } else { est };
        let inspected = visits().map(|seen| seen.looked.0).sum();
        let uncertainty = match self.quantity {
            Quantity::Loads if found == 0 => self.bound(inspected),
            Quantity::Passed | Quantity::Loads => self.scatter(&base, est),
        };
        let cells = self.record.cells.iter().filter(|cell| self.within.holds(cell));
        Flow {
            est,
            uncertainty,
            // An estimate by difference may lie below zero; what it is bounded by lies on its sides all the same.
            lost: Interval { low: low.max(0.0).min(est), high: high.max(est) },
            days: base.keys().map(|day| self.record.days[*day].day).collect::<BTreeSet<Day>>().len(),
            visits: visits().count(),
            visits_lost: visits().filter(|seen| seen.values[self.quantity as usize].is_none()).count(),
            inspected,
            found,
            weight_share_max: if est > 0.0 { self.weight_share_max(&base) } else { 0.0 },
            slots_unreachable: cells.filter(|cell| cell.inclusion == 0.0).count(),
        }
    }

    /// The largest part that one slot has in what is added up. By difference slots take away, too: each term counts by its size, for a part of
    /// the sum alone could be more than all of it.
    fn weight_share_max(&self, base: &BTreeMap<usize, f64>) -> f64 {
        let term =
            |cell: &Cell| self.record.weighted_with(cell, self.quantity, self.method, Lost::Predicted).abs();
        let predicted: f64 = base.values().sum();
        let (sum, largest) = self
            .visited()
            .map(term)
            .fold((predicted, 0.0_f64), |(sum, largest), term| (sum + term, largest.max(term)));
        if sum > 0.0 { largest / sum } else { 0.0 }
    }

    fn visited(&self) -> impl Iterator<Item = &Cell> {
        self.record.visited_in(&self.within)
    }

    /// By index of each planned day, what was predicted for its slots; nothing but by the difference method.
    fn base(&self) -> BTreeMap<usize, f64> {
        let mut days: Vec<Option<f64>> = vec![None; self.record.days.len()];
        for cell in self.record.cells.iter().filter(|cell| self.within.holds(cell)) {
            let day = days[cell.day].get_or_insert(0.0);
            if self.method == Method::Difference && cell.inclusion > 0.0 {
                *day += cell.predicted[self.quantity as usize];
            }
        }
        days.into_iter().enumerate().filter_map(|(day, base)| Some((day, base?))).collect()
    }

    /// By index of each planned day, its estimate.
    fn by_day(&self, base: &BTreeMap<usize, f64>, lost: Lost) -> BTreeMap<usize, f64> {
        let mut days = base.clone();
        for cell in self.visited() {
            *days.entry(cell.day).or_default() +=
                self.record.weighted_with(cell, self.quantity, self.method, lost);
        }
        days
    }

    fn scatter(&self, base: &BTreeMap<usize, f64>, est: f64) -> Uncertainty {
        let terms = self.by_day(base, Lost::Predicted).into_iter();
        let Some((known, lag_days)) = self.known(|| self.visited(), terms) else {
            return Uncertainty::NotEstimable;
        };
        let t95 = self.interval(est, &known, self.visited());
        Uncertainty::Scatter { se: known.variance.sqrt(), df: known.df, t95, lag_days }
    }

    /// 95 % by how days scatter, and never below what was counted: so much was there, whatever the others met.
    fn interval<'a>(&self, est: f64, known: &Scatter, seen: impl Iterator<Item = &'a Cell>) -> Interval {
        let by_days = scatter::interval(est, known, self.is_skewed());
        let counted: f64 = seen.map(|cell| self.counted(cell)).sum();
        if counted <= est { Interval { low: by_days.low.max(counted), ..by_days } } else { by_days }
    }

    /// What was seen in a slot for sure. Where several units were there they may have met the same vehicles: the most that one of them saw.
    fn counted(&self, cell: &Cell) -> f64 {
        let one = |seen: &Seen| match self.quantity {
            Quantity::Passed => seen.values[Quantity::Passed as usize].unwrap_or(0.0),
            Quantity::Loads => seen.looked.1 as f64,
        };
        cell.visits.iter().map(one).fold(0.0, f64::max)
    }

    /// How days scatter, and at which lag; `None` where too few can be compared, or nothing was counted that scatters.
    fn known<'a, C: Iterator<Item = &'a Cell>>(
        &self,
        seen: impl Fn() -> C,
        terms: impl Iterator<Item = (usize, f64)>,
    ) -> Option<(Scatter, usize)> {
        let planned: BTreeMap<usize, f64> = terms.collect();
        let regimes = self.regimes(planned.iter().map(|(day, value)| (*day, *value)));
        let lag = scatter::lag_of(&regimes);
        let regimes = runs(regimes);
        // A week may show and yet have no second one to be compared with.
        let lag = if scatter::of_sum(&regimes, lag, Outset::Alike).is_some() { lag } else { 1 };
        let known = match self.method {
            Method::PerUnit => self.by_unit(seen(), &planned, lag),
            Method::HorvitzThompson => scatter::of_sum(&regimes, lag, Outset::Alike),
            Method::Difference => scatter::of_sum(&regimes, lag, Outset::Learning),
        }?;
        let at = self.quantity as usize;
        let visits = || seen().flat_map(|cell| &cell.visits);
        let served = visits().filter(|seen| seen.values[at].is_some()).count();
        if visits().all(|seen| seen.values[at].unwrap_or(0.0) == 0.0) {
            return None;
        }
        // What is filled in does not scatter: as few as were served tell of all.
        let share = served as f64 / visits().count() as f64;
        Some((Scatter { variance: known.variance / (share * share), ..known }, lag))
    }

    /// Finds are few and stand for many where slots are rarely visited: their interval is made on the logarithm.
    fn is_skewed(&self) -> bool {
        self.quantity == Quantity::Loads
    }

    /// Units are drawn apart: what each adds on successive days is compared by itself, and the variances are summed.
    fn by_unit<'a>(
        &self,
        seen: impl Iterator<Item = &'a Cell>,
        planned: &BTreeMap<usize, f64>,
        lag: usize,
    ) -> Option<Scatter> {
        let mut by_unit: BTreeMap<&UnitId, BTreeMap<usize, f64>> = BTreeMap::new();
        for cell in seen {
            for (unit, value) in self.record.of_units(cell, self.quantity as usize, Lost::Predicted) {
                *by_unit.entry(unit).or_default().entry(cell.day).or_default() += value;
            }
        }
        let of_unit = |days: BTreeMap<usize, f64>| {
            let province = days.keys().next().map(|day| &self.record.days[*day].province);
            let own = planned.keys().filter(|day| province == Some(&self.record.days[**day].province));
            let terms = own.map(|day| (*day, days.get(day).copied().unwrap_or(0.0)));
            scatter::of_sum(&runs(self.regimes(terms)), lag, Outset::Alike)
        };
        let parts: Option<Vec<Scatter>> = by_unit.into_values().map(of_unit).collect();
        Scatter::together(&parts?)
    }

    /// Days' sums in runs of consecutive days under the same rules, each with the number of its first day.
    fn regimes(&self, terms: impl Iterator<Item = (usize, f64)>) -> Vec<(usize, Regime)> {
        let mut days: BTreeMap<Day, (f64, Rules<'_>)> = BTreeMap::new();
        for (day, value) in terms {
            let key = &self.record.days[day];
            let (sum, rules) = days.entry(key.day).or_default();
            *sum += value;
            rules.insert((&key.province, key.regime));
        }
        let Some(first) = days.keys().next().copied() else { return Vec::new() };
        let mut regimes: Vec<(usize, Regime)> = Vec::new();
        let mut before: Option<(Day, Rules<'_>)> = None;
        for (day, (value, rules)) in days {
            let goes_on =
                before.as_ref().is_some_and(|(last, old)| day.days_since(*last) == 1 && *old == rules);
            match regimes.last_mut().filter(|_| goes_on) {
                Some((_, run)) => run.push(value),
                None => regimes.push((usize::try_from(day.days_since(first)).unwrap_or(0), vec![value])),
            }
            before = Some((day, rules));
        }
        regimes
    }

    /// A bound on loads where none was found: as many as are met with 3.7 expected finds, if loads lie among vehicles at random.
    fn bound(&self, inspected: u64) -> Uncertainty {
        if inspected == 0 {
            return Uncertainty::NotEstimable;
        }
        let passed = self.visited().map(|cell| {
            self.record.weighted_with(cell, Quantity::Passed, Method::HorvitzThompson, Lost::Predicted)
        });
        let high = exact::poisson(0, 0.05).high * passed.sum::<f64>() / inspected as f64;
        Uncertainty::Model { high }
    }
}

fn found<'a>(seen: impl Iterator<Item = &'a Cell>) -> u64 {
    seen.flat_map(|cell| &cell.visits).map(|seen| seen.looked.1).sum()
}

fn runs(regimes: Vec<(usize, Regime)>) -> Vec<Regime> {
    regimes.into_iter().map(|(_, days)| days).collect()
}
