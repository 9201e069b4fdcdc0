//! The dependency arrows and the nevers of ARCHITECTURE.md, as rules that can fail.
//!
//! What a rule cannot see: meaning. A decision inside `store`, a send inside a transaction, a log
//! line that prints a key through a type's `Debug` are held by construction, by review and by the
//! snapshot tests of the types concerned.

mod graph;
mod log;
mod text;

#[cfg(test)]
mod tests;

use crate::source::Source;
use crate::workspace::Graph;
use std::fmt;

/// A broken rule and the place that breaks it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    /// Short name of the rule.
    pub(crate) rule: &'static str,
    /// A crate, or a file and line.
    pub(crate) place: String,
    /// What stands there and what to do instead.
    pub(crate) text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [{}] {}", self.place, self.rule, self.text)
    }
}

/// Applies every rule. An empty answer means that the house stands as drawn.
pub(crate) fn check(graph: &Graph, sources: &[Source]) -> Vec<Violation> {
    let mut violations = graph::check(graph);
    for source in sources {
        violations.extend(text::check(source));
        violations.extend(log::check(source));
    }
    violations.sort();
    violations
}

/// Crates without clock, files, threads, sockets or randomness of the operating system.
const PURE: &[&str] = &["waku-proto", "crypto", "protocol"];
