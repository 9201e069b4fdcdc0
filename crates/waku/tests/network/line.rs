//! What lies between nodes: a delay, and segments that are lost and sent once more, as TCP does it.
//!
//! Loopback has neither, so connections to a node lead through a line, which is all that others know of it. What a line
//! does not do: shape bandwidth, reorder, or lose a connection.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// How a line behaves, in each direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quality {
    /// Until a segment has arrived.
    pub(crate) latency: Duration,
    /// Segments lost in a thousand.
    pub(crate) lost: u64,
}

/// The way to one node.
pub(crate) struct Line {
    port: u16,
    accepting: JoinHandle<()>,
}

impl Line {
    /// A line that leads to a port of this machine, whether anybody listens there or not.
    pub(crate) async fn new(target: u16, quality: Quality) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepting = tokio::spawn(accept(listener, target, quality));
        Self { port, accepting }
    }

    /// Where it begins.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: u16, quality: Quality) {
    let mut connections = JoinSet::new();
    for number in 0.. {
        let Ok((near, _)) = listener.accept().await else {
            return;
        };
        connections.spawn(async move {
            let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else {
                return; // and the one who called sees that nobody is there
            };
            for stream in [&near, &far] {
                let _ = stream.set_nodelay(true);
            }
            let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
            tokio::join!(
                carry(from_near, to_far, Dice(2 * number), quality),
                carry(from_far, to_near, Dice(2 * number + 1), quality),
            );
        });
        while connections.try_join_next().is_some() {}
    }
}

/// One direction, until either side ends.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut dice: Dice, quality: Quality) {
    let (send, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let arrive = async {
        while let Some((due, bytes)) = under_way.recv().await {
            sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
        under_way.close();
        let _ = to.shutdown().await;
    };
    let leave = async {
        let mut last = Instant::now();
        let mut buffer = vec![0; 16 * SEGMENT];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let mut takes = quality.latency;
            let segments = length.div_ceil(SEGMENT);
            if (0..segments).any(|_| dice.roll(1_000) < quality.lost) {
                takes += AGAIN + quality.latency;
            }
            // Nothing overtakes what was sent before.
            last = last.max(Instant::now() + takes);
            if send.send((last, buffer[..length].to_vec())).await.is_err() {
                break;
            }
        }
        drop(send);
    };
    tokio::join!(leave, arrive);
}

/// The same numbers in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ value >> 31) % sides
    }
}

/// Bytes of a segment.
const SEGMENT: usize = 1_448;
/// Until a sender notices that a segment was lost: the least that systems wait.
const AGAIN: Duration = Duration::from_millis(200);
/// Pieces in one direction.
const UNDER_WAY: usize = 256;
