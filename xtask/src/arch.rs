//! The arrows between the crates, and what must stay out of the pure ones.
//!
//! Only normal dependencies count: what a crate needs for its tests or its build is not in the product. The
//! features are those that cargo resolves for the whole workspace and every platform, so a rule may see more than
//! a crate built alone would link, and never less.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use cargo_metadata::{DependencyKind, Metadata, Node, PackageId};

/// Which crate of the workspace may use which. Arrows point down only.
pub const ARROWS: [(&str, &[&str]); 11] = [
    ("sekong", &["centre", "store", "simulate", "estimate", "draw", "plan", "log", "model"]),
    ("torture", &["centre", "store", "simulate", "draw", "plan", "log", "model"]),
    ("centre", &["store", "draw", "estimate", "plan", "log", "model"]),
    ("store", &["model"]),
    ("simulate", &["draw", "estimate", "plan", "log", "model"]),
    ("draw", &["plan", "log", "model"]),
    ("estimate", &["model"]),
    ("plan", &["model"]),
    ("log", &["model"]),
    ("model", &[]),
    ("xtask", &[]),
];

/// Crates that take text and bytes, and give values: no I/O, no clock, no randomness of their own.
pub const PURE: [&str; 6] = ["model", "plan", "draw", "log", "estimate", "simulate"];

/// What a pure crate must not reach, however far away, and why.
pub const FORBIDDEN_IN_PURE: [(&str, &str); 20] = [
    ("tokio", "an I/O runtime"),
    ("async-std", "an I/O runtime"),
    ("smol", "an I/O runtime"),
    ("mio", "sockets"),
    ("socket2", "sockets"),
    ("hyper", "HTTP"),
    ("axum", "HTTP"),
    ("reqwest", "HTTP"),
    ("ureq", "HTTP"),
    ("sqlx", "a database"),
    ("sqlx-core", "a database"),
    ("rusqlite", "a database"),
    ("libsqlite3-sys", "a database"),
    ("tempfile", "files"),
    ("getrandom", "the operating system's randomness"),
    ("rand", "the operating system's randomness (rand_chacha and rand_core have none)"),
    ("fastrand", "randomness from a process-wide state"),
    ("chrono", "a clock"),
    ("iana-time-zone", "the machine's time zone"),
    ("clap", "the command line"),
];

/// Crates from outside that one crate of ours alone may name.
pub const ONLY_IN: [(&str, &str); 15] = [
    ("sqlx", "store"),
    ("axum", "centre"),
    ("hyper", "centre"),
    ("hyper-util", "centre"),
    ("rustls", "centre"),
    ("tokio-rustls", "centre"),
    ("tower", "centre"),
    ("tower-http", "centre"),
    ("utoipa", "centre"),
    ("utoipa-axum", "centre"),
    ("rust-embed", "sekong"),
    ("clap", "sekong"),
    ("indicatif", "sekong"),
    ("miette", "sekong"),
    ("getrandom", "sekong"),
];

/// A rule that the dependency graph breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    /// A crate of ours uses another that it may not.
    Arrow {
        /// The crate that uses.
        from: String,
        /// The crate that is used.
        to: String,
    },
    /// A crate of the workspace has no line in [`ARROWS`].
    Unlisted {
        /// The crate.
        krate: String,
    },
    /// A pure crate reaches what none may reach.
    Impure {
        /// The packages on the shortest way, from the pure crate to the forbidden one.
        path: Vec<String>,
        /// What the last one brings in.
        why: &'static str,
    },
    /// A crate names a package that belongs to another crate.
    Misplaced {
        /// The crate.
        krate: String,
        /// The package.
        package: String,
        /// The crate that alone may name it.
        owner: &'static str,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Arrow { from, to } => {
                write!(f, "{from} must not depend on {to}: the arrow is not in ARROWS (xtask/src/arch.rs)")
            }
            Violation::Unlisted { krate } => {
                write!(f, "{krate} is not in ARROWS (xtask/src/arch.rs): say what it may use")
            }
            Violation::Impure { path, why } => {
                let (krate, package) = (&path[0], &path[path.len() - 1]);
                write!(f, "{krate} is pure and must not reach {package} ({why}): {}", path.join(" → "))
            }
            Violation::Misplaced { krate, package, owner } => {
                write!(f, "{krate} must not depend on {package}: {owner} alone may")
            }
        }
    }
}

