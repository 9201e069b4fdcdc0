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
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(config(&dir)).await.unwrap();
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

/// Makes and unlocks a profile; answers its id.
pub(crate) async fn unlocked(client: &Client, name: &str) -> String {
    let body = api::CreateProfile {
        name: name.into(),
        password: password(),
        unlock: true,
    };
    client.create_profile(&body).await.unwrap().id
}
