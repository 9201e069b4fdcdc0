//! A service node in a few lines, with the flags of `undertone node` that the tests against other clients use.
//!
//! `cargo run -p undertone-waku --example node -- --data-dir=/tmp/node --tcp-port=60000 --websocket-port=8000`
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;

use undertone_waku::archive::{Archive, ArchiveConfig};
use undertone_waku::{Node, NodeConfig, Services, identity};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut config = NodeConfig {
        services: Services {
            filter: true,
            lightpush: true,
        },
        ..NodeConfig::default()
    };
    let mut shards = Vec::new();
    let mut data_dir = std::env::temp_dir();
    for argument in std::env::args().skip(1) {
        let Some((name, value)) = argument.split_once('=') else {
            continue;
        };
        match name {
            "--nodekey" => {
                let secret = hex::decode(value)?.as_slice().try_into()?;
                config.keypair = identity(&secret).ok_or("not a secp256k1 key")?;
            }
            "--tcp-port" => config.listen.push(format!("/ip4/127.0.0.1/tcp/{value}").parse()?),
            "--websocket-port" => config.listen.push(format!("/ip4/127.0.0.1/tcp/{value}/ws").parse()?),
            "--cluster-id" => config.cluster = value.parse()?,
            "--shard" => shards.push(value.parse()?),
            "--staticnode" => config.static_nodes.push(value.parse()?),
            "--data-dir" => data_dir = value.into(),
            _ => {}
        }
    }
    if !shards.is_empty() {
        config.shards = shards;
    }
    config.archive = Some(archive(&data_dir)?);
    let (node, mut events) = Node::start(config).await?;
    println!("{}", node.peer_id());
    while events.recv().await.is_some() {}
    Ok(())
}

fn archive(folder: &Path) -> Result<Archive, Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    Ok(Archive::open(ArchiveConfig::at(folder.join("store.sqlite3")))?)
}
