//! The server's table: who wants which content topics. Limits and texts as deployed nodes have them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ask, MAX_CONTENT_TOPICS, NOT_FOUND, TOO_MANY_REQUESTS, Topics};
use crate::envelope::Envelope;
use crate::topic::{ContentTopic, PubsubTopic};

/// Subscribers by peer. A criterion is a pair of pubsub topic and content topic.
#[derive(Clone, Debug)]
pub struct Subscribers<P> {
    limits: Limits,
    clients: BTreeMap<P, Client>,
    by_topic: BTreeMap<PubsubTopic, BTreeMap<ContentTopic, BTreeSet<P>>>,
}

/// How much is taken on. Times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Clients at the same time.
    pub clients: usize,
    /// Criteria of one client.
    pub criteria: usize,
    /// A client that neither subscribes nor pings for so long is dropped.
    pub timeout: u64,
}

impl Default for Limits {
    /// As deployed nodes have them.
    fn default() -> Self {
        Self {
            clients: 1000,
            criteria: 1000,
            timeout: 300_000,
        }
    }
}

#[derive(Clone, Debug)]
struct Client {
    criteria: BTreeSet<(PubsubTopic, ContentTopic)>,
    seen: u64,
}

impl<P: Ord + Clone> Subscribers<P> {
    /// An empty table.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            clients: BTreeMap::new(),
            by_topic: BTreeMap::new(),
        }
    }

    /// Works on a request; `now` in milliseconds.
    pub fn request(&mut self, peer: &P, ask: Ask, now: u64) -> Result<(), Refusal> {
        match ask {
            Ask::Ping => self.ping(peer, now),
            Ask::Subscribe(topics) => self.subscribe(peer, topics, now),
            Ask::Unsubscribe(topics) => self.unsubscribe(peer, topics),
            Ask::UnsubscribeAll => self.remove(peer).then_some(()).ok_or(Refusal::NoSubscription),
        }
    }

    /// Who is to receive the envelope.
    pub fn matching(&self, envelope: &Envelope) -> impl Iterator<Item = &P> {
        self.by_topic
            .get(&envelope.pubsub_topic)
            .and_then(|topics| topics.get(&envelope.message.content_topic))
            .into_iter()
            .flatten()
    }

    /// Forgets a client; false if it was not known.
    pub fn remove(&mut self, peer: &P) -> bool {
        let Some(client) = self.clients.remove(peer) else {
            return false;
        };
        for (pubsub, content) in &client.criteria {
            self.unlink(peer, pubsub, content);
        }
        true
    }

    /// Forgets clients not heard of for too long, and says which.
    pub fn expire(&mut self, now: u64) -> Vec<P> {
        let timeout = self.limits.timeout;
        let gone: Vec<P> = self
            .clients
            .iter()
            .filter(|(_, client)| now.saturating_sub(client.seen) > timeout)
            .map(|(peer, _)| peer.clone())
            .collect();
        for peer in &gone {
            self.remove(peer);
        }
        gone
    }

    /// Who subscribed to what.
    pub fn list(&self) -> Vec<(P, Vec<(PubsubTopic, ContentTopic)>)> {
        let clients = self.clients.iter();
        clients
            .map(|(peer, client)| (peer.clone(), client.criteria.iter().cloned().collect()))
            .collect()
    }

    /// Number of clients.
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// Whether nobody subscribed.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Whether the peer is a client.
    pub fn contains(&self, peer: &P) -> bool {
        self.clients.contains_key(peer)
    }

    fn ping(&mut self, peer: &P, now: u64) -> Result<(), Refusal> {
        let client = self.clients.get_mut(peer).ok_or(Refusal::NoSubscription)?;
        client.seen = now;
        Ok(())
    }

    fn subscribe(&mut self, peer: &P, topics: Topics, now: u64) -> Result<(), Refusal> {
        let (pubsub, contents) = checked(topics)?;
        match self.clients.get(peer) {
            Some(client) => {
                let added = contents
                    .iter()
                    .filter(|content| !client.criteria.contains(&(pubsub.clone(), (*content).clone())))
                    .count();
                if client.criteria.len() + added > self.limits.criteria {
                    return Err(Refusal::TooManyCriteria);
                }
            }
            None if self.clients.len() >= self.limits.clients => {
                return Err(Refusal::Full(self.limits.clients));
            }
            None if contents.len() > self.limits.criteria => return Err(Refusal::TooManyCriteria),
            None => {}
        }
        let client = self.clients.entry(peer.clone()).or_insert_with(|| Client {
            criteria: BTreeSet::new(),
            seen: now,
        });
        client.seen = now;
        let topics = self.by_topic.entry(pubsub.clone()).or_default();
        for content in contents {
            topics.entry(content.clone()).or_default().insert(peer.clone());
            client.criteria.insert((pubsub.clone(), content));
        }
        Ok(())
    }

    fn unsubscribe(&mut self, peer: &P, topics: Topics) -> Result<(), Refusal> {
        let (pubsub, contents) = checked(topics)?;
        let client = self.clients.get_mut(peer).ok_or(Refusal::NoSubscription)?;
        let removed: Vec<ContentTopic> = contents
            .into_iter()
            .filter(|content| client.criteria.remove(&(pubsub.clone(), content.clone())))
            .collect();
        if client.criteria.is_empty() {
            self.clients.remove(peer);
        }
        for content in &removed {
            self.unlink(peer, &pubsub, content);
        }
        if removed.is_empty() {
            Err(Refusal::NoSubscription)
        } else {
            Ok(())
        }
    }

    fn unlink(&mut self, peer: &P, pubsub: &PubsubTopic, content: &ContentTopic) {
        let Some(topics) = self.by_topic.get_mut(pubsub) else {
            return;
        };
        if let Some(peers) = topics.get_mut(content) {
            peers.remove(peer);
            if peers.is_empty() {
                topics.remove(content);
            }
        }
        if topics.is_empty() {
            self.by_topic.remove(pubsub);
        }
    }
}

