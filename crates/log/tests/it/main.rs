//! Laws of the log: proofs of every small tree, parsers under noise, the audit of a whole log.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

mod audit;
mod golden;
mod parsers;
mod proofs;
