//! What a node says in a reconciliation: its items, their fingerprints, and the answer to a message.
//!
//! A range whose fingerprints differ is split into eight; one with few items is told item by item. What only
//! we hold is found along the way and sent afterwards, by [`super::transfer`]. A conversation ends when one
//! side has nothing left to say.

use std::collections::BTreeSet;

use super::Place;
use super::ranges::{Content, Payload, Range, ZERO};
use crate::MessageHash;

/// What a node holds in a stretch of time, on the topics that are talked about.
#[derive(Clone, Debug, Default)]
pub struct Items {
    places: Vec<Place>,
    /// Before each place, and behind the last: the exclusive or of all hashes before.
    sums: Vec<[u8; 32]>,
}

/// An answer to a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What to say; without topics.
    pub ranges: Vec<Range>,
    /// Messages that the other side lacks.
    pub to_send: Vec<MessageHash>,
    /// How many messages of the other side we lack, as far as it has named them.
    pub missing: usize,
    /// Items in `ranges`.
    told: usize,
}

impl Items {
    /// Takes places in any order.
    pub fn new(mut places: Vec<Place>) -> Self {
        places.sort_unstable();
        places.dedup();
        let mut sum = [0; 32];
        let mut sums = Vec::with_capacity(places.len() + 1);
        sums.push(sum);
        for (_, hash) in &places {
            add(&mut sum, &hash.0);
            sums.push(sum);
        }
        Self { places, sums }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The first message of a conversation, about the time from `start` to `end`.
    pub fn open(&self, start: i64, end: i64) -> Vec<Range> {
        let (lower, upper) = ((start, ZERO), (end, ZERO));
        vec![Range {
            lower,
            upper,
            content: Content::Fingerprint(self.fingerprint(lower, upper)),
        }]
    }

    /// Answers a message. Ranges that end before `start`, where our items begin, are not talked about.
    pub fn answer(&self, payload: &Payload, start: i64) -> Answer {
        let mut answer = Answer::default();
        for range in &payload.ranges {
            match &range.content {
                Content::Skip => answer.skip(range.lower, range.upper),
                _ if range.upper.0 < start => answer.skip(range.lower, range.upper),
                Content::Fingerprint(theirs) => self.compare(range, theirs, &mut answer),
                Content::Items { items, is_answer } => self.settle(range, items, *is_answer, &mut answer),
            }
        }
        if answer.ranges.iter().all(|range| range.content == Content::Skip) {
            answer.ranges.clear();
        }
        answer
    }

    fn compare(&self, range: &Range, theirs: &[u8; 32], answer: &mut Answer) {
        let (lower, upper) = (range.lower, range.upper);
        if self.fingerprint(lower, upper) == *theirs {
            return answer.skip(lower, upper);
        }
        let parts = parts(lower, upper);
        if parts.is_empty() || self.between(lower, upper).len() <= FEW {
            return self.tell(lower, upper, answer);
        }
        for (lower, upper) in parts {
            match self.between(lower, upper).len() {
                0..=FEW => self.tell(lower, upper, answer),
                _ => answer.say(lower, upper, Content::Fingerprint(self.fingerprint(lower, upper))),
            }
        }
    }

    /// Everything that we have there. Nothing at all needs no answer but the messages.
    fn tell(&self, lower: Place, upper: Place, answer: &mut Answer) {
        let items = self.between(lower, upper);
        answer.list(lower, upper, &items[..items.len().min(MOST)], items.is_empty());
    }

    /// Finds the differences. The other side needs to hear only which of its items we have.
    fn settle(&self, range: &Range, theirs: &[Place], is_answer: bool, answer: &mut Answer) {
        let ours = self.between(range.lower, range.upper);
        let known: BTreeSet<Place> = theirs.iter().copied().collect();
        let room = MAX_TO_SEND.saturating_sub(answer.to_send.len());
        let lacking = ours.iter().filter(|place| !known.contains(place));
        answer.to_send.extend(lacking.take(room).map(|(_, hash)| *hash));
        let both: Vec<Place> = known
            .into_iter()
            .filter(|place| ours.binary_search(place).is_ok())
            .collect();
        answer.missing += theirs.len().saturating_sub(both.len());
        if is_answer {
            return answer.skip(range.lower, range.upper);
        }
        answer.list(range.lower, range.upper, &both, true);
    }

    fn fingerprint(&self, lower: Place, upper: Place) -> [u8; 32] {
        let (from, to) = self.indices(lower, upper);
        let mut sum = self.sums.get(from).copied().unwrap_or_default();
        add(&mut sum, &self.sums.get(to).copied().unwrap_or_default());
        sum
    }

    fn between(&self, lower: Place, upper: Place) -> &[Place] {
        let (from, to) = self.indices(lower, upper);
        &self.places[from..to]
    }

    /// Both bounds included.
    fn indices(&self, lower: Place, upper: Place) -> (usize, usize) {
        let from = self.places.partition_point(|place| *place < lower);
        let to = self.places.partition_point(|place| *place <= upper);
        (from, to.max(from))
    }
}

impl Answer {
    fn say(&mut self, lower: Place, upper: Place, content: Content) {
        if self.ranges.len() < MAX_RANGES {
            self.ranges.push(Range { lower, upper, content });
        } else if let Some(last) = self.ranges.last_mut() {
            // Too much for one conversation; the next one goes on.
            last.upper = upper;
            last.content = Content::Skip;
        }
    }

