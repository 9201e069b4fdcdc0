//! Finding messages by their text, with filters by chat, person and date.
//!
//! Words are compared without case and accents; the last word of a query may be a beginning. Scripts that put no spaces
//! between words have no words an index could hold, so a query in them looks for the text as it stands.

use protocol::Timestamp;
use protocol::id::ChatId;
use rusqlite::params;

use super::{MessageRow, Messages, read};
use crate::value::Sql;
use crate::{PublicKeyBytes, StoreError};

/// What to look for. Filters that are not set do not filter.
#[derive(Clone, Default)]
pub struct Search {
    /// The words; all of them must occur.
    pub text: String,
    /// Only in this chat.
    pub chat: Option<ChatId>,
    /// Only by this person.
    pub author: Option<PublicKeyBytes>,
    /// Only sent at this time or later.
    pub from: Option<Timestamp>,
    /// Only sent before this time: also the way to the next page.
    pub before: Option<Timestamp>,
}

impl std::fmt::Debug for Search {
    /// Not the words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search")
            .field("chat", &self.chat)
            .field("author", &self.author)
            .finish_non_exhaustive()
    }
}

impl Messages<'_> {
    /// Up to `limit` messages that fit, the newest first. Nothing, if the query has no words. A transaction does not find
    /// what it has written itself.
    pub fn search(&self, search: &Search, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
        let (found, pattern) = if has_script_without_spaces(&search.text) {
            ("m.text LIKE ?1 ESCAPE '\\'", substring_pattern(&search.text))
        } else {
            let Some(pattern) = word_pattern(&search.text) else {
                return Ok(Vec::new());
            };
            (
                "m.row IN (SELECT rowid FROM message_text WHERE message_text MATCH ?1)",
                pattern,
            )
        };
        self.0.all(
            &format!(
                "SELECT m.*, c.id AS chat_id FROM messages m JOIN chats c ON c.row = m.chat
                 WHERE {found}
                   AND (?2 IS NULL OR c.id = ?2) AND (?3 IS NULL OR m.author = ?3)
                   AND (?4 IS NULL OR m.sent_at >= ?4) AND (?5 IS NULL OR m.sent_at < ?5)
                 ORDER BY m.sent_at DESC, m.row DESC LIMIT ?6"
            ),
            params![
                pattern,
                search.chat.as_ref().map(Sql),
                search.author,
                search.from.map(Sql),
                search.before.map(Sql),
                limit
            ],
            read,
        )
    }
}

/// The query in the index's language: every word quoted, so that nothing in it is an operator, the last one open.
fn word_pattern(text: &str) -> Option<String> {
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
        .collect();
    (!words.is_empty()).then(|| format!("{}*", words.join(" ")))
}

fn substring_pattern(text: &str) -> String {
    let escaped = text
        .trim()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{escaped}%")
}

/// Thai, Lao, Burmese, Khmer, Japanese and Chinese.
fn has_script_without_spaces(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c,
            '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
    })
}
