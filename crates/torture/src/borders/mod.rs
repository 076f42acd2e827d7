//! Small borders made by chance, each with its own posts, roads, shifts, pools and rules: whatever a campaign looks like,
//! no draw of it may send a team where the campaign's rules forbid it. What is lawful is told here from what was made,
//! and shares no code with what loads, plans, deals or audits.

mod files;
mod law;
mod lived;
mod made;

use sekong_model::Campaign;
use sekong_simulate::Seed;

pub use law::Sent;
pub use lived::Looked;
pub use made::Border;

/// Borders made in vain before a seed gives up: most have a unit that can begin nowhere, or too few teams.
const TRIES_MAX: u64 = 200;

/// A border whose files make a campaign.
pub struct Bordered {
    /// What was made.
    pub border: Border,
    /// The campaign that its files make.
    pub campaign: Campaign,
}

/// The border of a seed: the first of those made for it that is a campaign.
pub fn border_of(seed: u64) -> Option<Bordered> {
    (0..TRIES_MAX).find_map(|attempt| {
        let border = Border::made(&mut Seed(seed).stream("border", &attempt.to_string()));
        let campaign = Campaign::parse(&border.files()).ok()?;
        Some(Bordered { border, campaign })
    })
}
