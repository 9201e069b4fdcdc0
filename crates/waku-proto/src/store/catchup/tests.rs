use proptest::prelude::*;

use super::*;
use crate::message::WakuMessage;
use crate::store::{Response, TOO_MANY_REQUESTS};

/// A store node: what it keeps, and the answers it spoils.
#[derive(Default)]
struct Node {
    /// In store order.
    kept: Vec<(i64, MessageHash, Envelope)>,
    broken: bool,
    /// Every so many answers one fails (0 = never).
    fails_every: usize,
    asked: usize,
}

impl Node {
    fn keeping(kept: Vec<Envelope>) -> Self {
        let mut kept: Vec<_> = kept
            .into_iter()
            .map(|envelope| (time(&envelope), envelope.hash(), envelope))
            .collect();
        kept.sort_by_key(|(time, hash, _)| (*time, *hash));
        Self {
            kept,
            ..Self::default()
        }
    }

    fn answer(&mut self, query: &Query) -> Option<Response> {
        self.asked += 1;
        if self.broken || self.fails_every > 0 && self.asked.is_multiple_of(self.fails_every) {
            return None;
        }
        query.check().unwrap();
        let start = match query.cursor {
            None => 0,
            Some(cursor) => match self.kept.iter().position(|(_, hash, _)| *hash == cursor) {
                Some(at) => at + 1,
                None => return Some(Response::refused(BAD_RESPONSE, "cursor not found")),
            },
        };
        let mut rows: Vec<_> = self.kept[start..].iter().filter(|row| matches(query, row)).collect();
        let more = rows.len() > query.page_size();
        rows.truncate(query.page_size());
        let cursor = rows.last().filter(|_| more).map(|row| row.1);
        let data = |envelope: &Envelope| query.include_data.then(|| envelope.clone());
        let entries = rows.into_iter().map(|(_, hash, envelope)| Entry {
            hash: *hash,
            envelope: data(envelope),
        });
        Some(Response::page(entries.collect(), cursor))
    }
}

fn matches(query: &Query, (time, hash, envelope): &(i64, MessageHash, Envelope)) -> bool {
    query
        .pubsub_topic
        .as_ref()
        .is_none_or(|topic| *topic == envelope.pubsub_topic)
        && (query.content_topics.is_empty() || query.content_topics.contains(&envelope.message.content_topic))
        && query.start.is_none_or(|start| start <= *time)
        && query.end.is_none_or(|end| *time <= end)
        && (query.hashes.is_empty() || query.hashes.contains(hash))
}

fn time(envelope: &Envelope) -> i64 {
    envelope.message.timestamp.unwrap()
}

fn envelope(number: u32, time: i64) -> Envelope {
    let message = WakuMessage {
        payload: number.to_be_bytes().to_vec(),
        content_topic: "/a".into(),
        timestamp: Some(time),
        ..WakuMessage::default()
    };
    Envelope::new("/t".into(), message)
}

fn gap(from: i64, to: i64) -> Gap {
    Gap {
        pubsub_topic: "/t".into(),
        content_topics: BTreeSet::from(["/a".into()]),
        from,
        to,
    }
}

#[derive(Default, Debug)]
struct Result {
    delivered: Vec<Envelope>,
    closed: Vec<Closed>,
    open: Vec<Gap>,
    left_out: usize,
}

fn run(gaps: Vec<Gap>, nodes: &mut [Node]) -> Result {
    let names: Vec<usize> = (0..nodes.len()).collect();
    let mut catchup = Catchup::new(gaps, &names);
    let mut result = Result::default();
    let mut now = 0;
    for _ in 0..10_000 {
        if catchup.is_finished() {
            return result;
        }
        let Some(errand) = catchup.next_errand(now) else {
            now = catchup.next_due().unwrap();
            continue;
        };
        let progress = match nodes[errand.node].answer(&errand.query) {
            Some(response) => catchup.answered(errand.ticket, response, now),
            None => catchup.failed(errand.ticket, Failure::Unreachable, now),
        };
        result.delivered.extend(progress.envelopes);
        result.closed.extend(progress.closed);
        result.open.extend(progress.open);
        result.left_out += progress.left_out;
    }
    panic!("catching up does not end");
}

