//! Laws of the log: proofs of every small tree, parsers under noise, the audit of a whole log, and the same answers as
//! the implementations of other authors.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

mod audit;
mod azul;
mod go;
mod go_program;
mod golden;
mod lot;
mod noise;
mod parsers;
mod proofs;
mod witness;
