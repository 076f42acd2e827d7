//! What an administrator tries who holds every file and key of the centre, and who catches him with which words. Cosigners he has
//! only as far as they are bought; the witnesses that refuse him as processes are in `witnesses` and `network`, the start of an
//! older store in `start`, heads that are held back to smear a team in the centre's `withheld`.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use sekong_log::{DeviceKey, Entry, EntryDraft, Hash, NO_PREVIOUS, body_hash};
use serde_json::{Value, json};

use crate::data::{Data, arg, quoted_heads};
use crate::forger::Forger;
use crate::run::{Run, command, sekong};

/// By then the whole day may be read.
const LATER: &str = "2017-03-01T00:00:00Z";

fn verified(data: &Data, more: &[&str]) -> Run {
    sekong(["verify", arg(&data.path), "--now", LATER, "--json"].iter().chain(more))
}

/// The rules that it breaks, each with its entry.
fn broken(run: &Run) -> Vec<(String, Option<u64>)> {
    let faults = run.json()["faults"].as_array().unwrap().clone();
    faults.iter().map(|fault| (fault["rule"].as_str().unwrap().to_owned(), fault["entry"].as_u64())).collect()
}

fn named(rule: &str, entry: usize) -> (String, Option<u64>) {
    (rule.to_owned(), Some(entry as u64))
}

/// A head that somebody kept, as a team's receipt, a witness or an auditor has one.
fn kept(forger: &Forger, head: &str) -> String {
    arg(&forger.data.beside("kept", head)).to_owned()
}

#[test]
fn rewritten_and_signed_anew_a_report_has_its_device_against_it() {
    let mut forger = Forger::new();
    let report = forger.entry_with("\"kind\":\"inspection\"");
    let text = String::from_utf8(forger.entries[report].clone()).unwrap();
    let found = text.split("\"found\":").nth(1).unwrap().split(',').next().unwrap().to_owned();
    forger.replace(report, &format!("\"found\":{found}"), "\"found\":0");
    if found == "0" {
        forger.replace(report, "\"found\":0", "\"found\":1");
    }
    forger.publish();
    let run = verified(&forger.data, &[]).exits(3).says(&["signature"]);
    assert_eq!(broken(&run)[0], named("log.entry", report));
}

#[test]
fn rewritten_and_signed_anew_what_the_centre_says_is_recomputed() {
    let mut forger = Forger::new();
    let close = forger.last_of("close");
    forger.resay(close, |body, _| body["reported"] = (body["reported"].as_u64().unwrap() + 1).into());
    forger.publish();
    let run = verified(&forger.data, &[]).exits(3).says(&["under the quoted head"]);
    assert!(broken(&run).contains(&named("close.figures", close)), "{:?}", broken(&run));
}

#[test]
fn with_every_cosigner_bought_a_second_history_holds_by_itself_and_an_older_head_in_other_hands_names_it() {
    let mut forger = Forger::new();
    let (true_head, size) = (forger.data.checkpoint(), forger.entries.len());
    forger.leave_out_the_last_report();
    assert!(forger.entries.len() < size);
    forger.publish();
    let given = kept(&forger, &true_head);
    let run = verified(&forger.data, &["--since", &given]).exits(3).says(&["head.continues"]);
    assert!(broken(&run).iter().any(|(rule, _)| rule == "head.continues"));
}

#[test]
fn with_one_cosigner_bought_a_second_history_is_frozen_by_nobody() {
    for bought in [0, 1] {
        let mut forger = Forger::new();
        forger.bought = bought;
        forger.leave_out_the_last_report();
        forger.publish();
        let keys = arg(&forger.data.key_file()).to_owned();
        let run = verified(&forger.data, &["--key", &keys]).exits(3);
        assert!(broken(&run).contains(&("head.cosigned".to_owned(), None)), "{bought}: {:?}", broken(&run));
    }
}

#[test]
fn of_two_views_with_a_bought_witness_each_neither_is_frozen_and_neither_continues_the_other() {
    let mut views = [Forger::new(), Forger::new()];
    views[1].leave_out_the_last_report();
    for view in &mut views {
        view.bought = 1;
        view.publish();
        assert!(broken(&verified(&view.data, &[]).exits(3)).contains(&("head.cosigned".to_owned(), None)));
    }
    let [one, other] = views.map(|view| (view.data.checkpoint(), view));
    let given = kept(&one.1, &other.0);
    verified(&one.1.data, &["--since", &given]).exits(3);
    let given = kept(&other.1, &one.0);
    verified(&other.1.data, &["--since", &given]).exits(3).says(&["head.continues"]);
}

