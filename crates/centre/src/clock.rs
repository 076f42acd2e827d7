//! The clock the centre is given: the machine's, or one that a demo or a test drives.

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;

/// Campaign time as an argument. Nothing in this crate reads another clock.
pub trait Clock: Send + Sync + 'static {
    /// The time now; it never runs backwards.
    fn now(&self) -> Timestamp;

    /// Campaign seconds that pass in a second: 1 but for a demo.
    fn speed(&self) -> f64;

    /// Ends once the time is `time` or later.
    fn wait_until(&self, time: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