/// Every rule that the resolved graph breaks, in order.
///
/// A graph without resolution (`cargo metadata --no-deps`) has no arrows to judge, and the crates in it none.
pub fn violations(metadata: &Metadata) -> Vec<Violation> {
    let graph = Graph::of(metadata);
    let mut found = Vec::new();
    for id in &metadata.workspace_members {
        found.extend(forbidden_arrows(&graph, id));
        found.extend(misplaced(&graph, id));
        if PURE.contains(&graph.name(id)) {
            found.extend(impurities(&graph, id));
        }
    }
    found.sort();
    found
}

/// The arrows that are drawn between the crates of the workspace: who uses whom.
pub fn arrows(metadata: &Metadata) -> BTreeMap<String, Vec<String>> {
    let graph = Graph::of(metadata);
    let drawn =
        |id| graph.normal(id).filter(|to| graph.is_ours(to)).map(|to| graph.name(to).to_owned()).collect();
    metadata.workspace_members.iter().map(|id| (graph.name(id).to_owned(), drawn(id))).collect()
}

fn forbidden_arrows(graph: &Graph<'_>, id: &PackageId) -> Vec<Violation> {
    let from = graph.name(id);
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == from) else {
        return vec![Violation::Unlisted { krate: from.to_owned() }];
    };
    let used = graph.normal(id).filter(|to| graph.is_ours(to)).map(|to| graph.name(to));
    used.filter(|to| !allowed.contains(to))
        .map(|to| Violation::Arrow { from: from.to_owned(), to: to.to_owned() })
        .collect()
}

fn misplaced(graph: &Graph<'_>, id: &PackageId) -> Vec<Violation> {
    let krate = graph.name(id);
    let owned =
        graph.normal(id).filter_map(|to| ONLY_IN.iter().find(|(package, _)| *package == graph.name(to)));
    owned
        .filter(|(_, owner)| *owner != krate)
        .map(|&(package, owner)| Violation::Misplaced {
            krate: krate.to_owned(),
            package: package.to_owned(),
            owner,
        })
        .collect()
}

/// Breadth first, so that the way that is printed is a shortest one. What lies behind a forbidden package is not listed.
fn impurities(graph: &Graph<'_>, pure: &PackageId) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([pure]);
    let mut ways = VecDeque::from([(pure, vec![graph.name(pure).to_owned()])]);
    while let Some((id, way)) = ways.pop_front() {
        let forbidden = FORBIDDEN_IN_PURE.iter().find(|(package, _)| *package == graph.name(id));
        if let Some(&(_, why)) = forbidden {
            found.push(Violation::Impure { path: way, why });
            continue;
        }
        for next in graph.normal(id).filter(|next| seen.insert(next)) {
            let name = graph.name(next).to_owned();
            ways.push_back((next, way.iter().cloned().chain([name]).collect()));
        }
    }
    found
}

/// The resolved graph with the names that the rules use.
struct Graph<'a> {
    names: BTreeMap<&'a PackageId, &'a str>,
    nodes: BTreeMap<&'a PackageId, &'a Node>,
    ours: &'a [PackageId],
}

impl<'a> Graph<'a> {
    fn of(metadata: &'a Metadata) -> Graph<'a> {
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        Graph {
            names: metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect(),
            nodes: nodes.map(|node| (&node.id, node)).collect(),
            ours: &metadata.workspace_members,
        }
    }

    /// The package's name; our own without the `sekong-` in front.
    fn name(&self, id: &PackageId) -> &'a str {
        let name = self.names.get(id).copied().unwrap_or("(unknown)");
        if self.is_ours(id) { name.strip_prefix("sekong-").unwrap_or(name) } else { name }
    }

    fn is_ours(&self, id: &PackageId) -> bool {
        self.ours.contains(id)
    }

    fn normal(&self, id: &PackageId) -> impl Iterator<Item = &'a PackageId> {
        let deps = self.nodes.get(id).copied().into_iter().flat_map(|node| &node.deps);
        deps.filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal))
            .map(|dep| &dep.pkg)
    }
}