#[test]
fn dated_back_an_entry_and_a_head_have_the_times_around_them_against_them() {
    let mut forger = Forger::new();
    let close = forger.last_of("close");
    forger.resay(close, |_, time| *time = "2017-01-01T00:00:00Z".parse().unwrap());
    forger.publish();
    let run = verified(&forger.data, &[]).exits(3).says(&["an entry before it"]);
    assert!(broken(&run).contains(&named("time.order", close)), "{:?}", broken(&run));

    let mut forger = Forger::new();
    forger.cosigned = "2016-12-31T00:00:00Z".parse().unwrap();
    forger.publish();
    let run = verified(&forger.data, &[]).exits(3);
    assert!(broken(&run).contains(&("head.time".to_owned(), None)), "{:?}", broken(&run));
}

#[test]
fn left_out_a_report_breaks_its_devices_chain_or_the_heads_that_others_quote() {
    let mut forger = Forger::new();
    let report = forger.entry_with("\"kind\":\"inspection\"");
    forger.entries.remove(report);
    forger.publish();
    let rules = broken(&verified(&forger.data, &[]).exits(3));
    assert!(rules.iter().any(|(rule, _)| rule == "log.chain" || rule == "head.prefix"), "{rules:?}");
    let heads = quoted_heads(&Forger::new().data.path);
    let given = kept(&forger, heads.last().unwrap());
    let rules = broken(&verified(&forger.data, &["--since", &given]).exits(3));
    assert!(!rules.is_empty());
}

#[test]
fn an_older_head_with_its_own_tiles_holds_by_itself_and_not_against_a_newer_one() {
    let mut forger = Forger::new();
    let (true_head, heads) = (forger.data.checkpoint(), quoted_heads(&forger.data.path));
    let older = heads.last().unwrap();
    let size = crate::data::head_size(older) as usize;
    forger.entries.truncate(size);
    forger.publish();
    forger.data.set_checkpoint(older);
    verified(&forger.data, &[]);
    let given = kept(&forger, &true_head);
    verified(&forger.data, &["--since", &given]).exits(3).says(&["head.continues"]);
}

impl Forger {
    /// Appends deals by a device that nobody knows, each with a body of its own of so many empty lists.
    fn stuff(&mut self, device: u8, deals: u64, lists: usize) {
        let (key, mut prev) = (DeviceKey::from_seed(&[device; 32]), NO_PREVIOUS);
        let lists = vec!["[]"; lists].join(",");
        for seq in 0..deals {
            let salt = Hash([device; 32]);
            let body = format!("{{\"salt\":\"{salt}\",\"shifts\":{{\"pool-{seq}\":[{lists}]}}}}");
            let deal = body_hash(body.as_bytes());
            fs::write(self.data.path.join("sealed").join(deal.to_string()), body).unwrap();
            let last = Entry::parse(self.entries.last().unwrap()).unwrap();
            let body = json!({"province": "stung-treng", "moment": {"week": 0}, "deal": deal});
            let (campaign, time) = (last.campaign().clone(), last.time());
            let draft = EntryDraft { campaign, seq, prev, time, kind: "deal".to_owned(), body };
            let entry = Entry::sign(&draft, &key).unwrap();
            prev = entry.hash();
            self.entries.push(entry.bytes().to_vec());
        }
    }
}

