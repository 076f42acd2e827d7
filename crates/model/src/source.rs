//! The campaign's files as text: what is parsed, logged and hashed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::faults::{Faults, Problem};
use crate::raw::RawCampaign;
use crate::{CampaignErrors, locate};

/// Name of the file that names all others.
pub const CAMPAIGN_FILE: &str = "campaign.toml";

/// Largest file of a campaign, in bytes (4 MiB).
pub const FILE_MAX_BYTES: usize = 4 << 20;

/// A campaign's files by name relative to `campaign.toml`; serialises as one JSON object, the logged body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceBundle {
    /// Text of each file by relative name; `campaign.toml` is one of them.
    pub files: BTreeMap<String, String>,
}

impl SourceBundle {
    /// A bundle of `campaign.toml` alone; the files it names are added to [`SourceBundle::files`].
    pub fn new(campaign_toml: impl Into<String>) -> Self {
        Self { files: BTreeMap::from([(CAMPAIGN_FILE.to_owned(), campaign_toml.into())]) }
    }

    /// The text of a file.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }
}

/// Names of the files that `campaign.toml` refers to, each once, relative to it and never outside its folder.
///
/// # Errors
/// When the text is no campaign, or a name leaves the folder.
pub fn referenced_files(campaign_toml: &str) -> Result<Vec<String>, CampaignErrors> {
    let mut faults = Faults::default();
    let names = parse_toml(campaign_toml, &mut faults).map(|raw| {
        check_name(&raw.files.roads, "files.roads", &mut faults);
        check_name(&raw.files.crossings, "files.crossings", &mut faults);
        for (index, map) in raw.map.iter().enumerate() {
            check_name(&map.file, &format!("map[{index}].file"), &mut faults);
        }
        let drawn = raw.map.into_iter().map(|map| map.file);
        let names: BTreeSet<String> =
            [raw.files.roads, raw.files.crossings].into_iter().chain(drawn).collect();
        names.into_iter().collect()
    });
    faults.into_result(campaign_toml, names)
}

fn check_name(name: &str, field: &str, faults: &mut Faults) {
    let inside = !name.is_empty()
        && !name.contains(['\\', ':', '\0'])
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if !inside || name == CAMPAIGN_FILE {
        faults.report(field, Problem::FileOutside { name: name.to_owned() });
    }
}

pub(crate) fn parse_toml(text: &str, faults: &mut Faults) -> Option<RawCampaign> {
    if !size_is_sane(CAMPAIGN_FILE, text, faults) {
        return None;
    }
    match toml::from_str(text) {
        Ok(raw) => Some(raw),
        Err(error) => {
            let field = error.span().map_or_else(String::new, |span| locate::field_at(text, span.start));
            let problem = Problem::Toml { message: error.message().to_owned() };
            faults.report_at(CAMPAIGN_FILE, error.span(), field, problem);
            None
        }
    }
}

pub(crate) fn size_is_sane(name: &str, text: &str, faults: &mut Faults) -> bool {
    let sane = text.len() <= FILE_MAX_BYTES;
    if !sane {
        faults.report_at(name, None, String::new(), Problem::TooLarge { bytes: text.len() });
    }
    sane
}
