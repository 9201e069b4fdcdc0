//! What a text looks like, for the API.

use std::ops::Range;

use api::{TextBlock, TextBlockKind, TextSpan, TextSpanKind};
use messenger::markup::{self, Block, Span, What, Whom};
use store::{PublicKeyBytes, StoreError};

use super::{Reading, key_text};

impl Reading<'_> {
    /// What a text looks like; nothing if it looks as it reads.
    pub(super) fn look(&self, text: &str) -> Result<Vec<TextBlock>, StoreError> {
        let blocks = markup::blocks(text);
        if markup::is_plain(text, &blocks) {
            return Ok(Vec::new());
        }
        blocks.iter().map(|block| self.block(text, block)).collect()
    }

    /// The characters of a text without its marks, on one line: for quotes and lists.
    pub(super) fn in_a_line(&self, text: &str) -> Result<String, StoreError> {
        let blocks = self.look(text)?;
        let mut line = String::new();
        for span in blocks.iter().flat_map(|block| &block.spans) {
            line += &span.text;
        }
        let line = if blocks.is_empty() { text } else { &line };
        Ok(line.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn block(&self, text: &str, block: &Block) -> Result<TextBlock, StoreError> {
        let (kind, spans) = match block {
            Block::Paragraph(spans) => (TextBlockKind::Paragraph, spans),
            Block::Quote(spans) => (TextBlockKind::Quote, spans),
            Block::Code { language, place } => {
                return Ok(TextBlock {
                    kind: TextBlockKind::Code,
                    language: language.clone().map(|place| text[place].to_owned()),
                    spans: vec![plain(text, place, TextSpanKind::Code)],
                });
            }
        };
        Ok(TextBlock {
            kind,
            language: None,
            spans: spans
                .iter()
                .map(|span| self.span(text, span))
                .collect::<Result<_, _>>()?,
        })
    }

    fn span(&self, text: &str, span: &Span) -> Result<TextSpan, StoreError> {
        let mut shown = match span.what {
            What::Text => plain(text, &span.place, TextSpanKind::Text),
            What::Code => plain(text, &span.place, TextSpanKind::Code),
            What::Address => plain(text, &span.place, TextSpanKind::Link),
            What::Channel => plain(text, &span.place, TextSpanKind::Channel),
            What::Mention(whom) => {
                let (name, key) = match whom {
                    Whom::Everybody => (EVERYBODY.to_owned(), None),
                    Whom::Person(person) => {
                        let key = PublicKeyBytes::from(person.to_compressed());
                        (self.name_of(&key)?, Some(key_text(&key)))
                    }
                };
                TextSpan {
                    text: format!("@{name}"),
                    key,
                    ..plain(text, &span.place, TextSpanKind::Mention)
                }
            }
        };
        (shown.bold, shown.italic, shown.struck) = (span.style.bold, span.style.italic, span.style.struck);
        Ok(shown)
    }
}

fn plain(text: &str, place: &Range<usize>, kind: TextSpanKind) -> TextSpan {
    TextSpan {
        kind,
        text: text[place.clone()].to_owned(),
        bold: false,
        italic: false,
        struck: false,
        key: None,
    }
}

/// What everybody in a chat is called, after the sign.
const EVERYBODY: &str = "everyone";
