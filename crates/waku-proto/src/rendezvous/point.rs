//! What a rendezvous point keeps: who is registered under which name, and until when.
//!
//! Pure, and bounded whatever peers do: so many registrations at all and of each peer, each for two hours at most. Whose
//! record it is has been found out before it comes here.

use std::collections::BTreeMap;

use super::{Answer, MAX_NAMESPACE, MAX_SIZE, Question, Registration, Status};

/// The registrations of one protocol. `P` names a peer; times are in milliseconds.
#[derive(Clone, Debug)]
pub struct Point<P> {
    kept: BTreeMap<(String, P), Kept>,
    last: u64,
}

/// How a record of libp2p is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For the domain that libp2p specifies.
    Specified,
    /// For the one that libp2p in Rust has here. Its clients read no other form: an answer with one foreign record is lost to
    /// them as a whole.
    Rust,
}

#[derive(Clone, Debug)]
struct Kept {
    record: Vec<u8>,
    form: Form,
    until: u64,
    /// Each registration has a number higher than those before it, renewed ones included.
    number: u64,
}

impl<P> Default for Point<P> {
    fn default() -> Self {
        Self {
            kept: BTreeMap::new(),
            last: 0,
        }
    }
}

impl<P: Ord> Point<P> {
    /// Keeps a record, in the place of the peer's earlier one under that name. Answers for how many seconds, which may be
    /// fewer than were asked for.
    pub fn register(&mut self, peer: P, form: Form, registration: Registration, now: u64) -> Result<u64, Status> {
        let Registration { namespace, record, ttl } = registration;
        if namespace.is_empty() || namespace.len() > MAX_NAMESPACE {
            return Err(Status::InvalidNamespace);
        }
        if record.is_empty() || record.len() > MAX_RECORD {
            return Err(Status::InvalidRecord);
        }
        let ttl = ttl.unwrap_or(MAX_TTL);
        if !(MIN_TTL..=LONGEST_WISH).contains(&ttl) {
            return Err(Status::InvalidTtl);
        }
        let granted = ttl.min(MAX_TTL);
        let place = (namespace, peer);
        if !self.kept.contains_key(&place) {
            self.forget_old(now);
            let of_peer = self.kept.keys().filter(|(_, other)| *other == place.1).count();
            if self.kept.len() >= MAX_REGISTRATIONS || of_peer >= MAX_OF_PEER {
                return Err(Status::Unavailable);
            }
        }
        self.last += 1;
        let kept = Kept {
            record,
            form,
            until: now + granted * 1_000,
            number: self.last,
        };
        self.kept.insert(place, kept);
        Ok(granted)
    }

    /// Keeps the peer's record under that name no longer.
    pub fn unregister(&mut self, peer: P, namespace: String) {
        self.kept.remove(&(namespace, peer));
    }

    /// The newest registrations; after a cookie, those that came since, the oldest first. As many as were asked for and
    /// fit into one message. Whoever is registered in the form of Rust is told of no other.
    pub fn discover(&self, asker: &P, question: &Question, now: u64) -> Answer {
        if question.namespace.len() > MAX_NAMESPACE {
            return refusal(Status::InvalidNamespace);
        }
        let Some(since) = read_cookie(question) else {
            return refusal(Status::InvalidCookie);
        };
        let is_asked_for = |name: &str| question.namespace.is_empty() || name == question.namespace;
        let is_theirs = |(place, kept): (&(String, P), &Kept)| place.1 == *asker && kept.form == Form::Rust;
        let reads_only_rust = self.kept.iter().any(is_theirs);
        let mut there: Vec<(u64, &str, &Kept)> = self
            .kept
            .iter()
            .filter(|((name, _), kept)| is_asked_for(name) && kept.until > now && kept.number > since)
            .filter(|(_, kept)| !reads_only_rust || kept.form == Form::Rust)
            .map(|((name, _), kept)| (kept.number, name.as_str(), kept))
            .collect();
        there.sort_unstable_by_key(|(number, _, _)| *number);
        if since == 0 {
            there.reverse();
        }
        let limit = question
            .limit
            .map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let mut room = MAX_SIZE - question.namespace.len() - ANSWER_OVERHEAD;
        let (mut registrations, mut seen) = (Vec::new(), since);
        for (number, name, kept) in there.into_iter().take(limit) {
            let registration = Registration {
                namespace: name.to_owned(),
                record: kept.record.clone(),
                ttl: Some((kept.until - now).div_ceil(1_000)),
            };
            let Some(left) = room.checked_sub(registration.size()) else {
                break;
            };
            room = left;
            seen = seen.max(number);
            registrations.push(registration);
        }
        Answer {
            status: Status::Ok,
            registrations,
            cookie: [&seen.to_be_bytes()[..], question.namespace.as_bytes()].concat(),
        }
    }

