//! What we want to hear: content topics per pubsub topic.
//!
//! A value, compared and replaced as a whole. How the wish is met (relay, filter) is not said here.

use std::collections::{BTreeMap, BTreeSet};

use crate::envelope::Envelope;
use crate::topic::{ContentTopic, PubsubTopic};

/// Content topics per pubsub topic. A pubsub topic with an empty set means everything on it, which
/// only relay can deliver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interests(pub BTreeMap<PubsubTopic, BTreeSet<ContentTopic>>);

impl Interests {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one content topic.
    pub fn insert(&mut self, pubsub_topic: PubsubTopic, content_topic: ContentTopic) {
        self.0.entry(pubsub_topic).or_default().insert(content_topic);
    }

    /// Whether the envelope is one that we want to hear.
    pub fn wants(&self, envelope: &Envelope) -> bool {
        self.0
            .get(&envelope.pubsub_topic)
            .is_some_and(|topics| topics.is_empty() || topics.contains(&envelope.message.content_topic))
    }

    /// The pubsub topics.
    pub fn pubsub_topics(&self) -> impl Iterator<Item = &PubsubTopic> {
        self.0.keys()
    }

    /// Every pair of pubsub topic and content topic.
    pub fn pairs(&self) -> impl Iterator<Item = (&PubsubTopic, &ContentTopic)> {
        self.0
            .iter()
            .flat_map(|(pubsub, contents)| contents.iter().map(move |content| (pubsub, content)))
    }
}

impl FromIterator<(PubsubTopic, ContentTopic)> for Interests {
    fn from_iter<T: IntoIterator<Item = (PubsubTopic, ContentTopic)>>(pairs: T) -> Self {
        let mut interests = Self::new();
        for (pubsub_topic, content_topic) in pairs {
            interests.insert(pubsub_topic, content_topic);
        }
        interests
    }
}
