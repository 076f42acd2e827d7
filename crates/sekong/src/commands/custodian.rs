//! `sekong custodian`: a share of the randomness on a machine of its own.

use std::sync::Arc;

use sekong_centre::{Clock, Office, OfficeOptions, value_list};
use sekong_draw::Pledge;
use sekong_store::Vault;
use serde_json::json;

use crate::cli::{
    CustodianCommitArgs, CustodianInitArgs, CustodianOutageArgs, CustodianServeArgs, CustodianStatusArgs,
};
use crate::clocks::{DemoClock, SystemClock};
use crate::custodian_folder::CustodianFolder;
use crate::data_folder::write_new;
use crate::failure::Failure;
use crate::files::read_campaign;
use crate::lines::{self, CustodianFile};
use crate::output::{print, print_line};
use crate::randomness::random;
use crate::serving;

pub(crate) fn init(args: &CustodianInitArgs) -> Result<(), Failure> {
    let (files, campaign) = read_campaign(&args.campaign)?;
    if !campaign.custodians().contains(&args.id) {
        let known: Vec<&str> = campaign.custodians().iter().map(|id| id.as_str()).collect();
        return Err(Failure::usage(format!("--id: the campaign has no custodian {}", args.id))
            .hint(format!("one of {}", known.join(", "))));
    }
    CustodianFolder::create(&args.data, &args.id, &files, [random()?, random()?])?;
    let folder = CustodianFolder::open(&args.data)?;
    super::block_on(async { Vault::create(&folder.vault()).await?.close().await })?
        .map_err(Failure::failed)?;
    print_line(format_args!("custodian {} of {} in {}", args.id, campaign.id(), args.data.display()))?;
    print_line(
        "keep a copy of secret.json where neither the centre nor this machine is, and show it to nobody",
    )?;
    print_line("next: sekong custodian commit")
}

pub(crate) fn commit(args: &CustodianCommitArgs) -> Result<(), Failure> {
    let folder = CustodianFolder::open(&args.data)?;
    let file = CustodianFile {
        campaign: folder.campaign.id().clone(),
        bundle: folder.bundle,
        commitment: pledge(&folder).commitment(),
        line: folder.line.id(),
    };
    let text = lines::text(&file)?;
    match &args.out {
        Some(out) => write_new(out, text.as_bytes(), 0o644),
        None => print(&text),
    }
}

pub(crate) fn outage(args: &CustodianOutageArgs) -> Result<(), Failure> {
    if args.until <= args.from {
        return Err(Failure::usage(format!("--until: {} is not after {}", args.until, args.from))
            .hint("an outage is from its first instant until before the first after it"));
    }
    let folder = CustodianFolder::open(&args.data)?;
    print_line(
        serde_json::to_string(&pledge(&folder).outage(args.from, args.until)).map_err(Failure::failed)?,
    )
}

pub(crate) fn status(args: &CustodianStatusArgs) -> Result<(), Failure> {
    let folder = CustodianFolder::open(&args.data)?;
    let (commitment, centre) = (pledge(&folder).commitment(), folder.centre()?);
    let kept = super::block_on(async {
        let mut vault = Vault::open_read_only(&folder.vault()).await?;
        sekong_centre::Released::of(&mut vault).await
    })?
    .map_err(Failure::failed)?;
    let newest = kept.newest.map(|moment| moment.to_string());
    if args.json {
        return print_line(json!({
            "custodian": folder.id, "campaign": folder.campaign.id(), "root": commitment.root,
            "values": commitment.values, "frozen": kept.freezes, "released": kept.count, "newest": newest,
            "centre": centre.map(|centre| centre.log), "line": folder.line.id(),
        }));
    }
    print_line(format_args!("custodian {} of {}", folder.id, folder.campaign.id()))?;
    print_line(format_args!("committed to {} values under {}", commitment.values, commitment.root))?;
    print_line(format_args!(
        "froze {} days and weeks of a province, released {} values",
        kept.freezes, kept.count
    ))?;
    print_line(format_args!("newest moment released: {}", newest.as_deref().unwrap_or("none")))?;
    match centre {
        Some(centre) => print_line(format_args!("serves the log {}", centre.log)),
        None => print_line("serves no centre yet: sekong custodian serve --centre FILE"),
    }
}

pub(crate) fn serve(args: &CustodianServeArgs) -> Result<(), Failure> {
    let folder = CustodianFolder::open(&args.data)?;
    let _lock = folder.lock()?;
    let centre = folder.take_centre(&args.centre)?;
    let custodian = folder.custodian(&centre)?;
    let clock: Arc<dyn Clock> = match &args.demo_clock {
        None => Arc::new(SystemClock),
        Some(start) => DemoClock::started(start.instant(&folder.campaign), start.speed, args.steps),
    };
    let options = OfficeOptions {
        clock,
        key: folder.line.clone(),
        centre: centre.line,
        auditors: args.auditor.clone(),
    };
    super::block_on(async {
        let listener = serving::bind(args.listen).await?;
        let vault = Vault::open(&folder.vault()).await.map_err(Failure::failed)?;
        let office = Office::open(custodian, vault, folder.campaign.clone(), options).await;
        let office = office.map_err(Failure::failed)?;
        serving::announce(listener.local_addr().map_err(Failure::failed)?, args.json)?;
        office.serve(listener, serving::asked_to_end()).await;
        if args.json { Ok(()) } else { print_line("ended; what was released is in the vault") }
    })?
}

fn pledge(folder: &CustodianFolder) -> Pledge {
    folder.pledge(value_list(&folder.campaign))
}
