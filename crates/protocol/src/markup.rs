//! What a text looks like: the small markdown of deployed clients, as blocks of spans with their places in the text.
//!
//! Bold `**` or `__`, italic `*` or `_`, both `***`, struck `~~` or `~`, code between backticks, fenced code, quotes,
//! addresses, mentions, channel names after `#`, and a backslash before a mark that stands for itself. Nothing else means
//! anything: no headings, lists, tables, pictures or named links. Where we differ from deployed clients stands in
//! `docs/protocol/application.md`.
//!
//! Every text has a look, the time is linear in its length but for marks that never close, whose number a message's size
//! bounds, and spans do not nest: each says all that is true of it. Nothing is fetched and nothing is looked up.

mod emoji;
mod inline;
mod scan;

use std::ops::Range;

use crypto::PublicKey;

use inline::spans;

pub use crate::mention::Whom;
pub use emoji::only_emoji;

/// A part of a text that stands by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Lines of text.
    Paragraph(Vec<Span>),
    /// Lines that somebody else said.
    Quote(Vec<Span>),
    /// Lines of code, as they stand.
    Code {
        /// The language that its author names.
        language: Option<Range<usize>>,
        /// Where it stands, without the line break at its end.
        place: Range<usize>,
    },
}

/// Some characters of the text that look the same. What stands between spans is marks, which are not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where they stand, in bytes.
    pub place: Range<usize>,
    /// How they look.
    pub style: Style,
    /// What they are.
    pub what: What,
}

/// How characters look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Heavier.
    pub bold: bool,
    /// Slanted.
    pub italic: bool,
    /// Struck through.
    pub struck: bool,
}

/// What characters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Text.
    Text,
    /// Code, as it stands.
    Code,
    /// An address of the web, `http` or `https`; it leads where it says.
    Address,
    /// A link of ours to a private group.
    Group,
    /// A person or everybody, with the sign `@`.
    Mention(Whom),
    /// The name of a channel or public chat, with the sign `#`.
    Channel,
}

/// The blocks of a text, in their order. White space between them is left out.
pub fn blocks(text: &str) -> Vec<Block> {
    if text.len() > LONGEST {
        let place = 0..text.len();
        return vec![Block::Paragraph(vec![Span {
            place,
            style: Style::default(),
            what: What::Text,
        }])];
    }
    let mut blocks = Vec::new();
    let mut from = 0;
    let mut fences = scan::Fences::default();
    while from < text.len() {
        from = if let Some(fence) = fences.at(text, from) {
            blocks.push(Block::Code {
                language: fence.language,
                place: fence.inside,
            });
            fence.end
        } else if scan::quote_sign(text, from).is_some() {
            quote(text, from, &mut blocks)
        } else {
            paragraph(text, from, &mut fences, &mut blocks)
        };
    }
    blocks
}

/// Whether a text looks other than it reads: then a simple client would show marks.
pub fn is_plain(text: &str, blocks: &[Block]) -> bool {
    match blocks {
        [] => true,
        [Block::Paragraph(spans)] => {
            matches!(&spans[..], [one] if one.what == What::Text && one.style == Style::default() && one.place == (0..text.len()))
        }
        _ => false,
    }
}

/// The people whom a text calls by name.
pub fn people(blocks: &[Block]) -> impl Iterator<Item = PublicKey> {
    let spans = blocks.iter().flat_map(|block| match block {
        Block::Paragraph(spans) | Block::Quote(spans) => &spans[..],
        Block::Code { .. } => &[],
    });
    spans.filter_map(|span| match span.what {
        What::Mention(Whom::Person(person)) => Some(person),
        _ => None,
    })
}

/// Bytes beyond which a text has no look but its own: twice what the longest message that is taken can have.
const LONGEST: usize = 32 << 10;

/// Lines up to an empty one or a fence.
fn paragraph(text: &str, from: usize, fences: &mut scan::Fences, blocks: &mut Vec<Block>) -> usize {
    let mut to = from;
    let next = loop {
        let end = scan::line_end(text, to);
        if text[to..end].trim().is_empty() {
            break end;
        }
        to = end;
        if to == text.len() || fences.at(text, to).is_some() {
            break to;
        }
    };
    let to = from + text[from..to].trim_end_matches(['\n', '\r']).len();
    if from < to {
        let place = from..to;
        blocks.push(Block::Paragraph(spans(text, std::slice::from_ref(&place))));
    }
    next
}

/// Lines up to an empty one that no line with the sign follows.
fn quote(text: &str, from: usize, blocks: &mut Vec<Block>) -> usize {
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut at = from;
    while at < text.len() {
        let end = scan::line_end(text, at);
        match scan::quote_sign(text, at) {
            Some(begin) => lines.push(begin..end),
            None if text[at..end].trim().is_empty() => {
                if end == text.len() || scan::quote_sign(text, end).is_none() {
                    at = end;
                    break;
                }
                lines.push(at..end);
            }
            None => lines.push(at..end),
        }
        at = end;
    }
    if let Some(last) = lines.last_mut() {
        last.end = last.start + text[last.clone()].trim_end_matches(['\n', '\r']).len();
    }
    let spans = spans(text, &lines);
    if !spans.is_empty() {
        blocks.push(Block::Quote(spans));
    }
    at
}

#[cfg(test)]
mod tests;
