//! Gives every stream that a peer opens to the service it asks for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use libp2p::PeerId;
use tokio::sync::mpsc;
use waku_proto::{
    filter as filter_proto, lightpush as lightpush_proto, metadata as metadata_proto, peer_exchange as exchange_proto,
    store as store_proto,
};

use crate::archive::Archive;
use crate::inbound::Inbound;
use crate::lightpush::{self, Version};
use crate::limits::{ByteBudget, Limiter, Rate, StreamCount};
use crate::metadata;
use crate::peer_exchange::{self, KnownRecords};
use crate::status::Tally;
use crate::task::News;
use crate::{filter, store};

/// What the services need.
pub(crate) struct Services {
    pub(crate) own: metadata::Own,
    pub(crate) archive: Option<Archive>,
    pub(crate) filter: Option<filter::Server>,
    pub(crate) lightpush: Option<lightpush::Server>,
    pub(crate) known: KnownRecords,
    pub(crate) news: mpsc::Sender<News>,
    pub(crate) max_message_size: usize,
    pub(crate) budget: ByteBudget,
    pub(crate) tally: Tally,
}

/// Serves until the node stops.
pub(crate) async fn run(services: Services, mut streams: mpsc::Receiver<Inbound>) {
    let services = Arc::new(services);
    let counts = StreamCount::default();
    let doors = Arc::new(Doors::new());
    while let Some(inbound) = streams.recv().await {
        // One stream too many is dropped, which resets it.
        let Some(permit) = counts.enter(inbound.peer) else {
            continue;
        };
        let (services, doors) = (Arc::clone(&services), Arc::clone(&doors));
        tokio::spawn(async move {
            serve(&services, &doors, inbound).await;
            drop(permit);
        });
    }
}

async fn serve(services: &Services, doors: &Doors, inbound: Inbound) {
    let Inbound { peer, protocol, stream } = inbound;
    match protocol.as_ref() {
        metadata_proto::PROTOCOL => metadata::serve(stream, &services.own, &services.tally).await,
        store_proto::PROTOCOL => {
            if let Some(archive) = &services.archive {
                store::serve(stream, archive, &services.tally, || doors.admit(&doors.store, peer)).await;
            }
        }
        filter_proto::SUBSCRIBE_PROTOCOL => {
            if let Some(filter) = &services.filter {
                filter.serve(stream, peer, || doors.admit(&doors.filter, peer)).await;
            }
        }
        filter_proto::PUSH_PROTOCOL => {
            let Services {
                max_message_size,
                budget,
                tally,
                news,
                ..
            } = services;
            filter::receive(stream, peer, *max_message_size, budget, tally, news).await;
        }
        lightpush_proto::PROTOCOL_V3 | lightpush_proto::PROTOCOL_V2 => {
            let version = if protocol.as_ref() == lightpush_proto::PROTOCOL_V3 {
                Version::V3
            } else {
                Version::V2
            };
            if let Some(lightpush) = &services.lightpush {
                lightpush
                    .serve(stream, version, || doors.admit(&doors.lightpush, peer))
                    .await;
            }
        }
        exchange_proto::PROTOCOL => {
            peer_exchange::serve(stream, peer, &services.known, &services.tally, || {
                doors.admit(&doors.peer_exchange, peer)
            })
            .await;
        }
        _ => {}
    }
}

/// How often each peer may come in.
struct Doors {
    began: Instant,
    store: Mutex<Limiter>,
    filter: Mutex<Limiter>,
    lightpush: Mutex<Limiter>,
    peer_exchange: Mutex<Limiter>,
}

impl Doors {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            store: Mutex::new(Limiter::new(STORE_RATE)),
            filter: Mutex::new(Limiter::new(FILTER_RATE)),
            lightpush: Mutex::new(Limiter::new(LIGHTPUSH_RATE)),
            peer_exchange: Mutex::new(Limiter::new(PEER_EXCHANGE_RATE)),
        }
    }

    fn admit(&self, door: &Mutex<Limiter>, peer: PeerId) -> bool {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        door.lock().unwrap_or_else(PoisonError::into_inner).admit(peer, now)
    }
}

/// A client that catches up with 50,000 messages asks 500 times in a row.
const STORE_RATE: Rate = Rate { burst: 1000, every: 20 };
/// As deployed servers have it: thirty in a minute.
const FILTER_RATE: Rate = Rate {
    burst: 30,
    every: 2_000,
};
/// Deployed servers have no limit by default, and light clients send in bursts; still less than a flood.
const LIGHTPUSH_RATE: Rate = Rate { burst: 1000, every: 20 };
/// A client asks a few times at its start and then seldom.
const PEER_EXCHANGE_RATE: Rate = Rate {
    burst: 10,
    every: 1_000,
};