fn sorted(mut envelopes: Vec<Envelope>) -> Vec<Envelope> {
    envelopes.sort_by_cached_key(|envelope| (time(envelope), envelope.hash()));
    envelopes
}

/// Closed parts follow each other without a hole.
fn covered(closed: &[Closed]) -> (i64, i64) {
    for pair in closed.windows(2) {
        assert_eq!(pair[0].gap.to, pair[1].gap.from);
    }
    (closed[0].gap.from, closed[closed.len() - 1].gap.to)
}

#[test]
fn one_node_delivers_everything_page_by_page() {
    let all: Vec<Envelope> = (0..2350)
        .map(|number| envelope(number, i64::from(number / 3)))
        .collect();
    let result = run(vec![gap(0, 5000)], &mut [Node::keeping(all.clone())]);
    assert_eq!(sorted(result.delivered), sorted(all));
    assert_eq!(covered(&result.closed), (0, 5000));
    assert!(result.closed.len() > 1 && result.closed.iter().all(|closed| !closed.confirmed));
}

#[test]
fn what_the_first_node_lacks_comes_from_the_second() {
    let all: Vec<Envelope> = (0..500).map(|number| envelope(number, i64::from(number))).collect();
    let first = all
        .iter()
        .filter(|envelope| envelope.message.timestamp.unwrap() % 7 != 0)
        .cloned()
        .collect();
    let result = run(
        vec![gap(0, 1000)],
        &mut [Node::keeping(first), Node::keeping(all.clone())],
    );
    assert_eq!(sorted(result.delivered), all);
    assert_eq!(
        result.closed,
        [Closed {
            gap: gap(0, 1000),
            confirmed: true
        }]
    );
}

#[test]
fn a_dead_first_node_costs_nothing_but_the_confirmation() {
    let all: Vec<Envelope> = (0..250).map(|number| envelope(number, i64::from(number))).collect();
    let dead = Node {
        broken: true,
        ..Node::default()
    };
    let result = run(vec![gap(0, 1000)], &mut [dead, Node::keeping(all.clone())]);
    assert_eq!(sorted(result.delivered), all);
    assert_eq!(
        result.closed,
        [Closed {
            gap: gap(0, 1000),
            confirmed: false
        }]
    );
}

#[test]
fn nobody_answering_leaves_the_gap_open() {
    let dead = || Node {
        broken: true,
        ..Node::default()
    };
    let result = run(vec![gap(3, 9)], &mut [dead(), dead()]);
    assert_eq!(
        (result.open, result.closed.len(), result.delivered.len()),
        (vec![gap(3, 9)], 0, 0)
    );
}

#[test]
fn an_interruption_goes_on_at_the_other_node_by_time() {
    let all: Vec<Envelope> = (0..950).map(|number| envelope(number, i64::from(number / 2))).collect();
    let first = Node {
        fails_every: 3,
        ..Node::keeping(all.clone())
    };
    let result = run(vec![gap(0, 1000)], &mut [first, Node::keeping(all.clone())]);
    assert_eq!(sorted(result.delivered), sorted(all));
}

