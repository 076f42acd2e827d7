//! `sekong serve`, and `sekong demo` once it serves: what they say, what they refuse, how they end.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use sekong_torture::{Binary, Server};

use crate::data::{Data, arg, checkpoint, head_size, shipped};
use crate::run::{Run, command, sekong};
use crate::week::shared_day;

/// Past the end of the shared day: the second day, 06:20 in the campaign's time.
const NEXT_MORNING: &str = "2017-01-01T23:20:00Z";

fn binary() -> Binary {
    Binary(PathBuf::from(env!("CARGO_BIN_EXE_sekong")))
}

fn refused(data: &Path, more: &[&str]) -> Run {
    sekong(["serve", "--json", "--listen", "127.0.0.1:0", "--data", arg(data)].iter().chain(more))
}

/// Serves on a clock that stands, once all is done that was due by then.
fn standing(data: &Path, time: &str) -> Server {
    let server = Server::start(&binary(), data, time, 0).unwrap();
    server.caught_up(time.parse().unwrap()).unwrap();
    server
}

/// Lets the jobs of the next night and morning be done in a finished day, and nobody report anything.
pub(crate) fn continue_in_silence(data: &Path) {
    assert!(standing(data, NEXT_MORNING).terminate().unwrap().success());
}

fn get(server: &Server, path: &str) -> String {
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    agent.get(format!("{}{path}", server.base())).call().unwrap().body_mut().read_to_string().unwrap()
}

#[test]
fn a_served_log_is_the_folders_log_and_verifies_by_its_address() {
    let data = Data::day();
    let server = standing(&data.path, NEXT_MORNING);
    let served = get(&server, "/log/checkpoint");
    assert!(head_size(&served) > head_size(&checkpoint(shared_day())), "it caught up with the clock");
    assert_eq!(served, data.checkpoint());
    let there =
        sekong(["verify", server.base(), "--key", arg(&data.key_file()), "--now", NEXT_MORNING, "--json"]);
    let there = there.exits(0).json();
    assert_eq!(there["size"], head_size(&served));
    assert!(there["sealed"].as_u64().unwrap() > 0, "orders of the morning are not public yet");
    assert!(server.terminate().unwrap().success());
    sekong(["verify", arg(&data.path)]).exits(0);
}

#[test]
fn a_folder_that_holds_no_campaign_is_refused() {
    let data = Data::absent();
    refused(&data.path, &[]).exits(2).prints_nothing().says(&["is not a folder", "help:"]);
    fs::create_dir(&data.path).unwrap();
    refused(&data.path, &[]).exits(2).prints_nothing().says(&["holds no campaign", "sekong init"]);
    fs::write(data.path.join("sekong.db"), "noise").unwrap();
    refused(&data.path, &[]).exits(1).prints_nothing();
}

#[test]
fn a_folder_without_its_secrets_is_refused_by_name() {
    let data = Data::founded();
    fs::remove_file(data.path.join("keys/secrets.json")).unwrap();
    refused(&data.path, &[]).exits(1).prints_nothing().says(&["keys/secrets.json"]);
    fs::write(data.path.join("keys/secrets.json"), "{}").unwrap();
    refused(&data.path, &[]).exits(1).prints_nothing().says(&["keys/secrets.json", "help:"]);
}

#[test]
fn a_clock_that_is_none_is_refused_and_says_what_one_is() {
    let data = Data::founded();
    for clock in
        ["", "now", "2017-01-08T00:00:00Z", "2017-01-08,fast", "2017-01-08T00:00,-1", "2017-13-01T00:00,1"]
    {
        refused(&data.path, &["--demo-clock", clock]).exits(2).prints_nothing().says(&["--demo-clock"]);
    }
    refused(&data.path, &["--demo-clock", "2017-01-08T00:00,3601"]).exits(2).says(&["3600"]);
}

#[test]
fn a_clock_before_the_newest_entry_is_refused_and_the_log_left_alone() {
    let data = Data::day();
    let before = data.checkpoint();
    refused(&data.path, &["--demo-clock", "2016-12-31T00:00,1"]).exits(2).prints_nothing().says(&[
        "newest entry",
        "help:",
        "--demo-clock",
    ]);
    assert_eq!(data.checkpoint(), before);
}

#[test]
fn an_address_in_use_and_one_of_another_machine_are_refused() {
    let data = Data::founded();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    let serve = |listen: &str| sekong(["serve", "--data", arg(&data.path), "--listen", listen]);
    serve(&taken).exits(2).prints_nothing().says(&["cannot listen", &taken, "--listen", "port 0"]);
    serve("192.0.2.1:8080").exits(2).prints_nothing().says(&["cannot listen", "192.0.2.1:8080", "help:"]);
    serve("localhost").exits(2).prints_nothing().says(&["--listen"]);
}

#[test]
fn a_folder_has_one_server_at_a_time() {
    let data = Data::day();
    let server = standing(&data.path, NEXT_MORNING);
    refused(&data.path, &[]).exits(1).prints_nothing().says(&["another sekong", "help:"]);
    drop(server);
    continue_in_silence(&data.path);
}

#[test]
fn a_demo_that_serves_says_first_where_and_then_what_its_days_came_to() {
    let demo = command(["demo", "--days", "1", "--json", "--listen", "127.0.0.1:0", "--speed", "0"]);
    let mut server = Server::run(demo).unwrap();
    let figures: serde_json::Value = serde_json::from_str(&server.line().unwrap()).unwrap();
    assert_eq!(figures["verified"], true);
    assert_eq!(figures["head"], checkpoint(shared_day()), "what it serves on does not change its days");
    assert_eq!(get(&server, "/log/checkpoint"), checkpoint(shared_day()));
    assert!(get(&server, "/openapi.json").contains("\"openapi\":\"3.1.0\""));
    assert!(server.terminate().unwrap().success());
}

#[test]
fn a_served_log_is_late_for_whoever_reads_it_years_after_its_clock() {
    let data = Data::day();
    let server = standing(&data.path, NEXT_MORNING);
    let run = sekong(["verify", server.base(), "--key", arg(&data.key_file())]);
    run.exits(3).says(&["body.overdue"]);
}

#[test]
fn a_campaign_that_is_over_is_founded_with_a_warning_and_served_without_a_schedule() {
    let data = Data::absent();
    sekong(["init", arg(&shipped()), "--data", arg(&data.path)])
        .exits(0)
        .says(&["warning: the campaign ended at 2017-06-30T17:00:00Z", "help:"]);
    let serve = command(["serve", "--json", "--listen", "127.0.0.1:0", "--data", arg(&data.path)]);
    let server = Server::run(serve).unwrap();
    let trouble = server.caught_up(jiff::Timestamp::MIN).unwrap_err();
    for words in ["the schedule stopped: the absence lists of week 0", "the campaign ended at 2017-06-30"] {
        assert!(trouble.to_string().contains(words), "{trouble}");
    }
    assert!(server.terminate().unwrap().success());
}
