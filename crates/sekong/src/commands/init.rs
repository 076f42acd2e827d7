//! `sekong init`: founds a campaign with keys from the operating system's randomness.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sekong_centre::{Centre, Founding, InProcess, KeyRing, Secrets, WitnessAt, canonical_files, jobs};
use sekong_draw::THROWERS;
use sekong_log::{CustodianCommitted, DeviceId, Hash, Remark, VerifierKey, body_hash};
use sekong_model::{Campaign, Officer, OfficerId, SourceBundle};
use sekong_store::SqliteStore;
use serde_json::json;

use crate::cli::{InitArgs, OfficerSeat, check_seats};
use crate::clocks::now;
use crate::data_folder::{DataFolder, whole};
use crate::failure::Failure;
use crate::files::read_campaign;
use crate::lines::{self, CentreFile, CustodianFile, WitnessFile};
use crate::output::{complain, print, print_line};
use crate::randomness::random;

pub(crate) fn run(args: &InitArgs) -> Result<(), Failure> {
    let (files, campaign) = read_campaign(&args.campaign)?;
    check_seats(args.officer.iter().map(|seat| &seat.officer))?;
    warn_if_past(&campaign);
    warn_of_seats(&campaign, &args.officer);
    let apart = custodians_apart(&args.custodian, &campaign, body_hash(&canonical_files(&files)))?;
    let witnesses = witnesses_apart(&args.witness, &campaign)?;
    let folder = DataFolder::create(&args.data)?;
    let (keys, head) = whole(folder.root(), || {
        let officers: Vec<_> = args.officer.iter().map(|seat| (seat.officer.clone(), seat.key)).collect();
        campaign_in(&folder, &files, &campaign, (&apart, &witnesses), &officers)
    })?;
    if args.json {
        return print_line(json!({ "campaign": campaign.id(), "key": keys.log.to_string(), "head": head }));
    }
    print_line(format_args!("campaign {} founded in {}", campaign.id(), args.data.display()))?;
    print_line(format_args!("log key: {}", keys.log))?;
    if !witnesses.is_empty() {
        print_line("next: give keys/log.vkey to the witnesses: sekong witness serve --log log.vkey")?;
    }
    if !apart.is_empty() {
        print_line("next: give keys/centre.json to the custodians: sekong custodian serve")?;
    }
    if !are_dice_cast(&campaign, &apart, &witnesses) {
        print_line("next: throw the public dice, sekong dice public")?;
    }
    print(&head)
}

/// Founds the campaign in a new folder; its public keys and its first head.
fn campaign_in(
    folder: &DataFolder,
    files: &SourceBundle,
    campaign: &Campaign,
    (apart, witnesses): (&[CustodianFile], &[WitnessAt]),
    officers: &[(OfficerId, DeviceId)],
) -> Result<(KeyRing, String), Failure> {
    let secrets = new_secrets(campaign, !apart.is_empty(), witnesses)?;
    let keys = secrets.key_ring(campaign.id()).map_err(Failure::failed)?;
    folder.write_keys(&secrets, &keys, campaign)?;
    check_distinct(&keys)?;
    folder.write_lines(&centre_file(files, campaign, &secrets, &keys), apart, witnesses)?;
    let founding = Founding {
        files,
        campaign,
        secrets: &secrets,
        commitments: &commitments(campaign, &secrets, &keys, apart)?,
        officers,
        dice: dice_at_once(are_dice_cast(campaign, apart, witnesses))?,
        devices: &[],
    };
    let head = super::block_on(found(folder, &founding))??;
    Ok((keys, head))
}

