//! Seeds, dice, walks, deals and custodians: where each team goes is drawn by lot, and anyone can check the
//! draw. Relayed orders carry it to teams without a data network.
//!
//! This crate knows nothing of files, clocks, networks or the operating system's randomness: values and times
//! are arguments, and the same arguments give the same draw on every machine. It holds no floating-point
//! number.
//!
//! Everything that is hashed is made of length-prefixed parts, written `lp(x)`: the length of `x` in bytes as
//! a big-endian u64, then `x`. Texts are UTF-8. `reference/draw.py` is a second implementation of the same
//! formulas.

mod custodian;
mod deal;
mod dice;
mod freeze;
mod relay;
mod release;
mod seal;
mod seat;
mod seed;
mod simulate;
mod throw;
mod walk;

pub use custodian::*;
pub use deal::*;
pub use dice::*;
pub use freeze::*;
pub use relay::*;
pub use release::*;
pub use seal::*;
pub use seat::*;
pub use seed::*;
pub use simulate::*;
pub use throw::*;
pub use walk::*;
