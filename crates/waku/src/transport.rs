//! Connections: TCP and WebSocket with Noise and then Yamux or Mplex, QUIC; DNS names.
//!
//! QUIC, which brings its own encryption and multiplexing, is dialled first where both are announced. Mplex is offered
//! after Yamux because browser clients speak nothing else. Secure WebSocket listeners are not offered: a proxy with a
//! certificate in front of the plain one is what operators have.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox};
use libp2p::core::transport::Boxed;
use libp2p::core::upgrade::{SelectUpgrade, Version};
use libp2p::identity::Keypair;
use libp2p::{PeerId, Transport, dns, noise, quic, tcp, websocket, yamux};

use crate::meter::{Meter, Metered};

/// Builds the transport. Every connection that gets through leaves its meter in `meters`.
pub(crate) fn build(keypair: &Keypair, meters: &Meters) -> io::Result<Boxed<(PeerId, StreamMuxerBox)>> {
    let noise = noise::Config::new(keypair).map_err(io::Error::other)?;
    let socket = || tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
    let web = websocket::Config::new(dns::tokio::Transport::system(socket())?);
    let quic_meters = meters.clone();
    let quic = quic::tokio::Transport::new(quic::Config::new(keypair));
    let quic = quic.map(move |(peer, muxer), _| metered(peer, muxer, &quic_meters));
    // Names are resolved around both: the resolver takes every address, so it cannot be one of two to choose from.
    let plain = quic
        .or_transport(upgraded(socket(), noise.clone(), meters))
        .map(|either, _| either.into_inner());
    let direct = upgraded(web, noise, meters)
        .or_transport(dns::tokio::Transport::system(plain)?)
        .map(|either, _| either.into_inner());
    Ok(direct.boxed())
}

/// Noise, then Yamux or Mplex, over something that carries bytes.
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

/// Streams of one connection. Browser clients keep up to 64 per protocol, of which they use a few.
const MAX_STREAMS: usize = 256;
/// Frames of at most 1 MiB that one Mplex stream may hold unread.
const MPLEX_FRAMES: usize = 4;
/// Size of the frames that we send; larger ones cost less.
const MPLEX_FRAME: usize = 64 * 1024;
