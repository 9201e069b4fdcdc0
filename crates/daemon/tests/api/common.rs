//! A daemon in this process, and a way to say anything to it.

use std::net::{IpAddr, Ipv4Addr};

use api::Secret;
use api::client::Client;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use undertone_daemon::{Config, Cost, Daemon, Listen, Network};

pub(crate) struct Running {
    pub(crate) daemon: Daemon,
    pub(crate) client: Client,
    pub(crate) dir: TempDir,
}

/// A daemon that touches loopback only.
pub(crate) async fn start() -> Running {
    start_with(|_| ()).await
}

/// The same, with something changed.
pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Running {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&dir);
    change(&mut config);
    let daemon = Daemon::start(config).await.unwrap();
    let client = daemon.client();
    Running { daemon, client, dir }
}

pub(crate) fn config(dir: &TempDir) -> Config {
    let network = Network {
        listen: Listen {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
        },
        ..Network::default()
    };
    // One guess at a password costs next to nothing here; the real cost is paid where the binary is tried.
    let cost = Cost {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };
    Config {
        network,
        cost,
        ..Config::new(dir.path())
    }
}

pub(crate) fn password() -> Secret {
    Secret::new("correct horse battery".into())
}

impl Running {
    pub(crate) fn token(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("api.token")).unwrap()
    }

    pub(crate) fn host(&self) -> String {
        self.daemon.address().to_string()
    }

    /// Sends a request exactly as given, and returns status, headers and body.
    pub(crate) async fn raw(&self, request: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.daemon.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let mut part = [0; 4096];
        // Until the head and the body it announces are there, or the other side closes.
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
                let announced = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned))
                    .map_or(0, |length| length.parse().unwrap());
                if status == 101 || body.len() >= announced {
                    return (status, head.to_lowercase(), body.to_owned());
                }
            }
            match stream.read(&mut part).await.unwrap() {
                0 => panic!("closed after {text:?}"),
                count => bytes.extend_from_slice(&part[..count]),
            }
        }
    }

    /// A GET with these header lines.
    pub(crate) async fn get(&self, path: &str, headers: &[&str]) -> (u16, String, String) {
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        self.raw(&format!("GET {path} HTTP/1.1\r\n{lines}\r\n")).await
    }
}

/// A service node on loopback, and how to reach it.
pub(crate) async fn service() -> (waku::Node, String) {
    let config = waku::NodeConfig {
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
        ..waku::NodeConfig::default()
    };
    let (node, mut events) = waku::Node::start(config).await.unwrap();
    // Somebody has to read them, or the node waits.
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    let address = node.status().await.unwrap().addresses[0].to_string();
    (node, address)
}

/// Makes contacts of two profiles of a daemon.
pub(crate) async fn befriend(client: &Client, one: &str, other: &str) -> (String, String) {
    let keys = (
        client.account(one).await.unwrap().key,
        client.account(other).await.unwrap().key,
    );
    let request = api::ContactRequest {
        key: keys.1.clone(),
        note: "Hello!".into(),
    };
    client.request_contact(one, &request).await.unwrap();
    eventually("the request", async || {
        let contacts = client.contacts(other).await.unwrap();
        contacts
            .iter()
            .any(|contact| contact.state == api::ContactState::Asking)
            .then_some(())
    })
    .await;
    client.contact_action(other, &keys.0, "accept").await.unwrap();
    eventually("the acceptance", async || {
        let contacts = client.contacts(one).await.unwrap();
        contacts
            .iter()
            .any(|contact| contact.state == api::ContactState::Mutual)
            .then_some(())
    })
    .await;
    keys
}

/// Looks until it is there, for at most half a minute.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), wait)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen"))
}

/// Makes and unlocks a profile; answers its id.
pub(crate) async fn unlocked(client: &Client, name: &str) -> String {
    let body = api::CreateProfile {
        name: name.into(),
        password: password(),
        unlock: true,
    };
    client.create_profile(&body).await.unwrap().id
}
