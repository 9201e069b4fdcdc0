//! What a page says about itself: its title, a description, a picture (Open Graph, else plain HTML).
//!
//! The page is read as text by a tokenizer up to the end of its head; nothing in it is run, and nothing is fetched here.

use html5gum::{DefaultEmitter, Token, Tokenizer};
use messenger::previews::{MAX_DESCRIPTION, MAX_TITLE, clip};

/// What a page says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) title: String,
    pub(super) description: String,
    /// As it is written: may be relative.
    pub(super) picture: String,
}

/// Reads the head of a page; what is no HTML says nothing.
pub(super) fn read(html: &[u8]) -> Said {
    let html = String::from_utf8_lossy(html);
    let mut found = Found::default();
    let mut in_title = false;
    // What stands in a script is no tag.
    let mut emitter = DefaultEmitter::<()>::default();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(&*html, emitter).take(MAX_TOKENS) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => match &tag.name[..] {
                b"meta" => {
                    let value = |name: &[u8]| tag.attributes.get(name).map(|value| text(value));
                    let name = value(b"property").or_else(|| value(b"name")).unwrap_or_default();
                    found.meta(&name.to_ascii_lowercase(), value(b"content").unwrap_or_default());
                }
                b"title" => in_title = found.title.is_empty(),
                b"body" => break,
                _ => {}
            },
            Token::EndTag(tag) => match &tag.name[..] {
                b"title" => in_title = false,
                b"head" => break,
                _ => {}
            },
            Token::String(part) if in_title && found.title.len() < MAX_VALUE => found.title.push_str(&text(&part)),
            _ => {}
        }
    }
    found.said()
}

/// Everything that may be a title, a description or a picture, the better first.
#[derive(Default)]
struct Found {
    title: String,
    titles: [String; 2],
    descriptions: [String; 3],
    pictures: [String; 3],
}

impl Found {
    fn meta(&mut self, name: &str, content: String) {
        let place = match name {
            "og:title" => &mut self.titles[0],
            "twitter:title" => &mut self.titles[1],
            "og:description" => &mut self.descriptions[0],
            "twitter:description" => &mut self.descriptions[1],
            "description" => &mut self.descriptions[2],
            "og:image:secure_url" => &mut self.pictures[0],
            "og:image" | "og:image:url" => &mut self.pictures[1],
            "twitter:image" => &mut self.pictures[2],
            _ => return,
        };
        if place.is_empty() && content.len() <= MAX_VALUE {
            *place = content;
        }
    }

    fn said(self) -> Said {
        let first = |all: &[String]| all.iter().find(|one| !one.trim().is_empty()).cloned();
        let title = first(&self.titles).unwrap_or(self.title);
        Said {
            title: clip(&title, MAX_TITLE),
            description: clip(&first(&self.descriptions).unwrap_or_default(), MAX_DESCRIPTION),
            picture: first(&self.pictures).unwrap_or_default().trim().to_owned(),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_VALUE)]).into_owned()
}

/// Tags and texts that are looked at.
const MAX_TOKENS: usize = 20_000;
/// Bytes of one value.
const MAX_VALUE: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_graph_comes_before_plain_html() {
        let said = read(
            b"<!doctype html><html><head><title>Plain &amp; simple</title>
              <meta name=description content='of the page'>
              <meta property='og:title' content='  The\n title  '>
              <META PROPERTY=\"OG:IMAGE\" CONTENT=\"/pictures/1.png\">
              </head><body><meta property=og:description content=late></body></html>",
        );
        assert_eq!(said.title, "The title");
        assert_eq!(said.description, "of the page");
        assert_eq!(said.picture, "/pictures/1.png");
        assert_eq!(read(b"<title>Plain &amp; simple</title>").title, "Plain & simple");
    }

    #[test]
    fn what_cannot_be_seen_is_left_out_and_everything_is_bounded() {
        let said = read("<title>abc\u{202e}fed\u{200b}\u{0007} g</title>".as_bytes());
        assert_eq!(said.title, "abcfed g");
        let long = format!("<title>{}</title>", "word ".repeat(5_000));
        assert!(read(long.as_bytes()).title.chars().count() <= MAX_TITLE + 1);
        let many = "<meta property=og:title content=>".repeat(100_000);
        assert_eq!(read(many.as_bytes()), Said::default());
    }

    #[test]
    fn whatever_comes_is_no_panic() {
        for bytes in [
            &b""[..],
            b"\xff\xfe\x00<\x00",
            b"<title",
            b"<meta property='og:title' content='",
            b"{\"json\": true}",
            b"<title><title><title></head>",
            &[b'<'; 10_000],
        ] {
            let _ = read(bytes);
        }
        assert_eq!(read(b"<script>var title = '<title>no</title>'</script>").title, "");
    }
}
