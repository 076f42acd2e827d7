//! How orders reached their teams: boxes opened, codes read out; and who on duty has not been heard of.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use sekong_draw::TableSerial;
use sekong_log::{BoxOpened, Entry, OrderRelayed, TableReplaced};
use sekong_model::{Day, Hour, Moment, Order, ProvinceId, TeamId, UnitId};

use super::{Admitted, CLOCK_TOLERANCE, DrawnOrder, State};
use crate::fault::Fault;
use crate::schedule::decided_until;

/// A team on duty that was not heard of in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// Where.
    pub province: ProvinceId,
    /// The unit it serves.
    pub unit: UnitId,
    /// The team.
    pub team: TeamId,
    /// The day of the hour.
    pub day: Day,
    /// The hour.
    pub hour: Hour,
    /// When it was due.
    pub by: Timestamp,
}

impl State {
    /// By when the teams on duty in an hour are to have been heard of.
    pub fn check_in_by(&self, day: Day, hour: Hour) -> Timestamp {
        let minutes = i64::from(self.campaign.rules().check_in_minutes);
        self.campaign.instant(day, hour) + SignedDuration::from_mins(minutes)
    }

    pub(super) fn admit_opened(&mut self, entry: &Entry, said: BoxOpened) -> Result<Admitted, Fault> {
        let team = self.devices.get(&entry.device()).and_then(|chained| chained.team.clone());
        let team = team.ok_or(Fault::NotItsToSay { device: entry.device() })?;
        let moment = self.told(&said.province, said.day, said.hour, &team)?;
        self.check_opening(entry, &said.province, moment)?;
        if !self.heard.insert((moment, team)) {
            return Err(Fault::LoggedBefore { what: "that this box was opened".to_owned() });
        }
        Ok(Admitted::Whole)
    }

    /// A box is opened by the device that the team had then, after its orders were given, and while nobody else could read
    /// them: later it proves nothing.
    fn check_opening(&self, entry: &Entry, province: &ProvinceId, moment: Moment) -> Result<(), Fault> {
        let (device, opened) = (entry.device(), entry.time());
        let chained = self.devices.get(&device).ok_or(Fault::UnknownDevice { device })?;
        if let Some(retired) = chained.retired.filter(|retired| *retired + CLOCK_TOLERANCE <= opened) {
            return Err(Fault::Retired { device, retired });
        }
        let ordered = self.orders_index(province, moment).map(|index| self.centre_time_under(index + 1));
        let there = ordered.unwrap_or(Timestamp::MIN).max(chained.enrolled);
        if opened + CLOCK_TOLERANCE < there {
            return Err(Fault::OpenedBefore { there, opened });
        }
        let hours = i64::from(self.campaign.rules().auditors_after_hours);
        let until = decided_until(&self.campaign, moment) + SignedDuration::from_hours(hours);
        if until < opened { Err(Fault::ToldLate { until, claimed: opened }) } else { Ok(()) }
    }

    /// An order is relayed for as long as its hour lasts, or reports on it are taken.
    fn check_relayed(&self, entry: &Entry, day: Day, hour: Hour) -> Result<(), Fault> {
        let ends = self.campaign.instant(day, hour) + SignedDuration::from_hours(1);
        let (until, claimed) = (ends.max(self.report_deadline(day, hour)), entry.time());
        if until < claimed { Err(Fault::ToldLate { until, claimed }) } else { Ok(()) }
    }

    /// Nothing is relayed to a team that has no order, where what was drawn is known.
    fn check_has_order(&self, province: &ProvinceId, moment: Moment, team: &TeamId) -> Result<(), Fault> {
        let is_known = self.drawn(province, moment).is_some();
        if is_known && self.order_for(province, moment, team).is_none() {
            return Err(Fault::NoOrder { team: team.clone(), moment });
        }
        Ok(())
    }

    /// Index of the entry that says that this very order was relayed so.
    pub(crate) fn relayed_at(&self, said: &OrderRelayed) -> Option<u64> {
        let moment = Moment::Hour { day: said.day, hour: said.hour };
        self.relayed.get(&(moment, said.team.clone(), said.channel, said.table)).copied()
    }

    pub(super) fn admit_relayed(
        &mut self,
        index: u64,
        entry: &Entry,
        said: OrderRelayed,
    ) -> Result<Admitted, Fault> {
        let moment = self.told(&said.province, said.day, said.hour, &said.team)?;
        self.check_serial(&said.team, self.table_of(&said.team).0, said.table)?;
        self.check_relayed(entry, said.day, said.hour)?;
        self.check_has_order(&said.province, moment, &said.team)?;
        if self.relayed_at(&said).is_some() {
            return Err(Fault::LoggedBefore { what: "that this order was relayed".to_owned() });
        }
        self.relayed.insert((moment, said.team, said.channel, said.table), index);
        Ok(Admitted::Whole)
    }