#[test]
fn many_topics_are_divided() {
    let content_topics = (0..25).map(|number| ContentTopic::new(format!("/{number}"))).collect();
    let mut catchup = Catchup::new(
        vec![Gap {
            content_topics,
            ..gap(0, 9)
        }],
        &["node"],
    );
    let errands: Vec<_> = std::iter::from_fn(|| catchup.next_errand(0)).collect();
    let sizes: Vec<usize> = errands.iter().map(|errand| errand.query.content_topics.len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
}

#[test]
fn lies_are_left_out() {
    let mut catchup = Catchup::new(vec![gap(10, 20)], &["node"]);
    let errand = catchup.next_errand(0).unwrap();
    let honest = envelope(1, 15);
    let other_topic = Envelope::new("/u".into(), honest.message.clone());
    let entry = |envelope: &Envelope| Entry {
        hash: envelope.hash(),
        envelope: Some(envelope.clone()),
    };
    let wrong_hash = Entry {
        hash: MessageHash([1; 32]),
        envelope: Some(envelope(2, 15)),
    };
    let no_data = Entry {
        hash: MessageHash([2; 32]),
        envelope: None,
    };
    let entries = vec![
        entry(&honest),
        entry(&other_topic),
        entry(&envelope(3, 21)),
        wrong_hash,
        no_data,
        entry(&honest),
    ];
    let progress = catchup.answered(errand.ticket, Response::page(entries, None), 0);
    assert_eq!((progress.envelopes, progress.left_out), (vec![honest], 4));
    assert!(catchup.is_finished());
}

#[test]
fn a_node_that_goes_in_circles_is_left() {
    let mut catchup = Catchup::new(vec![gap(0, 20)], &["node"]);
    let page = || {
        let envelope = envelope(1, 15);
        let hash = envelope.hash();
        Response::page(
            vec![Entry {
                hash,
                envelope: Some(envelope),
            }],
            Some(hash),
        )
    };
    let mut now = 0;
    let mut open = None;
    for _ in 0..200 {
        match catchup.next_errand(now) {
            Some(errand) => open = open.or(catchup.answered(errand.ticket, page(), now).open),
            None if catchup.is_finished() => break,
            None => now = catchup.next_due().unwrap(),
        }
    }
    assert_eq!(open, Some(gap(0, 20)));
}

#[test]
fn pages_too_long_become_smaller_and_busy_nodes_get_a_pause() {
    let mut catchup = Catchup::new(vec![gap(0, 20)], &["node"]);
    let errand = catchup.next_errand(0).unwrap();
    assert_eq!(errand.query.limit, Some(100));
    catchup.failed(errand.ticket, Failure::TooLong, 0);
    let errand = catchup.next_errand(0).unwrap();
    assert_eq!(errand.query.limit, Some(25));
    catchup.answered(errand.ticket, Response::refused(TOO_MANY_REQUESTS, ""), 0);
    assert!(catchup.next_errand(3_999).is_none());
    assert!(catchup.next_errand(4_000).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever two nodes keep and however often they fail: everything that a closed gap promises was
    /// delivered exactly once.
    #[test]
    fn closed_means_complete(
        times in proptest::collection::vec(0i64..600, 0..700),
        first in 0usize..8, second in 0usize..8,
        first_fails in 0usize..6, second_fails in 0usize..6,
    ) {
        let all: Vec<Envelope> = times.iter().zip(0..).map(|(time, number)| envelope(number, *time)).collect();
        let part = |skip: usize| all.iter().enumerate().filter(|(index, _)| skip == 0 || index % (skip + 1) != 0).map(|(_, envelope)| envelope.clone()).collect::<Vec<_>>();
        let mut nodes = [Node { fails_every: first_fails, ..Node::keeping(part(first)) }, Node { fails_every: second_fails, ..Node::keeping(part(second)) }];
        let result = run(vec![gap(0, 1000)], &mut nodes);
        let delivered: BTreeSet<MessageHash> = result.delivered.iter().map(Envelope::hash).collect();
        prop_assert_eq!(delivered.len(), result.delivered.len(), "nothing twice");
        for closed in &result.closed {
            let inside = |row: &&(i64, MessageHash, Envelope)| (closed.gap.from..=closed.gap.to).contains(&row.0);
            let kept: [BTreeSet<MessageHash>; 2] = [0, 1].map(|node: usize| nodes[node].kept.iter().filter(inside).map(|row| row.1).collect());
            let lacking = kept.each_ref().map(|kept| kept.difference(&delivered).count());
            if closed.confirmed {
                prop_assert_eq!(lacking, [0, 0]);
            }
        }
        if result.open.is_empty() {
            prop_assert_eq!(covered(&result.closed), (0, 1000));
        }
    }
}
