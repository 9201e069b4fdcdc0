//! Addresses of the web in a text: what a preview can be made of.
//!
//! Only `http://` and `https://` count. An address ends at white space, at a character that addresses cannot hold, and
//! before punctuation that belongs to the sentence. Addresses inside code are left out, as text that is quoted is not
//! shared.

use std::ops::Range;

use super::{Link, MAX_LINK_BYTES};

/// An address in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Where it stands, in bytes.
    pub place: Range<usize>,
    /// The address.
    pub url: String,
    /// Where it leads, if it is a Status link.
    pub link: Option<Link>,
}

/// Up to `most` different addresses of a text, in their order.
pub fn addresses(text: &str, most: usize) -> Vec<Address> {
    let code = code(text);
    let mut found: Vec<Address> = Vec::new();
    let mut from = 0;
    while found.len() < most
        && let Some(start) = next(text, from)
    {
        let place = start..start + length(&text[start..]);
        from = place.end;
        let url = &text[place.clone()];
        let quoted = code.iter().any(|code| code.contains(&start));
        let again = found.iter().any(|known| known.url == url);
        let has_host = url.split_once("://").is_some_and(|(_, rest)| !rest.is_empty());
        if quoted || again || !has_host || url.len() > MAX_LINK_BYTES {
            continue;
        }
        found.push(Address {
            place,
            url: url.to_owned(),
            link: url.parse().ok(),
        });
    }
    found
}

/// Where the next address begins; it does not begin inside a word.
fn next(text: &str, from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let at = from + text[from..].find("://")?;
        let start = text[..at]
            .rfind(|c: char| !c.is_ascii_alphanumeric())
            .map_or(0, |before| {
                before + text[before..].chars().next().map_or(1, char::len_utf8)
            });
        let scheme = &text[start..at];
        if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") {
            return Some(start);
        }
        from = at + "://".len();
    }
}

/// How many bytes of a text belong to the address of the web that it begins with.
pub(crate) fn address_at(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        let begin = text.get(..scheme.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    })?;
    let length = length(text);
    (length > scheme.len() && length <= MAX_LINK_BYTES).then_some(length)
}

/// How many bytes of the text belong to the address that it begins with. A bracket at its end does if it was opened in it.
fn length(text: &str) -> usize {
    let end = text.find(ends_address).unwrap_or(text.len());
    let mut url = &text[..end];
    let surplus = |open: char, close: char| url.matches(close).count().saturating_sub(url.matches(open).count());
    let (mut round, mut square) = (surplus('(', ')'), surplus('[', ']'));
    loop {
        let Some(last) = url.chars().next_back() else { return 0 };
        let closes = match last {
            ')' if round > 0 => {
                round -= 1;
                true
            }
            ']' if square > 0 => {
                square -= 1;
                true
            }
            _ => matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~'),
        };
        if !closes {
            return url.len();
        }
        url = &url[..url.len() - last.len_utf8()];
    }
}

fn ends_address(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^')
}

/// The parts of a text that stand between backticks.
pub(crate) fn code(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find('`').map(|at| from + at) {
        let ticks = text[start..].bytes().take_while(|byte| *byte == b'`').count();
        let inside = start + ticks;
        match text[inside..].find(&"`".repeat(ticks)) {
            Some(length) => {
                parts.push(inside..inside + length);
                from = inside + length + ticks;
            }
            None => from = inside,
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(text: &str) -> Vec<String> {
        addresses(text, 9).into_iter().map(|address| address.url).collect()
    }

    #[test]
    fn addresses_end_where_the_sentence_goes_on() {
        assert_eq!(
            urls("see https://example.org/a, or (http://example.org/b)."),
            ["https://example.org/a", "http://example.org/b"]
        );
        assert_eq!(
            urls("https://example.org/wiki/Rust_(language)"),
            ["https://example.org/wiki/Rust_(language)"]
        );
        assert_eq!(urls("<https://example.org/?q=1&r=2>"), ["https://example.org/?q=1&r=2"]);
        assert_eq!(urls("**https://example.org**"), ["https://example.org"]);
        assert_eq!(urls("éhttps://example.org"), ["https://example.org"]);
    }

    #[test]
    fn other_schemes_words_and_code_are_no_addresses() {
        for text in [
            "ftp://example.org",
            "xhttps://example.org",
            "https://",
            "http:/example.org",
            "`https://example.org`",
            "```\nhttps://example.org\n```",
            "://",
            "",
            "https://.",
        ] {
            assert!(urls(text).is_empty(), "{text:?}");
        }
        assert_eq!(urls("`code` https://example.org"), ["https://example.org"]);
        assert_eq!(urls("an open ` https://example.org"), ["https://example.org"]);
    }

    #[test]
    fn each_address_counts_once_and_not_too_many() {
        assert_eq!(
            urls("http://a.example http://a.example http://b.example"),
            ["http://a.example", "http://b.example"]
        );
        let many: String = (0..20).map(|n| format!("http://{n}.example ")).collect();
        assert_eq!(addresses(&many, 5).len(), 5);
    }

    #[test]
    fn status_links_are_recognised() {
        let text = "me: https://status.app/u#zQ3shwQPhRuDJSjVGVBnTjCdgXy5i9WQaeVPdGJD6yTarJQSj.";
        let found = addresses(text, 5);
        assert!(found[0].link.is_some());
        assert!(text[found[0].place.clone()].ends_with("JQSj"));
    }
}
