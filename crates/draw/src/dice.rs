//! The die: one step of a unit's published chain.
//!
//! With `F` the flow out of the node (the sum over its arcs) and `r = below(F)`, the die falls on the first
//! arc in canonical order whose cumulative flow is greater than `r`. Canonical order is that of
//! [`Chain::steps`]: post order of the game, then position, leaving last.

use std::num::NonZeroU64;

use sekong_model::UnitId;
use sekong_plan::{Chain, Node};

use crate::Stream;

/// Why a die cannot be thrown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiceError {
    /// The chain has no step out of the node: the unit is never there.
    #[error("the chain of unit {unit} has no step out of {}", node_text(*from))]
    NoSteps {
        /// Whose chain.
        unit: UnitId,
        /// The node, `None` for the entry.
        from: Option<Node>,
    },
}

/// A node in words.
pub(crate) fn node_text(node: Option<Node>) -> String {
    match node {
        None => "its entry".to_owned(),
        Some(Node { post, position }) => format!("post {post} at position {position}"),
    }
}

/// Throws the die out of `from` (`None`: the entry); `Ok(None)` means that the unit leaves.
pub fn throw(chain: &Chain, from: Option<Node>, stream: &mut Stream) -> Result<Option<Node>, DiceError> {
    let steps = chain.steps(from);
    let no_steps = || DiceError::NoSteps { unit: chain.unit().clone(), from };
    let outflow = steps.iter().map(|step| u64::from(step.flow)).sum();
    let mut rest = stream.below(NonZeroU64::new(outflow).ok_or_else(no_steps)?);
    for step in steps {
        let flow = u64::from(step.flow);
        if rest < flow {
            return Ok(step.to);
        }
        rest -= flow;
    }
    Err(no_steps())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DrawKey, Purpose, Subject};
    use sekong_model::Moment;
    use sekong_plan::Arc;

    fn stream(seed: u8) -> Stream {
        let (campaign, province) = ("c".parse().unwrap(), "p".parse().unwrap());
        let moment = Moment::Week { week: 0 };
        let subject =
            Subject { campaign: &campaign, province: &province, moment, unit: "u", purpose: Purpose::Enter };
        DrawKey::new(&[seed; 32], &[]).stream(&subject)
    }

    fn node(post: u16) -> Option<Node> {
        Some(Node { post, position: 0 })
    }

    fn chain(flows: &[(Option<Node>, u32)]) -> Chain {
        let arcs = flows.iter().map(|&(to, flow)| Arc { from: None, to, flow }).collect();
        Chain::new("u".parse().unwrap(), arcs)
    }

    #[test]
    fn the_die_falls_on_the_arc_whose_cumulative_flow_first_exceeds_the_number() {
        let chain = chain(&[(None, 2), (node(1), 3), (node(0), 5)]);
        for seed in 0..=255 {
            let expected = match stream(seed).below(NonZeroU64::new(10).unwrap()) {
                0..5 => node(0),
                5..8 => node(1),
                _ => None,
            };
            assert_eq!(throw(&chain, None, &mut stream(seed)), Ok(expected));
        }
    }

    #[test]
    fn a_node_without_steps_is_an_error() {
        let error = throw(&chain(&[(node(0), 1)]), node(0), &mut stream(0)).unwrap_err();
        assert_eq!(error.to_string(), "the chain of unit u has no step out of post 0 at position 0");
    }
}
