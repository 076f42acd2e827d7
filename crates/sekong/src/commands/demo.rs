//! `sekong demo`: a simulated week through the real server, from founding to verification, and on from there.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use sekong_centre::{
    Centre, Clock, Degraded, Founding, InProcess, Late, Secrets, Service, Tally, Verdict, jobs,
};
use sekong_log::{Enrolled, Hash};
use sekong_model::{Campaign, Hour, SourceBundle, TeamId};
use sekong_simulate::{Habits, Seed, absences};
use sekong_store::SqliteStore;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::verify::{self, Question};
use crate::cli::DemoArgs;
use crate::clocks::DemoClock;
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::files::{parse_campaign, read_campaign, shipped_campaign};
use crate::output::{complain, print, print_line};
use crate::people::{Setting, World, box_secret, device, officer_key};
use crate::progress::{bar, shown};
use crate::serving;

/// Where a demo listens that is not to be served: teams alone reach it.
const ANY_PORT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// How long before its first job a simulated campaign is founded.
const FOUNDED_BEFORE: SignedDuration = SignedDuration::from_hours(24);

pub(crate) fn run(args: &DemoArgs) -> Result<(), Failure> {
    let (files, campaign) = campaign(args)?;
    let days = campaign.days().count();
    if args.days as usize > days {
        return Err(Failure::usage(format!("the campaign has {days} days, not {}", args.days))
            .hint(format!("--days takes 1 to {days}")));
    }
    let runtime = Runtime::new().map_err(Failure::failed)?;
    let listener = runtime.block_on(serving::bind(if args.no_serve { ANY_PORT } else { args.listen }))?;
    let temporary = tempfile::tempdir().map_err(Failure::failed)?;
    let folder = DataFolder::create(args.data.as_deref().unwrap_or(temporary.path()))?;
    let _lock = folder.lock()?;
    let setting = runtime.block_on(found(args, &folder, &files, Arc::new(campaign)))?;
    live(args, &folder, listener, setting, &runtime)
}

/// Founds the campaign with the demo's own keys and devices, on a clock that stands.
async fn found(
    args: &DemoArgs,
    folder: &DataFolder,
    files: &SourceBundle,
    campaign: Arc<Campaign>,
) -> Result<Setting, Failure> {
    let seed = Seed(args.seed);
    let habits = Habits { dark_share: args.no_data.0, voice: !args.no_voice, ..Habits::default() };
    let secrets = secrets(seed, &campaign);
    let keys = secrets.key_ring(campaign.id()).map_err(Failure::failed)?;
    folder.write_keys(&secrets, &keys, &campaign)?;
    let enrolled = |team: &TeamId| Enrolled {
        team: team.clone(),
        device: device(seed, campaign.id(), team).id(),
        box_key: Some(box_secret(seed, team).id()),
    };
    let devices: Vec<_> = campaign.teams().iter().map(|team| enrolled(&team.id)).collect();
    let mut custodians =
        InProcess::all(&campaign, &secrets, &keys, &BTreeMap::new()).map_err(Failure::failed)?;
    let commitments: Vec<_> = custodians.iter_mut().map(InProcess::commitment).collect();
    let officers: Vec<_> = campaign
        .officers()
        .iter()
        .map(|officer| (officer.id.clone(), officer_key(seed, &officer.id).id()))
        .collect();
    let founding = Founding {
        files,
        campaign: &campaign,
        secrets: &secrets,
        commitments: &commitments,
        officers: &officers,
        dice: Some((
            Hash(seed.bytes("public dice", "")),
            "simulated from the demo's seed".parse().map_err(Failure::failed)?,
        )),
        devices: &devices,
    };
    let first_job = jobs(&campaign, 1).first().map(|(time, _)| *time);
    let first_job = first_job.unwrap_or(campaign.instant(campaign.first_day(), Hour::MIDNIGHT));
    let now = first_job - FOUNDED_BEFORE;
    let store = SqliteStore::create(&folder.store()).await.map_err(Failure::failed)?;
    let centre = Centre::found(store, folder.root(), &founding, now).await.map_err(Failure::failed)?;
    let clock = Arc::new(DemoClock::standing_at(now));
    let for_lists = campaign.clone();
    let away = Arc::new(move |province: &_, period| absences(seed, &for_lists, province, period));
    let people = serving::People { demo: true, away, custodians: serving::links(custodians), sms: None };
    let service = serving::start(centre, folder, clock.clone(), people, args.reserve_mib).await?;
    Ok(Setting { campaign, seed, habits, clock, service, keys })
}

