//! Node records that deployed implementations made.
//!
//! The folder is `UNDERTONE_VECTORS`, or `vectors/` of the repository.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use undertone_waku::{Keypair, NodeRecord, RecordContents};
use waku_proto::enr::{Capabilities, RelayShards};

/// Made by go-waku.
#[test]
fn records_of_go_nodes() {
    run("enr.json", "vectors", |case| {
        let record = record(case)?;
        same("peer", &record.peer_id().to_string(), &text(&case["peer_id"]))?;
        same("sequence", &Some(record.sequence()), &case["seq"].as_u64())?;
        same(
            "capabilities",
            &Some(u64::from(record.capabilities().0)),
            &case["waku2_bitfield"].as_u64(),
        )?;
        same("shards", &record.shards(), &Some(shards(case)))?;
        same("ip", &record.tcp().0.unwrap().to_string(), &text(&case["ip"]))?;
        same("tcp", &record.tcp().2.map(u64::from), &case["tcp"].as_u64())?;
        // `raw_multiaddrs_field` is what go-waku was given and did not write.
        same("multiaddrs", &record.multiaddrs().len(), &0)?;
        for address in list(&case["multiaddrs"]) {
            let dialable = record
                .addresses()
                .into_iter()
                .any(|ours| address.starts_with(&ours.to_string()));
            same(&address, &dialable, &true)?;
        }
        same("text", &record.to_string(), &text(&case["enr"]))?;
        same("bytes", &NodeRecord::from_rlp(&record.to_rlp()), &Ok(record))
    });
}

/// Made by js-waku, and by go-waku where the case says so.
#[test]
fn records_of_browser_clients() {
    let mut skipped = 0;
    run("jswaku-enr.json", "cases", |case| {
        let record = match (text(&case["expect"]).as_str(), record(case)) {
            ("reject", Err(_)) => return Ok(()),
            ("ok", Ok(record)) => record,
            (expected, record) => return Err(format!("expected {expected}, got {record:?}")),
        };
        same("peer", &record.peer_id().to_string(), &text(&case["peer_id"]))?;
        same("sequence", &record.sequence().to_string(), &text(&case["seq"]))?;
        same("tcp", &record.tcp().2.map(u64::from), &case["tcp"].as_u64())?;
        let udp = record.udp().map(|udp| u64::from(udp.port()));
        same("udp", &udp, &case["udp"].as_u64().or(case["udp6"].as_u64()))?;
        same(
            "ip",
            &record.tcp().0.map(|ip| ip.to_string()),
            &case["ip"].as_str().map(str::to_owned),
        )?;
        same(
            "ip6",
            &record.tcp().1.map(|ip| ip.to_string()),
            &case["ip6"].as_str().map(str::to_owned),
        )?;
        let multiaddrs: Vec<String> = record.multiaddrs().iter().map(ToString::to_string).collect();
        same("multiaddrs", &multiaddrs, &list(&case["multiaddrs"]))?;
        if let Some(raw) = case["waku2_raw"].as_str() {
            same(
                "capabilities",
                &format!("{:02x}", record.capabilities().0),
                &raw.to_owned(),
            )?;
        }
        // In bits js-waku counts from the other end than Nim and Go nodes, whom we follow.
        if case["rsv_raw"].is_string() {
            skipped += 1;
        } else if case["shards"].is_object() {
            same("shards", &record.shards(), &Some(shards(&case["shards"])))?;
        }
        Ok(())
    });
    println!("{skipped} with shards in bits were read but not compared");
}

