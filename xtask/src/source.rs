//! Reads Rust source as three texts: code, literals and comments.
//!
//! A rule about code must not trip over a comment that quotes the forbidden word, and a rule about
//! SQL must see nothing but string literals. This is a scanner, not a parser: it knows where
//! literals and comments begin and end, and which braces match.

use std::ops::Range;

/// One source file, scanned.
#[derive(Debug)]
pub(crate) struct Source {
    /// Path below the repository's root, with `/` between the parts.
    pub(crate) path: String,
    /// The text with comments and the inside of literals replaced by spaces. Same length, same lines.
    pub(crate) code: Vec<char>,
    /// String literals in order.
    pub(crate) literals: Vec<Span>,
    /// Comments in order, with their slashes.
    pub(crate) comments: Vec<Span>,
}

/// A piece of the original text.
#[derive(Debug)]
pub(crate) struct Span {
    /// Where it begins, as an index into `Source::code`.
    pub(crate) start: usize,
    /// What stands there.
    pub(crate) text: String,
}

/// A function, by name and extent.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Line of the `fn` keyword, counted from 1.
    pub(crate) line: usize,
    /// Lines from the keyword to the closing brace.
    pub(crate) lines: usize,
}

impl Source {
    /// Scans `text`. Anything that is not Rust (SQL, TOML) gives one literal with the whole text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut source = Self {
            path: path.to_owned(),
            code: Vec::new(),
            literals: Vec::new(),
            comments: Vec::new(),
        };
        if path.ends_with(".rs") {
            Scanner {
                chars: &chars,
                at: 0,
                into: &mut source,
            }
            .run();
        } else {
            source.code = blank(&chars);
            source.literals.push(Span {
                start: 0,
                text: text.to_owned(),
            });
        }
        source
    }

    /// The folder of the crate: `crypto` for `crates/crypto/src/keys.rs`, `xtask` for `xtask/src/main.rs`.
    pub(crate) fn crate_name(&self) -> &str {
        let path = self.path.strip_prefix("crates/").unwrap_or(&self.path);
        path.split('/').next().unwrap_or(path)
    }

    /// Whether the whole file serves tests, benches or examples.
    pub(crate) fn is_test_file(&self) -> bool {
        let folders = ["/tests/", "/benches/", "/examples/"];
        folders.iter().any(|folder| self.path.contains(folder)) || self.path.ends_with("/tests.rs")
    }

    /// Whether a generator wrote this file: it lies in a `wire` folder or says `@generated` on top.
    pub(crate) fn is_generated(&self) -> bool {
        let marked = self
            .comments
            .first()
            .is_some_and(|comment| comment.text.contains("@generated"));
        self.path.contains("/wire/") || marked
    }

    /// Line number of an index into `code`, counted from 1.
    pub(crate) fn line_of(&self, index: usize) -> usize {
        1 + self.code[..index.min(self.code.len())]
            .iter()
            .filter(|c| **c == '\n')
            .count()
    }

    /// Number of lines.
    pub(crate) fn line_count(&self) -> usize {
        let last_is_open = self.code.last().is_some_and(|c| *c != '\n');
        self.code.iter().filter(|c| **c == '\n').count() + usize::from(last_is_open)
    }

    /// Extents of the items behind `#[cfg(test)]`, attribute included.
    pub(crate) fn test_items(&self) -> Vec<Range<usize>> {
        let mut items = Vec::new();
        let mut from = 0;
        while let Some(start) = find(&self.code, "#[cfg(test)]", from) {
            let end = self.item_end(start + "#[cfg(test)]".len());
            items.push(start..end);
            from = end.max(start + 1);
        }
        items
    }

    /// The same file without what only tests see. Line numbers stay.
    pub(crate) fn without_tests(&self) -> Self {
        let items = self.test_items();
        let inside = |index: usize| items.iter().any(|item| item.contains(&index));
        let hide = |(index, c): (usize, &char)| if inside(index) && *c != '\n' { ' ' } else { *c };
        let keep = |spans: &[Span]| {
            let kept = spans.iter().filter(|span| !inside(span.start));
            kept.map(|span| Span {
                start: span.start,
                text: span.text.clone(),
            })
            .collect()
        };
        Self {
            path: self.path.clone(),
            code: self.code.iter().enumerate().map(hide).collect(),
            literals: keep(&self.literals),
            comments: keep(&self.comments),
        }
    }

    /// Every place where `word` stands in the code with no identifier character on either side.
    /// `word` may hold `::`, `(`, `<` and the like; only its ends are looked at.
    pub(crate) fn find_word(&self, word: &str) -> Vec<usize> {
        let mut places = Vec::new();
        let mut from = 0;
        while let Some(start) = find(&self.code, word, from) {
            let end = start + word.chars().count();
            let free_before = start == 0 || !(is_word(self.code[start - 1]) && word.starts_with(is_word));
            let free_after = !(self.code.get(end).copied().is_some_and(is_word) && word.ends_with(is_word));
            if free_before && free_after {
                places.push(start);
            }
            from = start + 1;
        }
        places
    }

    /// Functions with a body, in order.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let found = self.find_word("fn").into_iter().filter_map(|start| {
            let name: String = self.code[start + 2..]
                .iter()
                .skip_while(|c| c.is_whitespace())
                .take_while(|c| is_word(**c))
                .collect();
            let end = self.item_end(start);
            let has_body = self.code[start..end].last() == Some(&'}');
            let lines = self.code[start..end].iter().filter(|c| **c == '\n').count() + 1;
            (has_body && !name.is_empty()).then(|| Function {
                name,
                line: self.line_of(start),
                lines,
            })
        });
        found.collect()
    }

    /// The end of the bracketed group that opens at `open`, one past its closing bracket.
    pub(crate) fn group_end(&self, open: usize) -> usize {
        let mut depth = 0usize;
        for (index, c) in self.code.iter().enumerate().skip(open) {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return index + 1;
                    }
                }
                _ => {}
            }
        }
        self.code.len()
    }

    /// One past the `;` or the closing brace of the item that begins at or after `start`.
    fn item_end(&self, start: usize) -> usize {
        let mut index = start;
        while let Some(c) = self.code.get(index) {
            match c {
                ';' => return index + 1,
                '{' => return self.group_end(index),
                '(' | '[' => index = self.group_end(index),
                _ => index += 1,
            }
        }
        self.code.len()
    }
}

