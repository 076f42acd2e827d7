//! The dependency policy: how many packages are locked, and which are there in two versions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cargo_metadata::Metadata;

/// Packages that `Cargo.lock` may hold, ours included. Raise it in the commit that adds a dependency, which says what
/// the dependency earns.
pub const LOCKED_BUDGET: usize = 352;

/// Packages that may be there in more than one version, and why.
pub const TWICE: &[(&str, &str)] = &[
    ("base64", "ureq 3 is at 0.23, sqlx 0.9 at 0.22; tlog_tiles 0.2, which tests compare with, at 0.21"),
    ("block-buffer", "sqlx 0.9 is at sha2 0.10"),
    ("const-oid", "signed_note 0.2, which tests compare with, is at ed25519-dalek 2"),
    ("cpufeatures", "sqlx 0.9 is at sha2 0.10"),
    ("crypto-common", "sqlx 0.9 is at sha2 0.10"),
    ("curve25519-dalek", "signed_note 0.2, which tests compare with, is at ed25519-dalek 2"),
    ("der", "signed_note 0.2, which tests compare with, is at ed25519-dalek 2"),
    ("digest", "sqlx 0.9 is at sha2 0.10"),
    ("ed25519", "signed_note 0.2, which tests compare with, is at ed25519-dalek 2"),
    ("ed25519-dalek", "signed_note 0.2, which tests compare with, is at 2"),
    ("fiat-crypto", "signed_note 0.2, which tests compare with, is at ed25519-dalek 2"),
    ("foldhash", "petgraph 0.8 is at hashbrown 0.15"),
    ("getrandom", "ring 0.17, behind ureq's TLS, is at 0.2"),
    ("hashbrown", "petgraph 0.8 is at 0.15, sqlx 0.9 at 0.16, indexmap 2 at 0.17"),
    ("pkcs8", "signed_note 0.2, which tests compare with, is at ed25519-dalek 2"),
    ("rand_core", "signed_note 0.2, which tests compare with, is at ed25519-dalek 2"),
    ("sha2", "sqlx 0.9 is at 0.10"),
    ("signature", "signed_note 0.2, which tests compare with, is at ed25519-dalek 2"),
    ("spki", "signed_note 0.2, which tests compare with, is at ed25519-dalek 2"),
    ("syn", "the derives of serde, thiserror and tokio are at 3, the others at 2"),
    ("thiserror", "signed_note and tlog_tiles 0.2, which tests compare with, are at 1"),
    ("thiserror-impl", "signed_note and tlog_tiles 0.2, which tests compare with, are at 1"),
    ("unicode-width", "miette 7 is at 0.1"),
    ("windows-sys", "ring 0.17 is at 0.52"),
];

/// A breach of the dependency policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageFinding {
    /// A package is there in several versions, and the list does not say why.
    Duplicate {
        /// Its name.
        name: String,
        /// Its versions, each with the packages that ask for it.
        versions: BTreeMap<String, BTreeSet<String>>,
    },
    /// The list allows a package that is there only once, or not at all.
    Stale {
        /// Its name.
        name: String,
    },
    /// More packages are locked than the budget allows.
    OverBudget {
        /// How many are locked.
        locked: usize,
    },
}

impl fmt::Display for PackageFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PackageFinding::Duplicate { name, versions } => {
                write!(f, "{name} is there in several versions:")?;
                for (version, users) in versions {
                    let users: Vec<&str> = users.iter().map(String::as_str).collect();
                    write!(f, " {version} (for {})", users.join(", "))?;
                }
                write!(f, ". Bring the older user up to date or choose another; if it must stay, ")?;
                write!(f, "add it with the reason to TWICE in xtask/src/packages.rs")
            }
            PackageFinding::Stale { name } => {
                write!(
                    f,
                    "{name} is there in one version now: take its line out of TWICE in xtask/src/packages.rs"
                )
            }
            PackageFinding::OverBudget { locked } => {
                write!(
                    f,
                    "{locked} packages are locked, {LOCKED_BUDGET} are allowed. Do without the new one, or raise "
                )?;
                write!(f, "LOCKED_BUDGET in xtask/src/packages.rs and say in the commit what it earns")
            }
        }
    }
}

/// How many packages a `Cargo.lock` holds.
pub fn locked(lock: &str) -> usize {
    lock.lines().filter(|line| *line == "[[package]]").count()
}

/// A finding if more packages are locked than the budget allows.
pub fn over_budget(locked: usize) -> Option<PackageFinding> {
    (locked > LOCKED_BUDGET).then_some(PackageFinding::OverBudget { locked })
}

/// Packages in several versions that `allowed` does not list, and lines of `allowed` that are no longer needed.
pub fn duplicate_findings(metadata: &Metadata, allowed: &[(&str, &str)]) -> Vec<PackageFinding> {
    let several = several_versions(metadata);
    let is_allowed = |name: &str| allowed.iter().any(|(listed, _)| *listed == name);
    let stale = allowed.iter().filter(|(name, _)| !several.contains_key(*name));
    let stale = stale.map(|(name, _)| PackageFinding::Stale { name: (*name).to_owned() });
    let new = several
        .iter()
        .filter(|(name, _)| !is_allowed(name))
        .map(|(name, versions)| PackageFinding::Duplicate { name: name.clone(), versions: versions.clone() });
    new.chain(stale).collect()
}

type Versions = BTreeMap<String, BTreeSet<String>>;

/// Packages in several versions: name → version → who asks for it.
fn several_versions(metadata: &Metadata) -> BTreeMap<String, Versions> {
    let mut versions: BTreeMap<String, Versions> = BTreeMap::new();
    for package in &metadata.packages {
        let users = users(metadata, &package.id);
        versions.entry(package.name.to_string()).or_default().insert(package.version.to_string(), users);
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

fn users(metadata: &Metadata, id: &cargo_metadata::PackageId) -> BTreeSet<String> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let using = nodes.filter(|node| node.dependencies.contains(id)).map(|node| &node.id);
    using
        .filter_map(|id| metadata.packages.iter().find(|package| package.id == *id))
        .map(|package| package.name.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_a_lock_file_are_counted() {
        assert_eq!(locked("version = 4\n\n[[package]]\nname = \"a\"\n\n[[package]]\nname = \"b\"\n"), 2);
    }

    #[test]
    fn one_package_over_the_budget_is_a_finding() {
        assert_eq!(over_budget(LOCKED_BUDGET), None);
        let finding = over_budget(LOCKED_BUDGET + 1).expect("over the budget").to_string();
        assert!(finding.contains("raise LOCKED_BUDGET"), "{finding}");
    }
}
