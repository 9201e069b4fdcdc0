//! A store node (13/WAKU2-STORE) without sockets: keeps what reaches it and answers queries as a deployed one does.
//!
//! It is honest but not always there: what is published while it is down, it never has.

use std::collections::BTreeMap;

use waku_proto::store::{Direction, Entry, Query, Response, SUCCESS};
use waku_proto::{Envelope, MessageHash};

/// What one store node holds.
#[derive(Clone, Debug, Default)]
pub struct StoreNode {
    kept: BTreeMap<(i64, MessageHash), Envelope>,
    times: BTreeMap<MessageHash, i64>,
    down: bool,
}

impl StoreNode {
    /// Switches the node off: it keeps nothing and answers nothing.
    pub fn go_down(&mut self) {
        self.down = true;
    }

    /// Switches the node on again.
    pub fn come_up(&mut self) {
        self.down = false;
    }

    /// Whether the node works.
    pub fn is_up(&self) -> bool {
        !self.down
    }

    /// Keeps an envelope, unless it is ephemeral or the node is down.
    pub fn keep(&mut self, envelope: &Envelope) {
        if self.down || envelope.message.ephemeral {
            return;
        }
        let hash = envelope.hash();
        let time = envelope.message.timestamp.unwrap_or(0);
        self.times.insert(hash, time);
        self.kept.insert((time, hash), envelope.clone());
    }

    /// Everything held, oldest first.
    pub fn envelopes(&self) -> impl Iterator<Item = &Envelope> {
        self.kept.values()
    }

    /// Answers a query; `None` while the node is down.
    pub fn answer(&self, query: &Query) -> Option<Response> {
        if self.down {
            return None;
        }
        let after = match query.cursor {
            None => None,
            Some(hash) => match self.times.get(&hash) {
                Some(time) => Some((*time, hash)),
                None => return Some(Response::refused(300, "the cursor is not known")),
            },
        };
        let fits = |(key, envelope): &(&(i64, MessageHash), &Envelope)| {
            let content_topic = &envelope.message.content_topic;
            (query.hashes.is_empty() || query.hashes.contains(&key.1))
                && query
                    .pubsub_topic
                    .as_ref()
                    .is_none_or(|topic| *topic == envelope.pubsub_topic)
                && (query.content_topics.is_empty() || query.content_topics.contains(content_topic))
                && query.start.is_none_or(|start| key.0 >= start)
                && query.end.is_none_or(|end| key.0 <= end)
        };
        let limit = query.page_size();
        let mut page: Vec<_> = match query.direction {
            Direction::Forward => {
                let rest = self
                    .kept
                    .iter()
                    .filter(|(key, _)| after.is_none_or(|after| **key > after));
                rest.filter(fits).take(limit + 1).collect()
            }
            Direction::Backward => {
                let rest = self
                    .kept
                    .iter()
                    .rev()
                    .filter(|(key, _)| after.is_none_or(|after| **key < after));
                rest.filter(fits).take(limit + 1).collect()
            }
        };
        let more = page.len() > limit;
        page.truncate(limit);
        let cursor = page.last().filter(|_| more).map(|(key, _)| key.1);
        if query.direction == Direction::Backward {
            page.reverse();
        }
        let entries = page.into_iter().map(|(key, envelope)| Entry {
            hash: key.1,
            envelope: query.include_data.then(|| envelope.clone()),
        });
        let mut response = Response::page(entries.collect(), cursor);
        response.request_id = query.request_id.clone();
        debug_assert_eq!(response.status, SUCCESS);
        Some(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waku_proto::WakuMessage;

    fn node(count: i64) -> StoreNode {
        let mut node = StoreNode::default();
        for time in 1..=count {
            let message = WakuMessage {
                payload: vec![1],
                content_topic: if time % 2 == 0 { "/even" } else { "/odd" }.into(),
                timestamp: Some(time),
                ..WakuMessage::default()
            };
            node.keep(&Envelope::new("/waku/2/rs/16/32".into(), message));
        }
        node
    }

    fn times(response: &Response) -> Vec<i64> {
        let time = |entry: &Entry| {
            entry
                .envelope
                .as_ref()
                .and_then(|envelope| envelope.message.timestamp)
                .unwrap()
        };
        response.entries.iter().map(time).collect()
    }

    #[test]
    fn pages_follow_the_cursor_in_both_directions() {
        let node = node(9);
        for direction in [Direction::Forward, Direction::Backward] {
            let mut query = Query {
                content_topics: vec!["/odd".into()],
                limit: Some(2),
                direction,
                ..Query::default()
            };
            let mut pages = Vec::new();
            loop {
                let page = node.answer(&query).unwrap();
                pages.push(times(&page));
                match page.cursor {
                    Some(cursor) => query.cursor = Some(cursor),
                    None => break,
                }
            }
            let expected: &[&[i64]] = match direction {
                Direction::Forward => &[&[1, 3], &[5, 7], &[9]],
                Direction::Backward => &[&[7, 9], &[3, 5], &[1]],
            };
            assert_eq!(pages, expected);
        }
    }

    #[test]
    fn a_node_that_is_down_keeps_and_answers_nothing() {
        let mut node = node(1);
        node.go_down();
        assert_eq!(node.answer(&Query::default()), None);
        let message = WakuMessage {
            payload: vec![2],
            content_topic: "/odd".into(),
            ..WakuMessage::default()
        };
        node.keep(&Envelope::new("/waku/2/rs/16/32".into(), message));
        node.come_up();
        assert_eq!(node.answer(&Query::default()).unwrap().entries.len(), 1);
    }
}
