//! What we listen to and write on: topics with the keys that open what comes on them.
//!
//! Deriving a topic's key costs milliseconds, so each is derived once and stands here. Several topics may share one
//! content topic: it has only four significant bytes.

use rusqlite::{Row, params};

use crate::access::Access;
use crate::{Secret, StoreError};

/// Door to the topics.
pub struct Topics<'t>(pub(crate) Access<'t>);

/// One topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicRow {
    /// What it is for, such as the name of a chat or of a person's contact code. Not the secret its key comes from.
    pub name: String,
    /// The pubsub topic.
    pub pubsub_topic: String,
    /// The content topic.
    pub content_topic: String,
    /// The key, 32 bytes; none if our own identity key opens it.
    pub key: Option<Secret>,
    /// Whether we want to hear what comes on it.
    pub listening: bool,
}

impl Topics<'_> {
    /// The topic with this name.
    pub fn load(&self, name: &str) -> Result<Option<TopicRow>, StoreError> {
        self.0.one("SELECT * FROM topics WHERE name = ?1", [name], read)
    }

    /// Saves a topic, the first time or anew.
    pub fn save(&mut self, topic: &TopicRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO topics (name, pubsub_topic, content_topic, key, listening)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                topic.name,
                topic.pubsub_topic,
                topic.content_topic,
                topic.key,
                topic.listening
            ],
        )?;
        self.0.record(|changes| changes.topics = true);
        Ok(())
    }

    /// Forgets a topic and erases its key.
    pub fn remove(&mut self, name: &str) -> Result<(), StoreError> {
        self.0.execute("DELETE FROM topics WHERE name = ?1", [name])?;
        self.0.record(|changes| {
            changes.topics = true;
            changes.erased = true;
        });
        Ok(())
    }

    /// The topics we listen to that have this content topic: the keys to try.
    pub fn listening_on(&self, content_topic: &str) -> Result<Vec<TopicRow>, StoreError> {
        self.0.all(
            "SELECT * FROM topics WHERE content_topic = ?1 AND listening = 1 ORDER BY name",
            [content_topic],
            read,
        )
    }

    /// All topics we listen to.
    pub fn listening(&self) -> Result<Vec<TopicRow>, StoreError> {
        self.0
            .all("SELECT * FROM topics WHERE listening = 1 ORDER BY name", [], read)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<TopicRow> {
    Ok(TopicRow {
        name: row.get("name")?,
        pubsub_topic: row.get("pubsub_topic")?,
        content_topic: row.get("content_topic")?,
        key: row.get("key")?,
        listening: row.get("listening")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    fn topic(name: &str, content_topic: &str, listening: bool) -> TopicRow {
        TopicRow {
            name: name.to_owned(),
            pubsub_topic: "shard".into(),
            content_topic: content_topic.to_owned(),
            key: (name != "ours").then(|| vec![1; 32].into()),
            listening,
        }
    }

    #[test]
    fn topics_that_share_a_content_topic_are_all_tried() {
        let mut store = Store::in_memory().unwrap();
        let rows = [
            topic("a", "x", true),
            topic("b", "x", true),
            topic("c", "x", false),
            topic("ours", "y", true),
        ];
        let ((), changes) = store
            .write(|tx| rows.iter().try_for_each(|row| tx.topics().save(row)))
            .unwrap();
        assert!(changes.topics);
        store
            .read(|view| {
                assert_eq!(view.topics().listening_on("x")?, rows[..2]);
                assert_eq!(view.topics().listening()?, [&rows[..2], &rows[3..]].concat());
                assert_eq!(view.topics().load("c")?.as_ref(), Some(&rows[2]));
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let ((), changes) = store.write(|tx| tx.topics().remove("a")).unwrap();
        assert!(changes.topics && changes.erased);
        assert_eq!(store.read(|view| view.topics().load("a")).unwrap(), None);
    }
}