/// Custodians on machines of their own, each of the campaign once; none if their secrets are to lie here.
fn custodians_apart(
    paths: &[PathBuf],
    campaign: &Campaign,
    bundle: Hash,
) -> Result<Vec<CustodianFile>, Failure> {
    let files: Vec<(&PathBuf, CustodianFile)> = paths
        .iter()
        .map(|path| Ok((path, lines::read(path, "sekong custodian commit")?)))
        .collect::<Result<_, Failure>>()?;
    let other = files.iter().find(|(_, file)| (&file.campaign, file.bundle) != (campaign.id(), bundle));
    if let Some((path, _)) = other {
        return Err(Failure::failed(format!(
            "{} is of another campaign, or of other files of it",
            path.display()
        ))
        .hint("found the campaign with the very files that the custodians committed to"));
    }
    let files: Vec<CustodianFile> = files.into_iter().map(|(_, file)| file).collect();
    check_each_once(&files, campaign)?;
    Ok(files)
}

/// Each custodian of the campaign once, nobody else, and no two with one secret.
fn check_each_once(files: &[CustodianFile], campaign: &Campaign) -> Result<(), Failure> {
    let wrong = |what: String| {
        Err(Failure::usage(format!("--custodian: {what}"))
            .hint("give one file for each custodian of the campaign, or none"))
    };
    for (place, file) in files.iter().enumerate() {
        let (id, before) = (file.id(), &files[..place]);
        if !campaign.custodians().contains(id) {
            return wrong(format!("the campaign has no custodian {id}"));
        }
        if before.iter().any(|known| known.id() == id) {
            return wrong(format!("{id} is given twice"));
        }
        let shares = |known: &&CustodianFile| {
            known.commitment.root == file.commitment.root
                || known.commitment.key == file.commitment.key
                || known.line == file.line
        };
        if let Some(twin) = before.iter().find(shares) {
            return wrong(format!("{} and {id} have one secret", twin.id()));
        }
    }
    let mut missing = campaign.custodians().iter().filter(|id| files.iter().all(|file| file.id() != *id));
    match missing.next() {
        Some(id) if !files.is_empty() => wrong(format!("the file of {id} is missing")),
        _ => Ok(()),
    }
}

fn centre_file(files: &SourceBundle, campaign: &Campaign, secrets: &Secrets, keys: &KeyRing) -> CentreFile {
    CentreFile {
        campaign: campaign.id().clone(),
        bundle: body_hash(&canonical_files(files)),
        log: keys.log.to_string(),
        cosigners: keys.cosigners.iter().flatten().map(ToString::to_string).collect(),
        line: secrets.line_key().id(),
    }
}

fn commitments(
    campaign: &Campaign,
    secrets: &Secrets,
    keys: &KeyRing,
    apart: &[CustodianFile],
) -> Result<Vec<CustodianCommitted>, Failure> {
    if !apart.is_empty() {
        return Ok(apart.iter().map(|file| file.commitment.clone()).collect());
    }
    let here = InProcess::all(campaign, secrets, keys, &BTreeMap::new());
    Ok(here.map_err(Failure::failed)?.iter_mut().map(InProcess::commitment).collect())
}

/// Witnesses on machines of their own: as many as the campaign has cosigners, or fewer.
fn witnesses_apart(paths: &[PathBuf], campaign: &Campaign) -> Result<Vec<WitnessAt>, Failure> {
    let cosigners = campaign.rules().cosigners;
    if (cosigners as usize) < paths.len() {
        return Err(Failure::usage(format!(
            "--witness: {} files, the campaign has {cosigners} cosigners",
            paths.len()
        ))
        .hint("leave some out, or set rules.cosigners in campaign.toml"));
    }
    let read = |path: &PathBuf| lines::read::<WitnessFile>(path, "sekong witness init")?.witness();
    paths.iter().map(read).collect()
}

/// No two cosigners have one name or one key: they would count as two.
fn check_distinct(keys: &KeyRing) -> Result<(), Failure> {
    let keys: Vec<&VerifierKey> = keys.cosigners.iter().flatten().collect();
    let same =
        |a: &VerifierKey, b: &VerifierKey| a.name() == b.name() || a.public_bytes() == b.public_bytes();
    let twin = keys.iter().enumerate().find(|(at, key)| keys[..*at].iter().any(|before| same(before, key)));
    twin.map_or(Ok(()), |(_, key)| {
        Err(Failure::usage(format!("--witness: {} has the name or the key of another cosigner", key.name()))
            .hint("each witness has a key and a name of its own: sekong witness init"))
    })
}

