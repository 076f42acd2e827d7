//! Says that the program holds the built pages, so that it is compiled anew after they were. It builds nothing itself.

use std::path::Path;

const BUILT: &str = "../../web/dist";

fn main() {
    // Cargo takes a path that is not there for one that changed.
    let watched = if Path::new(BUILT).exists() { BUILT } else { "../../web" };
    println!("cargo::rerun-if-changed={watched}");
}