/// First place at or after `from` where `needle` stands in `code`.
pub(crate) fn find(code: &[char], needle: &str, from: usize) -> Option<usize> {
    let needle: Vec<char> = needle.chars().collect();
    let tail = code.get(from..)?;
    tail.windows(needle.len().max(1))
        .position(|window| window == needle)
        .map(|at| from + at)
}

/// Whether `c` can stand in an identifier.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Walks over Rust source once.
struct Scanner<'a> {
    chars: &'a [char],
    at: usize,
    into: &'a mut Source,
}

impl Scanner<'_> {
    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('/', Some('/')) => self.comment(self.line_end()),
                ('/', Some('*')) => self.comment(self.block_comment_end()),
                ('"', _) => self.string(self.at, 0),
                ('\'', _) => self.quote(),
                ('r' | 'b' | 'c', _) if !self.follows_word() => self.prefixed(),
                _ => self.copy(1),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn follows_word(&self) -> bool {
        self.at > 0 && is_word(self.chars[self.at - 1])
    }

    fn copy(&mut self, count: usize) {
        let end = (self.at + count).min(self.chars.len());
        self.into.code.extend_from_slice(&self.chars[self.at..end]);
        self.at = end;
    }

    fn hide_until(&mut self, end: usize) {
        let end = end.min(self.chars.len());
        self.into.code.extend(blank(&self.chars[self.at..end]));
        self.at = end;
    }

    fn text(&self, range: Range<usize>) -> String {
        self.chars[range.start.min(self.chars.len())..range.end.min(self.chars.len())]
            .iter()
            .collect()
    }

    fn line_end(&self) -> usize {
        let ahead = self.chars[self.at..].iter().position(|c| *c == '\n');
        ahead.map_or(self.chars.len(), |ahead| self.at + ahead)
    }

    fn block_comment_end(&self) -> usize {
        let (mut depth, mut index) = (0usize, self.at);
        while index + 1 < self.chars.len() {
            match (self.chars[index], self.chars[index + 1]) {
                ('/', '*') => (depth, index) = (depth + 1, index + 2),
                ('*', '/') => (depth, index) = (depth - 1, index + 2),
                _ => index += 1,
            }
            if depth == 0 {
                return index;
            }
        }
        self.chars.len()
    }

    fn comment(&mut self, end: usize) {
        let text = self.text(self.at..end);
        self.into.comments.push(Span { start: self.at, text });
        self.hide_until(end);
    }

    /// `r"…"`, `r#"…"#`, `b"…"`, `br"…"`, `c"…"`, `b'…'`, or an ordinary word.
    fn prefixed(&mut self) {
        let rest = &self.chars[self.at..];
        let letters = rest.iter().take(2).take_while(|c| matches!(c, 'r' | 'b' | 'c')).count();
        let hashes = rest[letters..].iter().take_while(|c| **c == '#').count();
        let raw = rest[..letters].contains(&'r');
        match rest.get(letters + hashes) {
            Some('"') if raw => self.raw_string(letters + hashes, hashes),
            Some('"') if hashes == 0 => self.string(self.at, letters),
            Some('\'') if hashes == 0 && rest[..letters] == ['b'] => {
                self.copy(1);
                self.quote();
            }
            _ => self.copy(1),
        }
    }

    fn string(&mut self, start: usize, prefix: usize) {
        let mut index = self.at + prefix + 1;
        while let Some(c) = self.chars.get(index) {
            match c {
                '\\' => index += 2,
                '"' => break,
                _ => index += 1,
            }
        }
        let inner = self.at + prefix + 1..index;
        self.literal(start, prefix + 1, inner, 1);
    }

    fn raw_string(&mut self, opening: usize, hashes: usize) {
        let inner = self.at + opening + 1;
        let closing: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
        let end = find(self.chars, &closing, inner).unwrap_or(self.chars.len());
        self.literal(self.at, opening + 1, inner..end, hashes + 1);
    }

    fn literal(&mut self, start: usize, opening: usize, inner: Range<usize>, closing: usize) {
        let text = self.text(inner.clone());
        self.into.literals.push(Span { start, text });
        self.copy(opening);
        self.hide_until(inner.end);
        self.copy(closing);
    }

    /// A character literal, or the tick of a lifetime.
    fn quote(&mut self) {
        let end = match (self.peek(1), self.peek(2)) {
            (Some('\\'), _) => find(self.chars, "'", self.at + 3),
            (Some(_), Some('\'')) => Some(self.at + 2),
            _ => None,
        };
        match end {
            Some(end) => {
                self.copy(1);
                self.hide_until(end);
                self.copy(1);
            }
            None => self.copy(1),
        }
    }
}

