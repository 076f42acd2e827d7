//! `sekong campaign check`: what a campaign file says, laid out for a reader.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use sekong_model::{Campaign, Day, Hour, PostId, Province, ProvinceId, Warning};
use serde_json::{Value, json};

use crate::cli::CampaignCheckArgs;
use crate::failure::Failure;
use crate::files::read_campaign;
use crate::output::{print, print_line};

pub(crate) fn run(args: &CampaignCheckArgs) -> Result<(), Failure> {
    let (_, campaign) = read_campaign(&args.campaign)?;
    if let Some(stops) = campaign.warnings().iter().find(|warning| **warning == Warning::NoOfficers) {
        eprintln!("WARNING: {stops}");
    }
    if args.json {
        return print_line(as_json(&campaign));
    }
    let mut text = String::new();
    write_words(&mut text, &campaign).map_err(Failure::failed)?;
    print(&text)
}

/// A day of each season: the first one, and the first wet one.
fn sample_days(campaign: &Campaign) -> Vec<(&'static str, Day)> {
    let mut days = vec![("first day", campaign.first_day())];
    days.extend(campaign.rules().wet_season.map(|wet| ("first wet day", wet.first_day)));
    days
}

fn write_words(text: &mut String, campaign: &Campaign) -> fmt::Result {
    writeln!(text, "{}: {}", campaign.id(), campaign.title())?;
    let (first, last, zone) = (campaign.first_day(), campaign.last_day(), campaign.time_zone());
    writeln!(text, "{first} to {last} ({} days), {zone}", campaign.days().count())?;
    for province in campaign.provinces() {
        write_posts(text, campaign, province)?;
        write_teams(text, campaign, &province.id)?;
        for (season, day) in sample_days(campaign) {
            write_travel(text, campaign, &province.id, season, day)?;
            write_unreached(text, campaign, &province.id, season, day)?;
        }
    }
    write_warnings(text, campaign)
}

fn write_posts(text: &mut String, campaign: &Campaign, province: &Province) -> fmt::Result {
    writeln!(text, "\n{} ({})\n  posts", province.name_en, province.id)?;
    for post in campaign.posts_of(&province.id) {
        let hollow = if post.is_hollow() { ", drawn hollow" } else { "" };
        let boat = if post.boat { ", by boat" } else { "" };
        let night = if post.night_ok { "" } else { ", not at night" };
        writeln!(
            text,
            "    {:<13} {} [{}{hollow}] crew {}{boat}{night}; {}",
            post.id.as_str(),
            post.name_en,
            post.provenance(),
            post.min_crew,
            post.status
        )?;
    }
    Ok(())
}

fn write_teams(text: &mut String, campaign: &Campaign, province: &ProvinceId) -> fmt::Result {
    writeln!(text, "  teams")?;
    for pool in campaign.pools_of(province) {
        let teams: Vec<String> =
            campaign.teams_of(&pool.id).iter().map(|team| format!("{} ({})", team.id, team.agency)).collect();
        writeln!(
            text,
            "    pool {} from {}, class {}, {} teams",
            pool.id,
            pool.base_name,
            pool.class,
            teams.len()
        )?;
        for share in campaign.shares_of(&pool.id) {
            writeln!(
                text,
                "      shift {}: {} units from {} teams, at most {} days a week each",
                share.shift, share.units, share.teams, share.days_at_most
            )?;
        }
        writeln!(text, "      {}", teams.join(", "))?;
    }
    Ok(())
}

