//! Finding messages: by their words through the full-text index, by chat, person, time and kind.
//!
//! What is found is in the order of time, the newest first. One look reads a bounded number of messages: it may find less
//! than was asked for and say where to go on.
//!
//! The words come first: the rows that have them are numbers, and reading them off the index is cheap, some fifty
//! milliseconds for the commonest word among a million messages. If they are few, each is looked at; if they are many, messages are walked through in the order of time, and those with the words are
//! looked at, which finds enough soon. Scripts without spaces have no words, so there each message is looked at.

use std::ops::ControlFlow;

use protocol::Timestamp;
use protocol::id::ChatId;
use rusqlite::ToSql;

use super::{Deletion, MessageRow, Messages, read};
use crate::value::{Sql, column};
use crate::{PublicKeyBytes, StoreError};

/// What to look for. Only one thing has to be said.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Words that must all occur, the last of them as the beginning of one if it has three characters. Not a query
    /// language: signs mean nothing.
    pub text: String,
    /// Only in this chat.
    pub chat: Option<ChatId>,
    /// Only by this person.
    pub author: Option<PublicKeyBytes>,
    /// Only sent at this time or later.
    pub from: Option<Timestamp>,
    /// Only sent before this time.
    pub before: Option<Timestamp>,
    /// Only of one of these sorts; of any, if none is named.
    pub sorts: Vec<Sort>,
}

impl Search {
    /// Whether anything but words is asked for.
    pub fn is_narrow(&self) -> bool {
        let words_alone = Search {
            text: self.text.clone(),
            ..Search::default()
        };
        *self != words_alone
    }
}

/// A sort of message, as a person sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Of this content type (the wire's number), without a file.
    Content(u32),
    /// One that announces a file.
    File,
}

/// What a look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The messages, the newest first.
    pub rows: Vec<MessageRow>,
    /// Where to go on; none at the end.
    pub next: Option<SearchPlace>,
}

/// A place in the order of what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SearchPlace {
    /// When the message was sent.
    pub sent_at: Timestamp,
    /// A number that orders equal times, of no other meaning.
    pub row: i64,
}

impl SearchPlace {
    /// Before everything.
    const FIRST: SearchPlace = SearchPlace {
        sent_at: Timestamp(i64::MAX as u64),
        row: i64::MAX,
    };
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

/// What a text says to look for.
enum Needle {
    /// Everything.
    Anything,
    /// Nothing: signs only.
    Nothing,
    /// Words, in the language of the index.
    Words(String),
    /// Characters, in small letters.
    Characters(String),
}

impl Messages<'_> {
    /// Up to `limit` messages that fit, from the one after `after`. Nothing, if the text has no words, or nothing is said
    /// at all. A transaction does not find what it has written itself.
    pub fn search(&self, search: &Search, after: Option<SearchPlace>, limit: u32) -> Result<Found, StoreError> {
        let after = after.unwrap_or(SearchPlace::FIRST);
        match needle(&search.text) {
            Needle::Nothing => Ok(Found::default()),
            Needle::Anything if !search.is_narrow() => Ok(Found::default()),
            Needle::Anything => self.walk(search, after, limit, |_| true, |_| true),
            Needle::Characters(text) => {
                let has = |row: &MessageRow| row.text.to_lowercase().contains(&text);
                self.walk(search, after, limit, |_| true, has)
            }
            Needle::Words(pattern) => {
                let hits = self.hits(&pattern)?;
                if hits.len() <= FEW_HITS {
                    return self.look_at_each(search, after, limit, &hits);
                }
                self.walk(search, after, limit, |row| hits.binary_search(&row).is_ok(), |_| true)
            }
        }
    }

    /// The rows of messages with these words, in ascending order: the other way round the index reads far slower.
    fn hits(&self, pattern: &str) -> Result<Vec<i64>, StoreError> {
        self.0.all(
            "SELECT rowid FROM message_text WHERE message_text MATCH ?1 ORDER BY rowid",
            [pattern],
            |row| row.get(0),
        )
    }

