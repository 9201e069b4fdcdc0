//! Bytes that deployed implementations made: message hashes and shards.
//!
//! The folder is `UNDERTONE_VECTORS`, or `vectors/` of the repository.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::PathBuf;

use prost::Message as _;
use serde_json::Value;
use waku_proto::{ContentTopic, MessageHash, PubsubTopic, Shard, WakuMessage, autoshard, wire};

#[test]
fn waku_message_hash() {
    run("waku_message_hash", "vectors", |case| {
        let bytes = hex(&case["waku_message_bytes"]);
        let message = WakuMessage::decode(&bytes).map_err(|error| error.to_string())?;
        let topic = PubsubTopic::from(text(&case["pubsub_topic"]));
        let timestamp = case["has_timestamp"]
            .as_bool()
            .unwrap()
            .then(|| case["timestamp"].as_i64().unwrap());
        same("payload", &message.payload, &hex(&case["payload"]))?;
        same(
            "content topic",
            &message.content_topic.as_str().to_owned(),
            &text(&case["content_topic"]),
        )?;
        same(
            "version",
            &u64::from(message.version),
            &case["version"].as_u64().unwrap(),
        )?;
        same("timestamp", &message.timestamp, &timestamp)?;
        same("meta", &message.meta, &hex(&case["meta"]))?;
        same("ephemeral", &message.ephemeral, &case["ephemeral"].as_bool().unwrap())?;
        same(
            "hash",
            &MessageHash::of(&topic, &message).0.to_vec(),
            &hex(&case["message_hash"]),
        )?;
        same(
            "bytes again",
            &wire::WakuMessage::decode(&bytes[..]).unwrap().encode_to_vec(),
            &bytes,
        )
    });
}

#[test]
fn jswaku_message_hash() {
    run("jswaku-message-hash", "cases", |case| {
        let timestamp: i64 = text(&case["timestamp_ns"]).parse().unwrap();
        let message = WakuMessage {
            payload: hex(&case["payload"]),
            content_topic: ContentTopic::from(text(&case["content_topic"])),
            version: u32::try_from(case["version"].as_u64().unwrap()).unwrap(),
            timestamp: Some(timestamp),
            meta: if case["meta"].is_null() {
                Vec::new()
            } else {
                hex(&case["meta"])
            },
            ephemeral: case["ephemeral"].as_bool().unwrap(),
            rate_limit_proof: None,
        };
        let topic = PubsubTopic::from(text(&case["pubsub_topic"]));
        let wire_bytes = hex(&case["wire"]);
        same("message", &WakuMessage::decode(&wire_bytes), &Ok(message.clone()))?;
        if timestamp != 0 {
            // Without a timestamp js-waku leaves out the eight bytes that other nodes hash.
            same(
                "hash",
                &MessageHash::of(&topic, &message).0.to_vec(),
                &hex(&case["hash"]),
            )?;
        }
        if !case["meta"].is_null() && !message.payload.is_empty() {
            same("bytes", &message.encode(), &wire_bytes)?;
        }
        Ok(())
    });
}

#[test]
fn jswaku_autosharding() {
    run("jswaku-autosharding", "cases", |case| {
        let cluster = u16::try_from(case["cluster"].as_u64().unwrap()).unwrap();
        let shards = u16::try_from(case["shards_in_cluster"].as_u64().unwrap()).unwrap();
        let shard = autoshard(&ContentTopic::from(text(&case["content_topic"])), cluster, shards);
        match (text(&case["expect"]).as_str(), shard) {
            ("reject", Err(_)) => Ok(()),
            ("ok", Ok(shard)) => same("topic", &shard.to_string(), &text(&case["pubsub_topic"])),
            (expected, shard) => Err(format!("expected {expected}, got {shard:?}")),
        }
    });
}

#[test]
fn autosharding_of_content_topics() {
    run("content_topics", "autosharding", |case| {
        let shards = u16::try_from(case["shard_count"].as_u64().unwrap()).unwrap();
        let topic = PubsubTopic::from(text(&case["pubsub_topic"]));
        let shard = Shard::of(&topic).ok_or("the expected topic is no shard")?;
        same(
            "shard",
            &autoshard(&ContentTopic::from(text(&case["content_topic"])), shard.cluster, shards),
            &Ok(shard),
        )
    });
}

/// Runs every case of every file of a kind, and fails on the first that differs or if there is none.
fn run(kind: &str, list: &str, check: impl Fn(&Value) -> Result<(), String>) {
    let mut count = 0;
    for path in files(kind) {
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for (index, case) in file[list].as_array().expect("a list of cases").iter().enumerate() {
            if let Err(difference) = check(case) {
                panic!("{}, case {index} {}: {difference}", path.display(), case["id"]);
            }
            count += 1;
        }
    }
    assert!(count > 0, "no cases of kind {kind}");
    println!("{kind}: {count} cases");
}

fn files(kind: &str) -> Vec<PathBuf> {
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors");
    let folder = std::env::var("UNDERTONE_VECTORS").unwrap_or_else(|_| repository.to_owned());
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(kind))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} holds no file of kind {kind}");
    files
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn hex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().expect("hex digits")).expect("hex digits")
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("{what}: {ours:?}, not {theirs:?}"))
    }
}
