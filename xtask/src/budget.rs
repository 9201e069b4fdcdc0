//! Sizes: lines per crate against their targets, files over 700 lines, functions over 60.
//!
//! Over the target of a crate means "cut or argue". Over a stop needs an argument in the source:
//! a comment `// over budget: <reason>` in the file (for a file) or within the function or right
//! above it (for a function). The report lists both, the argued and the unargued.

use crate::source::{Function, Source};
use std::collections::BTreeMap;
use std::fmt;

/// Lines by crate, and what is longer than it should be.
#[derive(Debug)]
pub(crate) struct Report {
    crates: BTreeMap<String, usize>,
    excesses: Vec<Excess>,
}

/// Something longer than its stop.
#[derive(Debug)]
struct Excess {
    place: String,
    text: String,
    /// The argument given in the source.
    reason: Option<String>,
}

/// Counts lines without tests, benches and generated code.
pub(crate) fn measure(sources: &[Source]) -> Report {
    let mut report = Report {
        crates: BTreeMap::new(),
        excesses: Vec::new(),
    };
    let rust = sources
        .iter()
        .filter(|source| source.path.ends_with(".rs") && !source.is_generated());
    for source in rust {
        if !source.is_test_file() {
            *report.crates.entry(source.crate_name().to_owned()).or_default() += lines_without_tests(source);
        }
        report.excesses.extend(long_file(source));
        report.excesses.extend(long_functions(source));
    }
    report
}

impl Report {
    /// Whether every excess is argued. A crate over its target is shown, not refused.
    pub(crate) fn is_within(&self) -> bool {
        self.excesses.iter().all(|excess| excess.reason.is_some())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<12} {:>7} {:>7}", "crate", "lines", "target")?;
        for (name, target) in TARGETS {
            let lines = self.crates.get(*name).copied().unwrap_or(0);
            let mark = if lines > *target { "  over" } else { "" };
            writeln!(f, "{name:<12} {lines:>7} {target:>7}{mark}")?;
        }
        let total: usize = self.crates.values().sum();
        let target: usize = TARGETS.iter().map(|(_, target)| target).sum();
        writeln!(f, "{:<12} {total:>7} {target:>7}", "total")?;
        for excess in &self.excesses {
            let reason = excess
                .reason
                .as_deref()
                .map_or("no reason given".to_owned(), |reason| format!("over budget: {reason}"));
            writeln!(f, "{}: {} ({reason})", excess.place, excess.text)?;
        }
        let unargued = self.excesses.iter().filter(|excess| excess.reason.is_none()).count();
        write!(
            f,
            "{} over a stop, {unargued} of them without a reason",
            self.excesses.len()
        )
    }
}

fn lines_without_tests(source: &Source) -> usize {
    let tests: usize = source
        .test_items()
        .iter()
        .map(|item| source.code[item.clone()].iter().filter(|c| **c == '\n').count() + 1)
        .sum();
    source.line_count().saturating_sub(tests)
}

fn long_file(source: &Source) -> Option<Excess> {
    let lines = source.line_count();
    let argued = source.comments.iter().find_map(|comment| reason(&comment.text));
    (lines > FILE_STOP).then(|| Excess {
        place: source.path.clone(),
        text: format!("{lines} lines"),
        reason: argued,
    })
}

fn long_functions(source: &Source) -> Vec<Excess> {
    let long = source
        .functions()
        .into_iter()
        .filter(|function| function.lines > FUNCTION_STOP);
    let excess = |function: Function| Excess {
        place: format!("{}:{}", source.path, function.line),
        text: format!("`{}` has {} lines", function.name, function.lines),
        reason: reason_near(source, &function),
    };
    long.map(excess).collect()
}

/// The argument inside the function or in the lines right above it.
fn reason_near(source: &Source, function: &Function) -> Option<String> {
    let first = function.line.saturating_sub(REASON_DISTANCE);
    let near = source
        .comments
        .iter()
        .filter(|comment| (first..function.line + function.lines).contains(&source.line_of(comment.start)));
    near.filter_map(|comment| reason(&comment.text)).next()
}

fn reason(comment: &str) -> Option<String> {
    let (_, reason) = comment.split_once("over budget:")?;
    let reason = reason.trim();
    (!reason.is_empty()).then(|| reason.to_owned())
}

/// The crate table of ARCHITECTURE.md: lines without tests and generated code.
const TARGETS: &[(&str, usize)] = &[
    ("waku-proto", 3_500),
    ("crypto", 4_000),
    ("protocol", 7_000),
    ("store", 5_000),
    ("messenger", 10_000),
    ("waku", 7_000),
    ("rln", 2_000),
    ("api", 2_000),
    ("daemon", 4_500),
    ("undertone", 5_500),
    ("testkit", 2_000),
];

/// A longer file is two files.
const FILE_STOP: usize = 700;

/// A longer function is two functions.
const FUNCTION_STOP: usize = 60;

/// How far above a function its argument may stand, so that a doc comment fits between.
const REASON_DISTANCE: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn function(lines: usize, before: &str) -> Source {
        let body = "    step();\n".repeat(lines - 2);
        Source::new("crates/crypto/src/keys.rs", &format!("{before}fn f() {{\n{body}}}\n"))
    }

    #[test]
    fn a_long_function_needs_a_reason() {
        assert!(measure(&[function(60, "")]).is_within());
        assert!(!measure(&[function(61, "")]).is_within());
        assert!(!measure(&[function(61, "// over budget:\n")]).is_within());
        assert!(measure(&[function(61, "// over budget: one match, a line per kind\n")]).is_within());
    }

    #[test]
    fn a_long_file_needs_a_reason() {
        let long = "const A: u8 = 1;\n".repeat(701);
        assert!(!measure(&[Source::new("crates/waku/src/node.rs", &long)]).is_within());
        let argued = format!("// over budget: a table\n{long}");
        assert!(measure(&[Source::new("crates/waku/src/node.rs", &argued)]).is_within());
    }

    #[test]
    fn tests_and_generated_code_do_not_count() {
        let with_tests = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        let sources = [
            Source::new("crates/crypto/src/keys.rs", with_tests),
            Source::new("crates/crypto/src/keys/tests.rs", "fn c() {}\n"),
            Source::new("crates/crypto/src/wire/keys.rs", "fn d() {}\n"),
        ];
        assert_eq!(measure(&sources).crates["crypto"], 1);
    }
}