    /// Tells items, if the message has room for them; the next conversation goes on.
    fn list(&mut self, lower: Place, upper: Place, items: &[Place], is_answer: bool) {
        if self.told + items.len() > MAX_TOLD {
            return self.skip(lower, upper);
        }
        self.told += items.len();
        let items = items.to_vec();
        self.say(lower, upper, Content::Items { items, is_answer });
    }

    /// Ranges that are skipped one after the other are one.
    fn skip(&mut self, lower: Place, upper: Place) {
        match self.ranges.last_mut() {
            Some(last) if last.content == Content::Skip => last.upper = upper,
            _ => self.say(lower, upper, Content::Skip),
        }
    }
}

/// Eight stretches of equal time; none if there is too little of it.
fn parts(lower: Place, upper: Place) -> Vec<(Place, Place)> {
    let length = upper.0.saturating_sub(lower.0);
    if length < PARTS {
        return Vec::new();
    }
    let (each, rest) = (length / PARTS, length % PARTS);
    let mut parts = Vec::new();
    let mut from = lower.0;
    for number in 0..PARTS {
        let to = from + each + i64::from(number < rest);
        parts.push(((from, ZERO), (to, ZERO)));
        from = to;
    }
    parts
}

fn add(sum: &mut [u8; 32], hash: &[u8; 32]) {
    sum.iter_mut().zip(hash).for_each(|(sum, byte)| *sum ^= byte);
}

/// As deployed: a range with no more items is told item by item, ...
const FEW: usize = 100;
/// ... and another one is split into so many.
const PARTS: i64 = 8;
/// Items of a range that cannot be split.
const MOST: usize = 10_000;
/// Items of one message, which with its ranges stays below the 1 MiB that we read ourselves.
const MAX_TOLD: usize = 20_000;
/// Ranges of one message.
const MAX_RANGES: usize = 4_096;
/// Messages to be sent after one conversation, so that nobody makes us send everything; the next one goes on.
pub const MAX_TO_SEND: usize = 50_000;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_700_000_000_000_000_000;
    const HOUR: i64 = 3_600_000_000_000;

    fn place(number: u64, time: i64) -> Place {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        hash[31] = 1;
        (START + time, MessageHash(hash))
    }

    /// Two sides talk over encoded bytes. What each sends in the end, the rounds, and the longest message.
    fn talk(first: &Items, second: &Items) -> (Vec<MessageHash>, Vec<MessageHash>, usize, usize) {
        let sides = [first, second];
        let mut sent = [Vec::new(), Vec::new()];
        let mut payload = Payload {
            ranges: first.open(START, START + HOUR),
            ..Payload::default()
        };
        let mut longest = 0;
        for round in 0..40 {
            let bytes = payload.encode();
            longest = longest.max(bytes.len());
            let heard = Payload::decode(&bytes).unwrap();
            if heard.is_done() {
                let [first, second] = sent;
                return (first, second, round, longest);
            }
            let side = (round + 1) % 2;
            let answer = sides[side].answer(&heard, START);
            sent[side].extend(answer.to_send);
            payload = Payload {
                ranges: answer.ranges,
                ..Payload::default()
            };
        }
        panic!("they talk for ever");
    }

    fn check(ours: &BTreeSet<Place>, theirs: &BTreeSet<Place>) -> usize {
        let items = |places: &BTreeSet<Place>| Items::new(places.iter().copied().collect());
        let (first, second, rounds, _) = talk(&items(ours), &items(theirs));
        let hashes = |places: Vec<&Place>| places.iter().map(|(_, hash)| *hash).collect::<BTreeSet<_>>();
        let only = |a: &BTreeSet<Place>, b: &BTreeSet<Place>| hashes(a.difference(b).collect());
        assert_eq!(first.iter().copied().collect::<BTreeSet<_>>(), only(ours, theirs));
        assert_eq!(second.iter().copied().collect::<BTreeSet<_>>(), only(theirs, ours));
        assert_eq!(
            first.len() + second.len(),
            ours.symmetric_difference(theirs).count(),
            "each once"
        );
        rounds
    }

