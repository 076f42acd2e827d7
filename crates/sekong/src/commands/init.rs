//! `sekong init`: founds a campaign with keys from the operating system's randomness.

use std::collections::BTreeMap;

use sekong_centre::{Centre, Founding, InProcess, Secrets, jobs};
use sekong_log::Hash;
use sekong_model::Campaign;
use sekong_store::SqliteStore;
use serde_json::json;

use crate::cli::InitArgs;
use crate::clocks::now;
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::files::read_campaign;
use crate::output::{print, print_line};

pub(crate) fn run(args: &InitArgs) -> Result<(), Failure> {
    let (files, campaign) = read_campaign(&args.campaign)?;
    warn_if_past(&campaign);
    let folder = DataFolder::create(&args.data)?;
    let secrets = new_secrets(&campaign)?;
    let keys = secrets.key_ring(campaign.id()).map_err(Failure::failed)?;
    folder.write_keys(&secrets, &keys)?;
    let method = "drawn by the centre's operating system; throw them in public for a campaign that counts";
    let custodians = InProcess::all(&campaign, &secrets, &keys, &BTreeMap::new());
    let mut custodians = custodians.map_err(Failure::failed)?;
    let commitments: Vec<_> = custodians.iter_mut().map(InProcess::commitment).collect();
    let founding = Founding {
        files: &files,
        campaign: &campaign,
        secrets: &secrets,
        commitments: &commitments,
        officers: &[],
        dice: (Hash(random()?), method.to_owned()),
        devices: &[],
    };
    let head = super::block_on(found(&folder, &founding))??;
    if args.json {
        return print_line(json!({ "campaign": campaign.id(), "key": keys.log.to_string(), "head": head }));
    }
    print_line(format_args!("campaign {} founded in {}", campaign.id(), args.data.display()))?;
    print_line(format_args!("log key: {}", keys.log))?;
    print(&head)
}

/// A campaign that is over can be founded and read, but nothing in it can be planned any more; what is late delays draws.
fn warn_if_past(campaign: &Campaign) {
    let (ends, now) = (campaign.ends_at(), now());
    if ends <= now {
        eprintln!("warning: the campaign ended at {ends}: the centre will serve it, but plan nothing in it");
    } else if let Some((due, job)) = jobs(campaign, 1).first().filter(|(due, _)| *due < now) {
        eprintln!("warning: {job}: due at {due}, so the first draws will be late and count as such");
    } else {
        return;
    }
    eprintln!("  help: set later days in campaign.toml, or try it out with `sekong demo`");
}

async fn found(folder: &DataFolder, founding: &Founding<'_>) -> Result<String, Failure> {
    let store = SqliteStore::create(&folder.store()).await.map_err(Failure::failed)?;
    let centre = Centre::found(store, folder.root(), founding, now()).await.map_err(Failure::failed)?;
    let head = centre.head().unwrap_or_default().to_owned();
    centre.close().await.map_err(Failure::failed)?;
    Ok(head)
}

fn new_secrets(campaign: &Campaign) -> Result<Secrets, Failure> {
    let custodians = campaign.custodians().iter().map(|id| Ok((id.clone(), random()?)));
    Ok(Secrets {
        log: random()?,
        cosigner: random()?,
        device: random()?,
        salt: random()?,
        custodians: custodians.collect::<Result<_, Failure>>()?,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the binary is where the operating system's randomness is read"
)]
fn random() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::failed(format!("the operating system gave no randomness: {error}")))?;
    Ok(bytes)
}