    /// Number of registrations, those included whose time is over.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether nobody is registered.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn forget_old(&mut self, now: u64) {
        self.kept.retain(|_, kept| kept.until > now);
    }
}

fn refusal(status: Status) -> Answer {
    Answer {
        status,
        ..Answer::default()
    }
}

/// The number of the last registration that was seen: 8 bytes, big-endian, before the name that was asked for.
fn read_cookie(question: &Question) -> Option<u64> {
    if question.cookie.is_empty() {
        return Some(0);
    }
    let (number, namespace) = question.cookie.split_first_chunk::<8>()?;
    (namespace == question.namespace.as_bytes()).then(|| u64::from_be_bytes(*number))
}

/// Registrations, of everybody.
const MAX_REGISTRATIONS: usize = 2_000;
/// Registrations of one peer: the shards of a network, with room.
const MAX_OF_PEER: usize = 16;
/// Bytes of a record; those of nodes have some 300.
const MAX_RECORD: usize = 1_024;
/// Seconds that a record is kept for at least; deployed nodes ask for no more.
const MIN_TTL: u64 = 60;
/// Seconds that a record is kept for at most, so that whoever fills a point does not keep it full.
const MAX_TTL: u64 = 2 * 3_600;
/// Seconds that may be asked for, as libp2p has it.
const LONGEST_WISH: u64 = 72 * 3_600;
/// Status, cookie and tags of an answer.
const ANSWER_OVERHEAD: usize = 64;

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::*;
    use proptest::prelude::*;

    fn registration(namespace: &str, record: u8, ttl: u64) -> Registration {
        Registration {
            namespace: namespace.into(),
            record: vec![record],
            ttl: Some(ttl),
        }
    }

    fn question(namespace: &str, limit: Option<u64>, cookie: &[u8]) -> Question {
        Question {
            namespace: namespace.into(),
            limit,
            cookie: cookie.to_vec(),
        }
    }

    fn records(answer: &Answer) -> Vec<u8> {
        answer
            .registrations
            .iter()
            .map(|registration| registration.record[0])
            .collect()
    }

    #[test]
    fn who_is_registered_is_found_until_the_time_is_over() {
        let mut point = Point::default();
        assert_eq!(
            point.register('a', Form::Specified, registration("x", 1, 60), 0),
            Ok(60)
        );
        assert_eq!(
            point.register('b', Form::Specified, registration("x", 2, 100), 0),
            Ok(100)
        );
        assert_eq!(
            point.register('c', Form::Specified, registration("y", 3, 10 * 3_600), 0),
            Ok(MAX_TTL)
        );
        assert_eq!(
            records(&point.discover(&'z', &question("x", None, b""), 59_999)),
            [2, 1]
        );
        assert_eq!(records(&point.discover(&'z', &question("x", None, b""), 60_000)), [2]);
        assert_eq!(records(&point.discover(&'z', &question("", None, b""), 60_000)), [3, 2]);
        point.unregister('b', "x".into());
        assert!(
            point
                .discover(&'z', &question("x", None, b""), 60_000)
                .registrations
                .is_empty()
        );
    }

    #[test]
    fn who_reads_one_form_alone_is_told_of_no_other() {
        let mut point = Point::default();
        for (peer, form, record) in [('a', Form::Specified, 1), ('b', Form::Rust, 2), ('c', Form::Rust, 3)] {
            point.register(peer, form, registration("x", record, 60), 0).unwrap();
        }
        let told = |point: &Point<char>, asker| records(&point.discover(&asker, &question("x", None, b""), 0));
        assert_eq!(told(&point, 'a'), [3, 2, 1]);
        assert_eq!(told(&point, 'b'), [3, 2]);
        assert_eq!(told(&point, 'z'), [3, 2, 1], "of whom nothing is known");
        point.unregister('b', "x".into());
        assert_eq!(told(&point, 'b'), [3, 1]);
    }

    #[test]
    fn a_cookie_asks_for_what_came_since() {
        let mut point = Point::default();
        for (peer, record) in [('a', 1), ('b', 2), ('c', 3)] {
            point
                .register(peer, Form::Specified, registration("x", record, 600), 0)
                .unwrap();
        }
        let first = point.discover(&'z', &question("x", Some(2), b""), 0);
        assert_eq!(records(&first), [3, 2]);
        assert!(
            point
                .discover(&'z', &question("x", None, &first.cookie), 0)
                .registrations
                .is_empty()
        );
        point
            .register('d', Form::Specified, registration("x", 4, 600), 0)
            .unwrap();
        point
            .register('a', Form::Specified, registration("x", 5, 600), 0)
            .unwrap();
        let second = point.discover(&'z', &question("x", Some(1), &first.cookie), 0);
        assert_eq!(records(&second), [4]);
        assert_eq!(
            records(&point.discover(&'z', &question("x", None, &second.cookie), 0)),
            [5]
        );
        let of_another = point.discover(&'z', &question("y", None, &second.cookie), 0);
        assert_eq!(of_another.status, Status::InvalidCookie);
        assert_eq!(
            point.discover(&'z', &question("x", None, b"short"), 0).status,
            Status::InvalidCookie
        );
    }

    #[test]
    fn what_cannot_be_kept_is_refused_with_a_reason() {
        let mut point = Point::default();
        let mut tried = |registration| point.register('a', Form::Specified, registration, 0);
        assert_eq!(tried(registration("", 1, 60)), Err(Status::InvalidNamespace));
        assert_eq!(
            tried(registration(&"x".repeat(256), 1, 60)),
            Err(Status::InvalidNamespace)
        );
        assert_eq!(tried(registration("x", 1, 59)), Err(Status::InvalidTtl));
        assert_eq!(tried(registration("x", 1, 72 * 3_600 + 1)), Err(Status::InvalidTtl));
        let long = Registration {
            record: vec![0; MAX_RECORD + 1],
            ..registration("x", 1, 60)
        };
        assert_eq!(tried(long), Err(Status::InvalidRecord));
    }

    #[test]
    fn no_peer_and_no_crowd_fills_a_point() {
        let mut point = Point::default();
        let mut tries = 0..;
        let of_one = (0..100).filter(|number| {
            point
                .register(0, Form::Specified, registration(&number.to_string(), 1, 60), 0)
                .is_ok()
        });
        assert_eq!(of_one.count(), MAX_OF_PEER);
        while point
            .register(tries.next().unwrap() + 1, Form::Specified, registration("x", 1, 60), 0)
            .is_ok()
        {}
        assert_eq!(point.len(), MAX_REGISTRATIONS);
        assert!(
            point.register(1, Form::Specified, registration("x", 2, 60), 1).is_ok(),
            "who is there already may renew"
        );
        assert!(
            point
                .register(-1, Form::Specified, registration("x", 3, 60), 60_000)
                .is_ok(),
            "there is room afterwards"
        );
    }

    proptest! {
        #[test]
        fn every_answer_fits_into_a_message(
            sizes in prop::collection::vec(1..=MAX_RECORD, 0..40),
            name in 1..=MAX_NAMESPACE,
            is_for_all in any::<bool>(),
        ) {
            let mut point = Point::default();
            let namespace = "n".repeat(name);
            for (peer, size) in sizes.iter().enumerate() {
                let registration = Registration { namespace: namespace.clone(), record: vec![7; *size], ttl: None };
                point.register(peer, Form::Specified, registration, 0).unwrap();
            }
            let asked = if is_for_all { "" } else { &namespace };
            let mut cookie = Vec::new();
            let answer = point.discover(&usize::MAX, &question(asked, None, &cookie), 0);
            cookie.clone_from(&answer.cookie);
            prop_assert!(Message::Discovered(answer.clone()).encode().len() <= MAX_SIZE);
            prop_assert_eq!(answer.registrations.is_empty(), sizes.is_empty());
            prop_assert!(point.discover(&usize::MAX, &question(asked, None, &cookie), 0).registrations.is_empty());
        }
    }
}
