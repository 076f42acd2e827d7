//! Pictures of estimates for reports, as SVG: each says its method and design, and no point is without its interval.

use std::fmt::Write;

use sekong_model::ProvinceId;

use crate::estimates::{EndsView, EstimatesView, TeamsView};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 54.0;
const ROW: f64 = 20.0;
/// Room for a post's name.
const NAMES: f64 = 150.0;
/// Dashes by which lines are told apart without colour.
const DASHES: [&str; 4] = ["none", "6 3", "2 3", "10 4 2 4"];

/// A picture as it grows.
struct Svg {
    text: String,
    height: f64,
}

impl Svg {
    fn new(title: &str, height: f64) -> Svg {
        let mut svg = Svg { text: String::new(), height };
        svg.add(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
             font-size=\"12\" role=\"img\"><title>{0}</title><rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\
             <text x=\"12\" y=\"22\" font-size=\"15\" font-weight=\"600\">{0}</text>",
            escaped(title)
        ));
        svg
    }

    fn add(&mut self, part: std::fmt::Arguments<'_>) {
        self.text.write_fmt(part).expect("a text takes whatever is written to it");
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let text = escaped(text);
        self.add(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"));
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), stroke: &str) {
        self.add(format_args!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{stroke}\"/>"
        ));
    }

    fn point(&mut self, (x, y): (f64, f64), title: &str) {
        let title = escaped(title);
        self.add(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#14505c\"><title>{title}</title></circle>"
        ));
    }

    fn finish(mut self, note: &str) -> String {
        let y = self.height - 10.0;
        self.text(12.0, y, "start", note);
        self.text.push_str("</svg>\n");
        self.text
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Loads so far by day, with their band.
pub fn flow(of: &EstimatesView) -> String {
    let mut svg = Svg::new("Loads met so far, with 95 %", HEIGHT);
    let ends = of.days.iter().filter_map(|day| day.loads_so_far95.and_then(|ends| ends.high));
    let most = of.days.iter().map(|day| day.loads_so_far).chain(ends).fold(1.0, f64::max);
    let x = |at: usize| LEFT + (WIDTH - LEFT - RIGHT) * at as f64 / (of.days.len().max(2) - 1) as f64;
    let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value.max(0.0) / most;
    for part in 0..=4 {
        let value = most * f64::from(part) / 4.0;
        svg.line((LEFT, y(value)), (WIDTH - RIGHT, y(value)), "#ddd");
        svg.text(LEFT - 6.0, y(value) + 4.0, "end", &format!("{value:.0}"));
    }
    let known: Vec<(usize, f64, f64)> =
        of.days.iter().enumerate().filter_map(|(at, day)| band(at, day.loads_so_far95)).collect();
    let above = known.iter().map(|(at, _, high)| format!("{:.1},{:.1}", x(*at), y(*high)));
    let below = known.iter().rev().map(|(at, low, _)| format!("{:.1},{:.1}", x(*at), y(*low)));
    let points: Vec<String> = above.chain(below).collect();
    svg.add(format_args!("<polygon points=\"{}\" fill=\"#cfe0e4\"/>", points.join(" ")));
    let line: Vec<String> = of
        .days
        .iter()
        .enumerate()
        .map(|(at, day)| format!("{:.1},{:.1}", x(at), y(day.loads_so_far)))
        .collect();
    svg.add(format_args!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#14505c\" stroke-width=\"2\"/>",
        line.join(" ")
    ));
    // A single day is no line, and its band no area.
    if let ([_], [(at, low, high)]) = (of.days.as_slice(), known.as_slice()) {
        svg.line((x(*at), y(*low)), (x(*at), y(*high)), "#14505c");
    }
    if let (Some(first), Some(last)) = (of.days.first(), of.days.last()) {
        svg.point((x(of.days.len() - 1), y(last.loads_so_far)), &last.day.to_string());
        svg.text(LEFT, HEIGHT - BOTTOM + 18.0, "start", &first.day.to_string());
        svg.text(WIDTH - RIGHT, HEIGHT - BOTTOM + 18.0, "end", &last.day.to_string());
    }
    svg.finish(&note_of(of))
}

fn band(at: usize, ends: Option<EndsView>) -> Option<(usize, f64, f64)> {
    let ends = ends?;
    Some((at, ends.low?, ends.high?))
}

