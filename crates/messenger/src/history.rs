//! How far the past is known, topic by topic, and what to ask store nodes for.
//!
//! A span of a topic is complete once every envelope of it that a store node gave is in the database; both are written in
//! one transaction. What was heard live does not count: only a store node can say that nothing was missed.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Timestamp;
use protocol::address;
use store::{Span, StoreError, TopicRow, View};
use waku_proto::store::{Gap, MAX_CONTENT_TOPICS};
use waku_proto::{ContentTopic, Envelope, PubsubTopic};

use crate::datasync;
use crate::topics::{self, CONTACT_CODE};
use crate::turn::{Me, Turn};

/// A stretch of time of which something may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryGap {
    /// Where and when; at most ten content topics.
    pub gap: Gap,
    /// Whether a first message waits for it: somebody's contact code, to be asked for before anything else.
    pub urgent: bool,
}

/// A page of history.
#[derive(Clone, Debug, Default)]
pub struct HistoryPage {
    /// What was found, in any order.
    pub envelopes: Vec<Envelope>,
    /// What is complete with this page and those before it.
    pub closed: Option<Gap>,
    /// The store node it is from, by its peer id.
    pub from: Option<String>,
}

/// What is missing at `now`, urgent stretches first.
pub(crate) fn gaps(view: &View<'_>, me: &Me, now: Timestamp) -> Result<Vec<HistoryGap>, StoreError> {
    let urgent = urgent_topics(view)?;
    // Topics that miss the same stretch are asked for together.
    let mut missing: BTreeMap<(bool, PubsubTopic, i64, i64), BTreeSet<ContentTopic>> = BTreeMap::new();
    for topic in view.topics().listening()? {
        let is_urgent = urgent.contains(topic.content_topic.as_str());
        for span in missing_spans(view, me, &topic, now)? {
            let key = (!is_urgent, topic.pubsub_topic.as_str().into(), span.start, span.stop);
            missing
                .entry(key)
                .or_default()
                .insert(topic.content_topic.as_str().into());
        }
    }
    let mut gaps = Vec::new();
    for ((patient, pubsub_topic, from, stop), topics) in missing {
        let topics: Vec<ContentTopic> = topics.into_iter().collect();
        for some in topics.chunks(MAX_CONTENT_TOPICS) {
            let content_topics = some.iter().cloned().collect();
            let gap = Gap {
                pubsub_topic: pubsub_topic.clone(),
                content_topics,
                from,
                to: stop - 1,
            };
            gaps.push(HistoryGap { gap, urgent: !patient });
        }
    }
    Ok(gaps)
}

/// Remembers that a gap is closed; if it was somebody's contact code, nothing has to wait for it any more.
pub(crate) fn close(turn: &mut Turn<'_, '_>, gap: &Gap) -> Result<(), StoreError> {
    let span = Span {
        start: gap.from,
        stop: gap.to.saturating_add(1),
    };
    for topic in &gap.content_topics {
        turn.tx.history().add(gap.pubsub_topic.as_str(), topic.as_str(), span)?;
    }
    for peer in turn.tx.datasync().never_sent_to(datasync::NEVER)? {
        let Ok(person) = crypto::PublicKey::from_compressed(peer.as_bytes()) else {
            continue;
        };
        if gap
            .content_topics
            .contains(&address::contact_code(&person).content_topic)
        {
            datasync::stop_holding(turn, &person)?;
        }
    }
    Ok(())
}

/// Network keeps messages for 30 days.
const REACH_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// Store nodes take envelopes that are up to 20 s off, and senders' clocks differ: the end of a complete span is asked
/// for once more.
const OVERLAP_NS: i64 = 60 * 1_000_000_000;

/// The contact codes of people to whom a first message waits.
fn urgent_topics(view: &View<'_>) -> Result<BTreeSet<String>, StoreError> {
    let peers = view.datasync().never_sent_to(datasync::NEVER)?;
    let people = peers
        .iter()
        .filter_map(|peer| crypto::PublicKey::from_compressed(peer.as_bytes()).ok());
    Ok(people
        .map(|person| address::contact_code(&person).content_topic.into_string())
        .collect())
}

/// The first moment of a topic that is of interest. What others announced before we existed is of use; what they could
/// have sent us before is nothing; of a public chat it is a day before we came, as for deployed clients.
fn first_moment(view: &View<'_>, me: &Me, topic: &TopicRow) -> Result<Timestamp, StoreError> {
    if let Some(chat) = topics::public_chat_of(&topic.name) {
        let came = view.chats().load(&chat)?.map_or(me.history_from, |row| row.created_at);
        return Ok(came.minus(BEFORE_WE_CAME_MS));
    }
    Ok(match topic.name.ends_with(CONTACT_CODE) {
        true => Timestamp(0),
        false => me.history_from,
    })
}

/// How much of a public chat from before we came is asked for.
const BEFORE_WE_CAME_MS: u64 = 24 * 60 * 60 * 1_000;

fn missing_spans(view: &View<'_>, me: &Me, topic: &TopicRow, now: Timestamp) -> Result<Vec<Span>, StoreError> {
    let reach = now.minus(REACH_MS);
    let begin = reach.max(first_moment(view, me, topic)?);
    let end = now.as_nanoseconds();
    let mut from = begin.as_nanoseconds();
    let mut missing = Vec::new();
    for complete in view.history().complete(&topic.pubsub_topic, &topic.content_topic)? {
        let stop = complete.stop.saturating_sub(OVERLAP_NS);
        if complete.start > from {
            missing.push(Span {
                start: from,
                stop: complete.start.min(end),
            });
        }
        from = from.max(stop);
    }
    missing.push(Span { start: from, stop: end });
    missing.retain(|span| span.stop > span.start);
    Ok(missing)
}
