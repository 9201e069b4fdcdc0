//! Filter (12/WAKU2-FILTER version 2), client and server.
//!
//! The server pushes over one long-lived stream per subscriber: browser clients refuse the 101st
//! stream of a connection. A stream that the client has closed (Go clients close after every message)
//! is replaced by a new one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::AsyncReadExt;
use libp2p::PeerId;
use libp2p::swarm::Stream;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use waku_proto::codec::frame;
use waku_proto::filter::{
    Ask, Failure, Limits, NOT_FOUND, OK, PUSH_PROTOCOL, Refusal, Request, Response, SUBSCRIBE_PROTOCOL, Subscribers,
    TOO_MANY_REQUESTS, decode_push, encode_push,
};
use waku_proto::{ContentTopic, Envelope, PubsubTopic};

use crate::framing;
use crate::limits::ByteBudget;
use crate::request::{RequestError, Requests, Service, request_id};
use crate::status::{Purpose, Tally};
use crate::task::News;

/// Asks a filter server.
pub(crate) async fn ask(requests: &Requests, peer: PeerId, ask: Ask) -> Result<(), Failure> {
    let service = Service {
        protocol: SUBSCRIBE_PROTOCOL,
        purpose: Purpose::Filter,
    };
    let request = Request {
        request_id: request_id(),
        ask,
    };
    let answer = requests
        .ask(peer, service, &request.encode(), MAX_SMALL)
        .await
        .map_err(|_| Failure::Silent)?;
    let response = Response::decode(&answer).map_err(|_| Failure::Silent)?;
    match response.status {
        OK => Ok(()),
        NOT_FOUND => Err(Failure::NotFound),
        TOO_MANY_REQUESTS | 503 => Err(Failure::Busy),
        _ => Err(Failure::Silent),
    }
}

/// Reads what a server pushes until the stream ends.
pub(crate) async fn receive(
    mut stream: Stream,
    peer: PeerId,
    max_message_size: usize,
    budget: &ByteBudget,
    tally: &Tally,
    news: &mpsc::Sender<News>,
) {
    let limit = max_message_size + PUSH_OVERHEAD;
    while let Ok(Some((bytes, _permit))) = framing::read_within(&mut stream, limit, FOR_EVER, budget).await {
        tally.received(Purpose::Filter, bytes.len());
        let Ok(envelope) = decode_push(&bytes) else { break };
        if news.send(News::Pushed(peer, envelope)).await.is_err() {
            return;
        }
    }
    framing::finish(&mut stream).await;
}

/// Who subscribed to what.
pub(crate) type Clients = Vec<(PeerId, Vec<(PubsubTopic, ContentTopic)>)>;

/// The server: a task that owns the table of subscribers. Clones are handles.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    orders: mpsc::Sender<Order>,
    clients: Arc<AtomicUsize>,
    tally: Tally,
}

#[derive(Debug)]
enum Order {
    Ask {
        peer: PeerId,
        ask: Ask,
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
    Push(Arc<Envelope>, OwnedSemaphorePermit),
    Gone(PeerId),
    List(oneshot::Sender<Clients>),
}

impl Server {
    /// Starts the task; it ends with the last handle.
    pub(crate) fn start(requests: Requests, limits: Limits) -> Self {
        let (orders, queue) = mpsc::channel(ORDERS);
        let server = Self {
            orders,
            clients: Arc::default(),
            tally: requests.tally().clone(),
        };
        let sweep = SWEEP.min(Duration::from_millis(limits.timeout.max(1_000)));
        let table = Table {
            subscribers: Subscribers::new(limits),
            pushers: BTreeMap::new(),
            requests,
            began: Instant::now(),
            clients: Arc::clone(&server.clients),
        };
        tokio::spawn(table.run(queue, sweep));
        server
    }

    /// Number of subscribers.
    pub(crate) fn clients(&self) -> usize {
        self.clients.load(Ordering::Relaxed)
    }

    /// Answers a peer. `is_admitted` is false for one that asks too often.
    pub(crate) async fn serve(&self, mut stream: Stream, peer: PeerId, is_admitted: impl FnOnce() -> bool) {
        let Ok(Some(bytes)) = framing::read(&mut stream, MAX_SMALL, IDLE).await else {
            return;
        };
        self.tally.received(Purpose::Filter, bytes.len());
        let response = match Request::decode(&bytes) {
            _ if !is_admitted() => Response::to("N/A".into(), Err(Refusal::TooManyRequests)),
            // As deployed servers do: no answer to what is no question.
            Err(_) => return,
            Ok(request) => {
                let (reply, answer) = oneshot::channel();
                if self
                    .orders
                    .send(Order::Ask {
                        peer,
                        ask: request.ask,
                        reply,
                    })
                    .await
                    .is_err()
                {
                    return;
                }
                let Ok(result) = answer.await else { return };
                Response::to(request.request_id, result)
            }
        };
        let bytes = response.encode();
        self.tally.sent(Purpose::Filter, bytes.len());
        if framing::write(&mut stream, &bytes).await.is_ok() {
            framing::finish(&mut stream).await;
        }
    }

    /// Offers a message to the subscribers. When they do not keep up it is left out.
    pub(crate) fn offer(&self, envelope: &Arc<Envelope>, budget: &ByteBudget) {
        if self.clients() == 0 {
            return;
        }
        if let Some(permit) = budget.try_take(envelope.message.payload.len() + PUSH_OVERHEAD)
            && self.orders.try_send(Order::Push(Arc::clone(envelope), permit)).is_err()
        {
            tracing::debug!("a message was not offered to filter subscribers");
        }
    }

