//! The workshop: set-up, build, demo, tests, and the rules that the sources keep.
//!
//! Nothing of the product is here, and nothing here is in the product. Every rule is a pure function from what it
//! reads to what it found; `tests/it` applies the rules to this workspace, so that `cargo test` alone holds them.

pub mod arch;
pub mod bench;
pub mod doctor;
pub mod packages;
pub mod rust_source;
pub mod tasks;
pub mod tidy;
pub mod torture;
pub mod web;
pub mod workspace;