fn blank(chars: &[char]) -> Vec<char> {
    chars.iter().map(|c| if *c == '\n' { '\n' } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Source::new("crates/x/src/lib.rs", text).code.into_iter().collect()
    }

    #[test]
    fn comments_and_literals_leave_the_code() {
        assert_eq!(code("a /* b /* c */ d */ e // f\ng"), "a                   e     \ng");
        assert_eq!(code(r#"f("x\"y", 'z', '\'', b'q')"#), r#"f("    ", ' ', '  ', b' ')"#);
        assert_eq!(
            code(r###"let s = r#"in "quotes""#;"###),
            r###"let s = r#"           "#;"###
        );
        assert_eq!(code("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
    }

    #[test]
    fn literals_and_comments_are_kept_with_their_place() {
        let source = Source::new("crates/x/src/lib.rs", "// one\nlet q = \"two\";\n");
        assert_eq!(source.comments[0].text, "// one");
        assert_eq!(source.literals[0].text, "two");
        assert_eq!(source.line_of(source.literals[0].start), 2);
    }

    #[test]
    fn test_modules_are_cut_off() {
        let text = "fn a() { one(); }\n#[cfg(test)]\nmod tests {\n    fn b() { two(); }\n}\nfn c() { three(); }\n";
        let kept = Source::new("crates/x/src/lib.rs", text).without_tests();
        assert_eq!(kept.find_word("two").len(), 0);
        assert_eq!(kept.find_word("one").len(), 1);
        assert_eq!(kept.line_of(kept.find_word("three")[0]), 6);
    }

    #[test]
    fn functions_are_measured_from_keyword_to_brace() {
        let text = "impl T {\n    fn long(\n        a: u8,\n    ) -> u8 {\n        if a > 0 { 1 } else { 2 }\n    }\n    fn none(&self);\n}\n";
        let functions = Source::new("crates/x/src/lib.rs", text).functions();
        assert_eq!(functions.len(), 1);
        assert_eq!(
            (functions[0].name.as_str(), functions[0].line, functions[0].lines),
            ("long", 2, 5)
        );
    }

    #[test]
    fn words_end_where_identifiers_end() {
        let source = Source::new("crates/x/src/lib.rs", "transport::of(sport, port)");
        assert_eq!(source.find_word("port").len(), 1);
        assert_eq!(source.find_word("transport::").len(), 1);
    }
}
