//! A start from an earlier plan: its units walk as they did, as far as the game still lets them.

use std::collections::BTreeMap;

use crate::chain::{Chain, Node};
use crate::dag::Dag;
use crate::game::Game;
use crate::plan::Plan;
use crate::solve::finish::Point;
use crate::solve::part::{Flows, Part};

/// The part's units as in `plan`; where it does not say how a unit goes on, every way is alike.
pub(super) fn point(part: &Part, plan: &Plan) -> Point {
    let flow = |(&unit, dag): (&usize, &&Dag)| {
        let id = &part.game.units()[unit].id;
        let chain = plan.game().unit_index(id).map(|old| &plan.chains()[old]);
        let known = chain.map(|chain| steps(part.game, plan.game(), chain)).unwrap_or_default();
        dag.walk(&weights(dag, &known))
    };
    let flows: Flows = part.units.iter().zip(&part.dags).map(flow).collect();
    Point { visits: part.visits(&flows), flows }
}

type Steps = BTreeMap<(Option<Node>, Option<Node>), f64>;

/// The chain's arcs with their flow, by the posts' places in the new game.
fn steps(game: &Game, old: &Game, chain: &Chain) -> Steps {
    let node = |node: Node| {
        let post = game.post_index(&old.posts()[usize::from(node.post)])?;
        Some(Node { post, ..node })
    };
    let end = |place: Option<Node>| place.map_or(Some(None), |place| node(place).map(Some));
    let arcs = chain.arcs().iter();
    arcs.filter_map(|arc| Some(((end(arc.from)?, end(arc.to)?), f64::from(arc.flow)))).collect()
}

fn weights(dag: &Dag, known: &Steps) -> Vec<f64> {
    let mut weights = Vec::with_capacity(dag.arc_count());
    let node = |node: usize| dag.nodes()[node];
    for origin in std::iter::once(None).chain((0..dag.nodes().len()).map(Some)) {
        let arcs = origin.map_or(dag.entry(), |node| dag.out(node));
        let step = |arc| (origin.map(node), dag.target(arc).map(node));
        weights.extend(arcs.map(|arc| known.get(&step(arc)).copied().unwrap_or(0.0)));
    }
    weights
}
