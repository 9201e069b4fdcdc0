//! Streams between our services and those of peers, both those that peers open and those that we open.
//!
//! Peers may open a fixed list of protocols, and every stream goes to one bounded queue, with the peer and the protocol.
//! Ours are opened with an [`Opener`], at connected peers only. (`libp2p-stream` holds one stream of a protocol and drops
//! the next, while browser clients open several at once; it agrees with a peer on one stream after the other; and it keeps
//! something of every connection that ever was.) What a stream carries is the business of [`crate::serve`] and
//! [`crate::request`].

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use libp2p::core::upgrade::{InboundUpgrade, ReadyUpgrade, UpgradeInfo};
use libp2p::core::{Endpoint, transport::PortUse};
use libp2p::swarm::handler::{ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm, NetworkBehaviour,
    NotifyHandler, Stream, StreamProtocol, StreamUpgradeError, SubstreamProtocol, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use tokio::sync::{mpsc, oneshot};

/// A stream that a peer opened.
pub(crate) struct Inbound {
    pub(crate) peer: PeerId,
    pub(crate) protocol: StreamProtocol,
    pub(crate) stream: Stream,
}

/// Opens streams; clones open at the same peers.
#[derive(Clone)]
pub(crate) struct Opener(mpsc::Sender<(PeerId, Wish)>);

/// Why there is no stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// The peer does not speak the protocol.
    Unsupported,
    /// The peer did not answer in time.
    TooSlow,
    /// There is no connection to the peer, or it broke.
    NotConnected,
}

/// A stream that is to be opened.
#[derive(Debug)]
pub(crate) struct Wish {
    protocol: StreamProtocol,
    reply: Reply,
}

type Reply = oneshot::Sender<Result<Stream, OpenError>>;

impl Opener {
    /// Opens a stream at a connected peer.
    pub(crate) async fn open(&self, peer: PeerId, protocol: StreamProtocol) -> Result<Stream, OpenError> {
        let (reply, answer) = oneshot::channel();
        let asked = self.0.send((peer, Wish { protocol, reply })).await;
        asked.map_err(|_| OpenError::NotConnected)?;
        answer.await.unwrap_or(Err(OpenError::NotConnected))
    }
}

/// Accepts streams of the protocols, and opens others.
pub(crate) struct Behaviour {
    protocols: Vec<StreamProtocol>,
    queue: mpsc::Sender<Inbound>,
    opener: Opener,
    wishes: mpsc::Receiver<(PeerId, Wish)>,
    connections: BTreeMap<PeerId, Vec<Connection>>,
}

struct Connection {
    id: ConnectionId,
    is_relayed: bool,
}

impl Behaviour {
    pub(crate) fn new(protocols: Vec<StreamProtocol>) -> (Self, mpsc::Receiver<Inbound>) {
        let (queue, streams) = mpsc::channel(QUEUE);
        let (opener, wishes) = mpsc::channel(QUEUE);
        let behaviour = Self {
            protocols,
            queue,
            opener: Opener(opener),
            wishes,
            connections: BTreeMap::new(),
        };
        (behaviour, streams)
    }

    pub(crate) fn opener(&self) -> Opener {
        self.opener.clone()
    }

    fn handler(&self, peer: PeerId) -> Handler {
        Handler {
            peer,
            protocols: self.protocols.clone(),
            queue: self.queue.clone(),
            wishes: VecDeque::new(),
        }
    }

    /// The connection for a new stream: the newest, since an older one may have died without a word, and a direct one
    /// before those that a relay carries.
    fn connection(&self, peer: &PeerId) -> Option<ConnectionId> {
        let connections = self.connections.get(peer)?;
        let direct = connections.iter().rfind(|connection| !connection.is_relayed);
        direct.or_else(|| connections.last()).map(|connection| connection.id)
    }
}

/// Streams that may wait for the dispatcher, which only starts a task for each, and as many for the swarm, which only
/// hands them to their connections.
const QUEUE: usize = 256;

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(established) => {
                let connection = Connection {
                    id: established.connection_id,
                    is_relayed: established.endpoint.is_relayed(),
                };
                self.connections
                    .entry(established.peer_id)
                    .or_default()
                    .push(connection);
            }
            FromSwarm::ConnectionClosed(closed) => {
                let Some(connections) = self.connections.get_mut(&closed.peer_id) else {
                    return;
                };
                connections.retain(|connection| connection.id != closed.connection_id);
                if connections.is_empty() {
                    self.connections.remove(&closed.peer_id);
                }
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        // The sender is never gone, since one is kept here.
        while let Poll::Ready(Some((peer_id, wish))) = self.wishes.poll_recv(context) {
            match self.connection(&peer_id) {
                Some(connection) => {
                    return Poll::Ready(ToSwarm::NotifyHandler {
                        peer_id,
                        handler: NotifyHandler::One(connection),
                        event: wish,
                    });
                }
                None => {
                    let _ = wish.reply.send(Err(OpenError::NotConnected));
                }
            }
        }
        Poll::Pending
    }
}

pub(crate) struct Handler {
    peer: PeerId,
    protocols: Vec<StreamProtocol>,
    queue: mpsc::Sender<Inbound>,
    wishes: VecDeque<Wish>,
}

impl Handler {
    fn opened_by_peer(&self, protocol: StreamProtocol, stream: Stream) {
        let inbound = Inbound {
            peer: self.peer,
            protocol,
            stream,
        };
        if self.queue.try_send(inbound).is_err() {
            tracing::debug!("more streams than can be served; one was dropped");
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Wish;
    type ToBehaviour = Infallible;
    type InboundProtocol = AnyOf;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Reply;

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(AnyOf(self.protocols.clone()), ())
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, Self::OutboundOpenInfo, Self::ToBehaviour>> {
        match self.wishes.pop_front() {
            Some(Wish { protocol, reply }) => Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(ReadyUpgrade::new(protocol), reply),
            }),
            None => Poll::Pending,
        }
    }

    fn on_behaviour_event(&mut self, wish: Self::FromBehaviour) {
        self.wishes.push_back(wish);
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Self::InboundProtocol, Self::OutboundProtocol, (), Self::OutboundOpenInfo>,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: (stream, protocol),
                ..
            }) => self.opened_by_peer(protocol, stream),
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol: stream, info }) => {
                let _ = info.send(Ok(stream));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info, error }) => {
                let _ = info.send(Err(match error {
                    StreamUpgradeError::Timeout => OpenError::TooSlow,
                    StreamUpgradeError::NegotiationFailed => OpenError::Unsupported,
                    StreamUpgradeError::Io(_) => OpenError::NotConnected,
                    StreamUpgradeError::Apply(never) => match never {},
                }));
            }
            _ => {}
        }
    }
}

/// Negotiates any of the protocols and says which.
pub(crate) struct AnyOf(Vec<StreamProtocol>);

impl UpgradeInfo for AnyOf {
    type Info = StreamProtocol;
    type InfoIter = std::vec::IntoIter<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.clone().into_iter()
    }
}

impl InboundUpgrade<Stream> for AnyOf {
    type Output = (Stream, StreamProtocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Self::Error>>;

    fn upgrade_inbound(self, stream: Stream, protocol: Self::Info) -> Self::Future {
        ready(Ok((stream, protocol)))
    }
}
