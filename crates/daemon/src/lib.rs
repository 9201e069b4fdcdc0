//! Connects the parts and serves the API: the only place that knows both the messenger and the network.
//!
//! ```text
//! home.rs      the data directory, held by one daemon     accounts.rs   profiles: made, unlocked, locked, removed
//! http/        the local API                              socket.rs     its event stream
//! unlocked.rs  one unlocked profile, put together         engine.rs     the thread that owns its messenger
//! link.rs      node → engine                              publisher.rs  engine → node
//! catch_up.rs  missing history, from store nodes          event_log.rs  what the UI must learn
//! convert.rs   rows → API types                           readers.rs    connections for lists
//! door.rs      which browsers were let in              backup/       encrypted files of a profile
//! direct/      large files, device to device
//! export/      a chat as files for anybody             preview/      what a link's page says
//! ```
//!
//! There is no rule here: whatever has an opinion about chats or people belongs to the messenger.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod accounts;
mod backup;
mod calendar;
mod catch_up;
mod config;
mod convert;
mod direct;
mod door;
mod engine;
mod event_log;
mod export;
mod home;
mod http;
mod link;
mod media;
pub mod memory;
mod preview;
mod publisher;
mod qr;
mod readers;
mod skew;
mod socket;
mod unlocked;
mod uploads;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use api::client::Client;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use waku::Multiaddr;

use crate::accounts::Accounts;
use crate::door::Door;
use crate::engine::now;
use crate::home::Home;
use crate::http::Guard;

/// What an image file becomes as the picture of a group and in a message: the bytes that travel inside the encryption. For
/// whoever wants to look for them where they must not be.
pub fn travelling_pictures(file: &[u8]) -> Option<[Vec<u8>; 2]> {
    let group = media::picture::group_picture(file).ok()?;
    let message = media::message_picture::prepare(file).ok()?;
    Some([group, message.jpeg])
}

pub use config::{Config, Listen, Network};
pub use home::HomeError;
pub use http::document;
pub use messenger::accounts::Cost;
pub use preview::Reach;
// What the configuration speaks of.
pub use waku::DiscoveryConfig;

/// A running daemon. Dropping it without [`Daemon::shutdown`] leaves its tasks to the runtime.
pub struct Daemon {
    address: SocketAddr,
    guard: Arc<Guard>,
    accounts: Arc<Accounts>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    /// Given back last: until then no other daemon may use the directory.
    home: Home,
}

/// Why the daemon did not start. The person's fault, or their system's; the texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// Another program listens on the API's port.
    #[error("port {port} is in use by another program; choose another one with --api-port (0 takes any free one)")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// The API's port cannot be opened.
    #[error("cannot listen on port {port} of this computer: {}; choose another one with --api-port", .reason.kind())]
    Listen {
        /// The port.
        port: u16,
        /// What the system said.
        reason: io::Error,
    },
    /// The address of a node is not one.
    #[error("{address:?} is not a node's address; it looks like /ip4/192.0.2.1/tcp/60000/p2p/16Uiu2…")]
    BadAddress {
        /// What was given.
        address: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl Daemon {
    /// Takes the data directory, opens the API's port, and serves. No profile is unlocked.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let static_nodes = config
            .network
            .static_nodes
            .iter()
            .map(|text| node_address(text))
            .collect::<Result<_, _>>()?;
        let home = Home::take(&config.data_dir)?;
        let listener = listen(config.api_port).await?;
        let address = listener.local_addr().map_err(|reason| StartError::Listen {
            port: config.api_port,
            reason,
        })?;
        let door = Door::of(&config.data_dir, now().0).map_err(|_| StartError::NoRandomness)?;
        let guard = Arc::new(Guard::new(address, door).map_err(|_| StartError::NoRandomness)?);
        let accounts = Accounts::open(home.profiles(), config.network, static_nodes, config.cost)?;
        let (stop, stopped) = watch::channel(false);
        let routes = http::routes(Arc::clone(&accounts), Arc::clone(&guard));
        let server = tokio::spawn(http::serve(listener, routes, stopped));
        home.announce(address, guard.token())?;
        Ok(Self {
            address,
            guard,
            accounts,
            stop,
            server,
            home,
        })
    }

    /// Where the API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client of this daemon.
    pub fn client(&self) -> Client {
        Client::new(self.address, self.guard.token().clone())
    }

    /// Locks all profiles, lets running requests finish, and gives the data directory back.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        self.accounts.close().await;
        // An error means that the server has ended already.
        let _ = self.server.await;
        drop(self.home);
    }
}

async fn listen(port: u16) -> Result<TcpListener, StartError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|reason| match reason.kind() {
            io::ErrorKind::AddrInUse => StartError::PortInUse { port },
            _ => StartError::Listen { port, reason },
        })
}

fn node_address(text: &str) -> Result<Multiaddr, StartError> {
    address_of_node(text).ok_or_else(|| StartError::BadAddress {
        address: text.to_owned(),
    })
}

/// The address of a node that can be connected to: it ends in a peer id.
pub(crate) fn address_of_node(text: &str) -> Option<Multiaddr> {
    let address: Multiaddr = text.trim().parse().ok()?;
    matches!(address.iter().last(), Some(waku::Protocol::P2p(_))).then_some(address)
}
