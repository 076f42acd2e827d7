//! `sekong estimate --data`: what a campaign's record says of what passed, and which team finds or does too little.

use std::fs;
use std::path::Path;

use sekong_centre::{
    CorrectedView, DoubleView, EndsView, EstimatesAsked, EstimatesError, EstimatesView, FlowView, Met,
    PlantedView, PowerView, State, TeamTestView, TeamsView, pictures,
};
use sekong_estimate::detection::{Detection, of_plants};
use sekong_estimate::teams::HELD_BACK;
use sekong_model::{PostId, ProvinceId};
use serde_json::json;

use super::super::cannot_write;
use super::super::verify::{Question, outcome, verify_folder};
use super::power_in_words;
use crate::cli::EstimateCampaignArgs;
use crate::clocks::now;
use crate::failure::Failure;
use crate::output::print_line;
use crate::progress::shown;

pub(crate) fn campaign(args: &EstimateCampaignArgs) -> Result<(), Failure> {
    let data = args.data.as_ref().ok_or_else(|| Failure::usage("--data names no folder"))?;
    let detection = detection(args)?;
    let question = Question::at(args.now.unwrap_or_else(now));
    let verdict = verify_folder(data, &question, &mut shown("verifying"))?.verdict;
    outcome(&verdict)?;
    let state = verdict.state.ok_or_else(|| Failure::failed("the log opens no campaign"))?;
    let province = args.province.as_deref().map(|name| province(&state, name)).transpose()?;
    let from = args.from.unwrap_or(state.campaign().first_day());
    let to = args.to.unwrap_or(state.campaign().last_day());
    if to < from {
        return Err(Failure::usage(format!("--from {from} is after --to {to}"))
            .hint("give the earlier day as --from"));
    }
    let met = Met::of(&state, province.as_ref(), to);
    let asked = EstimatesAsked {
        province: province.as_ref(),
        from,
        to,
        detection: detection.as_ref(),
        top: &args.top.iter().cloned().collect(),
    };
    check_any_day(&met, &asked)?;
    let found = EstimatesView::of(&met, &asked).map_err(not_estimated)?;
    let teams = TeamsView::of(&met).map_err(Failure::failed)?;
    if let Some(folder) = &args.pictures {
        draw(folder, &found, &teams)?;
    }
    if args.json {
        return print_line(json!({ "campaign": state.campaign().id(), "estimates": found, "teams": teams }));
    }
    print(&found, &teams)
}

/// Of no day at all the estimates would be 0, from 0 to 0.
fn check_any_day(met: &Met, asked: &EstimatesAsked<'_>) -> Result<(), Failure> {
    let (whole, from, to) = (asked.whole(), asked.from, asked.to);
    if met.days.iter().any(|of| whole.reaches(&of.province, of.day)) {
        return Ok(());
    }
    let own = met.days.iter().filter(|of| asked.province.is_none_or(|province| *province == of.province));
    let last = own.map(|of| of.day).max();
    let hint = last.map_or_else(
        || "come back when a day is over and open".to_owned(),
        |last| format!("the last that is over is {last}: give it, or an earlier one, as --from"),
    );
    Err(Failure::failed(format!("no day with a plan is over between {from} and {to}")).hint(hint))
}

fn draw(folder: &Path, found: &EstimatesView, teams: &TeamsView) -> Result<(), Failure> {
    let drawn = [
        ("flow.svg", pictures::flow(found)),
        ("ranking.svg", pictures::ranking(found)),
        ("teams.svg", pictures::teams(teams)),
    ];
    fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    drawn.iter().try_for_each(|(name, text)| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| cannot_write(&path, &error))
    })
}

fn province(state: &State, name: &str) -> Result<ProvinceId, Failure> {
    let all = state.campaign().provinces();
    let own = all.iter().find(|province| province.id.as_str() == name);
    own.map(|province| province.id.clone()).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|province| province.id.as_str()).collect();
        Failure::usage(format!("--province: the campaign has no province {name}"))
            .hint(format!("one of {}", names.join(", ")))
    })
}

fn not_estimated(error: EstimatesError) -> Failure {
    match error {
        EstimatesError::NotRanked { .. } => Failure::usage(format!("--{error}")),
        EstimatesError::Flow(_) => Failure::failed(error),
    }
}

