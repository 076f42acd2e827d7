//! Simulated people around a centre: they know of it what HTTP tells them.

mod crew;
mod site;
mod world;

pub(crate) use crew::{box_secret, device, officer_key};
pub(crate) use world::{Setting, World};
