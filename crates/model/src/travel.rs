//! Minutes between posts and from bases: shortest paths on the coarse roads and the stated legs.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::dijkstra;
use petgraph::graph::{EdgeReference, NodeIndex, UnGraph};
use petgraph::visit::EdgeRef;

use crate::{HOURS_PER_DAY, Pool, Post, PostId, Season, WetTravel};

/// Hours of a drive: 0 within the same hour, else begun hours; `None` when it lasts longer than a day.
pub(crate) fn hours(minutes: f64, same_hour_minutes: u32) -> Option<u8> {
    // Road data state tenths of a minute; a sum of them must not become an hour more by rounding noise.
    let minutes = (minutes * 10.0).round() / 10.0;
    if minutes <= f64::from(same_hour_minutes) {
        return Some(0);
    }
    let hours = (minutes / 60.0).ceil();
    (hours <= f64::from(HOURS_PER_DAY)).then_some(hours as u8)
}

/// A road, track or waterway between two junctions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) minutes: f64,
    pub(crate) water: bool,
    /// Whether nobody uses it in the wet season.
    pub(crate) wet_closed: bool,
}

/// Junctions, roads and legs.
#[derive(Debug, Default)]
pub(crate) struct Network {
    graph: UnGraph<(), Way>,
    nodes: BTreeMap<String, NodeIndex>,
}

impl Network {
    /// Adds a way that can be used in both directions.
    pub(crate) fn join(&mut self, from: &str, to: &str, way: Way) {
        let (a, b) = (self.node(from), self.node(to));
        self.graph.add_edge(a, b, way);
    }

    fn node(&mut self, name: &str) -> NodeIndex {
        if let Some(index) = self.nodes.get(name) {
            return *index;
        }
        let index = self.graph.add_node(());
        self.nodes.insert(name.to_owned(), index);
        index
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    /// Minutes from a junction to each post that can be driven to; water is used for boat posts alone, for a car
    /// cannot be taken along.
    fn minutes_from(&self, start: &str, by_boat: bool, roads: &Roads<'_>) -> Vec<(PostId, f64)> {
        let Some(start) = self.nodes.get(start) else { return Vec::new() };
        let minutes = |edge: EdgeReference<'_, Way>, afloat: bool| {
            let way = edge.weight();
            let passed = edge.source() == *start || !roads.barred.contains(&edge.source());
            let open = passed && (afloat || !way.water) && !(roads.season == Season::Wet && way.wet_closed);
            if open { way.minutes } else { f64::INFINITY }
        };
        let dry_shod = dijkstra(&self.graph, *start, None, |edge| minutes(edge, false));
        let all = dijkstra(&self.graph, *start, None, |edge| minutes(edge, true));
        let minutes = |post: &Post| {
            let reached = if by_boat || post.boat { &all } else { &dry_shod };
            reached.get(self.nodes.get(junction(post))?).copied().filter(|m| m.is_finite())
        };
        roads.posts.iter().filter_map(|post| Some((post.id.clone(), minutes(post)?))).collect()
    }

    /// Junctions that may be driven to and not beyond: the way to every post that lies there is closed.
    fn barred(&self, posts: &[Post], season: Season) -> BTreeSet<NodeIndex> {
        let at = |post: &Post| self.nodes.get(junction(post)).copied();
        let open = |post: &&Post| post.way_is_open(season);
        let open: BTreeSet<NodeIndex> = posts.iter().filter(open).filter_map(at).collect();
        posts.iter().filter_map(at).filter(|node| !open.contains(node)).collect()
    }
}

/// What may be used of the network in a season.
struct Roads<'a> {
    posts: &'a [Post],
    season: Season,
    barred: BTreeSet<NodeIndex>,
}

/// Where a post lies in the network: its junction, or a place of its own that legs alone lead to.
pub(crate) fn junction(post: &Post) -> &str {
    post.graph_node.as_deref().unwrap_or(post.id.as_str())
}

/// Minutes in each season; what the wet one does to slow posts comes on top.
#[derive(Debug, Clone)]
pub(crate) struct Travel {
    dry: Minutes,
    wet: Minutes,
    slow_factor: f64,
}

/// Minutes of one season, from posts and from bases.
#[derive(Debug, Clone)]
struct Minutes {
    posts: BTreeMap<PostId, BTreeMap<PostId, f64>>,
    bases: BTreeMap<String, BTreeMap<PostId, f64>>,
}

impl Minutes {
    fn measure(network: &Network, posts: &[Post], pools: &[Pool], season: Season) -> Minutes {
        let roads = Roads { posts, season, barred: network.barred(posts, season) };
        let from_post = |p: &Post| network.minutes_from(junction(p), p.boat, &roads).into_iter().collect();
        let from_base = |p: &Pool| network.minutes_from(&p.base_node, false, &roads).into_iter().collect();
        Minutes {
            posts: posts.iter().map(|p| (p.id.clone(), from_post(p))).collect(),
            bases: pools.iter().map(|p| (p.base_node.clone(), from_base(p))).collect(),
        }
    }
}

impl Travel {
    pub(crate) fn measure(network: &Network, posts: &[Post], pools: &[Pool], slow_factor: f64) -> Self {
        let [dry, wet] =
            [Season::Dry, Season::Wet].map(|season| Minutes::measure(network, posts, pools, season));
        Self { dry, wet, slow_factor }
    }

    fn of(&self, season: Season) -> &Minutes {
        match season {
            Season::Dry => &self.dry,
            Season::Wet => &self.wet,
        }
    }

    /// Minutes between two posts; `None` when one cannot be driven to from the other.
    pub(crate) fn between(&self, a: &Post, b: &Post, season: Season) -> Option<f64> {
        let minutes = *self.of(season).posts.get(&a.id)?.get(&b.id)?;
        Some(minutes * self.slowness(a, season)?.max(self.slowness(b, season)?))
    }

    /// Minutes from a pool's base to a post.
    pub(crate) fn base_to(&self, pool: &Pool, post: &Post, season: Season) -> Option<f64> {
        let minutes = *self.of(season).bases.get(&pool.base_node)?.get(&post.id)?;
        Some(minutes * self.slowness(post, season)?)
    }

    fn slowness(&self, post: &Post, season: Season) -> Option<f64> {
        match (season, post.wet_season_travel) {
            (Season::Dry, _) | (Season::Wet, WetTravel::Open) => Some(1.0),
            (Season::Wet, WetTravel::Slow) => Some(self.slow_factor),
            (Season::Wet, WetTravel::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_begun_hours_except_for_short_drives() {
        let cases = [(0.0, 0), (15.0, 0), (15.1, 1), (60.0, 1), (60.000_000_1, 1), (60.1, 2), (1440.0, 24)];
        for (minutes, expected) in cases {
            assert_eq!(hours(minutes, 15), Some(expected), "{minutes} min");
        }
        assert_eq!(hours(1440.1, 15), None);
        assert_eq!(hours(f64::INFINITY, 15), None);
    }
}
