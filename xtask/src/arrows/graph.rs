//! Rules about who may depend on whom.

use super::{PURE, Violation};
use crate::workspace::{Graph, Kind, bare};

pub(super) fn check(graph: &Graph) -> Vec<Violation> {
    let mut violations = Vec::new();
    for from in graph.ours() {
        violations.extend(unknown_crate(from));
        violations.extend(wrong_arrow(graph, from));
        violations.extend(forbidden_dependency(graph, from));
        violations.extend(forbidden_reach(graph, from));
        violations.extend(hidden_cycle(graph, from));
    }
    violations
}

/// A crate that the table does not know has no place yet.
fn unknown_crate(from: &str) -> Option<Violation> {
    let known = from == TOOL || ARROWS.iter().any(|(name, _)| *name == from);
    (!known).then(|| Violation {
        rule: "unknown crate",
        place: from.to_owned(),
        text: "is missing from the arrow table of ARCHITECTURE.md and of xtask/src/arrows/graph.rs".to_owned(),
    })
}

/// Normal and build dependencies on our own crates must stand in the table.
fn wrong_arrow(graph: &Graph, from: &str) -> Vec<Violation> {
    if from == TOOL {
        return Vec::new();
    }
    let allowed = ARROWS
        .iter()
        .find(|(name, _)| *name == from)
        .map_or(&[][..], |(_, to)| *to);
    let linked = graph.direct(from, Kind::Normal).chain(graph.direct(from, Kind::Build));
    let wrong = linked.filter(|to| graph.is_ours(to) && !allowed.contains(to));
    wrong
        .map(|to| Violation {
            rule: "arrow",
            place: from.to_owned(),
            text: format!("depends on `{to}`; it may depend on {}", list(allowed)),
        })
        .collect()
}

/// Packages that a crate must not name in its manifest.
fn forbidden_dependency(graph: &Graph, from: &str) -> Vec<Violation> {
    let rules = FORBIDDEN
        .iter()
        .filter(|rule| !rule.transitively && rule.crates.contains(&from));
    let wrong = rules.flat_map(|rule| {
        let named = graph
            .direct(from, Kind::Normal)
            .filter(|to| matches(rule.packages, bare(to)));
        named.map(move |to| Violation {
            rule: "forbidden dependency",
            place: from.to_owned(),
            text: format!("depends on `{}`: {}", bare(to), rule.reason),
        })
    });
    wrong.collect()
}

/// Packages that must not be linked into a crate by any path.
fn forbidden_reach(graph: &Graph, from: &str) -> Vec<Violation> {
    let reach = graph.reach(from);
    let rules = FORBIDDEN
        .iter()
        .filter(|rule| rule.transitively && rule.crates.contains(&from));
    let wrong = rules.flat_map(|rule| {
        let linked = reach.iter().filter(|(to, _)| matches(rule.packages, bare(to)));
        linked.map(move |(_, path)| Violation {
            rule: "forbidden dependency",
            place: from.to_owned(),
            text: format!("reaches {}: {}", path.join(" -> "), rule.reason),
        })
    });
    wrong.collect()
}

/// Dev-dependencies are free, but none may lead back to the crate that has it: what would be a
/// cycle in the drawing is one, even if cargo builds it. Only `testkit` may close the loop, because
/// nothing that ships links it.
fn hidden_cycle(graph: &Graph, from: &str) -> Vec<Violation> {
    let dev = graph
        .direct(from, Kind::Dev)
        .filter(|to| graph.is_ours(to) && *to != "testkit" && *to != from);
    let wrong = dev.filter(|to| graph.reach(to).contains_key(from));
    wrong
        .map(|to| Violation {
            rule: "hidden cycle",
            place: from.to_owned(),
            text: format!("tests with `{to}`, which depends on `{from}`; move the test to `{to}`"),
        })
        .collect()
}

/// Whether one of the patterns names the package; a trailing `*` stands for any ending.
fn matches(patterns: &[&str], package: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => package.starts_with(start),
        None => package == *pattern,
    })
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "nothing of ours".to_owned()
    } else {
        format!("`{}`", names.join("`, `"))
    }
}

/// Packages that some crates must not depend on.
struct Forbidden {
    crates: &'static [&'static str],
    packages: &'static [&'static str],
    /// Through others as well, or only by name.
    transitively: bool,
    reason: &'static str,
}

/// Who may depend on whom: the table of ARCHITECTURE.md.
const ARROWS: &[(&str, &[&str])] = &[
    ("waku-proto", &[]),
    ("crypto", &[]),
    ("api", &[]),
    ("protocol", &["crypto", "waku-proto"]),
    ("store", &["protocol"]),
    ("messenger", &["store", "protocol", "crypto", "waku-proto"]),
    ("waku", &["waku-proto"]),
    ("rln", &["waku", "waku-proto"]),
    ("daemon", &["messenger", "store", "waku", "waku-proto", "api"]),
    ("undertone", &["daemon", "waku", "rln", "api"]),
    ("testkit", &["messenger", "store", "protocol", "crypto", "waku-proto"]),
];

/// This package: it ships nothing, so it may look at everything.
const TOOL: &str = "xtask";

/// The nevers that a dependency can break.
const FORBIDDEN: &[Forbidden] = &[
    Forbidden {
        crates: PURE,
        packages: &[
            "tokio",
            "tokio-*",
            "async-std",
            "smol",
            "mio",
            "socket2",
            "libp2p",
            "libp2p-*",
            "hyper",
            "rusqlite",
            "libsqlite3-sys",
        ],
        transitively: true,
        reason: "pure crates get bytes, time and randomness as arguments",
    },
    Forbidden {
        crates: &["waku-proto", "crypto", "protocol", "messenger"],
        packages: &["getrandom", "rand", "chrono", "time", "tempfile"],
        transitively: false,
        reason: "time and randomness come from outside",
    },
    Forbidden {
        crates: &["store", "messenger"],
        packages: &[
            "tokio",
            "tokio-*",
            "mio",
            "libp2p",
            "libp2p-*",
            "hyper",
            "axum",
            "reqwest",
            "tungstenite",
        ],
        transitively: true,
        reason: "deciding and remembering are synchronous and know no network",
    },
    Forbidden {
        crates: &["messenger"],
        packages: &["serde_json", "http", "rusqlite"],
        transitively: false,
        reason: "the messenger knows neither HTTP nor JSON nor SQL",
    },
    Forbidden {
        crates: &["waku-proto", "protocol", "store", "messenger"],
        packages: &["serde", "utoipa"],
        transitively: false,
        reason: "no domain type is serialised for the API; daemon/src/convert.rs converts by hand",
    },
    Forbidden {
        crates: &["protocol", "api", "daemon", "undertone", "testkit"],
        packages: &["rusqlite", "libsqlite3-sys"],
        transitively: false,
        reason: "SQL stands only in `store` and in the archive of `waku`",
    },
    Forbidden {
        crates: &[
            "waku-proto",
            "crypto",
            "protocol",
            "store",
            "messenger",
            "waku",
            "rln",
            "api",
            "testkit",
        ],
        packages: &["anyhow", "eyre"],
        transitively: false,
        reason: "libraries have error enums; anyhow is for `daemon`, `undertone` and `xtask`",
    },
];
