//! `sekong serve`: a founded campaign behind HTTP, until it is asked to end.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use sekong_centre::{
    Centre, CentreError, Clock, CustodianLink, InProcess, KeyRing, LedgerError, Remote, Secrets, logged_files,
};
use sekong_model::{Campaign, CustodianId};
use sekong_store::SqliteStore;

use crate::cli::{CustodianAddress, ServeArgs, WitnessAddress};
use crate::clocks::{DemoClock, DemoStart, SystemClock, now};
use crate::data_folder::{DataFolder, RESTORE_SECRETS, store_failed};
use crate::failure::Failure;
use crate::links::Watched;
use crate::output::{complain, print_line};
use crate::serving;

const RESTORE_KEYS: &str = "restore keys/ from the copy made when the campaign was founded: its log is continued with the \
     same keys or not at all; nothing was changed";

/// Foreign files that are named; the others are counted.
const FOREIGN_NAMED_MAX: usize = 20;

pub(crate) fn run(args: &ServeArgs) -> Result<(), Failure> {
    let folder = DataFolder::open(&args.data)?;
    let _lock = folder.lock()?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    runtime.block_on(serve(args, &folder))
}

async fn serve(args: &ServeArgs, folder: &DataFolder) -> Result<(), Failure> {
    let listener = serving::bind(args.listen).await?;
    let (centre, campaign) = open_with(folder, &args.witness).await?;
    let clock = clock(args.demo_clock.as_ref(), args.steps, &centre, &campaign)?;
    // Nobody declares absences to this version of the centre: its lists are empty, and say so in the log.
    let away = Arc::new(|_: &_, _| Vec::new());
    let (demo, links) = (args.demo_clock.is_some(), links(args, folder, &centre, &campaign)?);
    let people = serving::People { demo, away, custodians: links, sms: args.sms_gateway.clone() };
    let service = serving::start(centre, folder, clock, people, args.reserve_mib).await?;
    tokio::spawn(serving::tell_of_trouble(service.clone()));
    serving::announce(listener.local_addr().map_err(Failure::failed)?, args.json)?;
    let unpublished = service.unpublished();
    service.serve(listener, serving::asked_to_end()).await.map_err(Failure::failed)?;
    serving::close_store(folder).await?;
    if let Some(why) = &*unpublished.borrow() {
        complain(format_args!(
            "the folder lags behind the log, and the next start publishes the rest: {why}"
        ));
    }
    if args.json { Ok(()) } else { print_line("ended; what was acknowledged is in the log") }
}

/// The ways to the custodians: in this process, or to the machines that the campaign was founded with.
fn links(
    args: &ServeArgs,
    folder: &DataFolder,
    centre: &Centre<SqliteStore>,
    campaign: &Campaign,
) -> Result<Vec<Arc<dyn CustodianLink>>, Failure> {
    if !centre.state().has_dice() {
        return Err(Failure::failed("the public dice are not cast: nothing can be planned")
            .hint("throw them in public, then: sekong dice public --data DIR --digits … --method …"));
    }
    let (secrets, freezes) = (folder.secrets()?, centre.state().freezes());
    let Some(apart) = folder.custodians()? else {
        if let Some(given) = args.custodian.first() {
            return Err(Failure::usage(format!(
                "--custodian: {} lives in this centre's process",
                given.custodian
            ))
            .hint("leave it out, or found the campaign with the custodians' files"));
        }
        let mut here =
            InProcess::all(campaign, &secrets, centre.keys(), &freezes).map_err(Failure::failed)?;
        here.iter_mut().try_for_each(|custodian| check_secret(centre, custodian))?;
        return Ok(serving::links(here));
    };
    check_addresses(&args.custodian, campaign)?;
    let line = |id: &CustodianId| {
        let address = args.custodian.iter().find(|given| given.custodian == *id);
        let (address, peer) = address.zip(apart.get(id)).ok_or_else(|| {
            Failure::usage(format!("--custodian: where does {id} listen?"))
                .hint(format!("say --custodian {id}=ADDR; one that is down is noted as silent"))
        })?;
        let remote = Remote::new(id.clone(), address.address, &secrets.line_key(), *peer);
        Ok(Arc::new(Watched::new(Arc::new(remote))) as Arc<dyn CustodianLink>)
    };
    campaign.custodians().iter().map(line).collect()
}

