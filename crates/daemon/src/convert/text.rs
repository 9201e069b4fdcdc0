//! What a text looks like, and how its author reads it, for the API.

use std::ops::Range;

use api::{Draft, Named, TextBlock, TextBlockKind, TextSpan, TextSpanKind, Written};
use messenger::chats::rules;
use messenger::markup::{self, Block, Span, What, Whom};
use messenger::mention::names;
use store::{Deletion, DraftRow, MessageRow, PublicKeyBytes, StoreError};

use super::{Reading, key_text, parse_key};

impl Reading<'_> {
    /// The text of a message of ours to begin an edit with; none if it is the text that is shown anyway, or cannot be edited.
    pub(super) fn written(&self, row: &MessageRow) -> Result<Option<Written>, StoreError> {
        let is_ours = row.author == self.own.key && row.deletion == Deletion::None;
        if !is_ours || !rules::is_editable(row.kind) || !row.text.contains('@') {
            return Ok(None);
        }
        let written = self.as_written(&row.text)?;
        Ok((written.text != row.text).then_some(written))
    }

    /// What was begun in a chat; none if nothing was.
    pub(super) fn draft(&self, row: &DraftRow) -> Result<Option<Draft>, StoreError> {
        if *row == DraftRow::default() {
            return Ok(None);
        }
        let Written { text, mentions } = self.as_written(&row.text)?;
        Ok(Some(Draft {
            text,
            mentions,
            reply_to: row.response_to.as_ref().map(ToString::to_string),
            edits: row.edits.as_ref().map(ToString::to_string),
        }))
    }

    fn as_written(&self, text: &str) -> Result<Written, StoreError> {
        let mut failed = None;
        let (text, named) = names::with_names(text, |person| {
            let name = self.name_of(&PublicKeyBytes::from(person.to_compressed()));
            name.map_err(|error| failed = Some(error)).ok()
        });
        let mentions = named.into_iter().map(|named| Named {
            name: named.name,
            key: named.person.to_multibase(),
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(Written {
                text,
                mentions: mentions.collect(),
            }),
        }
    }

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
            What::Group => plain(text, &span.place, TextSpanKind::Group),
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

/// A text as it is sent, from how its author wrote it. None if a key is none.
pub(crate) fn meant(text: &str, mentions: &[Named]) -> Option<String> {
    let named = mentions.iter().take(messenger::mention::MAX_MENTIONS).map(|named| {
        Some(names::Named {
            name: named.name.clone(),
            person: parse_key(&named.key)?,
        })
    });
    let named: Vec<names::Named> = named.collect::<Option<_>>()?;
    Some(names::with_keys(text, &named))
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
