//! Lists every file of the folder: which test reads it, or that none does yet.

use crate::load::{all_files, list};

#[test]
fn every_file_is_covered_or_named() {
    for (name, path) in all_files() {
        let content: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let covered = KINDS.iter().find(|(stem, ..)| name.starts_with(stem));
        match covered {
            Some((_, fields, by)) => {
                let counts = fields
                    .iter()
                    .map(|field| (field, list(&content[field]).len()))
                    .collect::<Vec<_>>();
                assert!(counts.iter().any(|(_, count)| *count > 0), "{name} has no cases");
                let counts: Vec<String> = counts.iter().map(|(field, count)| format!("{count} {field}")).collect();
                println!("{name}: {by}: {}", counts.join(", "));
            }
            None if name.starts_with("status-go-index") => println!("{name}: describes the others"),
            None => println!("{name}: skipped: kind not covered yet"),
        }
    }
}

/// Beginning of the file name, the lists of cases in it, and who reads them.
const KINDS: [(&str, &[&str], &str); 17] = [
    (
        "accounts",
        &["mnemonics", "identities"],
        "crypto, accounts (data_urls: skipped: kind not covered yet)",
    ),
    (
        "application_messages",
        &["vectors", "membership_events"],
        "protocol, application_messages",
    ),
    ("community_description", &["vectors"], "protocol, community_description"),
    (
        "content_topics",
        &["vectors", "autosharding"],
        "protocol, content_topics; waku-proto, autosharding",
    ),
    ("crypto_primitives", &["vectors"], "crypto, crypto_primitives"),
    ("datasync_mvds", &["vectors"], "protocol, datasync_mvds"),
    (
        "double_ratchet",
        &["conversations"],
        "crypto and protocol, double_ratchet",
    ),
    (
        "hash_ratchet",
        &["vectors", "key_ids"],
        "crypto and protocol, hash_ratchet",
    ),
    ("jswaku-autosharding", &["cases"], "waku-proto"),
    ("jswaku-message-hash", &["cases"], "waku-proto"),
    ("jswaku-payload", &["cases"], "crypto"),
    ("segmentation", &["vectors"], "protocol, segmentation"),
    ("session_", &["messages"], "protocol, sessions"),
    ("symmetric_keys", &["vectors"], "crypto, symmetric_keys"),
    ("waku_message_hash", &["vectors"], "waku-proto"),
    ("waku_payload_v1", &["vectors"], "crypto"),
    ("x3dh", &["vectors"], "crypto and protocol, x3dh"),
];
