//! The node's ports: free, taken by the node itself or by somebody else, and whether peers get in.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use waku::{Multiaddr, Node, NodeConfig, NodeStatus, PeerId, Protocol};

use super::super::settings;
use super::{Finding, State, finding};
use crate::node_args::NodeArgs;

/// The port at which others call the node.
pub(super) struct Door {
    address: SocketAddr,
    /// Whose it should be.
    owner: PeerId,
    metrics: Option<SocketAddr>,
    state: DoorState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DoorState {
    Free,
    Taken,
    Unusable,
}

/// Looks at every port.
pub(super) fn look(args: &NodeArgs, config: &NodeConfig) -> (Door, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut ports = settings::tcp_ports(args).into_iter();
    let (option, address) = ports
        .next()
        .unwrap_or(("--tcp-port", SocketAddr::from(([0, 0, 0, 0], 0))));
    let state = match TcpListener::bind(address) {
        Ok(_) => {
            if address.port() != 0 {
                let text = format!("TCP port {} is free; the node is not running", address.port());
                findings.push(finding(State::Good, "port", text));
            }
            DoorState::Free
        }
        // Who has it is found out by calling.
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => DoorState::Taken,
        Err(error) => {
            findings.push(taken(option, address, "TCP", &error));
            DoorState::Unusable
        }
    };
    for (option, address) in ports.filter(|(_, address)| address.port() != 0) {
        findings.push(match TcpListener::bind(address) {
            Ok(_) => free(address, "TCP"),
            Err(error) => taken(option, address, "TCP", &error),
        });
    }
    if let Some(discv5) = &config.discovery.discv5 {
        let address = SocketAddr::new(discv5.listen.ip(), settings::discv5_port(args));
        findings.push(match UdpSocket::bind(address) {
            Ok(_) => free(address, "UDP"),
            Err(error) => taken("--discv5-udp-port", address, "UDP", &error),
        });
    }
    let door = Door {
        address,
        owner: config.keypair.public().to_peer_id(),
        metrics: settings::metrics(args),
        state,
    };
    (door, findings)
}

fn free(address: SocketAddr, kind: &str) -> Finding {
    finding(State::Good, "port", format!("{kind} port {} is free", address.port()))
}

fn taken(option: &str, address: SocketAddr, kind: &str, error: &std::io::Error) -> Finding {
    if error.kind() == std::io::ErrorKind::AddrInUse {
        let text = format!(
            "{kind} port {} is taken, perhaps by your node that is running; if it is another program's, choose another with {option}",
            address.port()
        );
        finding(State::Unclear, "port", text)
    } else {
        let text = format!(
            "{address} cannot be listened on ({}); look at {option} and --listen-address",
            error.kind()
        );
        finding(State::Bad, "port", text)
    }
}

impl Door {
    /// Whether the small node may stand in it.
    pub(super) fn is_free(&self) -> bool {
        self.state == DoorState::Free
    }

    /// Who has the port, if it is not free.
    pub(super) async fn taken_by(&self, caller: &Node) -> Option<Finding> {
        if self.state != DoorState::Taken {
            return None;
        }
        let port = self.address.port();
        let there = Multiaddr::from(here(self.address.ip())).with(Protocol::Tcp(port));
        let is_ours = match there.with_p2p(self.owner) {
            Ok(there) => tokio::time::timeout(CALL, caller.connect(there))
                .await
                .is_ok_and(|call| call.is_ok()),
            Err(_) => false,
        };
        Some(if is_ours {
            let text = format!("TCP port {port} is taken by this node, which runs and answers");
            finding(State::Good, "port", text)
        } else {
            let text = format!(
                "TCP port {port} is taken by another program, or by a node with another key or network; choose another with --tcp-port"
            );
            finding(State::Bad, "port", text)
        })
    }

    /// Whether peers get in: asked by the small node where it stands in the door, else by the node that runs.
    pub(super) fn reached(&self, status: &NodeStatus) -> Option<Finding> {
        let reachable = match self.state {
            DoorState::Free if status.peers.is_empty() => return None,
            DoorState::Free => status.reachable,
            DoorState::Taken => said_by_metrics(self.metrics?),
            DoorState::Unusable => return None,
        };
        let port = match self.address.port() {
            0 => "the node's TCP port".to_owned(),
            port => format!("TCP port {port}"),
        };
        Some(match reachable {
            Some(true) => finding(State::Good, "way in", format!("peers say that they reach {port}")),
            Some(false) => finding(
                State::Bad,
                "way in",
                format!(
                    "peers say that they cannot reach {port}: let it through the firewall and forward it at the router, and if \
                     the address outside is another, say so with --nat extip:IP; until then others call through relays"
                ),
            ),
            None => finding(
                State::Unclear,
                "way in",
                format!("no peer has said yet whether it can reach {port}; wait longer with --wait"),
            ),
        })
    }
}

/// Where a listener on this address is called from the same machine.
fn here(ip: IpAddr) -> IpAddr {
    if ip.is_unspecified() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        ip
    }
}

/// What peers told the node that runs, as its metrics have it.
fn said_by_metrics(address: SocketAddr) -> Option<bool> {
    let address = SocketAddr::new(here(address.ip()), address.port());
    let mut stream = TcpStream::connect_timeout(&address, CALL).ok()?;
    stream.set_read_timeout(Some(CALL)).ok()?;
    let head = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    let mut page = Vec::new();
    stream.take(MAX_PAGE).read_to_end(&mut page).ok()?;
    let page = String::from_utf8_lossy(&page);
    let value = page
        .lines()
        .find_map(|line| line.strip_prefix("undertone_reachable "))?;
    Some(value.trim() == "1")
}

/// For a call on this machine.
const CALL: Duration = Duration::from_secs(5);
/// Bytes of metrics that are read; they are some ten thousand.
const MAX_PAGE: u64 = 1024 * 1024;
