//! The client's side: which server holds which of our wishes, and what to ask next.
//!
//! Two servers are used at the same time, so that one going silent loses nothing. Pushes carry no
//! acknowledgement; a ping every minute finds out whether a server still knows us.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ask, MAX_CONTENT_TOPICS, Topics};
use crate::envelope::Envelope;
use crate::interests::Interests;
use crate::topic::{ContentTopic, PubsubTopic};

/// Our subscriptions. `P` names a peer; times are in milliseconds.
#[derive(Clone, Debug)]
pub struct Subscriptions<P> {
    wanted: Interests,
    servers: BTreeMap<P, Server>,
}

#[derive(Clone, Debug, Default)]
struct Server {
    /// What it confirmed.
    holds: BTreeSet<(PubsubTopic, ContentTopic)>,
    in_flight: Option<Ask>,
    /// Nothing is asked before.
    not_before: u64,
    ping_at: u64,
}

impl<P: Ord + Clone> Default for Subscriptions<P> {
    fn default() -> Self {
        Self {
            wanted: Interests::new(),
            servers: BTreeMap::new(),
        }
    }
}

impl<P: Ord + Clone> Subscriptions<P> {
    /// Replaces the wishes.
    pub fn want(&mut self, wanted: Interests) {
        self.wanted = wanted;
    }

    /// Tells which peers serve filter and are connected, the best first. Servers that are gone are
    /// dropped, the free places filled.
    pub fn available(&mut self, peers: &[P], now: u64) {
        self.servers.retain(|peer, _| peers.contains(peer));
        for peer in peers {
            if self.servers.len() >= SERVERS {
                break;
            }
            self.servers.entry(peer.clone()).or_insert_with(|| Server {
                not_before: now,
                ping_at: now + PING_EVERY,
                ..Server::default()
            });
        }
    }

    /// What to ask next, and whom. Call until it says `None`; every question needs a
    /// [`Self::answered`].
    pub fn next_request(&mut self, now: u64) -> Option<(P, Ask)> {
        let wanted: BTreeSet<(PubsubTopic, ContentTopic)> = self
            .wanted
            .pairs()
            .map(|(pubsub, content)| (pubsub.clone(), content.clone()))
            .collect();
        for (peer, server) in &mut self.servers {
            if server.in_flight.is_none()
                && now >= server.not_before
                && let Some(ask) = server.due(&wanted, now)
            {
                server.in_flight = Some(ask.clone());
                return Some((peer.clone(), ask));
            }
        }
        None
    }

    /// The answer to the question that was put to `peer`.
    pub fn answered(&mut self, peer: &P, result: Result<(), Failure>, now: u64) {
        let Some(server) = self.servers.get_mut(peer) else {
            return;
        };
        let Some(ask) = server.in_flight.take() else {
            return;
        };
        match (result, ask) {
            (Ok(()), ask) => server.confirmed(ask, now),
            (Err(Failure::NotFound), Ask::Ping | Ask::UnsubscribeAll) => server.holds.clear(),
            (Err(Failure::NotFound), Ask::Unsubscribe(topics)) => server.release(topics),
            (Err(Failure::NotFound), Ask::Subscribe(_)) | (Err(Failure::Busy), _) => {
                server.not_before = now + BUSY_PAUSE
            }
            (Err(Failure::Silent), _) => {
                self.servers.remove(peer);
            }
        }
    }

    /// Whether a push is one that we asked this peer for.
    pub fn expects(&self, peer: &P, envelope: &Envelope) -> bool {
        self.servers.contains_key(peer) && self.wanted.wants(envelope)
    }

    /// How many servers hold every wish.
    pub fn complete_servers(&self) -> usize {
        self.servers
            .values()
            .filter(|server| {
                self.wanted
                    .pairs()
                    .all(|(pubsub, content)| server.holds.contains(&(pubsub.clone(), content.clone())))
            })
            .count()
    }

    /// The servers in use.
    pub fn servers(&self) -> impl Iterator<Item = &P> {
        self.servers.keys()
    }
}

impl Server {
    fn due(&self, wanted: &BTreeSet<(PubsubTopic, ContentTopic)>, now: u64) -> Option<Ask> {
        if let Some(topics) = batch(wanted.difference(&self.holds)) {
            return Some(Ask::Subscribe(topics));
        }
        if let Some(topics) = batch(self.holds.difference(wanted)) {
            return Some(Ask::Unsubscribe(topics));
        }
        (now >= self.ping_at && !self.holds.is_empty()).then_some(Ask::Ping)
    }

    fn confirmed(&mut self, ask: Ask, now: u64) {
        match ask {
            Ask::Subscribe(Topics {
                pubsub_topic: Some(pubsub),
                content_topics,
            }) => {
                self.holds
                    .extend(content_topics.into_iter().map(|content| (pubsub.clone(), content)));
                self.ping_at = now + PING_EVERY;
            }
            Ask::Unsubscribe(topics) => self.release(topics),
            Ask::UnsubscribeAll => self.holds.clear(),
            Ask::Ping | Ask::Subscribe(_) => self.ping_at = now + PING_EVERY,
        }
    }

    fn release(&mut self, topics: Topics) {
        let Some(pubsub) = topics.pubsub_topic else {
            return;
        };
        for content in topics.content_topics {
            self.holds.remove(&(pubsub.clone(), content));
        }
    }
}

