//! Messages that wait for a script to fetch them, as nwaku keeps them: a few for all topics together, each given once.

use std::collections::{BTreeMap, BTreeSet};

use waku_proto::{ContentTopic, Envelope, MessageHash, PubsubTopic};

/// What was subscribed to by REST, and the messages of it.
#[derive(Debug)]
pub(crate) struct Cache {
    capacity: usize,
    pubsub_topics: BTreeSet<PubsubTopic>,
    content_topics: BTreeSet<ContentTopic>,
    /// By timestamp, so that the oldest goes when there are too many.
    messages: BTreeMap<(i64, MessageHash), Envelope>,
}

impl Cache {
    pub(crate) fn new(capacity: usize, topics: impl IntoIterator<Item = PubsubTopic>) -> Self {
        Self {
            capacity,
            pubsub_topics: topics.into_iter().collect(),
            content_topics: BTreeSet::new(),
            messages: BTreeMap::new(),
        }
    }

    pub(crate) fn subscribe(&mut self, topics: impl IntoIterator<Item = PubsubTopic>) {
        self.pubsub_topics.extend(topics);
    }

    pub(crate) fn unsubscribe(&mut self, topics: &[PubsubTopic]) {
        self.pubsub_topics.retain(|topic| !topics.contains(topic));
        self.forget_unwanted();
    }

    pub(crate) fn subscribe_content(&mut self, topics: impl IntoIterator<Item = ContentTopic>) {
        self.content_topics.extend(topics);
    }

    pub(crate) fn unsubscribe_content(&mut self, topics: &[ContentTopic]) {
        self.content_topics.retain(|topic| !topics.contains(topic));
        self.forget_unwanted();
    }

    /// Content topics that are subscribed to.
    pub(crate) fn content_topics(&self) -> impl Iterator<Item = &ContentTopic> {
        self.content_topics.iter()
    }

    pub(crate) fn is_subscribed(&self, topic: &PubsubTopic) -> bool {
        self.pubsub_topics.contains(topic)
    }

    /// Keeps a message, if anybody asked for its like.
    pub(crate) fn add(&mut self, envelope: Envelope, hash: MessageHash) {
        if !self.is_wanted(&envelope) {
            return;
        }
        let timestamp = envelope.message.timestamp.unwrap_or(0);
        self.messages.insert((timestamp, hash), envelope);
        if self.messages.len() > self.capacity {
            self.messages.pop_first();
        }
    }

    /// Takes the messages of a pubsub topic, oldest first; `None` if it is not subscribed to.
    pub(crate) fn take(&mut self, topic: &PubsubTopic) -> Option<Vec<Envelope>> {
        self.is_subscribed(topic)
            .then(|| self.take_where(|envelope| envelope.pubsub_topic == *topic))
    }

    /// Takes the messages of a content topic, oldest first; `None` if nothing of it can come in. As in nwaku, a
    /// message that came in for a pubsub topic makes its content topic readable.
    pub(crate) fn take_content(&mut self, topic: &ContentTopic) -> Option<Vec<Envelope>> {
        let is_here = |envelope: &Envelope| envelope.message.content_topic == *topic;
        let is_readable = self.content_topics.contains(topic) || self.messages.values().any(is_here);
        is_readable.then(|| self.take_where(is_here))
    }

    fn take_where(&mut self, is_asked_for: impl Fn(&Envelope) -> bool) -> Vec<Envelope> {
        let (taken, left) = std::mem::take(&mut self.messages)
            .into_iter()
            .partition(|(_, envelope)| is_asked_for(envelope));
        self.messages = left;
        BTreeMap::into_values(taken).collect()
    }

    fn is_wanted(&self, envelope: &Envelope) -> bool {
        self.pubsub_topics.contains(&envelope.pubsub_topic)
            || self.content_topics.contains(&envelope.message.content_topic)
    }

    fn forget_unwanted(&mut self) {
        let messages = std::mem::take(&mut self.messages);
        self.messages = messages
            .into_iter()
            .filter(|(_, envelope)| self.is_wanted(envelope))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waku_proto::WakuMessage;

    fn add(cache: &mut Cache, topic: &str, content: &str, timestamp: i64) {
        let envelope = Envelope::new(
            topic.into(),
            WakuMessage {
                payload: vec![1],
                content_topic: content.into(),
                timestamp: Some(timestamp),
                ..WakuMessage::default()
            },
        );
        let hash = envelope.hash();
        cache.add(envelope, hash);
    }

    fn times(messages: Option<Vec<Envelope>>) -> Option<Vec<i64>> {
        messages.map(|messages| {
            messages
                .iter()
                .filter_map(|envelope| envelope.message.timestamp)
                .collect()
        })
    }

    #[test]
    fn messages_are_given_once_and_only_where_subscribed() {
        let mut cache = Cache::new(50, [PubsubTopic::from("a")]);
        add(&mut cache, "a", "/x", 2);
        add(&mut cache, "a", "/y", 1);
        add(&mut cache, "b", "/z", 1);
        assert_eq!(times(cache.take_content(&"/y".into())), Some(vec![1]));
        assert_eq!(times(cache.take(&"a".into())), Some(vec![2]));
        assert_eq!(times(cache.take(&"a".into())), Some(vec![]));
        assert_eq!(cache.take(&"b".into()), None);
        assert_eq!(cache.take_content(&"/z".into()), None);
    }

    #[test]
    fn the_message_with_the_oldest_time_goes_first() {
        let mut cache = Cache::new(2, [PubsubTopic::from("a")]);
        for timestamp in [5, 1, 7, 6] {
            add(&mut cache, "a", "/x", timestamp);
            add(&mut cache, "a", "/x", timestamp);
        }
        assert_eq!(times(cache.take(&"a".into())), Some(vec![6, 7]));
    }

    #[test]
    fn what_nobody_wants_any_more_is_forgotten() {
        let mut cache = Cache::new(50, [PubsubTopic::from("a")]);
        cache.subscribe_content([ContentTopic::from("/x")]);
        add(&mut cache, "a", "/x", 1);
        add(&mut cache, "a", "/y", 2);
        cache.unsubscribe(&["a".into()]);
        assert_eq!(times(cache.take_content(&"/x".into())), Some(vec![1]));
        assert_eq!(cache.take_content(&"/y".into()), None);
    }
}
