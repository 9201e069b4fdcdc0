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

    /// Forgets that a span of a topic is complete, so that it will be asked for again.
    pub fn reopen(&mut self, pubsub_topic: &str, content_topic: &str, span: Span) -> Result<(), StoreError> {
        let complete = self.complete(pubsub_topic, content_topic)?;
        self.forget(pubsub_topic, content_topic)?;
        for Span { start, stop } in complete {
            for (start, stop) in [(start, stop.min(span.start)), (start.max(span.stop), stop)] {
                self.add(pubsub_topic, content_topic, Span { start, stop })?;
            }
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::Store;

    fn complete(store: &Store, topic: &str) -> Vec<Span> {
        store.read(|view| view.history().complete("shard", topic)).unwrap()
    }

    #[test]
    fn topics_do_not_mix_and_can_be_forgotten() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                tx.history().add("shard", "a", Span { start: 0, stop: 10 })?;
                tx.history().add("shard", "b", Span { start: 5, stop: 15 })?;
                tx.history().add("shard", "b", Span { start: 20, stop: 20 })
            })
            .unwrap();
        assert_eq!(complete(&store, "a"), [Span { start: 0, stop: 10 }]);
        assert_eq!(complete(&store, "b"), [Span { start: 5, stop: 15 }]);
        store.write(|tx| tx.history().forget("shard", "a")).unwrap();
        assert!(complete(&store, "a").is_empty());
        assert_eq!(complete(&store, "b").len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_reopened_is_missing_and_nothing_else(
            added in prop::collection::vec((0_i64..60, 0_i64..20), 0..10),
            (start, length) in (0_i64..60, 0_i64..30),
        ) {
            let mut store = Store::in_memory().unwrap();
            let mut moments = BTreeSet::new();
            for (start, length) in added {
                moments.extend(start..start + length);
                store.write(|tx| tx.history().add("shard", "a", Span { start, stop: start + length })).unwrap();
            }
            let span = Span { start, stop: start + length };
            store.write(|tx| tx.history().reopen("shard", "a", span)).unwrap();
            moments.retain(|moment| !(span.start..span.stop).contains(moment));
            let kept: BTreeSet<i64> =
                complete(&store, "a").iter().flat_map(|span| span.start..span.stop).collect();
            prop_assert_eq!(kept, moments);
        }

        #[test]
        fn the_spans_are_the_moments_that_were_added(added in prop::collection::vec((0_i64..60, 0_i64..20), 0..20)) {
            let mut store = Store::in_memory().unwrap();
            let mut moments = BTreeSet::new();
            for (start, length) in added {
                moments.extend(start..start + length);
                store.write(|tx| tx.history().add("shard", "a", Span { start, stop: start + length })).unwrap();
            }
            let spans = complete(&store, "a");
            prop_assert!(spans.iter().all(|span| span.start < span.stop));
            prop_assert!(spans.windows(2).all(|pair| pair[0].stop < pair[1].start), "joined where they touch");
            let kept: BTreeSet<i64> = spans.iter().flat_map(|span| span.start..span.stop).collect();
            prop_assert_eq!(kept, moments);
        }
    }
}
