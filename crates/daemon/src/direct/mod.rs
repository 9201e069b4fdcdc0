//! Files above 5 MB, from one device to the other: see ADR 0015.
//!
//! Who may, who asks and when again is the messenger's; here its rows become connections. Each transfer has a node of its
//! own with an identity of its own, which lets in one peer, the one that the encrypted conversation named, and is gone
//! with the transfer. What becomes of it is reported to the messenger, so that both sides go on after a restart.

mod sealed;
mod session;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use futures::StreamExt as _;
use messenger::Command;
use messenger::files::{self, Announcement, FileDoor, FileId, Step, Trouble, decode_door};
use store::{FileRow, FileState};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{interval, sleep, timeout};
use waku::direct::DirectNode;
use waku::{Multiaddr, Node, NodeStatus, PeerId, Protocol};

use crate::convert::Own;
use crate::engine::{Engine, Stopped, now};
use crate::readers::Readers;

pub(crate) use sealed::{Folder, Opened, SealError, Sealed, Sealing};
use session::{End, PROTOCOL};

/// Moves the large files of a profile.
#[derive(Clone)]
pub(crate) struct Transfers {
    pub(crate) engine: Engine,
    pub(crate) readers: Readers,
    pub(crate) folder: Folder,
    /// Whose peers help to make connections.
    pub(crate) node: Node,
    /// Where the nodes of transfers listen.
    pub(crate) listen: IpAddr,
}

impl Transfers {
    /// Moves files until the engine is gone.
    pub(crate) async fn run(self) -> Result<(), Stopped> {
        // What was under way when the profile was locked, or the machine died, broke then: it is tried again soon.
        for row in self.read(|files| files.transfers()).await? {
            self.report(row.id, Step::Broken).await;
        }
        let mut changed = self.engine.board().transfers.clone();
        let mut sessions = JoinSet::new();
        let mut running: BTreeMap<FileId, AbortHandle> = BTreeMap::new();
        loop {
            changed.borrow_and_update();
            self.sweep().await?;
            let rows = self.read(|files| files.transfers()).await?;
            let mut next = None;
            for row in rows {
                if running.contains_key(&row.id) {
                    continue;
                }
                let wait = row.knock_at.map_or(0, |at| at.0.saturating_sub(now().0));
                if wait > 0 || running.len() >= AT_A_TIME {
                    let wait = Duration::from_millis(wait.max(BREATH_MS));
                    next = Some(next.map_or(wait, |known: Duration| known.min(wait)));
                    continue;
                }
                let (id, transfers) = (row.id, self.clone());
                let handle = sessions.spawn(async move {
                    transfers.session(row).await;
                    id
                });
                running.insert(id, handle);
            }
            tokio::select! {
                changed = changed.changed() => {
                    changed.map_err(|_| Stopped)?;
                    self.end_what_was_given_up(&mut running).await?;
                }
                Some(ended) = sessions.join_next() => {
                    running.retain(|id, handle| !handle.is_finished() && ended.as_ref().ok() != Some(id));
                }
                () = sleep(next.unwrap_or_default()), if next.is_some() => {}
            }
        }
    }

    /// Removes the bytes of files whose rows are gone or given up.
    async fn sweep(&self) -> Result<(), Stopped> {
        let ids = self.folder.ids().unwrap_or_default();
        if ids.is_empty() {
            return Ok(());
        }
        let kept = self
            .read(move |files| {
                let kept = ids.into_iter().map(|id| Ok((id, files.is_kept(&id)?)));
                kept.collect::<Result<Vec<_>, store::StoreError>>()
            })
            .await?;
        for (id, _) in kept.into_iter().filter(|(id, kept)| !kept && !self.folder.is_young(id)) {
            self.folder.remove(&id);
        }
        Ok(())
    }

    async fn end_what_was_given_up(&self, running: &mut BTreeMap<FileId, AbortHandle>) -> Result<(), Stopped> {
        for (id, handle) in running.iter() {
            let id = *id;
            let state = self.read(move |files| files.load(&id)).await?.map(|row| row.state);
            if !matches!(
                state,
                Some(FileState::Offered | FileState::Moving | FileState::Complete)
            ) {
                handle.abort();
            }
        }
        Ok(())
    }

