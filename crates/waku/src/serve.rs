//! Gives every stream that a peer opens to the service it asks for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use libp2p::PeerId;
use tokio::sync::mpsc;
use waku_proto::{
    filter as filter_proto, lightpush as lightpush_proto, metadata as metadata_proto, peer_exchange as exchange_proto,
    store as store_proto, sync as sync_proto,
};

use crate::archive::Archive;
use crate::lightpush::{self, Version};
use crate::limits::{ByteBudget, Limiter, Rate, StreamCount};
use crate::metadata;
use crate::peer_exchange::{self, KnownRecords};
use crate::rates::{Buckets, RateLimit, RateLimits};
use crate::rendezvous::{self, Points};
use crate::status::{ServiceKind, Tally};
use crate::streams::Inbound;
use crate::sync::Syncer;
use crate::task::News;
use crate::{filter, store};

/// What the services need.
pub(crate) struct Services {
    pub(crate) own: metadata::Own,
    pub(crate) archive: Option<Archive>,
    pub(crate) sync: Option<Syncer>,
    pub(crate) filter: Option<filter::Server>,
    pub(crate) lightpush: Option<lightpush::Server>,
    pub(crate) known: KnownRecords,
    pub(crate) points: Points,
    pub(crate) news: mpsc::Sender<News>,
    pub(crate) max_message_size: usize,
    pub(crate) budget: ByteBudget,
    pub(crate) tally: Tally,
    pub(crate) doors: Doors,
}

/// Serves until the node stops.
pub(crate) async fn run(services: Services, mut streams: mpsc::Receiver<Inbound>) {
    let services = Arc::new(services);
    let counts = StreamCount::default();
    while let Some(inbound) = streams.recv().await {
        // One stream too many is dropped, which resets it.
        let Some(permit) = counts.enter(inbound.peer) else {
            continue;
        };
        let (services, doors) = (Arc::clone(&services), services.doors.clone());
        tokio::spawn(async move {
            serve(&services, &doors, inbound).await;
            drop(permit);
        });
    }
}

// over budget: an arm for each service
async fn serve(services: &Services, doors: &Doors, inbound: Inbound) {
    let Inbound { peer, protocol, stream } = inbound;
    match protocol.as_ref() {
        metadata_proto::PROTOCOL => metadata::serve(stream, &services.own, &services.tally).await,
        store_proto::PROTOCOL => {
            if let Some(archive) = &services.archive {
                store::serve(stream, archive, &services.tally, || {
                    doors.admit(ServiceKind::Store, peer)
                })
                .await;
            }
        }
        sync_proto::PROTOCOL => {
            if let Some(sync) = &services.sync {
                sync.serve(stream, peer).await;
            }
        }
        sync_proto::transfer::PROTOCOL => {
            if let Some(sync) = &services.sync {
                sync.receive(stream, peer).await;
            }
        }
        filter_proto::SUBSCRIBE_PROTOCOL => {
            if let Some(filter) = &services.filter {
                filter
                    .serve(stream, peer, || doors.admit(ServiceKind::Filter, peer))
                    .await;
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
                    .serve(stream, version, || doors.admit(ServiceKind::Lightpush, peer))
                    .await;
            }
        }
        exchange_proto::PROTOCOL => {
            peer_exchange::serve(stream, peer, &services.known, &services.tally, || {
                doors.admit(ServiceKind::PeerExchange, peer)
            })
            .await;
        }
        other => {
            let served = rendezvous::SERVED.iter().find(|(protocol, _)| *protocol == other);
            if let Some((_, kind)) = served {
                rendezvous::serve(stream, peer, *kind, &services.points, &services.tally).await;
            }
        }
    }
}

/// How often each service may be asked; clones share it.
#[derive(Clone)]
pub(crate) struct Doors(Arc<Shut>);

struct Shut {
    began: Instant,
    doors: [Mutex<Door>; 4],
    tally: Tally,
}

enum Door {
    /// As generous as we are when nobody says otherwise.
    Usual(Limiter),
    /// As an operator wants it.
    Given(RateLimit, Buckets),
}

impl Doors {
    pub(crate) fn new(limits: RateLimits, tally: Tally) -> Self {
        let usual = [STORE_RATE, FILTER_RATE, LIGHTPUSH_RATE, PEER_EXCHANGE_RATE];
        let doors = Self(Arc::new(Shut {
            began: Instant::now(),
            doors: usual.map(|rate| Mutex::new(Door::Usual(Limiter::new(rate)))),
            tally,
        }));
        doors.set(limits);
        doors
    }

    /// Applies other limits from now on; a service whose limit stays keeps its count.
    pub(crate) fn set(&self, limits: RateLimits) {
        let now = self.now();
        for (service, usual, limit) in [
            (ServiceKind::Store, STORE_RATE, limits.store),
            (ServiceKind::Filter, FILTER_RATE, limits.filter),
            (ServiceKind::Lightpush, LIGHTPUSH_RATE, limits.lightpush),
            (ServiceKind::PeerExchange, PEER_EXCHANGE_RATE, limits.peer_exchange),
        ] {
            let mut door = self.door(service);
            let is_same = match (&*door, limit) {
                (Door::Usual(_), None) => true,
                (Door::Given(old, _), Some(new)) => *old == new,
                _ => false,
            };
            if !is_same {
                *door = match limit {
                    None => Door::Usual(Limiter::new(usual)),
                    Some(limit) if service == ServiceKind::Filter => Door::Given(limit, Buckets::single(limit)),
                    Some(limit) => Door::Given(limit, Buckets::shared(limit, now)),
                };
            }
        }
    }

    fn admit(&self, service: ServiceKind, peer: PeerId) -> bool {
        let now = self.now();
        let is_admitted = match &mut *self.door(service) {
            Door::Usual(limiter) => limiter.admit(peer, now),
            Door::Given(_, buckets) => buckets.admit(peer, now),
        };
        self.0.tally.asked(service, is_admitted);
        is_admitted
    }

    fn door(&self, service: ServiceKind) -> std::sync::MutexGuard<'_, Door> {
        self.0.doors[service as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX)
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