fn write_travel(
    text: &mut String,
    campaign: &Campaign,
    province: &ProvinceId,
    season: &str,
    day: Day,
) -> fmt::Result {
    let posts: Vec<&PostId> = campaign.posts_of(province).iter().map(|post| &post.id).collect();
    let minutes: BTreeMap<(PostId, PostId), f64> = campaign
        .travel_minutes(province, day)
        .into_iter()
        .flat_map(|(from, to, minutes)| [((from.clone(), to.clone()), minutes), ((to, from), minutes)])
        .collect();
    writeln!(text, "  travel in minutes, {season} ({day}); roads are coarse, not for navigation")?;
    write!(text, "    {:13}", "")?;
    for post in &posts {
        write!(text, " {:>12}", post.as_str())?;
    }
    writeln!(text)?;
    for from in &posts {
        write!(text, "    {:<13}", from.as_str())?;
        for to in &posts {
            let cell = match minutes.get(&((*from).clone(), (*to).clone())) {
                _ if from == to => "·".to_owned(),
                Some(minutes) => format!("{minutes:.0}"),
                None => "—".to_owned(),
            };
            write!(text, " {cell:>12}")?;
        }
        writeln!(text)?;
    }
    Ok(())
}

fn write_unreached(
    text: &mut String,
    campaign: &Campaign,
    province: &ProvinceId,
    season: &str,
    day: Day,
) -> fmt::Result {
    let mut by_reason: BTreeMap<(PostId, String), Vec<Hour>> = BTreeMap::new();
    for (post, hour) in campaign.uncovered(province, day) {
        let reason = campaign.why_uncovered(&post, day, hour);
        let reason = reason.map_or_else(String::new, |reason| reason.to_string());
        by_reason.entry((post, reason)).or_default().push(hour);
    }
    let none = if by_reason.is_empty() { ": none" } else { "" };
    writeln!(text, "  slots no unit reaches, {season}{none}")?;
    for ((post, reason), hours) in by_reason {
        writeln!(text, "    {:<13} hours {}: {reason}", post.as_str(), ranges(&hours))?;
    }
    Ok(())
}

/// Hours as ranges, `00–07, 16–23`.
fn ranges(hours: &[Hour]) -> String {
    let mut ranges: Vec<(Hour, Hour)> = Vec::new();
    for hour in hours {
        match ranges.last_mut() {
            Some((_, last)) if last.get() + 1 == hour.get() => *last = *hour,
            _ => ranges.push((*hour, *hour)),
        }
    }
    let range = |(first, last): &(Hour, Hour)| {
        if first == last { first.to_string() } else { format!("{first}–{last}") }
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(", ")
}

fn write_warnings(text: &mut String, campaign: &Campaign) -> fmt::Result {
    let count = campaign.warnings().len();
    writeln!(text, "\n{count} warnings")?;
    for warning in campaign.warnings() {
        writeln!(text, "  {warning}")?;
    }
    Ok(())
}

fn as_json(campaign: &Campaign) -> Value {
    let provinces = campaign.provinces().iter().map(|province| province_json(campaign, province));
    json!({
        "campaign": campaign.id(),
        "title": campaign.title(),
        "first_day": campaign.first_day(),
        "last_day": campaign.last_day(),
        "time_zone": campaign.time_zone(),
        "provinces": provinces.collect::<Vec<_>>(),
        "warnings": campaign.warnings().iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn province_json(campaign: &Campaign, province: &Province) -> Value {
    let posts = campaign.posts_of(&province.id).into_iter().map(|post| {
        json!({
            "id": post.id, "name": post.name_en, "provenance": post.provenance().to_string(),
            "hollow": post.is_hollow(), "status": post.status, "min_crew": post.min_crew,
        })
    });
    let teams = campaign.pools_of(&province.id).into_iter().flat_map(|pool| campaign.teams_of(&pool.id));
    let teams =
        teams.map(|team| json!({ "id": team.id, "pool": team.pool, "agency": team.agency.to_string() }));
    let seasons = sample_days(campaign).into_iter().map(|(season, day)| {
        json!({
            "season": season,
            "day": day,
            "travel_minutes": campaign.travel_minutes(&province.id, day),
            "unreached": campaign.uncovered(&province.id, day),
        })
    });
    json!({
        "id": province.id,
        "name": province.name_en,
        "posts": posts.collect::<Vec<_>>(),
        "teams": teams.collect::<Vec<_>>(),
        "seasons": seasons.collect::<Vec<_>>(),
    })
}