/// A custodian in this process gives the values that it committed to, or none at all.
fn check_secret(centre: &Centre<SqliteStore>, custodian: &mut InProcess) -> Result<(), Failure> {
    let own = custodian.commitment();
    match centre.state().commitment(&own.custodian) {
        Some(logged) if logged.root != own.root => Err(Failure::failed(format!(
            "the secret of custodian {} is not the one that it committed with",
            own.custodian
        ))
        .hint(RESTORE_SECRETS)),
        _ => Ok(()),
    }
}

/// Each is a custodian of the campaign, and is given once.
fn check_addresses(given: &[CustodianAddress], campaign: &Campaign) -> Result<(), Failure> {
    for (place, CustodianAddress { custodian, .. }) in given.iter().enumerate() {
        if !campaign.custodians().contains(custodian) {
            let known: Vec<&str> = campaign.custodians().iter().map(|id| id.as_str()).collect();
            return Err(Failure::usage(format!("--custodian: the campaign has no custodian {custodian}"))
                .hint(format!("its custodians are {}", known.join(", "))));
        }
        if given[..place].iter().any(|before| before.custodian == *custodian) {
            return Err(Failure::usage(format!("--custodian: {custodian} is given twice"))
                .hint("each listens at one address"));
        }
    }
    Ok(())
}

/// The folder's secrets, with witnesses where they listen now.
fn secrets(folder: &DataFolder, moved: &[WitnessAddress]) -> Result<Secrets, Failure> {
    let mut secrets = folder.secrets()?;
    for WitnessAddress { name, url } in moved {
        let known: Vec<String> =
            secrets.witnesses.iter().map(|witness| witness.key.name().to_owned()).collect();
        let witness = secrets.witnesses.iter_mut().find(|witness| witness.key.name() == name);
        let witness = witness.ok_or_else(|| {
            Failure::usage(format!("--witness: the campaign was founded with no witness {name}"))
                .hint(format!("its witnesses apart are: {}", known.join(", ")))
        })?;
        witness.url = url.clone();
    }
    Ok(secrets)
}

/// Opens the campaign that the folder's log tells, with witnesses where it was founded with them.
pub(super) async fn open(folder: &DataFolder) -> Result<(Centre<SqliteStore>, Campaign), Failure> {
    open_with(folder, &[]).await
}

async fn open_with(
    folder: &DataFolder,
    moved: &[WitnessAddress],
) -> Result<(Centre<SqliteStore>, Campaign), Failure> {
    folder.holds_a_store()?;
    folder.check_leftovers().await?;
    let mut store = folder.open_store().await?;
    let files = logged_files(&mut store).await.map_err(|error| match error {
        CentreError::Empty => {
            Failure::failed("the store holds no campaign").hint("found it anew in another folder")
        }
        error => store_failed(error),
    })?;
    let campaign = Campaign::parse(&files).map_err(Failure::failed)?;
    own_keys(folder, &campaign)?;
    folder.tell_of_links();
    let centre = Centre::open(store, folder.root(), &campaign, &secrets(folder, moved)?).await;
    let centre = centre.map_err(|error| unopened(error, folder))?;
    tell_of_foreign(centre.foreign_files(), folder);
    folder.tell_of_leftovers();
    Ok((centre, campaign))
}

