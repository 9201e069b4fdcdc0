//! Topics (23/WAKU2-TOPICS): the pubsub topic names a gossip mesh, the content topic names what a
//! message is about.
//!
//! Neither is changed or completed here: two spellings of a topic are two topics. Names of shards are
//! read and written in [`crate::shard`].

use std::fmt;
use std::sync::Arc;

/// A pubsub topic, normally `/waku/2/rs/<cluster>/<shard>`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PubsubTopic(Arc<str>);

impl PubsubTopic {
    /// Takes the name as it stands.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A content topic, normally `/<application>/<version>/<name>/<encoding>`; opaque on static shards.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentTopic(String);

impl ContentTopic {
    /// Takes the name as it stands. An empty one makes a message that nobody forwards.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn as_text(&self) -> &String {
        &self.0
    }

    /// The name, without copying it.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether the name is empty, which no node accepts in a message.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for PubsubTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PubsubTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for PubsubTopic {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for PubsubTopic {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl fmt::Display for ContentTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ContentTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for ContentTopic {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for ContentTopic {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}