/// Posts by their loads, with intervals that hold together, and their ranks.
pub fn ranking(of: &EstimatesView) -> String {
    let height = TOP + ROW * of.ranking.len() as f64 + BOTTOM;
    let mut svg = Svg::new("Posts by loads, with 95 % for all together, and their ranks", height);
    let most = of.ranking.iter().filter_map(|post| post.joint95.high).fold(1.0, f64::max);
    let x = |value: f64| NAMES + (WIDTH - NAMES - 110.0) * value.clamp(0.0, most) / most;
    for (row, post) in (0_u32..).zip(&of.ranking) {
        let y = TOP + ROW * f64::from(row) + 8.0;
        svg.text(NAMES - 8.0, y + 4.0, "end", post.post.as_str());
        let (low, high) = (post.joint95.low.unwrap_or(0.0), post.joint95.high.unwrap_or(most));
        svg.line((x(low), y), (x(high), y), "#6f9ca3");
        svg.add(format_args!("<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"#14505c\"/>", x(post.est)));
        let ranks = format!("rank {}–{}", post.rank_best, post.rank_worst);
        svg.text(WIDTH - 12.0, y + 4.0, "end", &ranks);
    }
    svg.text(NAMES, height - BOTTOM + 22.0, "start", "0");
    svg.text(WIDTH - 110.0, height - BOTTOM + 22.0, "end", &format!("{most:.0} loads"));
    svg.finish(&note_of(of))
}

/// Each team's e-value by week, on logarithms, under the line of the flag.
pub fn teams(of: &TeamsView) -> String {
    let mut svg = Svg::new("Tests of teams: e-values by week", HEIGHT);
    let values = || of.finds.iter().flat_map(|team| &team.e_values);
    let last = values().map(|value| value.week).max();
    let weeks = last.unwrap_or(0).max(1);
    let log = |e: f64| e.max(1e-4).log10();
    let most = values().map(|value| log(value.e)).fold(log(of.flag_at), f64::max) + 0.3;
    let least = values().map(|value| log(value.e)).fold(0.0, f64::min);
    let x = |week: u32| LEFT + (WIDTH - LEFT - RIGHT) * f64::from(week) / f64::from(weeks);
    let y = |e: f64| TOP + (HEIGHT - TOP - BOTTOM) * (most - log(e)) / (most - least);
    for e in [1e-4, 1e-2, 1.0, 1e2, 1e4].into_iter().filter(|e| (least..=most).contains(&log(*e))) {
        svg.line((LEFT, y(e)), (WIDTH - RIGHT, y(e)), "#ddd");
        svg.text(LEFT - 6.0, y(e) + 4.0, "end", &format!("{e}"));
    }
    if last.is_some() {
        let flag = y(of.flag_at);
        svg.line((LEFT, flag), (WIDTH - RIGHT, flag), "#b3261e");
        svg.text(WIDTH - RIGHT, flag - 5.0, "end", &format!("flag at {:.0}, for an enquiry", of.flag_at));
    }
    for (number, team) in of.finds.iter().enumerate() {
        let points: Vec<String> =
            team.e_values.iter().map(|value| format!("{:.1},{:.1}", x(value.week), y(value.e))).collect();
        svg.add(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#14505c\" stroke-dasharray=\"{}\"><title>{}</title></polyline>",
            points.join(" "),
            DASHES[number % DASHES.len()],
            escaped(&team.team),
        ));
        if let Some(last) = team.e_values.last() {
            svg.point((x(last.week), y(last.e)), &team.team);
        }
    }
    match last {
        None => svg.text(LEFT, HEIGHT - BOTTOM + 18.0, "start", "no day is over yet"),
        Some(last) => {
            svg.text(LEFT, HEIGHT - BOTTOM + 18.0, "start", "week 1");
            if last > 0 {
                svg.text(WIDTH - RIGHT, HEIGHT - BOTTOM + 18.0, "end", &format!("week {}", last + 1));
            }
        }
    }
    let note = alone(of.province.as_ref()) + &note("e-process by the deals of days", &of.design);
    svg.finish(&format!("{note}; {}", power(of)))
}

/// What the test could have seen, in the least and the best of pools: there is no room to name all.
fn power(of: &TeamsView) -> String {
    let chances = || of.power.iter().map(|of| of.chance);
    match chances().reduce(f64::min).zip(chances().reduce(f64::max)) {
        Some((least, most)) => format!("power by now {least:.2} to {most:.2} by pool"),
        None => "no power yet".to_owned(),
    }
}

/// The same with the province, if it is one alone, and the visits that are lost, without which no flow is read right.
fn note_of(of: &EstimatesView) -> String {
    let lost = of
        .flows
        .first()
        .map_or_else(String::new, |all| format!("; {} of {} visits lost", all.visits_lost, all.visits));
    alone(of.province.as_ref()) + &note(&of.method, &of.design) + &lost
}

fn alone(province: Option<&ProvinceId>) -> String {
    province.map_or_else(String::new, |province| format!("{province} alone; "))
}

fn note(method: &str, design: &str) -> String {
    format!("method: {method}; design: {}", design.get(..16).unwrap_or(design))
}
