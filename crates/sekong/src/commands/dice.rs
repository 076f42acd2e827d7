//! `sekong dice`: the public dice before the first day, and those that stand in for silent custodians.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sekong_centre::api::views::SilencesView;
use sekong_draw::{THROWERS, Throw};
use sekong_log::{DeviceKey, Hash};
use sekong_model::{CampaignId, Moment};
use serde::Deserialize;
use serde_json::json;

use crate::cli::{DiceKeyArgs, DicePublicArgs, DiceThrowArgs};
use crate::clocks::now;
use crate::data_folder::{DataFolder, parse_secret, write_new};
use crate::failure::Failure;
use crate::files::read_text;
use crate::output::print_line;
use crate::randomness::random;

/// Longest wait for an answer of the centre.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn key(args: &DiceKeyArgs) -> Result<(), Failure> {
    let seed = random()?;
    write_new(&args.out, format!("{}\n", hex::encode(seed)).as_bytes(), 0o600)?;
    print_line(DeviceKey::from_seed(&seed).id())
}

pub(crate) fn public(args: &DicePublicArgs) -> Result<(), Failure> {
    let folder = DataFolder::open(&args.data)?;
    let _lock = folder.lock()?;
    let dice = args.digits.value();
    let index = super::block_on(async {
        let (mut centre, _) = super::serve::open(&folder).await?;
        let index = centre.cast_dice(dice, args.method.clone(), now()).map_err(Failure::failed)?;
        centre.commit(now()).await.map_err(Failure::failed)?;
        centre.close().await.map_err(Failure::failed)?;
        Ok::<u64, Failure>(index)
    })??;
    if args.json {
        return print_line(json!({ "index": index, "dice": dice }));
    }
    print_line(format_args!("public dice {dice} are entry {index}; the campaign can be planned now"))
}

#[derive(Deserialize)]
struct Named {
    id: CampaignId,
}

pub(crate) fn throw(args: &DiceThrowArgs) -> Result<(), Failure> {
    if args.officer.len() != THROWERS {
        return Err(Failure::usage(format!(
            "--officer: {} given, {THROWERS} throw together",
            args.officer.len()
        ))
        .hint("two officers of different bodies"));
    }
    let keys = args.officer.iter().map(|seat| Ok((seat.officer.clone(), officer_key(&seat.file)?)));
    let keys: Vec<_> = keys.collect::<Result<_, Failure>>()?;
    let centre = Line::to(&args.centre);
    let Named { id: campaign } = centre.get("/api/campaign")?;
    let waiting = waiting(&centre.get("/api/silences")?);
    if waiting.is_empty() {
        return Err(Failure::failed("no silence waits for dice").hint("see GET /api/silences"));
    }
    for (moment, silences) in &waiting {
        let unsigned = Throw {
            moment: *moment,
            silences: silences.clone(),
            dice: args.digits.clone(),
            throwers: Vec::new(),
        };
        let signed = keys
            .iter()
            .fold(unsigned, |throw, (officer, key)| throw.signed_by(officer.clone(), key, &campaign));
        centre.post("/api/throws", &serde_json::to_string(&signed).map_err(Failure::failed)?)?;
    }
    if args.json {
        let moments: Vec<String> = waiting.keys().map(ToString::to_string).collect();
        return print_line(json!({ "thrown_for": moments }));
    }
    waiting.keys().try_for_each(|moment| print_line(format_args!("dice sent for {moment}")))
}

/// Leaf hashes of the silences that wait, by moment: one throw stands for all of them.
fn waiting(silences: &SilencesView) -> BTreeMap<Moment, Vec<Hash>> {
    let mut waiting: BTreeMap<Moment, Vec<Hash>> = BTreeMap::new();
    for silence in silences.silences.iter().filter(|silence| silence.waits) {
        waiting.entry(silence.moment).or_default().push(silence.leaf);
    }
    waiting
}

fn officer_key(path: &Path) -> Result<DeviceKey, Failure> {
    let text = read_text(path)?;
    let hint = "name the file that `sekong dice key` wrote";
    Ok(DeviceKey::from_seed(&parse_secret(&path.display().to_string(), "key", text.trim(), hint)?))
}

/// The centre's API, as an officer's machine reaches it.
struct Line<'a> {
    base: &'a str,
    agent: ureq::Agent,
}

impl Line<'_> {
    fn to(base: &str) -> Line<'_> {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(ANSWER_LIMIT)).http_status_as_error(false);
        Line { base: base.trim_end_matches('/'), agent: config.build().into() }
    }

    fn get<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, Failure> {
        let answer = self.agent.get(format!("{}{path}", self.base)).call();
        let text = self.text(path, answer)?;
        serde_json::from_str(&text)
            .map_err(|error| self.failed(path, &error).hint("is that the address of a centre?"))
    }

    fn post(&self, path: &str, body: &str) -> Result<(), Failure> {
        let request = self.agent.post(format!("{}{path}", self.base)).content_type("application/json");
        self.text(path, request.send(body)).map(drop)
    }

    fn text(
        &self,
        path: &str,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<String, Failure> {
        let mut answer = answer.map_err(|error| {
            self.failed(path, &error).hint("name the address at which the centre listens, with http://")
        })?;
        let status = answer.status();
        let text = answer.body_mut().read_to_string().map_err(|error| self.failed(path, &error))?;
        if status.is_success() {
            return Ok(text);
        }
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let said = |field: &str| problem[field].as_str().map(str::to_owned);
        let failure = self.failed(path, &said("detail").unwrap_or_else(|| status.to_string()));
        Err(said("hint")
            .map_or_else(|| Failure::failed(&failure), |hint| Failure::failed(&failure).hint(hint)))
    }

    fn failed(&self, path: &str, why: &dyn std::fmt::Display) -> Failure {
        Failure::failed(format!("{}{path}: {why}", self.base))
    }
}