/// The client asked for something it cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No pubsub topic or no content topics.
    #[error("BAD_REQUEST: pubsubTopic and contentTopics must be specified")]
    NoTopics,
    /// More than [`MAX_CONTENT_TOPICS`] in one request.
    #[error("BAD_REQUEST: exceeds maximum content topics: {MAX_CONTENT_TOPICS}")]
    TooManyContentTopics,
    /// Ping or unsubscribe of a stranger.
    #[error("NOT_FOUND: peer has no subscriptions")]
    NoSubscription,
    /// See [`Limits::criteria`].
    #[error("SERVICE_UNAVAILABLE: peer has reached maximum number of filter criteria")]
    TooManyCriteria,
    /// See [`Limits::clients`].
    #[error("SERVICE_UNAVAILABLE: node has reached maximum number of subscriptions: {0}")]
    Full(usize),
    /// Asked too often.
    #[error("filter request rejected due rate limit exceeded")]
    TooManyRequests,
}

impl Refusal {
    /// The number on the wire.
    pub fn status(self) -> u32 {
        match self {
            Self::NoTopics | Self::TooManyContentTopics => 400,
            Self::NoSubscription => NOT_FOUND,
            Self::TooManyCriteria | Self::Full(_) => 503,
            Self::TooManyRequests => TOO_MANY_REQUESTS,
        }
    }
}

