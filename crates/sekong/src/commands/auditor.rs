//! `sekong auditor`: what the custodians themselves say that they released, asked for over lines of their own.

use std::path::Path;

use sekong_centre::{LineKey, Remote, Shown};
use serde::{Deserialize, Serialize};

use crate::cli::{AuditorFetchArgs, AuditorInitArgs};
use crate::data_folder::{new_folder, whole, write_new};
use crate::failure::Failure;
use crate::keeper::{Keeper, write_secret};
use crate::lines::{self, CustodianFile};
use crate::output::print_line;
use crate::randomness::random;

const AUDITOR: Keeper = Keeper {
    what: "an auditor's folder",
    made_by: "sekong auditor init",
    restore: "put back a copy of the folder, or make another one and tell the custodians its key",
};

/// The secret as it lies on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretFile {
    /// 32 bytes in hex.
    line: String,
}

pub(crate) fn init(args: &AuditorInitArgs) -> Result<(), Failure> {
    let seed = random()?;
    new_folder(&args.data)?;
    whole(&args.data, || write_secret(&args.data, &SecretFile { line: hex::encode(seed) }))?;
    print_line(format_args!("line key {}", LineKey::from_seed(seed).id()))?;
    print_line("each custodian that is to answer serves with --auditor and this key")
}

pub(crate) fn fetch(args: &AuditorFetchArgs) -> Result<(), Failure> {
    let key = line_key(&args.data)?;
    let file: CustodianFile = lines::read(&args.custodian, "sekong custodian commit")?;
    let remote = Remote::new(file.id().clone(), args.at, &key, file.line);
    let releases = super::block_on(remote.released())?.map_err(|error| {
        Failure::failed(format!("{} at {}: {error}", file.id(), args.at)).hint(format!(
            "a custodian answers the auditors whose line keys it was started with: sekong custodian serve --auditor {}",
            key.id()
        ))
    })?;
    let custodian = file.id().clone();
    let shown = Shown { campaign: file.campaign, custodian, releases, second_freezes: Vec::new() };
    write_new(&args.out, lines::text(&shown)?.as_bytes(), 0o644)?;
    print_line(format_args!("{} releases of {} that auditors may see", shown.releases.len(), shown.custodian))
}

fn line_key(root: &Path) -> Result<LineKey, Failure> {
    let secret: SecretFile = AUDITOR.secret(root)?;
    AUDITOR.seed("line", &secret.line).map(LineKey::from_seed)
}