/// The most that an audit holds at once, in MiB, and its exit code.
fn audited_mib(data: &Data) -> (u64, Option<i32>) {
    let args = ["verify", arg(&data.path), "--now", LATER, "--json"];
    let mut audit = command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", audit.id());
    let mut peak_kib = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        peak_kib = peak.unwrap_or(0).max(peak_kib);
        if let Some(done) = audit.try_wait().unwrap() {
            return (peak_kib >> 10, done.code());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whoever is handed a record reads it with what he has: bodies are read ahead only as far as little room allows.
#[test]
fn a_record_made_to_fill_the_memory_is_read_in_little_and_named() {
    let mut forger = Forger::new();
    let (usual_mib, code) = audited_mib(&forger.data);
    assert_eq!(code, Some(0));
    forger.stuff(7, 1_024, 10_000);
    forger.stuff(8, 128, 300_000);
    forger.publish();
    let (stuffed_mib, code) = audited_mib(&forger.data);
    assert_eq!(code, Some(3));
    assert!(stuffed_mib < usual_mib + 384, "{stuffed_mib} MiB, {usual_mib} without");
}

/// The release of an hour of the first day in Stung Treng.
fn release_of(forger: &Forger, hour: u64) -> usize {
    forger.entry_where("release", |said| said["province"] == "stung-treng" && said["moment"]["hour"] == hour)
}

/// The file with what was released.
fn values_of(forger: &Forger, release: usize) -> PathBuf {
    let body = forger.body(release)["values"].as_str().unwrap().to_owned();
    let files = ["sealed", "bodies"].map(|folder| forger.data.path.join(folder).join(&body));
    files.into_iter().find(|file| file.exists()).unwrap()
}

fn bend(forger: &Forger, release: usize) {
    let file = values_of(forger, release);
    let mut bytes = fs::read(&file).unwrap();
    bytes[0] ^= 1;
    fs::write(file, bytes).unwrap();
}

/// The auditor looks at the releases of many hours together, and at each alone where they do not all hold.
#[test]
fn one_forged_signature_of_a_custodian_among_many_is_named() {
    let mut forger = Forger::new();
    let release = release_of(&forger, 20);
    let mut values: Value = serde_json::from_slice(&fs::read(values_of(&forger, release)).unwrap()).unwrap();
    let signature = values["releases"][3]["signature"].as_str().unwrap().to_owned();
    let last = if signature.ends_with('0') { "1" } else { "0" };
    values["releases"][3]["signature"] = json!(format!("{}{last}", &signature[..signature.len() - 1]));
    let body = serde_json::to_vec(&values).unwrap();
    let hash = body_hash(&body);
    fs::write(forger.data.path.join("sealed").join(hash.to_string()), body).unwrap();
    forger.resay(release, |said, _| said["values"] = json!(hash));
    forger.publish();
    let broken = broken(&verified(&forger.data, &[]).exits(3));
    assert!(broken.contains(&named("release.holds", release)), "{broken:?}");
}

/// A small fault that can be called a mistake, and behind it a large one.
#[test]
fn one_fault_hides_no_other_behind_it() {
    let mut forger = Forger::new();
    let (again, next) = (release_of(&forger, 21), release_of(&forger, 22));
    forger.say(next, "release", &forger.body(again));
    for hour in [22, 23] {
        bend(&forger, release_of(&forger, hour));
    }
    let (second, third) = (next + 1, release_of(&forger, 23));
    forger.publish();
    let run = verified(&forger.data, &[]).exits(3);
    let broken = broken(&run);
    for fault in
        [named("order.first-counts", next), named("body.content", second), named("body.content", third)]
    {
        assert!(broken.contains(&fault), "{fault:?} is not in {broken:?}");
    }
}

#[test]
fn a_wrong_plan_of_a_day_to_come_leaves_no_schedule_behind() {
    let mut forger = Forger::new();
    let mut plan = forger.body(forger.entry_where("plan", |_| true));
    plan["day"] = json!("2017-06-30");
    let end = forger.entries.len();
    forger.say(end, "plan", &plan);
    forger.publish();
    let run = verified(&forger.data, &[]).exits(3);
    assert_ne!(run.json()["planned_until"], "2017-06-30");
    let broken = broken(&run);
    assert!(broken.contains(&named("plan.recomputed", end)), "{broken:?}");
    // Nobody did what was left of the days that were planned; the six months up to that plan are nobody's omission.
    assert!(broken.iter().filter(|(rule, _)| rule == "schedule.skipped").count() < 200, "{broken:?}");
}

#[test]
fn the_right_plan_counts_after_a_wrong_one() {
    let mut forger = Forger::new();
    let right = forger.entry_where("plan", |said| said["day"] == "2017-01-02");
    let mut wrong = forger.body(right);
    wrong["plan"] = json!(Hash([7; 32]));
    forger.say(right, "plan", &wrong);
    forger.entries.truncate(right + 2);
    forger.publish();
    let broken = broken(&verified(&forger.data, &[]).exits(3));
    assert!(broken.contains(&named("plan.recomputed", right)), "{broken:?}");
    assert!(!broken.contains(&named("order.first-counts", right + 1)), "{broken:?}");
}

#[test]
fn a_strangers_clock_moves_nobodys() {
    let mut forger = Forger::new();
    forger.cosigned = "2017-01-01T17:01:00Z".parse().unwrap();
    let last = Entry::parse(forger.entries.last().unwrap()).unwrap();
    let body = forger.body(forger.entry_where("opened", |_| true));
    let (campaign, time) = (last.campaign().clone(), "8998-01-01T00:00:00Z".parse().unwrap());
    let draft = EntryDraft { campaign, seq: 0, prev: NO_PREVIOUS, time, kind: "opened".to_owned(), body };
    let entry = Entry::sign(&draft, &DeviceKey::from_seed(&[7; 32])).unwrap();
    let end = forger.entries.len();
    forger.entries.push(entry.bytes().to_vec());
    forger.publish();
    assert_eq!(broken(&verified(&forger.data, &[]).exits(3)), [named("device.enrolled", end)]);
}