fn detection(args: &EstimateCampaignArgs) -> Result<Option<Detection>, Failure> {
    let of = args.plants.map(|plants| of_plants(plants.found, plants.planted)).transpose();
    of.map_err(|error| Failure::usage(format!("--plants: {error}")))
}

fn print(found: &EstimatesView, teams: &TeamsView) -> Result<(), Failure> {
    print_line(format_args!(
        "{} province-days{} from {} to {} ({} left out: not over, or still sealed); design {}",
        found.province_days,
        found.province.as_ref().map_or_else(String::new, |province| format!(" of {province} alone")),
        found.from,
        found.to,
        found.province_days_left_out,
        &found.design[..16],
    ))?;
    found.flows.iter().try_for_each(|flow| print_line(in_words(flow)))?;
    for of in &found.avoidance {
        print_line(format_args!(
            "{} met while staying, for those met on arriving: {:.2} (95 % {}); by arrivals alone {:.1} (95 % {})",
            of.quantity,
            of.ratio,
            ends(&of.ratio95),
            of.arrivals_only,
            ends(&of.arrivals_only95)
        ))?;
    }
    print_ranking(found)?;
    print_plants(found)?;
    found.double.iter().try_for_each(print_double)?;
    found.corrected.iter().try_for_each(print_corrected)?;
    print_teams(teams)
}

/// What is planted and still closed is among the finds.
fn print_plants(found: &EstimatesView) -> Result<(), Failure> {
    let Some(of) = &found.plants else { return Ok(()) };
    print_line(format_args!(
        "simulants: {} found of {} inspected; of their commitments {} opened in time, {} late, {} closed and not due yet, {} closed though due",
        of.found, of.inspected, of.opened, of.opened_late, of.waiting, of.overdue
    ))
}

fn print_double(of: &DoubleView) -> Result<(), Failure> {
    print_line(format_args!(
        "double inspections: {} of visits, {} vehicles: {} with a find by the visit's team, {} by the second, {} by both; {} late and left out",
        of.inspections, of.vehicles, of.first, of.second, of.both, of.late
    ))?;
    let (Some(loads), Some(loads95)) = (of.loads, &of.loads95) else { return Ok(()) };
    let (Some(detection), Some(detection95)) = (of.detection, &of.detection95) else { return Ok(()) };
    print_line(format_args!(
        "{loads:.1} loads were in these vehicles at least (95 % {}); of what the second teams found, the visits' teams had found {}, and of \
         all at most so much",
        ends(loads95),
        percent(detection, detection95)
    ))
}

fn print_corrected(of: &CorrectedView) -> Result<(), Failure> {
    let by = match of.by.as_str() {
        "given" => "as given",
        "plants" => "by simulants",
        _ => "by double inspections",
    };
    let (most, least) = if of.at_least { (" at most", " at least") } else { ("", "") };
    print_line(format_args!(
        "loads that there were, {} of them being found{most} {by}: {:.1}{least} (95 % {})",
        percent(of.detection, &of.detection95),
        of.loads,
        ends(&of.interval95),
    ))
}

fn print_planted(of: &PlantedView) -> Result<(), Failure> {
    let flagged = of.teams.iter().filter(|team| team.flag_week.is_some());
    let names: Vec<&str> = flagged.map(|team| team.team.as_str()).collect();
    let said = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    print_line(format_args!(
        "too few simulants found, of {} teams, each against what is published of its class: flagged for an enquiry at {:.0}: {said}",
        of.teams.len(),
        of.flag_at
    ))?;
    of.needed.iter().try_for_each(|needed| {
        print_line(format_args!(
            "{}: a team that finds none would be flagged by {} simulants inspected, if {:.0} % at least are to be found",
            needed.class,
            needed.misses,
            100.0 * needed.least
        ))
    })
}

fn print_ranking(found: &EstimatesView) -> Result<(), Failure> {
    for (place, post) in (1..).zip(&found.ranking) {
        print_line(format_args!(
            "{place}. {}: {:.1} loads (95 % for all posts together {}), rank {} to {}, the biggest with chance {:.2}, the top {place} \
             are these with chance {:.2}",
            post.post,
            post.est,
            ends(&post.joint95),
            post.rank_best,
            post.rank_worst,
            post.first,
            post.top,
        ))?;
    }
    if let Some(top) = &found.top {
        let posts: Vec<&str> = top.posts.iter().map(PostId::as_str).collect();
        print_line(format_args!("{} have the most loads with chance {:.2}", posts.join(", "), top.chance))?;
    }
    Ok(())
}