fn checked(topics: Topics) -> Result<(PubsubTopic, Vec<ContentTopic>), Refusal> {
    let pubsub = topics.pubsub_topic.ok_or(Refusal::NoTopics)?;
    if topics.content_topics.is_empty() || topics.content_topics.iter().any(ContentTopic::is_empty) {
        return Err(Refusal::NoTopics);
    }
    if topics.content_topics.len() > MAX_CONTENT_TOPICS {
        return Err(Refusal::TooManyContentTopics);
    }
    Ok((pubsub, topics.content_topics))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::WakuMessage;

    fn topics(contents: &[&str]) -> Topics {
        Topics {
            pubsub_topic: Some("/t".into()),
            content_topics: contents.iter().map(|content| ContentTopic::from(*content)).collect(),
        }
    }

    fn receivers(table: &Subscribers<u8>, content: &str) -> Vec<u8> {
        let message = WakuMessage {
            payload: vec![1],
            content_topic: content.into(),
            ..WakuMessage::default()
        };
        table.matching(&Envelope::new("/t".into(), message)).copied().collect()
    }

    fn table() -> Subscribers<u8> {
        Subscribers::new(Limits {
            clients: 2,
            criteria: 3,
            ..Limits::default()
        })
    }

    #[test]
    fn subscribing_and_leaving() {
        let mut table = table();
        assert_eq!(table.request(&1, Ask::Subscribe(topics(&["/a", "/b"])), 0), Ok(()));
        assert_eq!(table.request(&2, Ask::Subscribe(topics(&["/b"])), 0), Ok(()));
        assert_eq!(
            (
                receivers(&table, "/a"),
                receivers(&table, "/b"),
                receivers(&table, "/c")
            ),
            (vec![1], vec![1, 2], vec![])
        );
        assert_eq!(table.request(&1, Ask::Unsubscribe(topics(&["/b", "/x"])), 0), Ok(()));
        assert_eq!(receivers(&table, "/b"), [2]);
        assert_eq!(table.request(&1, Ask::Unsubscribe(topics(&["/a"])), 0), Ok(()));
        assert_eq!(
            table.request(&1, Ask::Ping, 0),
            Err(Refusal::NoSubscription),
            "the last criterion takes the client along"
        );
        assert_eq!(table.request(&2, Ask::UnsubscribeAll, 0), Ok(()));
        assert!(table.is_empty() && table.by_topic.is_empty());
    }

    #[test]
    fn limits_hold() {
        let mut table = table();
        assert_eq!(
            table.request(&1, Ask::Subscribe(topics(&["/a", "/b", "/c", "/d"])), 0),
            Err(Refusal::TooManyCriteria)
        );
        assert_eq!(
            table.request(&1, Ask::Subscribe(topics(&["/a", "/b", "/c"])), 0),
            Ok(())
        );
        assert_eq!(
            table.request(&1, Ask::Subscribe(topics(&["/a", "/b", "/c"])), 0),
            Ok(()),
            "a refresh adds nothing"
        );
        assert_eq!(
            table.request(&1, Ask::Subscribe(topics(&["/d"])), 0),
            Err(Refusal::TooManyCriteria)
        );
        assert_eq!(table.request(&2, Ask::Subscribe(topics(&["/a"])), 0), Ok(()));
        assert_eq!(
            table.request(&3, Ask::Subscribe(topics(&["/a"])), 0),
            Err(Refusal::Full(2))
        );
        assert_eq!(
            table.request(&2, Ask::Subscribe(topics(&[])), 0),
            Err(Refusal::NoTopics)
        );
        let many: Vec<String> = (0..101).map(|number| format!("/{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(
            table.request(&2, Ask::Subscribe(topics(&many)), 0),
            Err(Refusal::TooManyContentTopics)
        );
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn silence_ends_a_subscription_and_a_ping_keeps_it() {
        let mut table = table();
        table.request(&1, Ask::Subscribe(topics(&["/a"])), 0).unwrap();
        table.request(&2, Ask::Subscribe(topics(&["/a"])), 0).unwrap();
        table.request(&2, Ask::Ping, 200_000).unwrap();
        assert!(table.expire(300_000).is_empty());
        assert_eq!(table.expire(300_001), [1]);
        assert_eq!(receivers(&table, "/a"), [2]);
    }
}
