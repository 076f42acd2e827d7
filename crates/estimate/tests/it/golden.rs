//! Figures made by `reference/declarers.py`, which counts out every permutation.

use sekong_estimate::Seed;
use sekong_estimate::declarers::{
    Alpha, DealtShift, Declarer, Finding, Method, ShiftKey, Terms, standing_test,
};
use sekong_model::{Day, PoolId, ShiftId, TeamId};
use serde::Deserialize;

use crate::{is_near, office};

#[derive(Deserialize)]
struct Case {
    alpha: f64,
    declarers: Vec<String>,
    shifts: Vec<ShiftCase>,
    findings: Vec<FindingCase>,
}

#[derive(Deserialize)]
struct ShiftCase {
    day: Day,
    shift: ShiftId,
    pool: PoolId,
    dealt: Vec<(TeamId, f64)>,
    absent: Vec<(TeamId, String)>,
}

#[derive(Deserialize)]
struct FindingCase {
    declarer: String,
    absences: usize,
    shifts: usize,
    worths: Option<(f64, f64)>,
    p: (f64, f64, f64),
    e_value: f64,
    e_value_highest: f64,
    flagged: Option<(Day, ShiftId, PoolId)>,
}

impl ShiftCase {
    fn shift(self) -> DealtShift {
        let key = ShiftKey { day: self.day, shift: self.shift, pool: self.pool };
        let absent = self.absent.into_iter().map(|(team, by)| (team, office(&by))).collect();
        DealtShift::new(key, self.dealt, absent).unwrap()
    }
}

fn compare(found: &Finding, expected: FindingCase) {
    let name = &expected.declarer;
    assert_eq!(found.declarer.as_str(), name);
    assert_eq!((found.absences, found.shifts), (expected.absences, expected.shifts), "{name}");
    assert_eq!(found.p.method, Method::Exact, "{name}");
    let worths = found.worths.map(|worths| (worths.removed, worths.all));
    assert_eq!(worths.is_some(), expected.worths.is_some(), "{name}");
    let pairs = [
        (worths.unwrap_or_default(), expected.worths.unwrap_or_default()),
        ((found.p.low, found.p.high), (expected.p.0, expected.p.1)),
        ((found.p.two, found.e_value), (expected.p.2, expected.e_value)),
        ((found.e_value_highest, 0.0), (expected.e_value_highest, 0.0)),
    ];
    for (found, expected) in pairs {
        assert!(
            is_near(found.0, expected.0) && is_near(found.1, expected.1),
            "{name}: {found:?} {expected:?}"
        );
    }
    let flagged = expected.flagged.map(|(day, shift, pool)| ShiftKey { day, shift, pool });
    assert_eq!(found.flagged, flagged, "{name}");
}

#[test]
fn every_figure_is_that_of_the_reference() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden/declarers.json")).unwrap();
    let mut flags = 0;
    for case in cases {
        let declarers: Vec<Declarer> = case.declarers.iter().map(|name| office(name)).collect();
        let alpha = Alpha::try_from(case.alpha).unwrap();
        let terms = Terms { alpha, ..Terms::new(declarers.into_iter().collect(), Seed(0)) };
        let record: Vec<DealtShift> = case.shifts.into_iter().map(ShiftCase::shift).collect();
        let findings = standing_test(&record, &terms).unwrap();
        assert_eq!(findings.len(), case.findings.len());
        flags += findings.iter().filter(|finding| finding.flagged.is_some()).count();
        findings.iter().zip(case.findings).for_each(|(found, expected)| compare(found, expected));
    }
    assert!(flags > 0, "a flag is among the figures");
}
