//! Lines: where they end, and which of them begin a quote or a fence.

use std::ops::Range;

/// A block of code between two fences.
pub(super) struct Fence {
    /// The word after the first fence.
    pub language: Option<Range<usize>>,
    /// The lines between the fences, without the last line break.
    pub inside: Range<usize>,
    /// Where the text goes on.
    pub end: usize,
}

/// Finds fences, and remembers the marks that nothing closes, so that they are not looked for again.
#[derive(Default)]
pub(super) struct Fences {
    open: Vec<String>,
}

impl Fences {
    /// The block of code that begins with this line, if its end is there.
    pub(super) fn at(&mut self, text: &str, line: usize) -> Option<Fence> {
        let first = line_end(text, line);
        let (mark, rest) = mark(text, line..first)?;
        if self.open.iter().any(|open| open == mark) {
            return None;
        }
        let word = text[rest..first].trim();
        // Something between backticks on one line, or a sentence.
        if word.contains('`') || word.contains(char::is_whitespace) {
            return None;
        }
        let mut at = first;
        while at < text.len() {
            let end = line_end(text, at);
            match self::mark(text, at..end) {
                Some((other, rest)) if other == mark && text[rest..end].trim().is_empty() => {
                    let inside = first..first.max(first + text[first..at].trim_end_matches('\n').len());
                    let start = rest_of(text, rest_start(text, line, mark), word);
                    return Some(Fence {
                        language: (!word.is_empty()).then(|| start..start + word.len()),
                        inside,
                        end,
                    });
                }
                _ => at = end,
            }
        }
        self.open.push(mark.to_owned());
        None
    }
}

/// Where the line that contains this place ends, after its line break.
pub(super) fn line_end(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |at| from + at + 1)
}

/// Where a quoted line goes on after its sign, if it has one.
pub(super) fn quote_sign(text: &str, line: usize) -> Option<usize> {
    let begin = line + indent(&text[line..]);
    let rest = text[begin..].strip_prefix('>')?;
    Some(begin + 1 + usize::from(rest.starts_with(' ')))
}

/// The mark of a fence at the beginning of a line, and where the line goes on after it.
fn mark(text: &str, line: Range<usize>) -> Option<(&str, usize)> {
    let begin = line.start + indent(&text[line.clone()]);
    let sign = text.as_bytes().get(begin).filter(|byte| matches!(byte, b'`' | b'~'))?;
    let length = text[begin..line.end].bytes().take_while(|byte| byte == sign).count();
    (length >= 3).then(|| (&text[begin..begin + length], begin + length))
}

fn rest_start(text: &str, line: usize, mark: &str) -> usize {
    line + indent(&text[line..]) + mark.len()
}

fn rest_of(text: &str, from: usize, word: &str) -> usize {
    text[from..].find(word).map_or(from, |at| from + at)
}

/// Up to three spaces.
fn indent(line: &str) -> usize {
    line.bytes().take(3).take_while(|byte| *byte == b' ').count()
}
