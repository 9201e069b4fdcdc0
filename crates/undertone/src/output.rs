//! The one place that prints.
//!
//! Data goes to standard output, remarks and errors to standard error. Texts that other people wrote are cleaned of
//! control characters: a message must not move the cursor or rename the terminal. A reader that closes the pipe ends the
//! program quietly.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

/// How a command prints data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON document, or one per line for streams.
    Json,
}

/// Prints a value: as JSON, or in the words given.
pub(crate) fn data<T: Serialize>(format: Format, value: &T, words: impl FnOnce(&T) -> String) {
    match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(value).expect("plain data with string keys");
            print(&text);
        }
        Format::Text => text(&words(value)),
    }
}

/// Prints a value as one line of JSON.
pub(crate) fn json_line<T: Serialize>(value: &T) {
    print(&serde_json::to_string(value).expect("plain data with string keys"));
}

/// Prints text for people; nothing, if there is none.
pub(crate) fn text(text: &str) {
    if !text.is_empty() {
        print(text.trim_end_matches('\n'));
    }
}

/// Prints a remark that is not data.
pub(crate) fn remark(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether what goes to standard error may have colours: on a terminal, unless `NO_COLOR` is set.
pub(crate) fn has_colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints why the command failed: the whole chain in one sentence.
pub(crate) fn error(error: &anyhow::Error) {
    let reason = clean(&format!("{error:#}"));
    // The command has said it in its own way.
    if reason.is_empty() {
        return;
    }
    let mark = if has_colours() {
        "\x1b[31merror:\x1b[0m"
    } else {
        "error:"
    };
    remark(&format!("{mark} {reason}"));
}

/// A text of somebody else, on one line and without control characters.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
        .filter(|c| !unsafe_to_print(*c))
        .collect()
}

/// The same for a text that may have several lines: those after the first are indented.
pub(crate) fn clean_lines(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text.lines().map(clean).collect();
    lines.join(&format!("\n{indent}"))
}

/// Columns padded to the widest cell.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let missing = width - cell.chars().count();
            line.push_str(cell);
            line.push_str(&" ".repeat(missing + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Control characters, and the marks that reorder the text around them.
fn unsafe_to_print(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn print(text: &str) {
    let mut out = io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        // Nobody reads any more.
        std::process::exit(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_peoples_texts_cannot_steer_the_terminal() {
        assert_eq!(clean("a\x1b]0;owned\x07b\u{202E}c\u{9b}2J"), "a]0;ownedbc2J");
        assert_eq!(clean("two\nlines"), "two lines");
        assert_eq!(clean_lines("two\nlines\x1b[2J", "  "), "two\n  lines[2J");
    }

    #[test]
    fn tables_line_up() {
        let rows = [vec!["a".into(), "bb".into()], vec!["ccc".into(), "é".into()]];
        assert_eq!(table(&rows), "a    bb\nccc  é\n");
        assert_eq!(table(&[]), "");
    }
}
