//! Finding nodes: in the DNS, by walking discv5, and by asking peers.
//!
//! Discovery only finds: what it found goes to the node's task, which puts it into the peer book and decides whom to
//! dial. Everything here is off unless [`DiscoveryConfig`] says otherwise.
//!
//! ```text
//! record.rs    a node's signed card       dns_tree.rs  lists of them in the DNS: texts, hashes, signatures
//! discv5.rs    walking over UDP           dns.rs       fetching such a list
//! ```

use std::net::SocketAddr;
use std::time::Duration;

use libp2p::Multiaddr;
#[cfg(test)]
use libp2p::PeerId;
use libp2p::identity::Keypair;
use tokio::sync::mpsc;
pub(crate) use waku_proto::peers::Source;

use crate::discovery::discv5::Walker;
use crate::discovery::dns::Resolver;

pub(crate) mod discv5;
pub(crate) mod dns;
pub(crate) mod dns_tree;
pub(crate) mod record;

pub use self::discv5::{Discv5Config, WalkError};
pub use self::dns_tree::{SignedTree, TreeError, TreeLink};
pub use self::record::{NodeRecord, RecordContents, RecordError};

/// How a node finds others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoveryConfig {
    /// Nodes that are known beforehand; each address ends in `/p2p/<peer id>`. They are called as strangers are, when some
    /// are wanted.
    pub known: Vec<Multiaddr>,
    /// Walking over UDP.
    pub discv5: Option<Discv5Config>,
    /// Lists in the DNS.
    pub dns_lists: Vec<TreeLink>,
    /// Name servers to ask for them; none = the system's.
    pub name_servers: Vec<SocketAddr>,
    /// Asking connected peers for others, when discv5 is off.
    pub peer_exchange: bool,
    /// Leaving our addresses at connected peers that are rendezvous points, and asking them for others.
    pub rendezvous: bool,
}

/// Nodes that were found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) source: Source,
    pub(crate) nodes: Vec<NodeRecord>,
}

impl Found {
    pub(crate) fn records(source: Source, nodes: Vec<NodeRecord>) -> Self {
        Self { source, nodes }
    }

    #[cfg(test)]
    pub(crate) fn peers(&self) -> impl Iterator<Item = PeerId> {
        self.nodes.iter().map(NodeRecord::peer_id)
    }
}

/// Starts what the configuration asks for. `own` is our record; what is found goes to `found`, and everything ends with
/// its receiver.
pub(crate) async fn start(
    config: &DiscoveryConfig,
    keypair: &Keypair,
    own: &NodeRecord,
    found: mpsc::Sender<Found>,
) -> Result<(), WalkError> {
    let (learned, more) = mpsc::channel(LISTS);
    if let Some(walking) = &config.discv5 {
        let walker = Walker::start(walking, keypair, own.clone()).await?;
        tokio::spawn(walker.walk(found.clone(), more));
    }
    for link in config.dns_lists.clone() {
        let (found, learned, servers) = (found.clone(), learned.clone(), config.name_servers.clone());
        tokio::spawn(fetch(link, servers, found, learned));
    }
    Ok(())
}

/// Fetches a list, again after half an hour or, while it cannot be had, after half a minute.
async fn fetch(
    link: TreeLink,
    servers: Vec<SocketAddr>,
    found: mpsc::Sender<Found>,
    learned: mpsc::Sender<Vec<NodeRecord>>,
) {
    let resolver = match Resolver::new(&servers) {
        Ok(resolver) => resolver,
        Err(error) => return tracing::warn!(%error, "lists of nodes cannot be fetched"),
    };
    let mut is_away = false;
    loop {
        let pause = match dns::collect(&link, |name| {
            let resolver = resolver.clone();
            async move { resolver.texts(name).await }
        })
        .await
        {
            Ok(nodes) => {
                is_away = false;
                tracing::info!(nodes = nodes.len(), "a list of nodes was fetched");
                // Without discv5 nobody listens there.
                let _ = learned.try_send(nodes.clone());
                if found.send(Found::records(Source::Dns, nodes)).await.is_err() {
                    return;
                }
                AGAIN
            }
            Err(error) => {
                // Once is enough for whoever reads along while there is no network.
                match is_away {
                    false => tracing::warn!(%error, "a list of nodes cannot be fetched; it is tried again"),
                    true => tracing::debug!(%error, "a list of nodes still cannot be fetched"),
                }
                is_away = true;
                RETRY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = found.closed() => return,
        }
    }
}

/// Lists that may wait for discv5.
const LISTS: usize = 8;
/// Deployed lists change a few times a week.
const AGAIN: Duration = Duration::from_secs(30 * 60);
/// As deployed.
const RETRY: Duration = Duration::from_secs(30);
