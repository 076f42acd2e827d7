//! The store's laws, told as a story that every implementation must live through.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod story;
mod vault;