    fn look_at_each(&self, search: &Search, after: SearchPlace, limit: u32, hits: &[i64]) -> Result<Found, StoreError> {
        let mut found = Vec::new();
        for row in hits {
            let Some(message) = self.by_row(*row)? else { continue };
            let place = SearchPlace {
                sent_at: message.sent_at,
                row: *row,
            };
            if place < after && self.fits(search, &message)? {
                found.push((place, message));
            }
        }
        found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|(place, _)| *place);
        Ok(Found {
            rows: found.into_iter().map(|(_, message)| message).collect(),
            next,
        })
    }

    /// Walks through the messages that chat, person and time leave, in the order of time, and looks at those with the
    /// words.
    fn walk(
        &self,
        search: &Search,
        after: SearchPlace,
        limit: u32,
        has_words: impl Fn(i64) -> bool,
        has_characters: impl Fn(&MessageRow) -> bool,
    ) -> Result<Found, StoreError> {
        let latest = search
            .before
            .map_or(Timestamp(i64::MAX as u64), |before| before.minus(1));
        let mut rows = Vec::new();
        let (mut steps, mut looks) = (0, 0);
        let mut next = None;
        let (from, latest) = (Sql(search.from.unwrap_or(Timestamp(0))), Sql(latest.min(after.sent_at)));
        let (time, chat) = (Sql(after.sent_at), search.chat.as_ref().map(Sql));
        let mut values: Vec<&dyn ToSql> = vec![&from, &latest, &time, &after.row];
        let statement = match (&chat, &search.author) {
            (Some(chat), _) => {
                values.push(chat);
                IN_CHAT
            }
            (None, Some(author)) => {
                values.push(author);
                OF_PERSON
            }
            (None, None) => EVERYWHERE,
        };
        self.0.walk(statement, &values[..], |row| {
            let place = SearchPlace {
                row: row.get("row")?,
                sent_at: column(row, "sent_at")?,
            };
            steps += 1;
            if has_words(place.row) {
                looks += 1;
                if let Some(message) = self.by_row(place.row)?
                    && has_characters(&message)
                    && self.fits(search, &message)?
                {
                    rows.push(message);
                }
            }
            if rows.len() == limit as usize || steps == MOST_STEPS || looks == MOST_LOOKS {
                next = Some(place);
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Found { rows, next })
    }

    fn by_row(&self, row: i64) -> Result<Option<MessageRow>, StoreError> {
        self.0.one(
            "SELECT m.*, c.id AS chat_id FROM messages m JOIN chats c ON c.row = m.chat WHERE m.row = ?1",
            [row],
            read,
        )
    }

    /// Whether a message is what is looked for, apart from its words.
    fn fits(&self, search: &Search, message: &MessageRow) -> Result<bool, StoreError> {
        let fits = message.deletion == Deletion::None
            && search.chat.as_ref().is_none_or(|chat| *chat == message.chat)
            && search.author.is_none_or(|author| author == message.author)
            && search.from.is_none_or(|from| message.sent_at >= from)
            && search.before.is_none_or(|before| message.sent_at < before);
        if !fits || search.sorts.is_empty() {
            return Ok(fits);
        }
        let has_file = self
            .0
            .exists("SELECT 1 FROM files WHERE message = ?1", [Sql(&message.id)])?;
        let sort = match has_file {
            true => Sort::File,
            false => Sort::Content(message.kind),
        };
        Ok(search.sorts.contains(&sort))
    }
}

const EVERYWHERE: &str = "SELECT row, sent_at FROM messages INDEXED BY messages_time
     WHERE sent_at >= ?1 AND sent_at <= ?2 AND (sent_at < ?3 OR row < ?4) ORDER BY sent_at DESC, row DESC";

const IN_CHAT: &str = "SELECT row, sent_at FROM messages INDEXED BY messages_sent
     WHERE chat = (SELECT row FROM chats WHERE id = ?5) AND sent_at >= ?1 AND sent_at <= ?2
         AND (sent_at < ?3 OR row < ?4) ORDER BY sent_at DESC, row DESC";

const OF_PERSON: &str = "SELECT row, sent_at FROM messages INDEXED BY messages_author
     WHERE author = ?5 AND sent_at >= ?1 AND sent_at <= ?2 AND (sent_at < ?3 OR row < ?4)
     ORDER BY sent_at DESC, row DESC";

/// So few that each is looked at.
const FEW_HITS: usize = 2_000;

/// Entries of an index that one look walks through: some twenty milliseconds.
const MOST_STEPS: u32 = 200_000;

/// Messages that one look reads: some twenty milliseconds.
const MOST_LOOKS: u32 = 5_000;

fn needle(text: &str) -> Needle {
    if text.trim().is_empty() {
        return Needle::Anything;
    }
    if has_script_without_spaces(text) {
        return Needle::Characters(text.trim().to_lowercase());
    }
    word_pattern(text).map_or(Needle::Nothing, Needle::Words)
}

/// The query in the index's language: every word quoted, so that nothing in it is an operator. The last one is open, unless
/// it is so short that a great part of all words would begin with it.
fn word_pattern(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .take(MOST_WORDS)
        .collect();
    let last = words.last()?;
    let open = last.chars().nth(SHORTEST_BEGINNING - 1).is_some();
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
        .collect();
    Some(quoted.join(" ") + if open { "*" } else { "" })
}

/// Words beyond these are not looked for: nobody types so many, and each costs a look into the index.
const MOST_WORDS: usize = 32;

/// Characters from which on a word may be the beginning of another.
const SHORTEST_BEGINNING: usize = 3;

/// Thai, Lao, Burmese, Khmer, Japanese and Chinese.
fn has_script_without_spaces(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c,
            '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
    })
}
