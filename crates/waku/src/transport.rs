//! Connections: TCP and WebSocket with Noise and then Yamux or Mplex, QUIC; DNS names.
//!
//! QUIC, which brings its own encryption and multiplexing, is dialled first where both are announced. Mplex is offered
//! after Yamux because browser clients speak nothing else. Secure WebSocket listeners need a certificate.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox};
use libp2p::core::transport::Boxed;
use libp2p::core::upgrade::{SelectUpgrade, Version};
use libp2p::identity::Keypair;
use libp2p::websocket::tls;
use libp2p::{PeerId, Transport, dns, noise, quic, relay as circuit, tcp, websocket, yamux};

use crate::any_port::AnyPort;
use crate::meter::{Meter, Metered};

/// Builds the transport. Every connection that gets through leaves its meter in `meters`. Secure WebSockets are listened to
/// with a certificate only, and dialled with the usual authorities unless `tls` says otherwise. `circuits` carries calls
/// through relays; their bytes are counted with the connection to the relay.
pub(crate) fn build(
    keypair: &Keypair,
    meters: &Meters,
    tls: Option<&tls::Config>,
    circuits: Option<circuit::client::Transport>,
) -> io::Result<Boxed<(PeerId, StreamMuxerBox)>> {
    let noise = noise::Config::new(keypair).map_err(io::Error::other)?;
    let socket = || AnyPort(tcp::tokio::Transport::new(tcp::Config::default().nodelay(true)));
    let mut web = websocket::Config::new(dns::tokio::Transport::system(socket())?);
    if let Some(tls) = tls {
        web.set_tls_config(tls.clone());
    }
    let quic_meters = meters.clone();
    let quic = quic::tokio::Transport::new(quic::Config::new(keypair));
    let quic = quic.map(move |(peer, muxer), _| metered(peer, muxer, &quic_meters));
    // Names are resolved around both: the resolver takes every address, so it cannot be one of two to choose from.
    let plain = quic
        .or_transport(upgraded(socket(), noise.clone(), meters))
        .map(|either, _| either.into_inner());
    let direct = upgraded(web, noise.clone(), meters)
        .or_transport(dns::tokio::Transport::system(plain)?)
        .map(|either, _| either.into_inner());
    let Some(circuits) = circuits else {
        return Ok(direct.boxed());
    };
    // First: the others would take the way to the relay for the whole address.
    let any = upgraded(circuits, noise, &Meters::default()).or_transport(direct);
    Ok(any.map(|either, _| either.into_inner()).boxed())
}

/// Noise, then Yamux or Mplex, over something that carries bytes, in time: whoever only opens a connection is dropped, because
/// the connections that are being made are counted.
fn upgraded<T>(transport: T, noise: noise::Config, meters: &Meters) -> Boxed<(PeerId, StreamMuxerBox)>
where
    T: Transport + Send + Unpin + 'static,
    T::Output: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    T::Error: Send + Sync + 'static,
    T::Dial: Send + 'static,
    T::ListenerUpgrade: Send + 'static,
{
    let meters = meters.clone();
    transport
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(multiplexers())
        .timeout(HANDSHAKE)
        .map(move |(peer, muxer), _| metered(peer, muxer, &meters))
        .boxed()
}

fn metered<M>(peer: PeerId, muxer: M, meters: &Meters) -> (PeerId, StreamMuxerBox)
where
    M: StreamMuxer + Unpin + Send + 'static,
    M::Substream: Unpin + Send + 'static,
    M::Error: Send + Sync + 'static,
{
    (peer, StreamMuxerBox::new(Metered::new(muxer, meters.attach(peer))))
}

/// The meters of open connections, and the totals of all that ever were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meters(Arc<Mutex<Attached>>);

#[derive(Debug, Default)]
struct Attached {
    open: BTreeMap<PeerId, Vec<Weak<Meter>>>,
    all: Vec<Arc<Meter>>,
    /// Bytes of connections that are gone: read, written.
    past: (u64, u64),
}

impl Meters {
    /// The meters of a peer's connections.
    pub(crate) fn of(&self, peer: &PeerId) -> Vec<Arc<Meter>> {
        let attached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        attached
            .open
            .get(peer)
            .into_iter()
            .flatten()
            .filter_map(Weak::upgrade)
            .collect()
    }

    /// Bytes read and written since the start.
    pub(crate) fn totals(&self) -> (u64, u64) {
        let mut attached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        attached.retire();
        let add = |(read, written), meter: &Arc<Meter>| (read + meter.read(), written + meter.written());
        attached.all.iter().fold(attached.past, add)
    }

