//! `sekong serve`: a founded campaign behind HTTP, until it is asked to end.

use std::sync::Arc;

use sekong_centre::{Centre, CentreError, Clock, InProcess, logged_files};
use sekong_model::Campaign;
use sekong_store::SqliteStore;

use crate::cli::ServeArgs;
use crate::clocks::{DemoClock, DemoStart, SystemClock};
use crate::data_folder::DataFolder;
use crate::failure::Failure;
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
    let (centre, campaign) = open(folder).await?;
    let clock = clock(args.demo_clock.as_ref(), &centre, &campaign)?;
    // Nobody declares absences to this version of the centre: its lists are empty, and say so in the log.
    let away = Arc::new(|_: &_, _| Vec::new());
    let (secrets, freezes) = (folder.secrets()?, centre.state().freezes());
    let custodians = InProcess::all(&campaign, &secrets, centre.keys(), &freezes).map_err(Failure::failed)?;
    let (demo, links) = (args.demo_clock.is_some(), serving::links(custodians));
    let service = serving::start(centre, folder, clock, demo, away, links).await?;
    tokio::spawn(serving::tell_of_trouble(service.clone()));
    serving::announce(listener.local_addr().map_err(Failure::failed)?, args.json)?;
    service.serve(listener, serving::asked_to_end()).await.map_err(Failure::failed)?;
    if args.json { Ok(()) } else { print_line("ended; what was acknowledged is in the log") }
}

/// Opens the campaign that the folder's log tells.
async fn open(folder: &DataFolder) -> Result<(Centre<SqliteStore>, Campaign), Failure> {
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
    let centre = Centre::open(store, folder.root(), &campaign, &folder.secrets()?).await;
    Ok((centre.map_err(Failure::failed)?, campaign))
}

fn clock(
    demo: Option<&DemoStart>,
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
    let clock = DemoClock::standing_at(start);
    clock.run(demo.speed);
    Ok(Arc::new(clock))
}
