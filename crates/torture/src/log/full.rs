//! A disk that fills up: with a reserve the centre stops writing in time, says so, goes on reading, and goes on writing when
//! there is room again. Without one it ends with a message; either way nothing acknowledged is lost.

use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::Backlog;
use super::clients::broken;
use super::image::{Image, run};
use super::inject::{Ended, ended};
use super::trial::{Trial, end};
use crate::server::Server;
use crate::site::Sent;
use crate::{Binary, Trouble};

const IMAGE_MIB: u64 = 64;

/// What the centre keeps in reserve, and what is left when the disk is filled up to there.
const RESERVE_MIB: u64 = 16;
const LEFT_MIB: u64 = 12;

/// Teams and entries of each burst.
const TEAMS: usize = 3;
const EACH: usize = 2;

/// Bursts until a disk without room must have been noticed: the write-ahead log has some left from before.
const BURSTS_MAX: usize = 60;

/// Tries until the centre must have looked at its room again.
const LOOKS_MAX: u32 = 100;

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// How the disk fills up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Down to less than the reserve.
    ToTheReserve,
    /// To the last block, under a centre that keeps no reserve.
    ToTheEnd,
}

/// What a full disk came to.
#[derive(Debug, Clone)]
pub struct Filled {
    fill: Fill,
    acknowledged: usize,
    told: String,
}

impl fmt::Display for Filled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Filled { fill, acknowledged, told } = self;
        match fill {
            Fill::ToTheReserve => write!(
                f,
                "{acknowledged} acknowledged, then refused as {told}; receipts went on, writes too once there was room"
            ),
            Fill::ToTheEnd => write!(f, "{acknowledged} acknowledged, then the server ended: {told}"),
        }?;
        f.write_str("; 0 lost, log verifies")
    }
}

/// One full disk.
///
/// # Errors
/// [`Trouble::Broken`] if something acknowledged is lost, or the centre goes on as if nothing were.
pub fn fill(binary: &Binary, backlog: &Backlog, fill: Fill) -> Result<Filled, Trouble> {
    let folder = tempfile::tempdir().map_err(Trouble::system("make a folder"))?;
    let image = Image::create(folder.path(), IMAGE_MIB)?;
    let mut disk = Disk { trial: Trial::on(binary, backlog, image.root().join("campaign"))?, image, folder };
    let told = match fill {
        Fill::ToTheReserve => disk.fill_to_the_reserve()?,
        Fill::ToTheEnd => disk.fill_to_the_end()?,
    };
    let server = disk.trial.start()?;
    disk.send(&server)?;
    disk.trial.check(&server)?;
    end(server)?;
    disk.trial.verify()?;
    let acknowledged = disk.trial.clients.journal().len();
    Ok(Filled { fill, acknowledged, told })
}

struct Disk<'a> {
    trial: Trial<'a>,
    image: Image,
    folder: TempDir,
}

impl Disk<'_> {
    fn start(&mut self, reserve_mib: u64) -> Result<Server, Trouble> {
        let serve = self.trial.serve_with(reserve_mib);
        let said = File::create(self.said()).map_err(Trouble::system("make a file"))?;
        let mut server = Server::spawn(serve, Some(said))?;
        server.hear()?;
        Ok(server)
    }

    fn said(&self) -> PathBuf {
        self.folder.path().join("said")
    }

    /// A burst that must be acknowledged whole.
    fn send(&self, server: &Server) -> Result<(), Trouble> {
        let teams = self.trial.clients.ready(TEAMS, EACH).unwrap_or_default();
        let (burst, ()) = self.trial.clients.send(&server.site, &teams, EACH, |_| Ok(()))?;
        if burst.acknowledged == burst.wanted {
            Ok(())
        } else {
            Err(broken("entries are refused with room to write"))
        }
    }

    fn fill_to_the_reserve(&mut self) -> Result<String, Trouble> {
        let server = self.start(RESERVE_MIB)?;
        self.send(&server)?;
        let filler = self.image.root().join("filler");
        let much = free_bytes(self.image.root())?.saturating_sub(LEFT_MIB << 20);
        run(Command::new("fallocate").arg("-l").arg(much.to_string()).arg(&filler))?;
        // The centre looks once a second: what it takes until then fits into the reserve.
        thread::sleep(BETWEEN_LOOKS * 15);
        let problem = self.refused(&server)?;
        let newest = self.trial.clients.journal().newest_size();
        server.site.receipt(newest - 1)?;
        server.site.clock()?;
        fs::remove_file(&filler).map_err(Trouble::system("remove a file"))?;
        thread::sleep(BETWEEN_LOOKS * 15);
        self.send(&server)?;
        self.trial.check(&server)?;
        let said = fs::read_to_string(self.said()).map_err(Trouble::system("read what was said"))?;
        if !said.contains("must stay so") || !said.contains("written again") {
            return Err(broken(format!("no alarm, or no end of it: {said:?}")));
        }
        server.kill()?;
        Ok(problem)
    }

    /// The next entry is refused for want of room, by the name of the problem.
    fn refused(&self, server: &Server) -> Result<String, Trouble> {
        match self.trial.clients.try_next(&server.site)? {
            Sent::Failed(problem) if problem.contains("urn:sekong:problem:no-space") => {
                Ok("no-space".to_owned())
            }
            Sent::Failed(other) | Sent::Refused(other) => Err(broken(format!("another refusal: {other}"))),
            Sent::Acknowledged(_) => Err(broken("an entry was taken into the reserve")),
            Sent::Unanswered => Err(broken("no answer")),
        }
    }

    fn fill_to_the_end(&mut self) -> Result<String, Trouble> {
        let mut server = self.start(0)?;
        self.send(&server)?;
        let filler = self.image.root().join("filler");
        fill_up(&filler)?;
        let mut status = None;
        for _ in 0..BURSTS_MAX {
            let teams = self.trial.clients.ready(TEAMS, EACH).unwrap_or_default();
            self.trial.clients.send(&server.site, &teams, EACH, |_| Ok(()))?;
            status = server.ended_within(1, Duration::ZERO)?;
            if status.is_some() {
                break;
            }
        }
        if status.is_none() {
            status = server.ended_within(LOOKS_MAX, BETWEEN_LOOKS)?;
        }
        let status = status.ok_or_else(|| broken("the server goes on writing on a full disk"))?;
        let said = fs::read_to_string(self.said()).map_err(Trouble::system("read what was said"))?;
        fs::remove_file(&filler).map_err(Trouble::system("remove a file"))?;
        match ended(status, &said)? {
            Ended::Told(message) => Ok(message),
            other => Err(broken(format!("it ended without a word of the full disk: {other:?}"))),
        }
    }
}

/// Writes a file until there is no block left.
fn fill_up(path: &Path) -> Result<(), Trouble> {
    let mut file = File::create(path).map_err(Trouble::system("make a file"))?;
    for block in [vec![1; 1 << 20], vec![1; 1 << 12]] {
        while file.write_all(&block).and_then(|()| file.sync_data()).is_ok() {}
    }
    Ok(())
}

fn free_bytes(root: &Path) -> Result<u64, Trouble> {
    let output = Command::new("stat").args(["-f", "-c", "%a %S"]).arg(root).output();
    let Output { stdout, .. } = output.map_err(Trouble::system("look at a filesystem"))?;
    let text = String::from_utf8_lossy(&stdout).into_owned();
    let figures: Vec<u64> = text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
    match figures[..] {
        [blocks, bytes] => Ok(blocks * bytes),
        _ => Err(Trouble::program(format!("a filesystem's figures are {text:?}"))),
    }
}
