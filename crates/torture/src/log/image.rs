//! A filesystem in a file, mounted by loop, and copies of that file as a power cut would leave it.
//!
//! What the mounted filesystem has not written to its device is not in the file, and so not in a copy. What it has
//! written is, flushed or not: the device is taken for one without a volatile cache of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::Trouble;

/// Copies that are tried until nothing was written meanwhile.
const COPIES_MAX: u32 = 50;

/// Tries to unmount: whoever was killed may hold the filesystem a moment longer.
const UNMOUNTS_MAX: u32 = 100;

const BETWEEN: Duration = Duration::from_millis(20);

/// A mounted image; it is unmounted when the value ends.
pub(super) struct Image {
    file: PathBuf,
    mount: PathBuf,
    /// The loop device's own figures.
    figures: PathBuf,
}

impl Image {
    /// Makes an ext4 filesystem in `folder` and mounts it there.
    pub(super) fn create(folder: &Path, mib: u64) -> Result<Image, Trouble> {
        let file = folder.join("image");
        let made = File::create(&file).and_then(|image| image.set_len(mib << 20));
        made.map_err(Trouble::system("make an image"))?;
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0"]).arg(&file))?;
        Image::mount(file, folder.join("mounted"))
    }

    /// Mounts an image; its filesystem does what it does after a power cut.
    pub(super) fn mount(file: PathBuf, mount: PathBuf) -> Result<Image, Trouble> {
        fs::create_dir_all(&mount).map_err(Trouble::system("make a folder"))?;
        run(Command::new("mount").args(["-o", "loop"]).arg(&file).arg(&mount))?;
        let mut image = Image { file, mount, figures: PathBuf::new() };
        image.figures = image.figures()?;
        Ok(image)
    }

    /// Where it is mounted.
    pub(super) fn root(&self) -> &Path {
        &self.mount
    }

    /// Has everything on the device.
    pub(super) fn sync(&self) -> Result<(), Trouble> {
        run(Command::new("sync").arg("-f").arg(&self.mount))
    }

    /// Copies what is on the device now; a copy counts only if nothing was written to the device meanwhile.
    pub(super) fn cut(&self, to: &Path) -> Result<(), Trouble> {
        for _ in 0..COPIES_MAX {
            let before = self.written()?;
            run(Command::new("cp").arg("--sparse=always").arg(&self.file).arg(to))?;
            if before.in_flight == 0 && before == self.written()? {
                return Ok(());
            }
            thread::sleep(BETWEEN);
        }
        Err(Trouble::program("the device is written to all the time"))
    }

    fn figures(&self) -> Result<PathBuf, Trouble> {
        let mounts = fs::read_to_string("/proc/mounts").map_err(Trouble::system("read the mounts"))?;
        let own = |line: &&str| line.split(' ').nth(1).map(Path::new) == Some(&self.mount);
        let device = mounts.lines().find(own).and_then(|line| line.split(' ').next()?.strip_prefix("/dev/"));
        let device = device.ok_or_else(|| Trouble::program("the image is not among the mounts"))?;
        Ok(Path::new("/sys/block").join(device).join("stat"))
    }

    fn written(&self) -> Result<Written, Trouble> {
        let text = fs::read_to_string(&self.figures).map_err(Trouble::system("read a device's figures"))?;
        let figure = |place: usize| text.split_whitespace().nth(place).and_then(|figure| figure.parse().ok());
        let written = figure(4).zip(figure(8)).map(|(writes, in_flight)| Written { writes, in_flight });
        written.ok_or_else(|| Trouble::program(format!("a device's figures are {text:?}")))
    }
}

/// What a block device says of itself.
#[derive(PartialEq, Eq)]
struct Written {
    /// Writes done.
    writes: u64,
    /// Requests on their way.
    in_flight: u64,
}

impl Drop for Image {
    fn drop(&mut self) {
        for _ in 0..UNMOUNTS_MAX {
            if run(Command::new("umount").arg(&self.mount)).is_ok() {
                return;
            }
            thread::sleep(BETWEEN);
        }
        eprintln!("{} is still mounted", self.mount.display());
    }
}

/// Runs a system's tool; what it says is the trouble.
pub(super) fn run(command: &mut Command) -> Result<(), Trouble> {
    let output = command.output().map_err(Trouble::system("run a tool"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Trouble::program(format!(
        "{:?} failed (root and loop devices are needed): {said}",
        command.get_program()
    )))
}
