//! `sekong custodian`: a share of the randomness on a machine of its own.

use std::sync::Arc;

use sekong_centre::{Clock, Office, OfficeOptions, Released, Shown, value_list};
use sekong_draw::Pledge;
use sekong_store::Vault;
use serde_json::json;

use crate::cli::{
    CustodianCommitArgs, CustodianExportArgs, CustodianInitArgs, CustodianOutageArgs, CustodianServeArgs,
    CustodianStatusArgs,
};
use crate::clocks::{DemoClock, SystemClock, now};
use crate::custodian_folder::CustodianFolder;
use crate::data_folder::{new_folder, whole, write_new};
use crate::failure::Failure;
use crate::files::read_campaign;
use crate::lines::{self, CustodianFile};
use crate::output::{complain, print, print_line};
use crate::randomness::random;
use crate::serving;

/// Said when a custodian begins with an empty memory.
const VAULT_LOST: &str = "warning: this custodian has forgotten what it froze and released\n  \
     a centre with two faces could now have its values for one day over two lists; tell the auditors from which day on";

pub(crate) fn init(args: &CustodianInitArgs) -> Result<(), Failure> {
    let (files, campaign) = read_campaign(&args.campaign)?;
    if !campaign.custodians().contains(&args.id) {
        let known: Vec<&str> = campaign.custodians().iter().map(|id| id.as_str()).collect();
        return Err(Failure::usage(format!("--id: the campaign has no custodian {}", args.id))
            .hint(format!("one of {}", known.join(", "))));
    }
    new_folder(&args.data)?;
    whole(&args.data, || {
        CustodianFolder::create(&args.data, &args.id, &files, [random()?, random()?, random()?])?;
        let folder = CustodianFolder::open(&args.data)?;
        super::block_on(async {
            let vault = folder.create_vault().await?;
            vault.close().await.map_err(|error| folder.vault_failure(error))
        })?
    })?;
    print_line(format_args!("custodian {} of {} in {}", args.id, campaign.id(), args.data.display()))?;
    print_line(
        "keep a copy of the folder where neither the centre nor this machine is, renew it, and show secret.json to nobody",
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
    let folder = CustodianFolder::open(&args.data)?;
    let outage = pledge(&folder).outage(args.from, args.until);
    let moments = || folder.campaign.moments_of_campaign();
    let due = |moment| folder.campaign.release_at(moment);
    if !moments().map(due).any(|due| (outage.from..outage.until).contains(&due)) {
        let (first, ends) = (moments().map(due).min(), folder.campaign.ends_at());
        let first = first.map_or_else(String::new, |first| first.to_string());
        return Err(Failure::usage(format!(
            "--from, --until: no value is due from {} until before {}",
            outage.from, outage.until
        ))
        .hint(format!(
            "values are due from {first} on, the campaign ends at {ends}; times are whole seconds"
        )));
    }
    print_line(serde_json::to_string(&outage).map_err(Failure::failed)?)
}

pub(crate) fn status(args: &CustodianStatusArgs) -> Result<(), Failure> {
    let folder = CustodianFolder::open(&args.data)?;
    let (commitment, centre) = (pledge(&folder).commitment(), folder.centre()?);
    let kept = super::block_on(async { remembered(&folder, &mut folder.open_vault(false).await?).await })??;
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
    let clock: Arc<dyn Clock> = match &args.demo_clock {
        None => Arc::new(SystemClock::default()),
        Some(start) => DemoClock::started(start.instant(&folder.campaign), start.speed, args.steps),
    };
    super::block_on(async {
        let listener = serving::bind(args.listen).await?;
        let mut vault = if args.vault_lost {
            let created = folder.create_vault().await?;
            complain(VAULT_LOST);
            created
        } else {
            folder.open_vault(true).await?
        };
        let kept = remembered(&folder, &mut vault).await?;
        let centre = folder.take_centre(&args.centre, 0 < kept.count)?;
        let (key, auditors) = (folder.line.clone(), args.auditor.clone());
        let options = OfficeOptions { clock, key, centre: centre.line, auditors };
        let custodian = folder.custodian(&centre)?;
        let office = Office::open(custodian, vault, folder.campaign.clone(), options).await;
        let office = office.map_err(|error| folder.vault_failure(error))?;
        serving::announce_line(listener.local_addr().map_err(Failure::failed)?, args.json)?;
        office.serve(listener, serving::asked_to_end()).await;
        if args.json { Ok(()) } else { print_line("ended; what was released is in the vault") }
    })?
}

pub(crate) fn export(args: &CustodianExportArgs) -> Result<(), Failure> {
    let folder = CustodianFolder::open(&args.data)?;
    let now = args.now.unwrap_or_else(now);
    let shown = super::block_on(async {
        let mut vault = folder.open_vault(false).await?;
        let shown = Shown::of(&mut vault, &folder.campaign, folder.id.clone(), now).await;
        shown.map_err(|error| folder.vault_failure(error))
    })??;
    write_new(&args.out, lines::text(&shown)?.as_bytes(), 0o644)?;
    print_line(format_args!(
        "{} releases that everybody may see, {} days or weeks that were asked for twice",
        shown.releases.len(),
        shown.second_freezes.len()
    ))
}

async fn remembered(folder: &CustodianFolder, vault: &mut Vault) -> Result<Released, Failure> {
    Released::of(vault).await.map_err(|error| folder.vault_failure(error))
}

fn pledge(folder: &CustodianFolder) -> Pledge {
    folder.pledge(value_list(&folder.campaign))
}
