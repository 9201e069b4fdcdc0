//! Rendezvous, both sides: nodes that relay leave their addresses at a point, by shard, and ask it for others.
//!
//! A point also keeps what deployed nodes of the mix network leave there for each other, under an id of its own; mix itself
//! is not spoken. When which point is visited is decided by the node's task.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use libp2p::core::{PeerRecord, SignedEnvelope};
use libp2p::identity::Keypair;
use libp2p::swarm::Stream;
use libp2p::{Multiaddr, PeerId};
use waku_proto::Shard;
use waku_proto::rendezvous::point::{Form, Point};
use waku_proto::rendezvous::{
    Answer, MAX_SIZE, Message, MixRecord, PROTOCOL, PROTOCOL_MIX, Question, Registration, Status, namespace,
};

use crate::framing;
use crate::limits::{Limiter, Rate};
use crate::request::{RequestError, Requests, Service};
use crate::status::{Purpose, Tally};

/// What this node keeps for others; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Points(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    began: Instant,
    relaying: Mutex<Point<PeerId>>,
    mix: Mutex<Point<PeerId>>,
    limiter: Mutex<Limiter>,
}

/// Whose records a point keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// libp2p's own.
    Relaying,
    /// Those of the mix network.
    Mix,
}

impl Default for Points {
    fn default() -> Self {
        Self(Arc::new(Kept {
            began: Instant::now(),
            relaying: Mutex::default(),
            mix: Mutex::default(),
            limiter: Mutex::new(Limiter::new(RATE)),
        }))
    }
}

impl Points {
    /// What becomes of a message; `None` = no answer.
    fn answer(&self, kind: Kind, peer: PeerId, message: Message) -> Option<Message> {
        let now = u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let is_admitted = lock(&self.0.limiter).admit(peer, now);
        let form = match &message {
            Message::Register(registration) if is_admitted => genuine(kind, &registration.record, peer),
            _ => None,
        };
        let mut point = lock(match kind {
            Kind::Relaying => &self.0.relaying,
            Kind::Mix => &self.0.mix,
        });
        match message {
            Message::Register(registration) => {
                let kept = match form {
                    _ if !is_admitted => Err(Status::Unavailable),
                    None => Err(Status::InvalidRecord),
                    Some(form) => point.register(peer, form, registration, now),
                };
                let (status, ttl) = kept.map_or_else(|status| (status, 0), |ttl| (Status::Ok, ttl));
                Some(Message::Registered { status, ttl })
            }
            Message::Unregister { namespace } => {
                point.unregister(peer, namespace);
                None
            }
            Message::Discover(_) if !is_admitted => Some(Message::Discovered(Answer {
                status: Status::Unavailable,
                ..Answer::default()
            })),
            Message::Discover(question) => Some(Message::Discovered(point.discover(&peer, &question, now))),
            Message::Registered { .. } | Message::Discovered(_) => None,
        }
    }
}

/// Answers a peer: one stream, one message.
pub(crate) async fn serve(mut stream: Stream, peer: PeerId, kind: Kind, points: &Points, tally: &Tally) {
    let Ok(Some(question)) = framing::read(&mut stream, MAX_SIZE, IDLE).await else {
        return;
    };
    tally.received(Purpose::Discovery, question.len());
    let message = Message::decode(&question).ok();
    let Some(answer) = message.and_then(|message| points.answer(kind, peer, message)) else {
        return;
    };
    let answer = answer.encode();
    tally.sent(Purpose::Discovery, answer.len());
    if framing::write(&mut stream, &answer).await.is_ok() {
        framing::finish(&mut stream).await;
    }
}

/// In which form the record is, if it was signed by whoever sent it.
fn genuine(kind: Kind, record: &[u8], peer: PeerId) -> Option<Form> {
    match kind {
        Kind::Relaying => {
            let (record, form) = peer_record(record)?;
            (record.peer_id() == peer && !record.addresses().is_empty()).then_some(form)
        }
        Kind::Mix => {
            let envelope = SignedEnvelope::from_protobuf_encoding(record).ok()?;
            let domain = MixRecord::DOMAIN.to_owned();
            let signed = envelope.payload_and_signing_key(domain, &MixRecord::PAYLOAD_TYPE);
            let (payload, key) = signed.ok()?;
            let record = MixRecord::decode(payload).ok()?;
            (key.to_peer_id() == peer && record.peer_id == peer.to_bytes()).then_some(Form::Specified)
        }
    }
}

