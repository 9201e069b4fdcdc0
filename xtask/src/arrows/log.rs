//! Never 10, as far as a text can show it: what log lines name.

use super::Violation;
use super::text::violation;
use crate::source::{Source, is_word};
use std::ops::Range;

pub(super) fn check(source: &Source) -> Vec<Violation> {
    if source.is_test_file() || source.is_generated() {
        return Vec::new();
    }
    let source = source.without_tests();
    let mut violations = instrumented(&source);
    for (level, quiet) in LEVELS {
        for at in source.find_word(&format!("{level}!(")) {
            let arguments = at + level.len() + 1..source.group_end(at + level.len() + 1);
            violations.extend(secrets(&source, arguments.clone()));
            if !quiet {
                violations.extend(identifiers(&source, level, arguments));
            }
        }
    }
    violations
}

/// Keys, passwords, recovery words and message text are in no log at any level.
fn secrets(source: &Source, arguments: Range<usize>) -> Vec<Violation> {
    let found = named(source, arguments)
        .into_iter()
        .filter(|(_, name)| SECRET.contains(&name.as_str()));
    found
        .map(|(at, name)| {
            violation(
                "log",
                source,
                at,
                &format!("`{name}` in a log line: never, at no level"),
            )
        })
        .collect()
}

/// Identifiers of people, chats and messages only at `debug` or below.
fn identifiers(source: &Source, level: &str, arguments: Range<usize>) -> Vec<Violation> {
    let found = named(source, arguments)
        .into_iter()
        .filter(|(_, name)| IDENTIFIER.contains(&name.as_str()));
    found
        .map(|(at, name)| {
            violation(
                "log",
                source,
                at,
                &format!("`{name}` at `{level}`: identifiers only at `debug` or below, redacted"),
            )
        })
        .collect()
}

/// `#[instrument]` logs every argument unless told otherwise.
fn instrumented(source: &Source) -> Vec<Violation> {
    let loud = source.find_word("instrument").into_iter().filter(|at| {
        let before: String = source.code[at.saturating_sub(11)..*at].iter().collect();
        let attribute = before.ends_with("#[") || before.ends_with("#[tracing::");
        let end = source.code[*at..]
            .iter()
            .position(|c| *c == '\n')
            .map_or(source.code.len(), |ahead| at + ahead);
        let line: String = source.code[*at..end].iter().collect();
        attribute && !line.contains("skip_all")
    });
    loud.map(|at| {
        violation(
            "log",
            source,
            at,
            "`#[instrument]` without `skip_all` logs every argument",
        )
    })
    .collect()
}

/// Identifiers in the arguments of a macro: words of the code, and `{names}` captured by its text.
/// A name of which only the length is taken (`text.len()`) does not count.
fn named(source: &Source, arguments: Range<usize>) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let code: String = source.code[arguments.clone()].iter().collect();
    let letters: Vec<char> = code.chars().collect();
    let mut index = 0;
    while index < letters.len() {
        let length = letters[index..].iter().take_while(|c| is_word(**c)).count();
        let after: String = letters[index + length..].iter().take(6).collect();
        if length > 0 && !after.starts_with(".len()") {
            found.push((arguments.start + index, letters[index..index + length].iter().collect()));
        }
        index += length.max(1);
    }
    for literal in source
        .literals
        .iter()
        .filter(|literal| arguments.contains(&literal.start))
    {
        for piece in literal.text.split('{').skip(1) {
            let name: String = piece.chars().take_while(|c| is_word(*c)).collect();
            found.push((literal.start, name));
        }
    }
    found
}

/// Log macros, and whether they are quiet enough for identifiers.
const LEVELS: &[(&str, bool)] = &[
    ("error", false),
    ("warn", false),
    ("info", false),
    ("debug", true),
    ("trace", true),
];

const SECRET: &[&str] = &[
    "password",
    "passphrase",
    "phrase",
    "mnemonic",
    "recovery_phrase",
    "words",
    "secret",
    "secret_key",
    "private_key",
    "shared_secret",
    "message_key",
    "chain_key",
    "root_key",
    "symmetric_key",
    "seed",
    "plaintext",
    "text",
    "note",
    "token",
    "bio",
];

const IDENTIFIER: &[&str] = &[
    "public_key",
    "identity",
    "chat",
    "chat_id",
    "message_id",
    "contact",
    "author",
    "sender",
    "installation",
    "installation_id",
    "content_topic",
    "content_topics",
    "pubsub_topic",
    "display_name",
    "profile",
];
