//! `sekong serve` as a process: started, waited for, killed.

use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use sekong_centre::api::views::ClockView;
use serde::Deserialize;

use crate::site::Site;
use crate::{Binary, Trouble};

/// Longest wait for the schedule, in looks at the clock.
const LOOKS_MAX: u32 = 600;

/// Room that is kept in reserve, in MiB.
const RESERVE_MIB: u64 = 4;

const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// A running server; it is killed when the value ends, however that comes.
pub struct Server {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    pub(crate) site: Site,
}

#[derive(Deserialize)]
struct Listening {
    listening: String,
}

impl Server {
    /// Serves a folder on a clock that starts at `start`.
    ///
    /// # Errors
    /// As [`Server::run`].
    pub fn start(binary: &Binary, data: &Path, start: impl Display, speed: u32) -> Result<Server, Trouble> {
        Server::run(Server::command(binary, data, start, speed))
    }

    /// The command that does so; it keeps little room in reserve, for small disks.
    pub(crate) fn command(binary: &Binary, data: &Path, start: impl Display, speed: u32) -> Command {
        Server::command_with(binary, data, start, speed, RESERVE_MIB)
    }

    /// The same with so much room in reserve.
    pub(crate) fn command_with(
        binary: &Binary,
        data: &Path,
        start: impl Display,
        speed: u32,
        reserve_mib: u64,
    ) -> Command {
        let mut serve = Command::new(&binary.0);
        serve.arg("serve").arg("--reserve-mib").arg(reserve_mib.to_string());
        serve.args(["--json", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        serve.arg("--demo-clock").arg(format!("{start},{speed}"));
        serve
    }

    /// Runs a command whose first line of output says where it listens.
    ///
    /// # Errors
    /// [`Trouble`] if it does not start, or says something else.
    pub fn run(command: Command) -> Result<Server, Trouble> {
        let mut server = Server::spawn(command, None)?;
        server.hear()?;
        Ok(server)
    }

    /// The same for a command whose complaints go where the caller has them go.
    ///
    /// # Errors
    /// As [`Server::run`].
    pub fn run_heard(mut command: Command) -> Result<Server, Trouble> {
        let mut server = Server::started(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        server.hear()?;
        Ok(server)
    }

    /// Starts a command and waits for nothing; what it complains of goes to a file, or nowhere.
    pub(crate) fn spawn(mut command: Command, complaints: Option<File>) -> Result<Server, Trouble> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(complaints.map_or_else(Stdio::null, Stdio::from));
        Server::started(&mut command)
    }

    fn started(command: &mut Command) -> Result<Server, Trouble> {
        let mut child = command.spawn().map_err(Trouble::system("start the server"))?;
        let stdout = child.stdout.take().map(BufReader::new);
        Ok(Server { child, stdout, site: Site::new("") })
    }

    /// Waits until it says where it listens.
    pub(crate) fn hear(&mut self) -> Result<(), Trouble> {
        self.site = Site::new(&self.listening()?);
        Ok(())
    }

    /// Waits until the clock has come to `end`, and the schedule with it; gives the time it then is.
    ///
    /// # Errors
    /// [`Trouble`] if that takes too long, or the schedule stopped.
    pub fn caught_up(&self, end: Timestamp) -> Result<Timestamp, Trouble> {
        for _ in 0..LOOKS_MAX {
            let ClockView { now, schedule, .. } = self.site.clock()?;
            if let Some(stopped) = schedule.stopped {
                return Err(Trouble::program(format!("the schedule stopped: {stopped}")));
            }
            if end <= now && schedule.next.is_none_or(|next| now < next.due) {
                return Ok(now);
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        Err(Trouble::program("the clock does not come on"))
    }

    /// Where it listens: `http://ADDRESS:PORT`.
    pub fn base(&self) -> &str {
        self.site.base()
    }

    /// The next line that it prints.
    ///
    /// # Errors
    /// [`Trouble::System`] if its output cannot be read.
    pub fn line(&mut self) -> Result<String, Trouble> {
        let stdout = self.stdout.as_mut().ok_or_else(|| Trouble::program("the server has no output"))?;
        let mut line = String::new();
        stdout.read_line(&mut line).map_err(Trouble::system("read the server's output"))?;
        Ok(line)
    }

    fn listening(&mut self) -> Result<String, Trouble> {
        let line = self.line()?;
        let told: Result<Listening, _> = serde_json::from_str(&line);
        told.map(|told| told.listening)
            .map_err(|_| Trouble::program(format!("the server said {line:?} where it listens was expected")))
    }

    /// SIGTERM, as a service manager sends it: the server ends by itself.
    ///
    /// # Errors
    /// [`Trouble::System`] if the signal cannot be sent or the end not waited for.
    pub fn terminate(mut self) -> Result<ExitStatus, Trouble> {
        self.signal("TERM")?;
        self.child.wait().map_err(Trouble::system("wait for the server"))
    }

    /// Sends it a signal by its name.
    pub(crate) fn signal(&self, name: &str) -> Result<(), Trouble> {
        let mut kill = Command::new("kill");
        kill.args([&format!("-{name}"), &self.child.id().to_string()]);
        kill.status().map(drop).map_err(Trouble::system("send a signal"))
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, within so many looks; `None` if it runs.
    pub(crate) fn ended_within(
        &mut self,
        looks: u32,
        between: Duration,
    ) -> Result<Option<ExitStatus>, Trouble> {
        for _ in 0..looks {
            let ended = self.child.try_wait().map_err(Trouble::system("look at the server"))?;
            if ended.is_some() {
                return Ok(ended);
            }
            thread::sleep(between);
        }
        Ok(None)
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub(crate) fn kill(mut self) -> Result<(), Trouble> {
        self.end()
    }

    /// SIGKILL to one that was spawned; whether it had not yet said where it listens.
    pub(crate) fn kill_unheard(&mut self) -> Result<bool, Trouble> {
        self.end()?;
        Ok(self.line()?.is_empty())
    }

    fn end(&mut self) -> Result<(), Trouble> {
        self.child.kill().map_err(Trouble::system("kill the server"))?;
        self.child.wait().map_err(Trouble::system("wait for the server"))?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