/// The node of the sandbox whose fields are known.
#[test]
fn a_record_of_the_waku_network() {
    let text = "enr:-QESuED0qW1BCmF-oH_ARGPr97Nv767bl_43uoy70vrbah3EaCAdK3Q0iRQ6wkSTTpdrg_dU_NC2ydO8leSlRpBX4pxiAYJpZIJ2NIJpcIRA4VDAim11bHRpYWRkcnO4XAArNiZub2RlLTAxLmRvLWFtczMud2FrdS5zYW5kYm94LnN0YXR1cy5pbQZ2XwAtNiZub2RlLTAxLmRvLWFtczMud2FrdS5zYW5kYm94LnN0YXR1cy5pbQYfQN4DgnJzkwABCAAAAAEAAgADAAQABQAGAAeJc2VjcDI1NmsxoQOTd-h5owwj-cx7xrmbvQKU8CV3Fomfdvcv1MBc-67T5oN0Y3CCdl-DdWRwgiMohXdha3UyDw";
    let record: NodeRecord = text.parse().unwrap();
    assert_eq!(
        record.peer_id().to_string(),
        "16Uiu2HAmNaeL4p3WEYzC9mgXBmBWSgWjPHRvatZTXnp8Jgv3iKsb"
    );
    assert_eq!(record.to_rlp().len(), 277);
    assert_eq!(record.udp(), Some("64.225.80.192:9000".parse().unwrap()));
    let addresses: Vec<String> = record.addresses().iter().map(ToString::to_string).collect();
    assert_eq!(
        addresses,
        [
            "/dns4/node-01.do-ams3.waku.sandbox.status.im/tcp/30303",
            "/dns4/node-01.do-ams3.waku.sandbox.status.im/tcp/8000/wss",
            "/ip4/64.225.80.192/tcp/30303",
        ]
    );
}

/// What we write is what we read, and never too long.
#[test]
fn our_own_records() {
    let keypair = Keypair::generate_secp256k1();
    let contents = RecordContents {
        sequence: 1_795_419_811_792,
        addresses: [
            "/dns4/node.example.org/tcp/443/wss",
            "/ip4/192.0.2.1/tcp/60000",
            "/ip4/192.0.2.1/udp/60000/quic-v1",
            "/ip6/2001:db8::1/tcp/60001",
        ]
        .map(|text| text.parse().unwrap())
        .to_vec(),
        udp: Some(9000),
        capabilities: Capabilities::RELAY | Capabilities::STORE,
        shards: RelayShards::new(16, [32, 64]),
    };
    let record = contents.sign(&keypair).unwrap();
    assert_eq!(record.peer_id(), keypair.public().to_peer_id());
    assert_eq!(record.sequence(), contents.sequence);
    assert_eq!(record.capabilities(), contents.capabilities);
    assert_eq!(record.shards(), Some(contents.shards.clone()));
    assert_eq!(record.udp(), Some("192.0.2.1:9000".parse().unwrap()));
    let ours: BTreeSet<String> = contents.addresses.iter().map(ToString::to_string).collect();
    let theirs: BTreeSet<String> = record.addresses().iter().map(ToString::to_string).collect();
    assert_eq!(theirs, ours);

    let many = RecordContents {
        addresses: (0..20)
            .map(|number| format!("/dns4/node-{number}.example.org/tcp/443/wss").parse().unwrap())
            .collect(),
        ..contents
    };
    let record = many.sign(&keypair).unwrap();
    assert!(record.to_rlp().len() <= 300);
    assert_eq!(record.multiaddrs()[..], many.addresses[..record.multiaddrs().len()]);
    assert!(!record.multiaddrs().is_empty());
}

fn record(case: &Value) -> Result<NodeRecord, String> {
    text(&case["enr"]).parse().map_err(|error| format!("{error}"))
}

fn shards(case: &Value) -> RelayShards {
    let number = |value: &Value| u16::try_from(value.as_u64().unwrap()).unwrap();
    RelayShards::new(
        number(&case["cluster"]),
        case["shards"].as_array().unwrap().iter().map(number),
    )
}

/// Runs every case, prints how many there were, and fails on the first that differs or if there is none.
fn run(name: &str, list: &str, mut check: impl FnMut(&Value) -> Result<(), String>) {
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors");
    let folder = std::env::var("UNDERTONE_VECTORS").unwrap_or_else(|_| repository.to_owned());
    let path = PathBuf::from(folder).join(name);
    let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let cases = file[list].as_array().expect("a list of cases");
    for (index, case) in cases.iter().enumerate() {
        if let Err(difference) = check(case) {
            panic!("{}, case {index} {}: {difference}", path.display(), case["id"]);
        }
    }
    assert!(!cases.is_empty());
    println!("{name}: {} cases", cases.len());
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("{what}: {ours:?}, not {theirs:?}"))
    }
}
