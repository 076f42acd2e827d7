//! `sekong auditor`: what the custodians themselves say that they released, asked for over lines of their own.

use std::path::Path;

use sekong_centre::{LineKey, Remote, Shown};
use serde::{Deserialize, Serialize};

use crate::cli::{AuditorFetchArgs, AuditorInitArgs};
use crate::data_folder::{new_folder, parse_secret, whole, write_new};
use crate::failure::Failure;
use crate::files::read_text;
use crate::lines::{self, CustodianFile};
use crate::output::print_line;
use crate::randomness::random;

const SECRET: &str = "secret.json";

const RESTORE: &str = "put back a copy of the folder, or make another one and tell the custodians its key";

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
    whole(&args.data, || {
        let secret = SecretFile { line: hex::encode(seed) };
        write_new(&args.data.join(SECRET), lines::text(&secret)?.as_bytes(), 0o600)
    })?;
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
    let path = root.join(SECRET);
    if !path.is_file() {
        return Err(Failure::usage(format!("{} is no auditor's folder", root.display()))
            .hint("name the folder that `sekong auditor init` made"));
    }
    let secret: SecretFile = serde_json::from_str(&read_text(&path)?)
        .map_err(|error| Failure::failed(format!("{SECRET} cannot be read: {error}")).hint(RESTORE))?;
    parse_secret(SECRET, "line", &secret.line, RESTORE).map(LineKey::from_seed)
}