    /// Who subscribed to what.
    pub(crate) async fn list(&self, reply: oneshot::Sender<Clients>) {
        let _ = self.orders.send(Order::List(reply)).await;
    }

    /// A peer is gone.
    pub(crate) async fn gone(&self, peer: PeerId) {
        let _ = self.orders.send(Order::Gone(peer)).await;
    }
}

struct Table {
    subscribers: Subscribers<PeerId>,
    pushers: BTreeMap<PeerId, mpsc::Sender<Arc<Push>>>,
    requests: Requests,
    began: Instant,
    clients: Arc<AtomicUsize>,
}

/// A framed message on its way to some subscribers, held until the last has it.
struct Push {
    framed: Vec<u8>,
    _permit: OwnedSemaphorePermit,
}

impl Table {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>, period: Duration) {
        let mut sweep = tokio::time::interval(period);
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    None => return,
                    Some(Order::Ask { peer, ask, reply }) => {
                        let _ = reply.send(self.ask(peer, ask));
                    }
                    Some(Order::Push(envelope, permit)) => self.push(&envelope, permit),
                    Some(Order::Gone(peer)) => self.remove(&peer),
                    Some(Order::List(reply)) => {
                        let _ = reply.send(self.subscribers.list());
                    }
                },
                _ = sweep.tick() => {
                    for peer in self.subscribers.expire(self.now()) {
                        self.pushers.remove(&peer);
                    }
                }
            }
            self.clients.store(self.subscribers.len(), Ordering::Relaxed);
        }
    }

    fn ask(&mut self, peer: PeerId, ask: Ask) -> Result<(), Refusal> {
        let now = self.now();
        let result = self.subscribers.request(&peer, ask, now);
        if !self.subscribers.contains(&peer) {
            self.pushers.remove(&peer);
        } else if !self.pushers.contains_key(&peer) {
            let (queue, pushes) = mpsc::channel(PUSHES);
            tokio::spawn(push_all(self.requests.clone(), peer, pushes));
            self.pushers.insert(peer, queue);
        }
        result
    }

    fn push(&mut self, envelope: &Envelope, permit: OwnedSemaphorePermit) {
        let receivers: Vec<PeerId> = self.subscribers.matching(envelope).copied().collect();
        if receivers.is_empty() {
            return;
        }
        let push = Arc::new(Push {
            framed: frame(&encode_push(envelope.clone())),
            _permit: permit,
        });
        for peer in receivers {
            match self.pushers.get(&peer).map(|queue| queue.try_send(Arc::clone(&push))) {
                Some(Ok(())) => {}
                Some(Err(mpsc::error::TrySendError::Full(_))) => {
                    tracing::debug!("a filter subscriber does not keep up")
                }
                // Its task gave up: the client is not reachable.
                Some(Err(mpsc::error::TrySendError::Closed(_))) | None => self.remove(&peer),
            }
        }
    }

    fn remove(&mut self, peer: &PeerId) {
        self.subscribers.remove(peer);
        self.pushers.remove(peer);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Pushes to one subscriber until it is unsubscribed or cannot be reached.
async fn push_all(requests: Requests, peer: PeerId, mut pushes: mpsc::Receiver<Arc<Push>>) {
    let mut stream: Option<Stream> = None;
    while let Some(push) = next(&mut pushes, &mut stream).await {
        if let Err(error) = push_one(&requests, peer, &mut stream, &push).await {
            tracing::debug!(%error, "a filter subscriber is dropped");
            return;
        }
    }
    if let Some(mut stream) = stream {
        framing::finish(&mut stream).await;
    }
}

/// Waits for the next message; lets go of the stream when the client closes it.
async fn next(pushes: &mut mpsc::Receiver<Arc<Push>>, stream: &mut Option<Stream>) -> Option<Arc<Push>> {
    loop {
        let Some(open) = stream else { return pushes.recv().await };
        let mut byte = [0];
        tokio::select! {
            // A stream that has ended is noticed before the next message is put on it.
            biased;
            read = open.read(&mut byte) => if !matches!(read, Ok(1..)) {
                *stream = None;
            },
            push = pushes.recv() => return push,
        }
    }
}

async fn push_one(
    requests: &Requests,
    peer: PeerId,
    stream: &mut Option<Stream>,
    push: &Push,
) -> Result<(), RequestError> {
    for _ in 0..2 {
        let open = match stream {
            Some(open) => open,
            None => stream.insert(requests.open(peer, PUSH_PROTOCOL).await?),
        };
        match framing::write_framed(open, &push.framed).await {
            Ok(()) => {
                requests.tally().sent(Purpose::Filter, push.framed.len());
                return Ok(());
            }
            Err(framing::WriteError::TooSlow) => return Err(RequestError::TooSlow),
            Err(framing::WriteError::Io(_)) => *stream = None,
        }
    }
    Err(RequestError::Broken)
}

/// Longest request and answer: a hundred content topics, with room.
const MAX_SMALL: usize = 64 * 1024;
/// Topic and tags around a pushed message.
const PUSH_OVERHEAD: usize = 1024;
/// Browser clients open streams long before they use them.
const IDLE: Duration = Duration::from_secs(300);
/// A push stream is silent as long as nobody writes; it ends with the connection.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);
/// Orders that may wait; the table does nothing slow.
const ORDERS: usize = 1024;
/// Messages that may wait for one subscriber.
const PUSHES: usize = 256;
/// How often silent subscribers are looked for.
const SWEEP: Duration = Duration::from_secs(60);
