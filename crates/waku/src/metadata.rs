//! Metadata (66/WAKU2-METADATA), client and server: telling each other the cluster and the shards.

use libp2p::PeerId;
use libp2p::swarm::Stream;
use waku_proto::Shard;
use waku_proto::metadata::{MAX_SIZE, Metadata, PROTOCOL};

use crate::framing;
use crate::relay::Topics;
use crate::request::{RequestError, Requests, Service};
use crate::status::{Purpose, Tally};

/// What this node says about itself.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) cluster: u16,
    pub(crate) topics: Topics,
}

impl Own {
    fn now(&self) -> Metadata {
        let topics = self.topics.list();
        let shards = topics
            .iter()
            .filter_map(Shard::of)
            .filter(|shard| shard.cluster == self.cluster);
        Metadata {
            cluster: Some(self.cluster),
            shards: shards.map(|shard| shard.index).collect(),
        }
    }
}

/// Asks a peer.
pub(crate) async fn ask(requests: &Requests, peer: PeerId, own: &Own) -> Result<Metadata, RequestError> {
    let service = Service {
        protocol: PROTOCOL,
        purpose: Purpose::Metadata,
    };
    let answer = requests.ask(peer, service, &own.now().encode(), MAX_SIZE).await?;
    Metadata::decode(&answer).map_err(|_| RequestError::Broken)
}

/// Answers a peer, whatever it asks.
pub(crate) async fn serve(mut stream: Stream, own: &Own, tally: &Tally) {
    match framing::read(&mut stream, MAX_SIZE, framing::IN_TIME).await {
        Ok(Some(question)) => tally.received(Purpose::Metadata, question.len()),
        Ok(None) => {}
        Err(_) => return,
    }
    let answer = own.now().encode();
    tally.sent(Purpose::Metadata, answer.len());
    if framing::write(&mut stream, &answer).await.is_ok() {
        framing::finish(&mut stream).await;
    }
}