    fn attach(&self, peer: PeerId) -> Arc<Meter> {
        let mut attached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        attached.retire();
        let meter = Arc::new(Meter::default());
        attached.open.entry(peer).or_default().push(Arc::downgrade(&meter));
        attached.all.push(Arc::clone(&meter));
        meter
    }
}

impl Attached {
    /// Adds closed connections, whose meter nobody else holds, to the past.
    fn retire(&mut self) {
        let Self { open, all, past } = self;
        all.retain(|meter| {
            let live = Arc::strong_count(meter) > 1;
            if !live {
                past.0 += meter.read();
                past.1 += meter.written();
            }
            live
        });
        open.retain(|_, meters| {
            meters.retain(|meter| meter.strong_count() > 0);
            !meters.is_empty()
        });
    }
}

fn multiplexers() -> SelectUpgrade<yamux::Config, libp2p_mplex::Config> {
    let mut yamux = yamux::Config::default();
    yamux.set_max_num_streams(MAX_STREAMS);
    let mut mplex = libp2p_mplex::Config::new();
    // A full buffer stops reading from the connection: it is the peer's own traffic that waits.
    mplex.set_max_buffer_behaviour(libp2p_mplex::MaxBufferBehaviour::Block);
    mplex
        .set_max_buffer_size(MPLEX_FRAMES)
        .set_max_num_streams(MAX_STREAMS)
        .set_split_send_size(MPLEX_FRAME);
    SelectUpgrade::new(yamux, mplex)
}

/// From the dial, or the accepted socket, until bytes are encrypted and streams can be opened: some round trips of a bad line.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Streams of one connection. Browser clients keep up to 64 per protocol, of which they use a few.
const MAX_STREAMS: usize = 256;
/// Frames of at most 1 MiB that one Mplex stream may hold unread.
const MPLEX_FRAMES: usize = 4;
/// Size of the frames that we send; larger ones cost less.
const MPLEX_FRAME: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use libp2p::core::transport::{DialOpts, ListenerId, PortUse, TransportEvent};
    use libp2p::core::{Endpoint, Multiaddr};

    use super::*;
    use crate::Certificate;

    #[tokio::test]
    async fn a_secure_websocket_shows_its_certificate_and_carries_the_identity() {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let (chain, key) = (made.cert.pem(), made.key_pair.serialize_pem());
        let certificate = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        let (server, client) = (Keypair::generate_secp256k1(), Keypair::generate_secp256k1());

        let mut listener = build(&server, &Meters::default(), Some(&certificate.0), None).unwrap();
        let anywhere: Multiaddr = "/ip4/127.0.0.1/tcp/0/wss".parse().unwrap();
        listener.listen_on(ListenerId::next(), anywhere).unwrap();
        let Some(TransportEvent::NewAddress { listen_addr, .. }) = listener.next().await else {
            panic!("no address");
        };
        let serving = tokio::spawn(async move {
            let mut answered = Vec::new();
            while answered.len() < 2 {
                if let Some(TransportEvent::Incoming { upgrade, .. }) = listener.next().await {
                    answered.push(tokio::spawn(upgrade));
                }
            }
            answered.pop().unwrap().await.unwrap()
        });

        let trusting = {
            let mut tls = tls::Config::builder();
            tls.add_trust(&tls::Certificate::new(made.cert.der().to_vec())).unwrap();
            tls.finish()
        };
        let dial = |tls: Option<&tls::Config>| {
            let options = DialOpts {
                role: Endpoint::Dialer,
                port_use: PortUse::New,
            };
            let mut dialler = build(&client, &Meters::default(), tls, None).unwrap();
            let dialled = dialler.dial(listen_addr.clone(), options).unwrap();
            async move {
                let driven = futures::future::select(
                    dialled,
                    Box::pin(async move { while dialler.next().await.is_some() {} }),
                );
                match driven.await {
                    futures::future::Either::Left((outcome, _)) => outcome.map(|(peer, _)| peer),
                    futures::future::Either::Right(_) => Err(io::Error::other("the dialler ended")),
                }
            }
        };
        // Nobody vouches for it.
        assert!(dial(None).await.is_err());
        assert_eq!(dial(Some(&trusting)).await.unwrap(), server.public().to_peer_id());
        let answered = serving.await.unwrap().unwrap();
        assert_eq!(answered.0, client.public().to_peer_id());
    }
}