    async fn session(&self, row: FileRow) {
        let Some(announced) = Announcement::decode(&row.announcement).filter(Announcement::is_direct) else {
            return self.report(row.id, Step::Failed(Trouble::Wrong)).await;
        };
        let end = match row.outgoing {
            true => self.serve(&row, &announced).await,
            false => self.fetch(&row, &announced).await,
        };
        let step = match end {
            Ok(()) => Step::Complete,
            Err(End::Broken) => Step::Broken,
            Err(End::Failed(trouble)) => Step::Failed(trouble),
        };
        self.report(row.id, step).await;
    }

    /// As the receiver: knocks, waits for the author's door, fetches.
    async fn fetch(&self, row: &FileRow, announced: &Announcement) -> Result<(), End> {
        let id = row.id;
        self.folder.make().map_err(|_| End::Failed(Trouble::DiskFull))?;
        if self.folder.whole(&id).exists() {
            // A crash came between the file and its row.
            return Ok(());
        }
        if !self.folder.has_room_for(announced, &id) {
            return Err(End::Failed(Trouble::DiskFull));
        }
        let node = self.node().await?;
        let mut changed = self.engine.board().transfers.clone();
        self.report(id, Step::Knocked(door(&node))).await;
        let door = timeout(DOOR_OPEN, self.their_door(id, &mut changed))
            .await
            .map_err(|_| End::Broken)??;
        let peer = self.meet(&node, &door).await?;
        let mut stream = node.open_stream(peer, PROTOCOL).await.map_err(|_| End::Broken)?;
        let done = watch::Sender::new(0);
        let moving = session::fetch(&self.folder, announced, &mut stream, &done);
        self.told(id, moving, done.subscribe()).await
    }

    /// As the author: opens a door for whoever knocked, and gives the file to them.
    async fn serve(&self, row: &FileRow, announced: &Announcement) -> Result<(), End> {
        let id = row.id;
        let theirs = row.door.as_deref().and_then(decode_door).ok_or(End::Broken)?;
        let node = self.node().await?;
        let mut streams = node.accept_streams(PROTOCOL).map_err(|_| End::Broken)?;
        self.report(id, Step::Opened(door(&node))).await;
        let peer = self.meet(&node, &theirs).await?;
        let opened = async {
            loop {
                match streams.next().await {
                    Some((who, stream)) if who == peer => return Ok(stream),
                    Some(_) => {}
                    None => return Err(End::Broken),
                }
            }
        };
        let mut stream = timeout(DOOR_OPEN, opened).await.map_err(|_| End::Broken)??;
        let done = watch::Sender::new(0);
        let moving = session::serve(&self.folder, announced, &mut stream, &done);
        self.told(id, moving, done.subscribe()).await
    }

    /// Tells how far it is, now and then, until it ends.
    async fn told(
        &self,
        id: FileId,
        moving: impl Future<Output = Result<(), End>>,
        mut done: watch::Receiver<u32>,
    ) -> Result<(), End> {
        let mut moving = std::pin::pin!(moving);
        let mut tick = interval(TELL_EVERY);
        loop {
            tokio::select! {
                end = &mut moving => return end,
                _ = tick.tick() => if done.has_changed().unwrap_or(false) {
                    let chunks = *done.borrow_and_update();
                    self.report(id, Step::Progress(chunks)).await;
                },
            }
        }
    }

    async fn node(&self) -> Result<DirectNode, End> {
        let listen = Multiaddr::from(self.listen).with(Protocol::Tcp(0));
        let status = self.node.status().await;
        let relays = status.as_ref().map(NodeStatus::relays).unwrap_or_default();
        DirectNode::start(listen, &relays).await.map_err(|_| End::Broken)
    }

    /// Connects with whoever stands behind a door, whoever of the two gets through.
    async fn meet(&self, node: &DirectNode, door: &FileDoor) -> Result<PeerId, End> {
        let peer = PeerId::from_bytes(&door.peer_id).map_err(|_| End::Broken)?;
        let addresses = door.addresses.iter().filter_map(|text| dialable(text, self.listen));
        let connected = node.connect(peer, addresses.collect(), CONNECT_IN_TIME).await;
        connected.map(|()| peer).map_err(|_| End::Broken)
    }

    /// Waits until the author has said where they can be reached.
    async fn their_door(&self, id: FileId, changed: &mut watch::Receiver<u64>) -> Result<FileDoor, End> {
        loop {
            let row = self.read(move |files| files.load(&id)).await.map_err(|_| End::Broken)?;
            let row = row.filter(|row| row.state == FileState::Moving).ok_or(End::Broken)?;
            if let Some(door) = row.door.as_deref().and_then(decode_door) {
                return Ok(door);
            }
            changed.changed().await.map_err(|_| End::Broken)?;
        }
    }