    #[test]
    fn a_node_that_was_off_is_told_what_it_lacks() {
        let all: BTreeSet<Place> = (0..20_000).map(|n| place(n, n as i64 * (HOUR / 20_001))).collect();
        let half: BTreeSet<Place> = all.iter().take(10_000).copied().collect();
        let rounds = check(&half, &all) + check(&all, &half);
        println!("{rounds} rounds both ways");
        check(&BTreeSet::new(), &all);
        check(&all, &BTreeSet::new());
        let holes: BTreeSet<Place> = all
            .iter()
            .enumerate()
            .filter(|(n, _)| n % 977 != 3)
            .map(|(_, p)| *p)
            .collect();
        check(&holes, &all);
        assert_eq!(check(&all, &all), 1, "one fingerprint, and done");
    }

    #[test]
    fn whatever_is_asked_has_an_end() {
        // Ten thousand in one nanosecond cannot be split.
        let crowd = Items::new((0..10_000).map(|n| place(n, 5)).collect());
        let (_, sent, _, longest) = talk(&Items::new(Vec::new()), &crowd);
        assert_eq!((sent.len(), longest < 1_000_000), (10_000, true));
        // A peer that says nothing but fingerprints is answered with bounded messages.
        let items = Items::new((0..50_000).map(|n| place(n, n as i64 * 1_000)).collect());
        let mut payload = Payload {
            ranges: items.open(START, START + HOUR),
            ..Payload::default()
        };
        for _ in 0..20 {
            for range in &mut payload.ranges {
                range.content = Content::Fingerprint([0xee; 32]);
            }
            let answer = items.answer(&payload, START);
            assert!(answer.ranges.len() <= MAX_RANGES);
            payload.ranges = answer.ranges;
        }
        let old = Payload {
            ranges: items.open(START - 10, START - 5),
            ..Payload::default()
        };
        assert_eq!(
            items.answer(&old, START),
            Answer::default(),
            "what is older than our memory"
        );
    }

    /// What differs everywhere is too much for one message, and the next conversation goes on.
    #[test]
    fn a_message_has_room_for_so_many_items() {
        let all: BTreeSet<Place> = (0..200_000).map(|n| place(n, n as i64 * (HOUR / 200_001))).collect();
        let mut half: BTreeSet<Place> = all.iter().step_by(2).copied().collect();
        let whole = Items::new(all.iter().copied().collect());
        let by_hash: BTreeMap<MessageHash, Place> = all.iter().map(|place| (place.1, *place)).collect();
        let mut conversations = 0;
        while half.len() < all.len() {
            let (_, sent, _, longest) = talk(&Items::new(half.iter().copied().collect()), &whole);
            assert!(longest < 1024 * 1024, "{longest} bytes");
            half.extend(sent.iter().map(|hash| by_hash[hash]));
            conversations += 1;
            assert!(conversations < 20);
        }
        // The same nanosecond, asked for again and again.
        let crowd = Items::new((0..10_000).map(|n| place(n, 5)).collect());
        let range = Range {
            lower: (START + 5, ZERO),
            upper: (START + 6, ZERO),
            content: Content::Fingerprint([0xee; 32]),
        };
        let greedy = Payload {
            ranges: vec![range; 4_000],
            ..Payload::default()
        };
        let told = |range: &Range| match &range.content {
            Content::Items { items, .. } => items.len(),
            _ => 0,
        };
        assert_eq!(
            crowd.answer(&greedy, START).ranges.iter().map(told).sum::<usize>(),
            MAX_TOLD
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn both_find_all_differences(
            times in prop::collection::vec((0..HOUR / 1_000_000, 0..4u8), 0..600),
            is_dense in any::<bool>(),
        ) {
            let mut sides = [BTreeSet::new(), BTreeSet::new()];
            for (number, (time, who)) in times.iter().enumerate() {
                let time = if is_dense { time % 50 } else { time * 1_000_000 };
                for (side, places) in sides.iter_mut().enumerate() {
                    if *who >= 2 || usize::from(*who) == side {
                        places.insert(place(number as u64, time));
                    }
                }
            }
            let [ours, theirs] = sides;
            check(&ours, &theirs);
        }

        /// Any message, from anybody.
        #[test]
        fn any_message_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let items = Items::new((0..200).map(|n| place(n, n as i64)).collect());
            if let Ok(payload) = Payload::decode(&bytes) {
                let answer = items.answer(&payload, 0);
                prop_assert!(answer.ranges.len() <= MAX_RANGES);
            }
        }
    }
}
