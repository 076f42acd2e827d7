//! The ways to the custodians, watched: why one gave no value is told once, and in the log it is one word.

use std::collections::BTreeMap;
use std::mem::{Discriminant, discriminant};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use sekong_centre::{AskError, Asked, CustodianLink};
use sekong_draw::ReleaseRequest;
use sekong_model::{CustodianId, Moment, ProvinceId};

use crate::output::complain;

/// Most characters of a reason: it comes from another machine.
const REASON_MAX_CHARS: usize = 300;

/// A way to a custodian that tells whoever runs the centre what was wrong: a clock, a key, an address.
pub(crate) struct Watched {
    link: Arc<dyn CustodianLink>,
    told: Mutex<BTreeMap<ProvinceId, (Moment, Discriminant<AskError>)>>,
}

impl Watched {
    pub(crate) fn new(link: Arc<dyn CustodianLink>) -> Watched {
        Watched { link, told: Mutex::default() }
    }

    /// Once for each moment of a province and kind of answer: a custodian is asked every few seconds.
    fn tell(&self, request: &ReleaseRequest, error: &AskError) {
        let now = (request.moment, discriminant(error));
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(request.province.clone(), now) != Some(now) {
            let (province, moment) = (&request.province, request.moment);
            complain(format_args!("custodian {}, {province}, {moment}: {}", self.link.id(), shown(error)));
        }
    }
}

/// On one line, whatever was sent.
fn shown(error: &AskError) -> String {
    let line = error.to_string().chars().take(REASON_MAX_CHARS).collect::<String>();
    line.replace(char::is_control, " ")
}

impl CustodianLink for Watched {
    fn id(&self) -> &CustodianId {
        self.link.id()
    }

    fn ask<'a>(&'a self, request: &'a ReleaseRequest, now: Timestamp) -> Asked<'a> {
        Box::pin(async move {
            let answer = self.link.ask(request, now).await;
            answer.inspect_err(|error| self.tell(request, error))
        })
    }
}
