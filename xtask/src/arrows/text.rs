//! Rules about what stands in the source.

use super::{PURE, Violation};
use crate::source::{Source, is_word};

pub(super) fn check(source: &Source) -> Vec<Violation> {
    if source.is_generated() {
        return Vec::new();
    }
    let mut violations = unbounded_channels(source);
    violations.extend(names(source));
    violations.extend(ports(source));
    if !source.is_test_file() {
        let shipped = source.without_tests();
        violations.extend(sql(&shipped));
        violations.extend(purity(&shipped));
        violations.extend(clock_in_sql(&shipped));
        violations.extend(serialised_domain(&shipped));
    }
    violations
}

/// SQL stands only in `store` and in the archive of `waku`.
fn sql(source: &Source) -> Vec<Violation> {
    let home = source.crate_name() == "store" || source.path.starts_with("crates/waku/src/archive");
    if home || source.crate_name() == "xtask" {
        return Vec::new();
    }
    let statements = source
        .literals
        .iter()
        .filter(|literal| is_statement(&literal.text))
        .map(|literal| literal.start);
    let library = source.find_word("rusqlite");
    let places = statements.chain(library);
    places
        .map(|at| violation("sql", source, at, "SQL belongs to `store` or to `waku/src/archive`"))
        .collect()
}

/// Whether a literal reads as a statement. STYLE.md asks for keywords in capitals.
fn is_statement(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    match words.as_slice() {
        ["SELECT", ..] => has("FROM") || words.len() > 1,
        ["INSERT" | "REPLACE", ..] => has("INTO"),
        ["UPDATE", ..] => has("SET"),
        ["DELETE", second, ..] => *second == "FROM",
        ["CREATE" | "DROP" | "ALTER", ..] => ["TABLE", "INDEX", "TRIGGER", "VIEW", "VIRTUAL"]
            .iter()
            .any(|word| has(word)),
        ["PRAGMA" | "VACUUM" | "ATTACH", ..] => words.len() > 1 || words == ["VACUUM"],
        _ => false,
    }
}

/// Pure crates and the messenger touch neither clock, files, threads nor the system's randomness.
fn purity(source: &Source) -> Vec<Violation> {
    let name = source.crate_name();
    let mut words: Vec<(&str, &str)> = Vec::new();
    if PURE.contains(&name) || name == "messenger" {
        words.extend(CLOCKS);
        words.extend(WORLD);
    }
    if name == "store" {
        words.extend(CLOCKS);
    }
    let found = words.into_iter().flat_map(|(word, reason)| {
        let places = source.find_word(word).into_iter();
        places.map(move |at| violation("purity", source, at, &format!("`{word}`: {reason}")))
    });
    found.collect()
}

/// The database reads no clock and draws no numbers either.
fn clock_in_sql(source: &Source) -> Vec<Violation> {
    if source.crate_name() != "store" {
        return Vec::new();
    }
    let found = source.literals.iter().filter(|literal| {
        let text = literal.text.to_lowercase();
        SQL_IMPURE.iter().any(|word| text.contains(word))
    });
    found
        .map(|literal| {
            violation(
                "purity",
                source,
                literal.start,
                "SQL that reads the clock or draws random numbers; pass the value in",
            )
        })
        .collect()
}

/// Domain types have no serialised form of their own.
fn serialised_domain(source: &Source) -> Vec<Violation> {
    if !["waku-proto", "protocol", "store", "messenger"].contains(&source.crate_name()) {
        return Vec::new();
    }
    let words = ["serde::", "Serialize", "Deserialize"];
    let places = words.iter().flat_map(|word| source.find_word(word));
    places
        .map(|at| {
            violation(
                "serialised domain",
                source,
                at,
                "convert by hand in daemon/src/convert.rs",
            )
        })
        .collect()
}

/// Every channel is bounded, in tests too.
fn unbounded_channels(source: &Source) -> Vec<Violation> {
    let places = UNBOUNDED.iter().flat_map(|word| source.find_word(word));
    places
        .map(|at| {
            violation(
                "unbounded channel",
                source,
                at,
                "every channel is bounded; its capacity is a named constant with a reason",
            )
        })
        .collect()
}

/// Names that say nothing, and getters that say it twice.
fn names(source: &Source) -> Vec<Violation> {
    let declared = ["struct", "enum", "trait", "mod", "type", "fn"]
        .into_iter()
        .flat_map(|keyword| {
            let places = source.find_word(keyword).into_iter();
            places.map(move |at| (keyword, at, word_after(source, at + keyword.len())))
        });
    let empty = declared.filter(|(keyword, _, name)| {
        let lower = name.to_lowercase();
        let says_nothing = *keyword != "fn"
            && NOISE
                .iter()
                .any(|noise| lower == *noise || name.ends_with(&title(noise)));
        says_nothing || *keyword == "fn" && name.starts_with("get_")
    });
    empty
        .map(|(_, at, name)| {
            violation(
                "name",
                source,
                at,
                &format!("`{name}` does not say what it is; see STYLE.md, names"),
            )
        })
        .collect()
}

/// Variation is by value, not by trait.
fn ports(source: &Source) -> Vec<Violation> {
    let declared = source
        .find_word("trait")
        .into_iter()
        .map(|at| (at, word_after(source, at + "trait".len())));
    let found = declared.filter(|(_, name)| PORTS.iter().any(|port| name.ends_with(port)));
    found
        .map(|(at, name)| {
            violation(
                "port",
                source,
                at,
                &format!("`trait {name}`: no storage, network or clock trait; pass the value in"),
            )
        })
        .collect()
}

pub(super) fn violation(rule: &'static str, source: &Source, at: usize, text: &str) -> Violation {
    Violation {
        rule,
        place: format!("{}:{}", source.path, source.line_of(at)),
        text: text.to_owned(),
    }
}

fn word_after(source: &Source, at: usize) -> String {
    source.code[at..]
        .iter()
        .skip_while(|c| c.is_whitespace())
        .take_while(|c| is_word(**c))
        .collect()
}

fn title(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

const CLOCKS: &[(&str, &str)] = &[
    ("SystemTime", "`now` is an argument"),
    ("Instant", "`now` is an argument"),
    ("UNIX_EPOCH", "`now` is an argument"),
];

const WORLD: &[(&str, &str)] = &[
    ("std::fs", "files belong to the shells"),
    ("std::net", "sockets belong to the shells"),
    ("std::env", "the environment belongs to the shells"),
    ("std::process", "processes belong to the shells"),
    ("std::thread", "threads belong to the shells"),
    ("Mutex", "state is passed by `&mut`"),
    ("RwLock", "state is passed by `&mut`"),
    ("getrandom", "`rng` is an argument"),
    ("OsRng", "`rng` is an argument"),
    ("SysRng", "`rng` is an argument"),
    ("thread_rng", "`rng` is an argument"),
    ("rand::rng", "`rng` is an argument"),
    ("tokio", "no async runtime here"),
    ("async fn", "no async code here"),
];

const SQL_IMPURE: &[&str] = &[
    "current_timestamp",
    "current_time",
    "current_date",
    "'now'",
    "unixepoch()",
    "random()",
    "randomblob(",
];

const UNBOUNDED: &[&str] = &[
    "unbounded_channel",
    "mpsc::unbounded",
    "channel::unbounded",
    "UnboundedSender",
    "UnboundedReceiver",
    "std::sync::mpsc::channel",
];

const NOISE: &[&str] = &["manager", "helper", "helpers", "util", "utils"];

const PORTS: &[&str] = &[
    "Store",
    "Storage",
    "Clock",
    "Network",
    "Transport",
    "Repository",
    "Persistence",
];