/// What the power is of.
const FINDS: &str = "too few finds";

/// Below this chance in every pool, that nobody is flagged says nothing.
const POWER_MIN: f64 = 0.05;

fn nobody_in_words(power: &[PowerView]) -> String {
    let most = power.iter().map(|of| of.chance).fold(0.0, f64::max);
    if POWER_MIN <= most {
        return "none".to_owned();
    }
    format!(
        "nothing can be said yet: the test would see a team that held {:.0} % of its finds back with chance {most:.2}",
        100.0 * HELD_BACK
    )
}

fn print_teams(teams: &TeamsView) -> Result<(), Failure> {
    if teams.finds.is_empty() {
        print_line("no day with a deal is over: nothing is said of teams yet")?;
        return teams.planted.iter().try_for_each(print_planted);
    }
    for (what, of) in [
        (FINDS, &teams.finds),
        ("too many finds", &teams.more),
        ("too many visits missed, late or without a look", &teams.missed),
    ] {
        let flagged: Vec<String> = of.iter().filter_map(flag_in_words).collect();
        let none = || if what == FINDS { nobody_in_words(&teams.power) } else { "none".to_owned() };
        let said = if flagged.is_empty() { none() } else { flagged.join("; ") };
        print_line(format_args!(
            "{what}, of {} teams, each against what the lot gave it: flagged for an enquiry at {:.0}: {said}",
            of.len(),
            teams.flag_at
        ))?;
    }
    teams.planted.iter().try_for_each(print_planted)?;
    teams.power.iter().try_for_each(|of| print_line(power_in_words(of)))
}

/// Of a team with a flag, what whoever enquires begins with.
fn flag_in_words(of: &TeamTestView) -> Option<String> {
    let week = of.flag_week?;
    let begin = of.strongest.first().map_or_else(String::new, |of| {
        format!(", most of all on {} at {}: {}, {:.1} on average", of.day, of.unit, of.counted, of.expected)
    });
    let TeamTestView { team, counted, expected, .. } = of;
    Some(format!("{team} in week {week}: {counted}, the lot gave it {expected:.1} on average{begin}"))
}

fn in_words(flow: &FlowView) -> String {
    let domain = [
        flow.province.as_ref().map(ProvinceId::to_string),
        flow.post.as_ref().map(PostId::to_string),
        flow.hour.map(|hour| format!("{hour}:00")),
        flow.transport.as_ref().map(|transport| format!("transport {transport}")),
        flow.drug.as_ref().map(|drug| format!("drug {drug}")),
    ];
    let domain = domain.into_iter().flatten().next().unwrap_or_else(|| "all".to_owned());
    let interval = match (&flow.interval95, flow.interval_by.as_str()) {
        (Some(interval), "model") => {
            format!("at most {} by a model, for nothing was found", end(interval.high))
        }
        (Some(interval), _) => format!("95 % {}", ends(interval)),
        (None, _) => "no interval: too few days".to_owned(),
    };
    format!(
        "{domain}: {:.1} {} by {} ({interval}); {} of {} visits lost: {}; {} finds in {} inspected; {:.0} % of it on one slot; \
         {} slots out of reach",
        flow.est,
        flow.quantity,
        flow.method,
        flow.visits_lost,
        flow.visits,
        ends(&flow.lost),
        flow.found,
        flow.inspected,
        100.0 * flow.weight_share_max,
        flow.slots_unreachable,
    )
}

fn ends(of: &EndsView) -> String {
    format!("{} to {}", end(of.low), end(of.high))
}

/// A share with its interval; an end that is not known is that of all shares.
fn percent(share: f64, of: &EndsView) -> String {
    let [low, high] = [of.low.unwrap_or(0.0), of.high.unwrap_or(1.0)].map(|end| 100.0 * end);
    format!("{:.0} % (95 % {low:.0} to {high:.0})", 100.0 * share)
}

fn end(of: Option<f64>) -> String {
    of.map_or("no end".to_owned(), |end| format!("{end:.1}"))
}