    /// Tells the messenger. When the engine is gone, so are we.
    async fn report(&self, file: FileId, step: Step) {
        let command = Command::File(files::Command::Transfer { file, step });
        if let Ok(Err(error)) = self.engine.command(command).await {
            tracing::debug!(code = error.code(), "a transfer could not be reported");
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&store::Files<'_>) -> Result<T, store::StoreError> + Send + 'static,
    ) -> Result<T, Stopped> {
        let own = Own::of("", &self.engine.board().own.borrow());
        let looked = self
            .readers
            .read(own, move |reading| look(&reading.view.files()))
            .await?;
        looked.map_err(|_| Stopped)
    }
}

fn door(node: &DirectNode) -> FileDoor {
    FileDoor {
        peer_id: node.peer_id().to_bytes(),
        addresses: node.addresses().iter().map(ToString::to_string).collect(),
    }
}

/// An address that somebody told, if it may be dialled: a number and a TCP port, of them or of a relay, nothing that stands
/// for everybody, and this computer itself only where all of it happens on one.
fn dialable(text: &str, listen: IpAddr) -> Option<Multiaddr> {
    let address: Multiaddr = text.parse().ok()?;
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    let is_tcp = matches!(parts.next()?, Protocol::Tcp(port) if port > 0);
    let is_whole = matches!(
        (parts.next(), parts.next(), parts.next()),
        (None, ..) | (Some(Protocol::P2p(_)), Some(Protocol::P2pCircuit), None)
    );
    let is_wide = match ip {
        IpAddr::V4(ip) => ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_multicast(),
    };
    let is_here = ip.is_loopback() && !listen.is_loopback();
    (is_tcp && is_whole && !is_wide && !is_here).then_some(address)
}

const TELL_EVERY: Duration = Duration::from_millis(500);
/// Transfers at the same time.
const AT_A_TIME: usize = 4;
/// Between two looks at what could not begin.
const BREATH_MS: u64 = 1_000;
/// How long one waits for the other side behind an open door.
const DOOR_OPEN: Duration = Duration::from_secs(90);
/// For a connection, in either direction.
const CONNECT_IN_TIME: Duration = Duration::from_secs(45);

#[cfg(test)]
mod tests {
    use super::*;

    const RELAY: &str = "16Uiu2HAmSNajt5dqCA9a2ToTqqF7MHzsZVt5bh67Zq1BQtZ7f2HA";

    #[test]
    fn only_plain_addresses_of_others_are_dialled() {
        let (all, loopback): (IpAddr, IpAddr) = ("0.0.0.0".parse().unwrap(), "127.0.0.1".parse().unwrap());
        for good in [
            "/ip4/192.0.2.1/tcp/4000",
            "/ip4/192.168.1.7/tcp/1",
            "/ip6/2001:db8::1/tcp/4000",
            &format!("/ip4/192.0.2.1/tcp/4000/p2p/{RELAY}/p2p-circuit"),
        ] {
            assert!(dialable(good, all).is_some(), "{good}");
        }
        for bad in [
            "",
            "nonsense",
            "/ip4/127.0.0.1/tcp/22",
            "/ip6/::1/tcp/22",
            "/ip4/0.0.0.0/tcp/80",
            "/ip4/255.255.255.255/tcp/80",
            "/ip4/224.0.0.1/tcp/80",
            "/ip4/169.254.169.254/tcp/80",
            "/ip4/192.0.2.1/tcp/0",
            "/ip4/192.0.2.1/udp/53",
            "/ip4/192.0.2.1/tcp/80/ws",
            "/dns4/example.org/tcp/80",
            "/ip4/192.0.2.1",
            "/ip4/192.0.2.1/tcp/4000/p2p-circuit",
            &format!("/ip4/192.0.2.1/tcp/4000/p2p/{RELAY}"),
            &format!("/ip4/127.0.0.1/tcp/4000/p2p/{RELAY}/p2p-circuit"),
            &format!("/ip4/192.0.2.1/tcp/4000/p2p/{RELAY}/p2p-circuit/p2p/{RELAY}"),
        ] {
            assert!(dialable(bad, all).is_none(), "{bad}");
        }
        assert!(dialable("/ip4/127.0.0.1/tcp/4000", loopback).is_some());
    }
}
