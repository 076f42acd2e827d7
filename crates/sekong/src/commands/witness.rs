//! `sekong witness`: a cosigner on a machine, a key and a clock of its own.

use std::sync::Arc;

use jiff::Timestamp;
use sekong_centre::{Clock, WitnessOffice};
use sekong_log::VerifierKey;
use serde_json::json;

use crate::cli::{WitnessInitArgs, WitnessServeArgs, WitnessStatusArgs};
use crate::clocks::{DemoClock, SystemClock};
use crate::data_folder::{new_folder, parse_keys, whole};
use crate::failure::Failure;
use crate::files::read_text;
use crate::output::{complain, print_line};
use crate::randomness::random;
use crate::serving;
use crate::witness_folder::WitnessFolder;

pub(crate) fn init(args: &WitnessInitArgs) -> Result<(), Failure> {
    new_folder(&args.data)?;
    whole(&args.data, || WitnessFolder::create(&args.data, &args.name, args.url.clone(), random()?))?;
    let folder = WitnessFolder::open(&args.data)?;
    if args.json {
        return print_line(json!({ "key": folder.verifier(), "url": args.url.to_string() }));
    }
    print_line(folder.verifier())?;
    print_line(format_args!(
        "next: carry {} to the centre, for sekong init --witness; then sekong witness serve --log with the log's key",
        args.data.join("witness.json").display()
    ))
}

pub(crate) fn status(args: &WitnessStatusArgs) -> Result<(), Failure> {
    let folder = WitnessFolder::open(&args.data)?;
    let logs: Vec<_> = folder.seen().collect();
    if args.json {
        let logs = logs
            .iter()
            .map(|seen| json!({ "log": seen.log, "size": seen.size, "root": seen.root, "time": seen.time }));
        let logs: Vec<_> = logs.collect();
        return print_line(json!({ "key": folder.verifier(), "url": folder.public.url, "logs": logs }));
    }
    print_line(format_args!("witness {}, asked at {}", folder.verifier(), folder.public.url))?;
    for seen in &logs {
        print_line(format_args!(
            "{}: {} entries under {}, cosigned at {}",
            seen.log.name(),
            seen.size,
            seen.root,
            seen.time
        ))?;
    }
    if logs.is_empty() { print_line("has cosigned nothing yet") } else { Ok(()) }
}

pub(crate) fn serve(args: &WitnessServeArgs) -> Result<(), Failure> {
    let (folder, _lock) = WitnessFolder::open_to_sign(&args.data)?;
    let clock: Arc<dyn Clock> = match &args.demo_clock {
        None => Arc::new(SystemClock::default()),
        Some(start) => {
            let from = start.instant_alone().ok_or_else(|| {
                Failure::usage("--demo-clock: a witness knows no campaign's local time")
                    .hint("say an instant, e.g. 2017-01-08T00:00:00Z,60")
            })?;
            DemoClock::started(from, start.speed, args.steps)
        }
    };
    let logs = args.log.iter().map(|given| given_log(given)).collect::<Result<Vec<_>, _>>()?;
    let followed = folder.follow(&logs)?;
    warn_of_clock(&folder, clock.now());
    super::block_on(async {
        let listener = serving::bind(args.listen).await?;
        serving::announce(listener.local_addr().map_err(Failure::failed)?, args.json)?;
        let office = WitnessOffice::new(followed, folder.into_memory(), clock);
        let ended = office.serve(listener, serving::asked_to_end()).await;
        ended.map_err(|lost| Failure::failed(lost).hint("mend the disk, then start the witness again"))?;
        if args.json { Ok(()) } else { print_line("ended; what was signed is in seen.json") }
    })?
}

/// A verifier key, or a file with one.
pub(super) fn given_log(given: &str) -> Result<VerifierKey, Failure> {
    if let Ok(key) = given.parse() {
        return Ok(key);
    }
    let text = read_text(given.as_ref())?;
    let [key] = parse_keys(given, &text)?.try_into().map_err(|keys: Vec<_>| {
        Failure::usage(format!("--log: {given} holds {} keys, not one", keys.len()))
            .hint("name log.vkey of the log's folder, or the line in it")
    })?;
    Ok(key)
}

fn warn_of_clock(folder: &WitnessFolder, now: Timestamp) {
    let last = folder.seen().map(|seen| seen.time).max();
    if let Some(last) = last.filter(|last| now < *last) {
        complain(format_args!(
            "warning: the clock says {now}, the last cosignature is of {last}: nothing is signed until then; if that time is far off, \
             the clock was ahead once and this key is spent: tell the centre's operator, whose log goes on with the other \
             cosigners, and make a new witness for the next campaign"
        ));
    }
}