fn peer_record(record: &[u8]) -> Option<(PeerRecord, Form)> {
    let envelope = SignedEnvelope::from_protobuf_encoding(record).ok()?;
    if let Ok(record) = PeerRecord::from_signed_envelope_interop(envelope.clone()) {
        return Some((record, Form::Specified));
    }
    let record = PeerRecord::from_signed_envelope(envelope).ok()?;
    Some((record, Form::Rust))
}

/// Where we can be reached, signed, in both forms.
#[derive(Clone, Debug)]
pub(crate) struct OwnRecord {
    specified: Vec<u8>,
    rust: Vec<u8>,
}

/// Our record for a point.
pub(crate) fn own_record(keypair: &Keypair, addresses: Vec<Multiaddr>) -> Option<OwnRecord> {
    let encoded = |record: PeerRecord| record.into_signed_envelope().into_protobuf_encoding();
    Some(OwnRecord {
        specified: encoded(PeerRecord::new_interop(keypair, addresses.clone()).ok()?),
        rust: encoded(PeerRecord::new(keypair, addresses).ok()?),
    })
}

/// A node that is registered at a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    pub(crate) peer: PeerId,
    pub(crate) addresses: Vec<Multiaddr>,
    pub(crate) shard: Shard,
}

/// Leaves a record, if there is one, at a point for every shard, and asks who else is there. Who cannot be read is left
/// out.
pub(crate) async fn visit(
    requests: &Requests,
    point: PeerId,
    shards: Vec<Shard>,
    record: Option<OwnRecord>,
) -> Result<Vec<Met>, RequestError> {
    let mut met = Vec::new();
    for shard in shards {
        if let Some(record) = &record {
            register(requests, point, shard, record).await?;
        }
        let question = Question {
            namespace: namespace(shard),
            ..Question::default()
        };
        if let Message::Discovered(answer) = ask(requests, point, Message::Discover(question)).await? {
            let records = answer.registrations.iter().map(|registration| &registration.record);
            met.extend(records.filter_map(|record| read(record, shard)));
        }
    }
    Ok(met)
}

/// A point that cannot read the form of a record closes the stream, or says that the record is invalid.
async fn register(requests: &Requests, point: PeerId, shard: Shard, own: &OwnRecord) -> Result<(), RequestError> {
    let leave = |record: &Vec<u8>| {
        let registration = Registration {
            namespace: namespace(shard),
            record: record.clone(),
            ttl: Some(TTL),
        };
        ask(requests, point, Message::Register(registration))
    };
    let answer = match leave(&own.specified).await {
        Err(RequestError::Broken)
        | Ok(Message::Registered {
            status: Status::InvalidRecord,
            ..
        }) => leave(&own.rust).await?,
        other => other?,
    };
    if !matches!(answer, Message::Registered { status: Status::Ok, .. }) {
        tracing::debug!(?answer, "a rendezvous point does not keep our record");
    }
    Ok(())
}

async fn ask(requests: &Requests, point: PeerId, message: Message) -> Result<Message, RequestError> {
    let service = Service {
        protocol: PROTOCOL,
        purpose: Purpose::Discovery,
    };
    let answer = requests.ask(point, service, &message.encode(), MAX_ANSWER).await?;
    Message::decode(&answer).map_err(|_| RequestError::Broken)
}

