//! Reading campaigns from disk, and turning what is wrong with them into what the user sees.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use sekong_model::{
    CAMPAIGN_FILE, Campaign, CampaignError, CampaignErrors, FILE_MAX_BYTES, SourceBundle, referenced_files,
};

use crate::failure::Failure;

/// The campaign that ships with the program, so that the demo runs from anywhere.
pub(crate) fn shipped_campaign() -> SourceBundle {
    let mut files = SourceBundle::new(include_str!("../../../campaigns/northeast-2017/campaign.toml"));
    for (name, text) in [
        ("geo/border.geojson", include_str!("../../../campaigns/northeast-2017/geo/border.geojson")),
        ("geo/places.geojson", include_str!("../../../campaigns/northeast-2017/geo/places.geojson")),
        ("geo/provinces.geojson", include_str!("../../../campaigns/northeast-2017/geo/provinces.geojson")),
        ("geo/rivers.geojson", include_str!("../../../campaigns/northeast-2017/geo/rivers.geojson")),
        ("geo/roads.geojson", include_str!("../../../campaigns/northeast-2017/geo/roads.geojson")),
        ("geo/crossings.geojson", include_str!("../../../campaigns/northeast-2017/geo/crossings.geojson")),
    ] {
        files.files.insert(name.to_owned(), text.to_owned());
    }
    files
}

/// Reads and parses a campaign given as its `campaign.toml` or its folder.
pub(crate) fn read_campaign(path: &Path) -> Result<(SourceBundle, Campaign), Failure> {
    let toml = if path.is_dir() { path.join(CAMPAIGN_FILE) } else { path.to_owned() };
    let folder = toml.parent().map(Path::to_owned).unwrap_or_default();
    let mut files = SourceBundle::new(read_text(&toml)?);
    let names = referenced_files(files.text(CAMPAIGN_FILE).unwrap_or_default());
    for name in names.map_err(|errors| campaign_failure(&folder, &files, &errors))? {
        let text = read_text(&folder.join(&name))?;
        files.files.insert(name, text);
    }
    let campaign = parse_campaign(&folder, &files)?;
    Ok((files, campaign))
}

/// Parses a campaign's files; `folder` is only named in messages.
pub(crate) fn parse_campaign(folder: &Path, files: &SourceBundle) -> Result<Campaign, Failure> {
    Campaign::parse(files).map_err(|errors| campaign_failure(folder, files, &errors))
}

/// Reads a text file of at most 4 MiB.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = read_at_most(path, FILE_MAX_BYTES)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::failed(format!("{} is not UTF-8 text: byte {at} begins no character", path.display()))
            .hint("save the file as UTF-8, or check that it is the file you meant")
    })
}

/// Largest plan or game file read, in bytes (1 GiB).
pub(crate) const GAME_MAX_BYTES: usize = 1 << 30;

/// Reads a file of at most `max_bytes` bytes.
pub(crate) fn read_at_most(path: &Path, max_bytes: usize) -> Result<Vec<u8>, Failure> {
    let cannot = |error| {
        Failure::failed(format!("cannot read {}: {error}", path.display()))
            .hint("check the path and its permissions")
    };
    if fs::metadata(path).map_err(cannot)?.is_file() {
        return read_regular(path, max_bytes);
    }
    Err(Failure::failed(format!("cannot read {}: it is no regular file", path.display()))
        .hint("name a file, not a folder or a pipe"))
}

/// The same of what is known to be a regular file.
pub(crate) fn read_regular(path: &Path, max_bytes: usize) -> Result<Vec<u8>, Failure> {
    let cannot = |error| Failure::failed(format!("cannot read {}: {error}", path.display()));
    let file = fs::File::open(path).map_err(cannot)?;
    let about_bytes = file.metadata().map_or(0, |about| about.len() as usize).min(max_bytes);
    // A byte more shows that it ends where it says.
    let mut bytes = Vec::with_capacity(about_bytes + 1);
    file.take(max_bytes as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() > max_bytes {
        return Err(Failure::failed(format!("{} is larger than {max_bytes} bytes", path.display()))
            .hint("check that it is the file you meant"));
    }
    Ok(bytes)
}

fn campaign_failure(folder: &Path, files: &SourceBundle, errors: &CampaignErrors) -> Failure {
    let mut all: Vec<Failure> = errors.errors.iter().map(|error| one_failure(folder, files, error)).collect();
    if errors.errors.len() + errors.more == 1
        && let Some(only) = all.pop()
    {
        return only;
    }
    let count = errors.errors.len() + errors.more;
    let more =
        if errors.more > 0 { format!("; the first {} are", errors.errors.len()) } else { String::new() };
    Failure::failed(format!("the campaign has {count} mistakes{more}")).with_related(all)
}

fn one_failure(folder: &Path, files: &SourceBundle, error: &CampaignError) -> Failure {
    let failure = Failure::failed(error).hint(error.mend());
    let file: PathBuf = folder.join(&error.file);
    match (&error.span, files.text(&error.file)) {
        (Some(span), Some(text)) => {
            let label = if error.field.is_empty() { "here" } else { error.field.as_str() };
            failure.place(&file.display().to_string(), text, span.clone(), label)
        }
        _ => failure,
    }
}