/// Serves while the people live their days, then verifies what they left, then lets the clock run.
fn live(
    args: &DemoArgs,
    folder: &DataFolder,
    listener: TcpListener,
    setting: Setting,
    runtime: &Runtime,
) -> Result<(), Failure> {
    let (service, clock) = (setting.service.clone(), setting.clock.clone());
    let address = listener.local_addr().map_err(Failure::failed)?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = runtime.spawn(service.clone().serve(listener, async { drop(stopped.await) }));
    let mut world = World::at(address, setting)?;
    let lived = world.live_days(args.days, &mut bar("simulating"));
    lived.map_err(|failure| failure.hint(unfinished(folder)))?;
    let week = runtime.block_on(week(args, &service, world.receipts()));
    let unpublished = runtime.block_on(service.published()).map_err(Failure::failed)?;
    if let Some(why) = unpublished {
        return Err(Failure::failed(format!("the published folder lags behind: {why}")));
    }
    let verdict = verify(folder, clock.now())?;
    if !args.no_serve {
        serving::announce(address, args.json)?;
    }
    print_week(args, &week, verdict.holds())?;
    if !args.no_serve {
        clock.run(args.speed);
        let ending = Arc::new(AtomicBool::new(false));
        live_on(world, ending.clone());
        runtime.spawn(serving::tell_of_trouble(service));
        runtime.block_on(serving::asked_to_end());
        ending.store(true, Ordering::SeqCst);
    }
    let _ = stop.send(());
    runtime.block_on(serving).map_err(Failure::failed)?.map_err(Failure::failed)?;
    runtime.block_on(serving::close_store(folder))?;
    verify::outcome(&verdict).map_err(Failure::told)
}

fn verify(folder: &DataFolder, now: Timestamp) -> Result<Verdict, Failure> {
    let question = Question { own: true, ..Question::at(now) };
    let verified = verify::verify_folder(folder.root(), &question, &mut shown("verifying"))?;
    Ok(verified.verdict)
}

/// The people live on beside the server; when they cannot, it says so and serves on.
fn live_on(mut world: World, ending: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        if let Err(failure) = world.live_on()
            && !ending.load(Ordering::SeqCst)
        {
            complain(format_args!("the simulated teams stopped: {failure}"));
        }
    });
}

fn unfinished(folder: &DataFolder) -> String {
    format!("{} holds an unfinished week: remove it before the next try", folder.root().display())
}

/// What a simulated week came to.
struct Week {
    tally: Tally,
    degraded: Degraded,
    late: Late,
    log_size: u64,
    head: String,
    commits: u64,
    receipts: u64,
}

async fn week(args: &DemoArgs, service: &Service, receipts: u64) -> Week {
    Week {
        tally: service.tally(args.days).await,
        degraded: service.degraded().await,
        late: service.late().await,
        log_size: service.log_size().await,
        head: service.head().await,
        commits: service.commits().await,
        receipts,
    }
}

fn secrets(seed: Seed, campaign: &Campaign) -> Secrets {
    let secret = |purpose: &str, subject: &str| seed.bytes(purpose, subject);
    let (custodians, cosigners) = (campaign.custodians().iter(), 1..=campaign.rules().cosigners);
    Secrets {
        log: secret("log key", ""),
        cosigners: cosigners.map(|number| secret("cosigner key", &number.to_string())).collect(),
        witnesses: Vec::new(),
        device: secret("centre key", ""),
        salt: secret("salt key", ""),
        custodians: custodians.map(|id| (id.clone(), secret("custodian", id.as_str()))).collect(),
    }
}

fn campaign(args: &DemoArgs) -> Result<(SourceBundle, Campaign), Failure> {
    if let Some(path) = &args.campaign {
        return read_campaign(path);
    }
    let files = shipped_campaign();
    let campaign = parse_campaign(Path::new("campaigns/northeast-2017"), &files)?;
    Ok((files, campaign))
}

fn print_week(args: &DemoArgs, week: &Week, verified: bool) -> Result<(), Failure> {
    let tally = &week.tally;
    if args.json {
        let line = json!({
            "days": args.days,
            "province_hours": tally.province_hours,
            "post_hours": tally.post_hours,
            "province_hours_covered": tally.province_hours_covered,
            "orders": tally.orders,
            "orders_driving": tally.orders_driving,
            "inspections": tally.inspections(),
            "late": tally.late,
            "missed": tally.missed,
            "late_arrived": tally.late_arrived,
            "missed_away": tally.missed_away,
            "boxes_opened": tally.boxes_opened,
            "orders_relayed": tally.orders_relayed,
            "degraded_hours": week.degraded.province_hours,
            "degraded_weeks": week.degraded.province_weeks,
            "degraded": week.degraded.hours(),
            "degraded_deals": week.degraded.weeks(),
            "late_releases": verify::late_json(&week.late),
            "log_size": week.log_size,
            "head": week.head,
            "commits": week.commits,
            "verified": verified,
        });
        return print_line(line);
    }
    print_line(format_args!(
        "{} days: {} of {} province-hours held",
        args.days, tally.province_hours_covered, tally.province_hours
    ))?;
    print_line(format_args!("{} orders, {} of them to drive", tally.orders, tally.orders_driving))?;
    print_line(format_args!(
        "{} inspections ({} in time, {} late, {} arrived late), {} missed",
        tally.inspections(),
        tally.done,
        tally.late,
        tally.late_arrived,
        tally.missed
    ))?;
    print_line(format_args!(
        "{} entries in {} commits, {} receipts checked",
        week.log_size, week.commits, week.receipts
    ))?;
    print(&week.head)?;
    print_line(if verified { "verified: every draw, order and report recomputed" } else { "NOT verified" })
}