/// Whether the dice are cast at once: with custodians apart they are thrown in public, and over the commitments enough must
/// have cosigned, which witnesses do once they know the log's key.
fn are_dice_cast(campaign: &Campaign, apart: &[CustodianFile], witnesses: &[WitnessAt]) -> bool {
    let rules = campaign.rules();
    apart.is_empty() && rules.cosignatures as usize + witnesses.len() <= rules.cosigners as usize
}

fn dice_at_once(cast: bool) -> Result<Option<(Hash, Remark)>, Failure> {
    if !cast {
        return Ok(None);
    }
    let method = "drawn by the centre's operating system; throw them in public for a campaign that counts";
    Ok(Some((Hash(random()?), method.parse().map_err(Failure::failed)?)))
}

/// A campaign that is over can be founded and read, but nothing in it can be planned any more; what is late delays draws.
fn warn_if_past(campaign: &Campaign) {
    let (ends, now) = (campaign.ends_at(), now());
    if ends <= now {
        complain(format_args!(
            "warning: the campaign ended at {ends}: the centre will serve it, but plan nothing in it"
        ));
    } else if let Some((due, job)) = jobs(campaign, 1).first().filter(|(due, _)| *due < now) {
        complain(format_args!(
            "warning: {job}: due at {due}, so the first draws will be late and count as such"
        ));
    } else {
        return;
    }
    complain(format_args!("  help: set later days in campaign.toml, or try it out with `sekong demo`"));
}

/// Seats get their first keys now: after the public dice somebody must vouch for each.
fn warn_of_seats(campaign: &Campaign, given: &[OfficerSeat]) {
    let (with, without): (Vec<&Officer>, Vec<&Officer>) =
        campaign.officers().iter().partition(|seat| given.iter().any(|known| known.officer == seat.id));
    let bodies: BTreeSet<_> = with.iter().map(|seat| &seat.body).collect();
    if bodies.len() < THROWERS {
        complain(format_args!(
            "WARNING: keys of {} bodies that throw dice, {THROWERS} are needed: the first custodian that is silent stops the \
             draw for good",
            bodies.len()
        ));
    } else if without.is_empty() {
        return;
    }
    let names: Vec<&str> = without.iter().map(|seat| seat.id.as_str()).collect();
    let names =
        if names.is_empty() { "no [[officer]] in campaign.toml".to_owned() } else { names.join(", ") };
    complain(format_args!("warning: seats without a key: {names}"));
    complain(format_args!(
        "  help: sekong dice key, and --officer SEAT=KEY for each; found the campaign anew with them, or have two others vouch for it: sekong dice vouch"
    ));
}

async fn found(folder: &DataFolder, founding: &Founding<'_>) -> Result<String, Failure> {
    let store = SqliteStore::create(&folder.store()).await.map_err(Failure::failed)?;
    let centre = Centre::found(store, folder.root(), founding, now()).await.map_err(Failure::failed)?;
    let head = centre.head().unwrap_or_default().to_owned();
    centre.close().await.map_err(Failure::failed)?;
    Ok(head)
}

fn new_secrets(campaign: &Campaign, apart: bool, witnesses: &[WitnessAt]) -> Result<Secrets, Failure> {
    let cosigners = witnesses.len()..campaign.rules().cosigners as usize;
    let here = campaign.custodians().iter().filter(|_| !apart);
    Ok(Secrets {
        log: random()?,
        cosigners: cosigners.map(|_| random()).collect::<Result<_, Failure>>()?,
        witnesses: witnesses.to_vec(),
        device: random()?,
        salt: random()?,
        custodians: here.map(|id| Ok((id.clone(), random()?))).collect::<Result<_, Failure>>()?,
    })
}