/// Why a server did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It does not know us (404).
    NotFound,
    /// It refuses for now: too many requests, or full.
    Busy,
    /// No answer, or none that makes sense.
    Silent,
}

/// Topics of the first pubsub topic among the pairs, as many as fit into a request.
fn batch<'a>(pairs: impl Iterator<Item = &'a (PubsubTopic, ContentTopic)>) -> Option<Topics> {
    let mut pairs = pairs.peekable();
    let pubsub = pairs.peek()?.0.clone();
    let content_topics = pairs
        .filter(|(topic, _)| *topic == pubsub)
        .take(MAX_CONTENT_TOPICS)
        .map(|(_, content)| content.clone())
        .collect();
    Some(Topics {
        pubsub_topic: Some(pubsub),
        content_topics,
    })
}

/// Servers used at the same time.
const SERVERS: usize = 2;
/// A fifth of the five minutes after which servers forget a silent client.
const PING_EVERY: u64 = 60_000;
/// Pause after a refusal: deployed servers refill their allowance within two seconds.
const BUSY_PAUSE: u64 = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(contents: &[&str]) -> Interests {
        contents
            .iter()
            .map(|content| ("/t".into(), ContentTopic::from(*content)))
            .collect()
    }

    fn subscribe(contents: &[&str]) -> Ask {
        Ask::Subscribe(topics(contents))
    }

    fn topics(contents: &[&str]) -> Topics {
        Topics {
            pubsub_topic: Some("/t".into()),
            content_topics: contents.iter().map(|content| ContentTopic::from(*content)).collect(),
        }
    }

    fn settled(contents: &[&str]) -> Subscriptions<u8> {
        let mut subscriptions = Subscriptions::default();
        subscriptions.want(wishes(contents));
        subscriptions.available(&[7], 0);
        assert_eq!(subscriptions.next_request(0), Some((7, subscribe(contents))));
        subscriptions.answered(&7, Ok(()), 0);
        assert_eq!(subscriptions.next_request(0), None);
        subscriptions
    }

    #[test]
    fn two_of_three_servers_are_used_and_a_lost_one_is_replaced() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.want(wishes(&["/a"]));
        subscriptions.available(&[3, 1, 2], 0);
        let mut asked = Vec::new();
        while let Some((peer, _)) = subscriptions.next_request(0) {
            asked.push(peer);
        }
        assert_eq!(asked, [1, 3]);
        subscriptions.answered(&1, Ok(()), 0);
        subscriptions.answered(&3, Err(Failure::Silent), 0);
        assert_eq!(subscriptions.complete_servers(), 1);
        subscriptions.available(&[1, 2], 0);
        assert_eq!(subscriptions.next_request(0), Some((2, subscribe(&["/a"]))));
    }

    #[test]
    fn changed_wishes_become_the_difference() {
        let mut subscriptions = settled(&["/a", "/b"]);
        subscriptions.want(wishes(&["/b", "/c"]));
        assert_eq!(subscriptions.next_request(0), Some((7, subscribe(&["/c"]))));
        assert_eq!(subscriptions.next_request(0), None, "one question at a time");
        subscriptions.answered(&7, Ok(()), 0);
        assert_eq!(
            subscriptions.next_request(0),
            Some((7, Ask::Unsubscribe(topics(&["/a"]))))
        );
        subscriptions.answered(&7, Err(Failure::NotFound), 0);
        assert_eq!(subscriptions.next_request(0), None);
        assert_eq!(subscriptions.complete_servers(), 1);
    }

    #[test]
    fn a_server_that_forgot_us_is_asked_again() {
        let mut subscriptions = settled(&["/a"]);
        assert_eq!(subscriptions.next_request(59_999), None);
        assert_eq!(subscriptions.next_request(60_000), Some((7, Ask::Ping)));
        subscriptions.answered(&7, Err(Failure::NotFound), 60_000);
        assert_eq!(subscriptions.next_request(60_000), Some((7, subscribe(&["/a"]))));
    }

    #[test]
    fn a_busy_server_gets_a_pause() {
        let mut subscriptions = settled(&["/a"]);
        subscriptions.want(wishes(&["/a", "/b"]));
        assert!(subscriptions.next_request(10).is_some());
        subscriptions.answered(&7, Err(Failure::Busy), 10);
        assert_eq!(subscriptions.next_request(2_009), None);
        assert_eq!(subscriptions.next_request(2_010), Some((7, subscribe(&["/b"]))));
    }

    #[test]
    fn many_wishes_go_in_batches() {
        let mut subscriptions = Subscriptions::default();
        let contents: Vec<String> = (0..250).map(|number| format!("/{number:03}")).collect();
        subscriptions.want(
            contents
                .iter()
                .map(|content| ("/t".into(), ContentTopic::from(content.as_str())))
                .collect(),
        );
        subscriptions.available(&[7], 0);
        let mut sizes = Vec::new();
        while let Some((_, Ask::Subscribe(topics))) = subscriptions.next_request(0) {
            sizes.push(topics.content_topics.len());
            subscriptions.answered(&7, Ok(()), 0);
        }
        assert_eq!(sizes, [100, 100, 50]);
        assert_eq!(subscriptions.complete_servers(), 1);
    }
}
