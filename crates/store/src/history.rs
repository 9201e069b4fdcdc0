//! How far history is complete: for each topic the spans of time of which nothing is missing.

use rusqlite::params;

use crate::StoreError;
use crate::access::Access;

/// Door to the history spans.
pub struct History<'t>(pub(crate) Access<'t>);

/// A span of time in nanoseconds since 1970; `start` belongs to it, `stop` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first moment of it.
    pub start: i64,
    /// The first moment after it.
    pub stop: i64,
}

impl History<'_> {
    /// The complete spans of a topic, the earliest first.
    pub fn complete(&self, pubsub_topic: &str, content_topic: &str) -> Result<Vec<Span>, StoreError> {
        self.0.all(
            "SELECT start, stop FROM history WHERE pubsub_topic = ?1 AND content_topic = ?2 ORDER BY start",
            params![pubsub_topic, content_topic],
            |row| {
                Ok(Span {
                    start: row.get("start")?,
                    stop: row.get("stop")?,
                })
            },
        )
    }

    /// Adds a span to those of a topic, joining it with all it overlaps or touches. Empty spans add nothing.
    pub fn add(&mut self, pubsub_topic: &str, content_topic: &str, span: Span) -> Result<(), StoreError> {
        if span.stop <= span.start {
            return Ok(());
        }
        let joined = self.0.all(
            "DELETE FROM history WHERE pubsub_topic = ?1 AND content_topic = ?2 AND start <= ?4 AND stop >= ?3
             RETURNING start, stop",
            params![pubsub_topic, content_topic, span.start, span.stop],
            |row| {
                Ok(Span {
                    start: row.get("start")?,
                    stop: row.get("stop")?,
                })
            },
        )?;
        let start = joined.iter().map(|other| other.start).fold(span.start, i64::min);
        let stop = joined.iter().map(|other| other.stop).fold(span.stop, i64::max);
        self.0.execute(
            "INSERT INTO history (pubsub_topic, content_topic, start, stop) VALUES (?1, ?2, ?3, ?4)",
            params![pubsub_topic, content_topic, start, stop],
        )?;
        Ok(())
    }

    /// Forgets what is complete of a topic, so that it will be asked for again.
    pub fn forget(&mut self, pubsub_topic: &str, content_topic: &str) -> Result<(), StoreError> {
        self.0.execute(
            "DELETE FROM history WHERE pubsub_topic = ?1 AND content_topic = ?2",
            params![pubsub_topic, content_topic],
        )?;
        Ok(())
    }
}
