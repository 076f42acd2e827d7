//! The campaign's files of a border.

use std::fmt::Write;

use sekong_model::SourceBundle;
use serde_json::json;

use super::made::{AGENCIES, Border, MadePool, MadePost, Wet};

const ROADS: &str = "roads.geojson";
const CROSSINGS: &str = "crossings.geojson";

impl Border {
    /// Its files.
    pub fn files(&self) -> SourceBundle {
        let mut files = SourceBundle::new(self.toml());
        files.files.insert(ROADS.to_owned(), self.roads_file());
        files.files.insert(CROSSINGS.to_owned(), self.crossings_file());
        files
    }

    fn toml(&self) -> String {
        let mut text = self.head();
        for custodian in ["court", "ombudsman", "university"] {
            text += &format!("[[custodian]]\nid = \"{custodian}\"\ntitle = \"{custodian}\"\n");
        }
        text += "[[declarer]]\nid = \"duty-office\"\ntitle = \"Duty office\"\n";
        for (start, (name, hours)) in self.starts().into_iter().zip(self.named_shifts()) {
            text += &format!("[[shift]]\nid = \"{name}\"\nstart = {start}\nlength_hours = {hours}\n");
        }
        text += "[[class]]\nid = \"patrol\"\ntitle = \"Patrol\"\nsource = \"made\"\n";
        text += "detect = { best = 0.5, low = 0.4, high = 0.6 }\n";
        for province in 0..self.provinces {
            text += &format!("[[province]]\nid = \"province-{province}\"\nname_en = \"P\"\n");
        }
        self.posts.iter().for_each(|post| text += &post_text(post));
        self.posts.iter().enumerate().for_each(|(place, post)| text += &value_text(place, post));
        self.pools.iter().for_each(|pool| text += &self.pool_text(pool));
        text
    }

    fn head(&self) -> String {
        let (last, wet) = (self.days, self.dry_days + 1);
        let (from, to) = self.night;
        let season = if self.dry_days < self.days {
            format!(
                "[rules.wet_season]\nfirst_day = 2017-01-{wet:02}\nlast_day = 2017-01-{last:02}\nslow_factor = 1.5\n"
            )
        } else {
            String::new()
        };
        format!(
            "[campaign]\nid = \"border\"\ntitle = \"A border\"\ntime_zone = \"Asia/Phnom_Penh\"\n\
             first_day = 2017-01-01\nlast_day = 2017-01-{last:02}\n\
             [files]\nroads = \"{ROADS}\"\ncrossings = \"{CROSSINGS}\"\n\
             [rules]\nlead_minutes = 10\nsilence_minutes = 3\nlate_minutes = 15\nmissed_minutes = 60\n\
             check_in_minutes = 20\nsame_hour_minutes = 15\nenter_lead_minutes = 190\ndeal_lead_hours = 48\n\
             plan_at_hours = 24\nabsences_at_hours = 12\nfloor = 0.0\nbribed_teams = 0\nrest_hours = {}\n\
             cosigners = 3\ncosignatures = 2\nauditors_after_hours = 24\npublic_after_days = 14\nnight = [{from}, {to}]\n\
             sentinel_required = false\ndaily_die = false\n{season}\
             [[phase]]\nid = \"all\"\ntitle = \"All\"\nfirst_day = 2017-01-01\nlast_day = 2017-01-{last:02}\n",
            self.rest_hours
        )
    }

    /// First hour of each shift.
    pub(super) fn starts(&self) -> Vec<u32> {
        let before = |place| self.shifts[..place].iter().sum();
        (0..self.shifts.len()).map(before).collect()
    }

    fn named_shifts(&self) -> impl Iterator<Item = (String, u32)> {
        self.shifts.iter().enumerate().map(|(place, hours)| (format!("shift-{place}"), *hours))
    }

    fn pool_text(&self, pool: &MadePool) -> String {
        let MadePool { id, province, base, boat, .. } = pool;
        let base = &self.posts[*base].id;
        let mut text = format!(
            "[[pool]]\nid = \"{id}\"\nprovince = \"province-{province}\"\nclass = \"patrol\"\nboat = {boat}\n\
             base = {{ name = \"B\", node = \"at-{base}\" }}\nteams = [\n"
        );
        for team in &pool.teams {
            let (id, agency, crew) = (&team.id, AGENCIES[team.agency], team.crew);
            let _ = writeln!(
                text,
                "  {{ id = \"{id}\", agency = \"{agency}\", crew = {crew}, weekly_hours = 168 }},"
            );
        }
        let shifts: Vec<String> = pool.shifts.iter().map(|place| format!("\"shift-{place}\"")).collect();
        let kind = if pool.sentinel { "sentinel" } else { "plain" };
        let (units, shifts) = (pool.units, shifts.join(", "));
        text + &format!(
            "]\n[[unit]]\npool = \"{id}\"\nkind = \"{kind}\"\ncount = {units}\nshifts = [{shifts}]\n"
        )
    }

    fn roads_file(&self) -> String {
        let at = |place: usize| format!("at-{}", self.posts[place].id);
        let roads = self.roads.iter().map(|road| {
            let properties = json!({
                "frm": at(road.from), "to": at(road.to), "minutes": road.minutes,
                "wet_season_closed": road.wet_closed,
            });
            json!({ "type": "Feature", "geometry": null, "properties": properties })
        });
        json!({ "type": "FeatureCollection", "features": roads.collect::<Vec<_>>() }).to_string()
    }

    fn crossings_file(&self) -> String {
        let crossings = self.posts.iter().map(|post| {
            let properties = json!({
                "id": post.id, "name_en": "N", "name_km": null, "kind": "post", "status": "open",
                "documented_by": ["made"], "coord_source": "made", "coord_status": "survey", "licence": null,
                "graph_node": format!("at-{}", post.id),
            });
            let geometry = json!({ "type": "Point", "coordinates": [106.0, 14.0] });
            json!({ "type": "Feature", "geometry": geometry, "properties": properties })
        });
        json!({ "type": "FeatureCollection", "features": crossings.collect::<Vec<_>>() }).to_string()
    }
}

fn post_text(post: &MadePost) -> String {
    let MadePost { id, province, min_crew, night_ok, cleared, boat, .. } = post;
    let wet = match post.wet {
        Wet::Open => "open",
        Wet::Slow => "slow",
        Wet::Closed => "closed",
    };
    let agencies = AGENCIES.iter().zip(post.agencies).filter(|(_, has)| *has);
    let agencies: Vec<String> = agencies.map(|(name, _)| format!("\"{name}\"")).collect();
    format!(
        "[[post]]\nid = \"{id}\"\nprovince = \"province-{province}\"\nmin_crew = {min_crew}\n\
         night_ok = {night_ok}\nwet_season_travel = \"{wet}\"\ncleared_access = {cleared}\nboat = {boat}\n\
         agencies = [{}]\n",
        agencies.join(", ")
    )
}

/// Posts differ in worth, so that a plan has a reason to send units about.
fn value_text(place: usize, post: &MadePost) -> String {
    let best = 20 + 7 * (place % 5);
    let figure = format!("{{ best = {best}, low = 1, high = 100 }}");
    format!(
        "[[value]]\nposts = [\"{}\"]\nhours = [0, 24]\nvalue = {figure}\ncapture = {figure}\nsource = \"made\"\n",
        post.id
    )
}
