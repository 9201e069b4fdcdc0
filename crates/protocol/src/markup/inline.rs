//! The marks inside a block: first everything that means the same wherever it stands, then emphasis around it.

use std::ops::Range;

use super::{Span, Style, What};
use crate::link::{address_at, group_link_at};
use crate::mention::mention_at;

/// Something that is not taken apart any more.
enum Token {
    /// Characters.
    Piece(Range<usize>, What),
    /// A run of one emphasis mark.
    Marks(u8, Range<usize>),
}

/// The spans of a block that consists of these parts of the text.
pub(super) fn spans(text: &str, parts: &[Range<usize>]) -> Vec<Span> {
    let mut tokens = Vec::new();
    for part in parts {
        tokenise(text, part.clone(), &mut tokens);
    }
    let mut spans = Vec::new();
    emphasise(text, &tokens, Style::default(), &mut spans);
    spans
}

/// Splits a part of the text. Code comes before everything, an address before the marks in it.
fn tokenise(text: &str, part: Range<usize>, tokens: &mut Vec<Token>) {
    let text = &text[..part.end];
    let (mut plain, mut at) = (part.start, part.start);
    let mut unclosed = Vec::new();
    while at < part.end {
        let before = text[part.start..at].chars().next_back();
        let (token, shown, end) = match special(text, at, before, &mut unclosed) {
            None => {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            Some(Special::Escaped) => (None, at + 1, at + 2),
            Some(Special::Token(token, end)) => (Some(token), end, end),
        };
        if plain < at {
            tokens.push(Token::Piece(plain..at, What::Text));
        }
        tokens.extend(token);
        (plain, at) = (shown, end);
    }
    if plain < part.end {
        tokens.push(Token::Piece(plain..part.end, What::Text));
    }
}

/// Something that is more than a character.
enum Special {
    /// A backslash before a mark that stands for itself.
    Escaped,
    /// A token, and where it ends with its marks.
    Token(Token, usize),
}

/// What begins here, behind this character, if it is more than a character.
fn special(text: &str, at: usize, before: Option<char>, unclosed: &mut Vec<usize>) -> Option<Special> {
    let rest = &text[at..];
    let (what, length) = match rest.as_bytes()[0] {
        b'\\' => return rest[1..].starts_with(is_mark).then_some(Special::Escaped),
        b'`' => return Some(code(text, at, unclosed)),
        mark @ (b'*' | b'_' | b'~') => {
            let end = at + rest.bytes().take_while(|byte| *byte == mark).count();
            return Some(Special::Token(Token::Marks(mark, at..end), end));
        }
        b'@' => {
            let (whom, length) = mention_at(rest)?;
            (What::Mention(whom), length)
        }
        b'#' if !before.is_some_and(char::is_alphanumeric) => (What::Channel, channel(rest)?),
        b'h' | b'H' if !before.is_some_and(|c| c.is_ascii_alphanumeric()) => (What::Address, address_at(rest)?),
        b'u' | b'U' if !before.is_some_and(char::is_alphanumeric) => (What::Group, group_link_at(rest)?),
        _ => return None,
    };
    Some(Special::Token(Token::Piece(at..at + length, what), at + length))
}

/// Code between as many backticks as it begins with; without the spaces at its ends.
fn code(text: &str, at: usize, unclosed: &mut Vec<usize>) -> Special {
    let ticks = text[at..].bytes().take_while(|byte| *byte == b'`').count();
    let inside = at + ticks;
    let as_it_stands = |end: usize| Special::Token(Token::Piece(at..end, What::Text), end);
    if unclosed.contains(&ticks) {
        return as_it_stands(inside);
    }
    let Some(length) = text[inside..].find(&text[at..inside]) else {
        unclosed.push(ticks);
        return as_it_stands(inside);
    };
    let end = inside + length + ticks;
    let between = &text[inside..inside + length];
    let code = between.trim_matches(' ');
    if code.is_empty() {
        return as_it_stands(end);
    }
    let start = inside + between.len() - between.trim_start_matches(' ').len();
    Special::Token(Token::Piece(start..start + code.len(), What::Code), end)
}

/// The length of a channel's name with its sign: small letters, digits and minus signs up to white space.
fn channel(rest: &str) -> Option<usize> {
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let name = rest[1..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (!name.is_empty() && name.len() <= MAX_CHANNEL_BYTES && name.bytes().all(fits)).then(|| 1 + name.len())
}

/// Longer words are no names.
const MAX_CHANNEL_BYTES: usize = 100;

/// Finds the pairs of marks among tokens, and writes the spans inside and outside of them.
fn emphasise(text: &str, tokens: &[Token], style: Style, spans: &mut Vec<Span>) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Piece(place, what) => push(spans, place.clone(), style, *what),
            Token::Marks(mark, place) => {
                if let Some((inner, close)) = pair(text, tokens, at, *mark, place.len(), style) {
                    emphasise(text, &tokens[at + 1..close], inner, spans);
                    at = close + 1;
                    continue;
                }
                push(spans, place.clone(), style, What::Text);
            }
        }
        at += 1;
    }
}

/// The style between a run of marks and the run that closes it, and which token that is.
fn pair(text: &str, tokens: &[Token], open: usize, mark: u8, length: usize, style: Style) -> Option<(Style, usize)> {
    let inner = match (mark, length) {
        (b'~', 1 | 2) => Style { struck: true, ..style },
        (b'*' | b'_', 1) => Style { italic: true, ..style },
        (b'*' | b'_', 2) => Style { bold: true, ..style },
        (b'*' | b'_', 3) => Style {
            bold: true,
            italic: true,
            ..style
        },
        _ => return None,
    };
    let after = |place: &Range<usize>| text[place.end..].chars().next();
    let before = |place: &Range<usize>| text[..place.start].chars().next_back();
    let place = |index: usize| match &tokens[index] {
        Token::Piece(place, _) | Token::Marks(_, place) => place,
    };
    // What is that already needs no more marks, and so depth has an end.
    if inner == style || after(place(open)).is_none_or(char::is_whitespace) {
        return None;
    }
    for (close, token) in tokens.iter().enumerate().skip(open + 1) {
        let Token::Marks(other, run) = token else {
            continue;
        };
        if *other != mark {
            continue;
        }
        let hugs = !before(run).is_some_and(char::is_whitespace);
        let fits = run.len() == length && hugs;
        if length == 1 {
            // A single mark is closed by the next one or not at all, and not inside a word.
            let ends_word = after(run).is_none_or(|c| c.is_whitespace() || !c.is_alphanumeric());
            return (fits && ends_word && close > open + 1).then_some((inner, close));
        }
        if fits && close > open + 1 {
            return Some((inner, close));
        }
    }
    None
}

/// Appends a span, to the one before if they look the same and stand side by side.
fn push(spans: &mut Vec<Span>, place: Range<usize>, style: Style, what: What) {
    match spans.last_mut() {
        Some(last)
            if what == What::Text && last.what == what && last.style == style && last.place.end == place.start =>
        {
            last.place.end = place.end;
        }
        _ => spans.push(Span { place, style, what }),
    }
}

fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\\' | '`'
            | '*'
            | '_'
            | '{'
            | '}'
            | '['
            | ']'
            | '('
            | ')'
            | '#'
            | '+'
            | '-'
            | '.'
            | '!'
            | ':'
            | '|'
            | '&'
            | '<'
            | '>'
            | '~'
    )
}