/// Files that somebody put into the published log.
fn tell_of_foreign(names: &[PathBuf], folder: &DataFolder) {
    let aside = folder.root().join("foreign");
    for name in names.iter().take(FOREIGN_NAMED_MAX) {
        complain(format_args!(
            "warning: nothing in the store makes {}: it was put aside into {}",
            name.to_string_lossy().escape_debug(),
            aside.display()
        ));
    }
    if let more @ 1.. = names.len().saturating_sub(FOREIGN_NAMED_MAX) {
        complain(format_args!("warning: and {more} more files"));
    }
}

/// The key that auditors of this folder use is the one that signs its heads.
pub(super) fn own_keys(folder: &DataFolder, campaign: &Campaign) -> Result<KeyRing, Failure> {
    let own = folder.secrets()?.key_ring(campaign.id()).map_err(Failure::failed)?;
    let (told, log) = (folder.keys()?.log, &own.log);
    if told == *log {
        return Ok(own);
    }
    Err(Failure::failed(format!("keys/log.vkey says {told}, the secrets and the stored campaign make {log}"))
        .hint(RESTORE_KEYS))
}

/// A log that this folder may not go on with, and the way on.
fn unopened(error: CentreError, folder: &DataFolder) -> Failure {
    let (data, log) = (folder.root().display(), folder.log());
    let hint = match &error {
        CentreError::Ledger(LedgerError::OtherOrigin { .. } | LedgerError::OtherKey { .. })
        | CentreError::OtherDevice { .. }
        | CentreError::OtherSalt { .. }
        | CentreError::OtherCosigners { .. }
        | CentreError::Ledger(LedgerError::Head(_)) => RESTORE_KEYS.to_owned(),
        CentreError::Fault { .. } | CentreError::Entry(_) => {
            "the store is damaged, `sekong scrub` says where: put a sound copy of the folder in its place, then `sekong restore` with \
             what was published since; nothing was changed"
                .to_owned()
        }
        CentreError::Ledger(LedgerError::Older { .. }) => format!(
            "bring it up to the published head: sekong restore --data {data} --from {}; nothing was changed",
            log.display()
        ),
        CentreError::Ledger(LedgerError::OlderThanFile { file, .. }) => format!(
            "an older copy is brought up to what was published: sekong restore --data {data} --from {}; where it finds \
             nothing to take, it names every file that no head covers. What somebody put there, as {file} may be, move it out of {}; \
             nothing was changed",
            log.display(),
            log.display()
        ),
        CentreError::Ledger(LedgerError::Forked { .. } | LedgerError::OtherTree { .. }) => {
            "keep the folder as evidence, and compare it with copies and heads that others have; nothing was changed"
                .to_owned()
        }
        CentreError::Ledger(LedgerError::Folder(_)) => {
            "the folder is made from the store: give the centre the rights to it, or move what lies there out of the data folder, and \
             start again"
                .to_owned()
        }
        _ => return store_failed(error),
    };
    Failure::failed(error).hint(hint)
}

fn clock(
    demo: Option<&DemoStart>,
    steps: bool,
    centre: &Centre<SqliteStore>,
    campaign: &Campaign,
) -> Result<Arc<dyn Clock>, Failure> {
    let newest = centre.latest_time();
    let Some(demo) = demo else { return system_clock(newest) };
    let start = demo.instant(campaign);
    if start < newest {
        return Err(Failure::usage(format!(
            "the clock would start at {start}, the log's newest entry is of {newest}"
        ))
        .hint(format!("time does not run backwards: --demo-clock {newest},{}", demo.speed)));
    }
    Ok(DemoClock::started(start, demo.speed, steps))
}

/// The machine's clock, if it is not behind the log.
fn system_clock(newest: Timestamp) -> Result<Arc<dyn Clock>, Failure> {
    let now = now();
    if now < newest {
        return Err(Failure::failed(format!("the clock says {now}, the log's newest entry is of {newest}"))
            .hint("time does not run backwards: set the machine's clock, or wait until it has come there"));
    }
    Ok(Arc::new(SystemClock::default()))
}
