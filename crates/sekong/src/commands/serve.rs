//! `sekong serve`: a founded campaign behind HTTP, until it is asked to end.

use std::sync::Arc;

use sekong_centre::{Centre, CentreError, Clock, CustodianLink, InProcess, Remote, Secrets, logged_files};
use sekong_model::{Campaign, CustodianId};
use sekong_store::SqliteStore;

use crate::cli::{CustodianAddress, ServeArgs, WitnessAddress};
use crate::clocks::{DemoClock, DemoStart, SystemClock};
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::links::Watched;
use crate::output::print_line;
use crate::serving;

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
    let service = serving::start(centre, folder, clock, demo, away, links, args.sms_gateway.clone()).await?;
    tokio::spawn(serving::tell_of_trouble(service.clone()));
    serving::announce(listener.local_addr().map_err(Failure::failed)?, args.json)?;
    service.serve(listener, serving::asked_to_end()).await.map_err(Failure::failed)?;
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
        let here = InProcess::all(campaign, &secrets, centre.keys(), &freezes).map_err(Failure::failed)?;
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
    if !folder.store().is_file() {
        return Err(Failure::usage(format!("{} holds no campaign", folder.root().display()))
            .hint("found one first: sekong init CAMPAIGN --data DIR"));
    }
    let mut store = SqliteStore::open(&folder.store()).await.map_err(Failure::failed)?;
    let files = logged_files(&mut store).await.map_err(|error| match error {
        CentreError::Empty => {
            Failure::failed("the store holds no campaign").hint("found it anew in another folder")
        }
        error => Failure::failed(error),
    })?;
    let campaign = Campaign::parse(&files).map_err(Failure::failed)?;
    let centre = Centre::open(store, folder.root(), &campaign, &secrets(folder, moved)?).await;
    Ok((centre.map_err(Failure::failed)?, campaign))
}

fn clock(
    demo: Option<&DemoStart>,
    steps: bool,
    centre: &Centre<SqliteStore>,
    campaign: &Campaign,
) -> Result<Arc<dyn Clock>, Failure> {
    let Some(demo) = demo else { return Ok(Arc::new(SystemClock)) };
    let (start, newest) = (demo.instant(campaign), centre.latest_time());
    if start < newest {
        return Err(Failure::usage(format!(
            "the clock would start at {start}, the log's newest entry is of {newest}"
        ))
        .hint(format!("time does not run backwards: --demo-clock {newest},{}", demo.speed)));
    }
    Ok(DemoClock::started(start, demo.speed, steps))
}
