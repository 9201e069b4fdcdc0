//! Peer exchange (34/WAKU2-PEER-EXCHANGE), client and server: records of other nodes for those who cannot walk discv5.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libp2p::PeerId;
use libp2p::swarm::Stream;
use waku_proto::peer_exchange::{
    BAD_REQUEST, MAX_PEERS, MAX_SIZE, PROTOCOL, Request, Response, SERVICE_UNAVAILABLE, TOO_MANY_REQUESTS,
};

use crate::discovery::NodeRecord;
use crate::framing;
use crate::request::{RequestError, Requests, Service};
use crate::status::{Purpose, Tally};

/// Asks a peer for records. Those that cannot be read are left out.
pub(crate) async fn ask(requests: &Requests, peer: PeerId) -> Result<Vec<NodeRecord>, RequestError> {
    let service = Service {
        protocol: PROTOCOL,
        purpose: Purpose::Discovery,
    };
    let question = Request {
        peers: MAX_PEERS as u64,
    };
    let answer = requests.ask(peer, service, &question.encode(), MAX_SIZE).await?;
    let response = Response::decode(&answer).map_err(|_| RequestError::Broken)?;
    let records = response.records.iter();
    Ok(records.filter_map(|record| NodeRecord::from_rlp(record).ok()).collect())
}

/// Answers a peer. `is_admitted` is false for one that asks too often.
pub(crate) async fn serve(
    mut stream: Stream,
    peer: PeerId,
    known: &KnownRecords,
    tally: &Tally,
    is_admitted: impl FnOnce() -> bool,
) {
    let Ok(Some(question)) = framing::read(&mut stream, MAX_QUESTION, IDLE).await else {
        return;
    };
    tally.received(Purpose::Discovery, question.len());
    let response = if is_admitted() {
        answer(peer, known, &question)
    } else {
        Response::refused(TOO_MANY_REQUESTS, "Request rejected due to too many requests")
    };
    let answer = response.encode();
    tally.sent(Purpose::Discovery, answer.len());
    if framing::write(&mut stream, &answer).await.is_ok() {
        framing::finish(&mut stream).await;
    }
}

fn answer(peer: PeerId, known: &KnownRecords, question: &[u8]) -> Response {
    let Ok(request) = Request::decode(question) else {
        return Response::refused(BAD_REQUEST, "decode_rpc_failure");
    };
    let records = known.sample(request.granted(), peer, random);
    if records.is_empty() && request.granted() > 0 {
        return Response::refused(SERVICE_UNAVAILABLE, "no peers are known");
    }
    Response::records(records.iter().map(NodeRecord::to_rlp).collect())
}

/// Records of nodes that discv5 came across, the latest [`MAX_KNOWN`]; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownRecords(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    records: BTreeMap<PeerId, NodeRecord>,
    order: VecDeque<PeerId>,
}

impl KnownRecords {
    /// Adds records, or replaces them by newer ones.
    pub(crate) fn learn(&self, records: &[NodeRecord]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            let peer = record.peer_id();
            let is_newer = known
                .records
                .get(&peer)
                .is_none_or(|old| old.sequence() < record.sequence());
            if is_newer && known.records.insert(peer, record.clone()).is_none() {
                known.order.push_back(peer);
                if known.order.len() > MAX_KNOWN
                    && let Some(oldest) = known.order.pop_front()
                {
                    known.records.remove(&oldest);
                }
            }
        }
    }

    /// The peer could not be dialled; others need not try.
    pub(crate) fn forget(&self, peer: &PeerId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.records.remove(peer).is_some() {
            known.order.retain(|other| other != peer);
        }
    }

    /// So many of them, by chance, and not the one of whoever asks. `random` gives a number below its argument.
    fn sample(&self, count: usize, asking: PeerId, random: impl Fn(usize) -> usize) -> Vec<NodeRecord> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut records: Vec<&NodeRecord> = known
            .records
            .values()
            .filter(|record| record.peer_id() != asking)
            .collect();
        let count = count.min(records.len());
        for index in 0..count {
            let other = index + random(records.len() - index);
            records.swap(index, other);
        }
        records.into_iter().take(count).cloned().collect()
    }
}

fn random(below: usize) -> usize {
    // Without randomness the first ones are given, which is harmless.
    let number = getrandom::u64().unwrap_or(0) % below.max(1) as u64;
    usize::try_from(number).unwrap_or(0)
}

/// Records kept, as Go nodes do.
const MAX_KNOWN: usize = 1_000;
/// Longest question that we read; it is one number.
const MAX_QUESTION: usize = 1_024;
/// Browser clients open streams long before they use them.
const IDLE: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::RecordContents;
    use libp2p::identity::Keypair;
    use std::collections::BTreeSet;
    use waku_proto::enr::{Capabilities, RelayShards};

    fn record(keypair: &Keypair, sequence: u64) -> NodeRecord {
        RecordContents {
            sequence,
            addresses: vec!["/ip4/192.0.2.1/tcp/1".parse().unwrap()],
            udp: None,
            capabilities: Capabilities::RELAY,
            shards: RelayShards::new(16, [32]),
        }
        .sign(keypair)
        .unwrap()
    }

    #[test]
    fn a_sample_has_no_one_twice_and_not_the_asker() {
        let known = KnownRecords::default();
        let keys: Vec<Keypair> = (0..10).map(|_| Keypair::generate_secp256k1()).collect();
        let records: Vec<NodeRecord> = keys.iter().map(|key| record(key, 1)).collect();
        known.learn(&records);
        let asker = records[3].peer_id();
        let sample = known.sample(60, asker, |below| below - 1);
        let peers: BTreeSet<PeerId> = sample.iter().map(NodeRecord::peer_id).collect();
        assert_eq!((sample.len(), peers.len(), peers.contains(&asker)), (9, 9, false));
        assert_eq!(known.sample(4, asker, |_| 0).len(), 4);
    }

    #[test]
    fn the_newest_record_of_a_peer_stays() {
        let known = KnownRecords::default();
        let key = Keypair::generate_secp256k1();
        known.learn(&[record(&key, 5), record(&key, 4)]);
        assert_eq!(known.sample(1, PeerId::random(), |_| 0)[0].sequence(), 5);
        known.forget(&key.public().to_peer_id());
        assert!(known.sample(1, PeerId::random(), |_| 0).is_empty());
    }
}