fn read(record: &[u8], shard: Shard) -> Option<Met> {
    let (record, _) = peer_record(record)?;
    Some(Met {
        peer: record.peer_id(),
        addresses: record.addresses().to_vec(),
        shard,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The protocols that a point serves, and what it keeps for each.
pub(crate) const SERVED: [(&str, Kind); 2] = [(PROTOCOL, Kind::Relaying), (PROTOCOL_MIX, Kind::Mix)];
/// A node has a few shards, each of which it renews and asks for; deployed ones register every ten seconds.
const RATE: Rate = Rate {
    burst: 40,
    every: 1_000,
};
/// Seconds that our record is to be kept: libp2p's points grant no fewer.
const TTL: u64 = 2 * 3_600;
/// Longest answer that we read: other points than ours may say more at once.
const MAX_ANSWER: usize = 64 * 1_024;
/// Until a peer has said what it wants.
const IDLE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    fn registration(record: Vec<u8>) -> Message {
        Message::Register(Registration {
            namespace: "rs/16/32".into(),
            record,
            ttl: Some(60),
        })
    }

    fn status(answer: Option<Message>) -> Status {
        match answer {
            Some(Message::Registered { status, .. }) => status,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_point_keeps_what_its_owner_signed_and_nothing_else() {
        let points = Points::default();
        let (key, other) = (Keypair::generate_secp256k1(), Keypair::generate_ed25519());
        let (peer, address) = (key.public().to_peer_id(), "/ip4/192.0.2.1/tcp/1".parse().unwrap());
        let both = |addresses| {
            own_record(&key, addresses)
                .map(|own| [own.specified, own.rust])
                .unwrap()
        };
        let keep = |peer, record| status(points.answer(Kind::Relaying, peer, registration(record)));
        let (records, without_addresses) = (both(vec![address]), both(Vec::new()));
        for (record, nowhere) in records.into_iter().zip(without_addresses) {
            assert_eq!(keep(peer, record.clone()), Status::Ok);
            assert_eq!(keep(other.public().to_peer_id(), record.clone()), Status::InvalidRecord);
            assert_eq!(keep(peer, nowhere), Status::InvalidRecord);
            let mut forged = record.clone();
            *forged.last_mut().unwrap() ^= 1;
            assert_eq!(keep(peer, forged), Status::InvalidRecord);
            let mixed = points.answer(Kind::Mix, peer, registration(record));
            assert_eq!(
                status(mixed),
                Status::InvalidRecord,
                "libp2p's record is none of the mix network"
            );
        }
        assert_eq!(keep(peer, Vec::new()), Status::InvalidRecord);
    }

    #[test]
    fn a_point_keeps_the_records_of_the_mix_network() {
        let points = Points::default();
        let key = Keypair::generate_secp256k1();
        let peer = key.public().to_peer_id();
        let address: Multiaddr = "/ip4/192.0.2.1/tcp/1".parse().unwrap();
        let record = MixRecord {
            peer_id: peer.to_bytes(),
            made: 1,
            addresses: vec![address.to_vec()],
            mix_key: "00ff".into(),
        };
        let envelope = |domain: &str| {
            let payload_type = MixRecord::PAYLOAD_TYPE.to_vec();
            let envelope = SignedEnvelope::new(&key, domain.into(), payload_type, record.clone().encode()).unwrap();
            registration(envelope.into_protobuf_encoding())
        };
        let keep = |message| status(points.answer(Kind::Mix, peer, message));
        assert_eq!(keep(envelope(MixRecord::DOMAIN)), Status::Ok);
        assert_eq!(keep(envelope("libp2p-peer-record")), Status::InvalidRecord);
        let found = points.answer(Kind::Mix, PeerId::random(), Message::Discover(Question::default()));
        let Some(Message::Discovered(answer)) = found else {
            panic!("{found:?}");
        };
        assert_eq!(answer.registrations.len(), 1);
        let elsewhere = points.answer(Kind::Relaying, peer, Message::Discover(Question::default()));
        assert!(matches!(elsewhere, Some(Message::Discovered(answer)) if answer.registrations.is_empty()));
    }

    #[test]
    fn who_asks_without_end_is_refused() {
        let (points, peer) = (Points::default(), PeerId::random());
        let ask = || points.answer(Kind::Relaying, peer, Message::Discover(Question::default()));
        let is_refused = |answer: &Option<Message>| {
            matches!(
                answer,
                Some(Message::Discovered(Answer {
                    status: Status::Unavailable,
                    ..
                }))
            )
        };
        let refused = (0..100).map(|_| ask()).filter(is_refused).count();
        assert!((50..=60).contains(&refused), "{refused}");
    }
}