    pub(super) fn admit_table(&mut self, said: TableReplaced) -> Result<Admitted, Fault> {
        if !self.campaign.teams().iter().any(|team| team.id == said.team) {
            return Err(Fault::Unknown { what: format!("team {}", said.team) });
        }
        self.check_serial(&said.team, self.table_of(&said.team).0.saturating_add(1), said.serial)?;
        self.tables.insert(said.team, said.serial);
        Ok(Admitted::Whole)
    }

    fn check_serial(&self, team: &TeamId, wanted: u32, found: u32) -> Result<(), Fault> {
        if wanted == found { Ok(()) } else { Err(Fault::OtherTable { team: team.clone(), wanted, found }) }
    }

    /// The table of a team that counts now.
    pub fn table_of(&self, team: &TeamId) -> TableSerial {
        TableSerial(self.tables.get(team).copied().unwrap_or_default())
    }

    /// The moment of orders that were sealed for a team of a province.
    fn told(&self, province: &ProvinceId, day: Day, hour: Hour, team: &TeamId) -> Result<Moment, Fault> {
        self.check_day(day)?;
        let moment = Moment::Hour { day, hour };
        if !self.teams_of(province).any(|known| known == team) {
            return Err(Fault::Unknown { what: format!("team {team} in {province}") });
        }
        let sealed =
            self.orders_at.contains_key(&(province.clone(), moment)) || self.is_unread(province, day);
        if sealed { Ok(moment) } else { Err(Fault::Missing { what: format!("the orders of {moment}") }) }
    }

    /// Whether a team said that it opened the box of a moment.
    pub(crate) fn has_opened(&self, moment: Moment, team: &TeamId) -> bool {
        self.heard.contains(&(moment, team.clone()))
    }

    /// Boxes opened and orders relayed on some days.
    pub(crate) fn told_figures(&self, days: &BTreeSet<Day>) -> (u64, u64) {
        let of_days = |moment: &Moment| matches!(moment, Moment::Hour { day, .. } if days.contains(day));
        let opened = self.heard.iter().filter(|(moment, _)| of_days(moment)).count();
        let relayed = self.relayed.iter().filter(|((moment, ..), _)| of_days(moment)).count();
        (opened as u64, relayed as u64)
    }

    /// The teams of a province in campaign order: each gets a box every hour.
    pub(crate) fn teams_of(&self, province: &ProvinceId) -> impl Iterator<Item = &TeamId> {
        let pools = self.campaign.pools_of(province);
        let own =
            self.campaign.teams().iter().filter(move |team| pools.iter().any(|pool| pool.id == team.pool));
        own.map(|team| &team.id)
    }

    /// Whether a team is away on a day, and takes part in deals as a ghost: it is listed for the day or its week, and the day
    /// is not after the last one of its absence.
    pub(crate) fn is_away(&self, province: &ProvinceId, day: Day, team: &TeamId) -> bool {
        let week = self.campaign.week_of(day);
        [sekong_log::Period::Day { day }, sekong_log::Period::Week { week }]
            .into_iter()
            .filter_map(|period| self.absences.get(&(province.clone(), period)))
            .any(|list| list.away_on(day).any(|absence| absence.team == *team))
    }

    /// The order that a moment gave a team, if it is on duty then and not away.
    pub(crate) fn order_for(
        &self,
        province: &ProvinceId,
        moment: Moment,
        team: &TeamId,
    ) -> Option<&DrawnOrder> {
        let Moment::Hour { day, .. } = moment else { return None };
        let drawn = self.drawn(province, moment)?;
        drawn.orders.iter().find(|order| order.team == *team && !self.is_away(province, day, team))
    }

    /// Teams on duty that were to be heard of by `now` and were not, of the hours from (`day`, `hour`) on.
    pub fn overdue_teams(&self, day: Day, hour: Hour, now: Timestamp) -> Vec<Overdue> {
        let mut overdue = Vec::new();
        for ((province, moment), drawn) in &self.draws {
            let (Moment::Hour { day: of, hour: at }, Some(drawn)) = (*moment, drawn) else { continue };
            let by = self.check_in_by(of, at);
            if (of, at) < (day, hour) || now < by {
                continue;
            }
            let silent = drawn.orders.iter().filter(|order| {
                order.order != Order::StandDown
                    && !self.is_away(province, of, &order.team)
                    && !self.was_heard(*moment, order)
            });
            overdue.extend(silent.map(|order| Overdue {
                province: province.clone(),
                unit: order.unit.clone(),
                team: order.team.clone(),
                day: of,
                hour: at,
                by,
            }));
        }
        overdue
    }

    /// A team is heard of by its opened box, or by a report on the hour.
    fn was_heard(&self, moment: Moment, order: &DrawnOrder) -> bool {
        let Moment::Hour { day, hour } = moment else { return false };
        let reported = self.due(day, hour, &order.unit).is_some_and(|due| due.report.is_some());
        reported || self.has_opened(moment, &order.team)
    }
}
