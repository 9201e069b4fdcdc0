//! `content_topics`: every row of the topic table.

use std::collections::BTreeMap;

use crypto::SymmetricKey;
use serde_json::Value;
use undertone_protocol::address::{self, Address, Lock};
use undertone_protocol::id::{ChatId, CommunityId, PublicKey};

use crate::load::{array, cases, files, public, secret, text};

#[test]
fn content_topics() {
    let cases = cases("content_topics", "vectors");
    let mut by_function = BTreeMap::<&str, usize>::new();
    for case in &cases {
        let topic = address::content_topic(text(&case["chat_id"]));
        assert_eq!(topic.as_str(), text(&case["content_topic"]));
        assert_eq!(address::parse_content_topic(&topic), Some(array(&case["topic"])));
        let kind = text(&case["kind"]);
        let (name, address) = address_of(kind, case);
        assert_eq!(address.content_topic, topic, "{kind}");
        if let Lock::Password(password) = &address.lock {
            assert_eq!(password.expose(), text(&case["chat_id"]), "{kind}");
        }
        *by_function.entry(name).or_default() += 1;
    }
    for file in files("content_topics") {
        let recorded = &file["status_pubsub_topics"];
        assert_eq!(address::DEFAULT_SHARD.topic().as_str(), text(&recorded["default"]));
        assert_eq!(
            address::NON_PROTECTED_SHARD.topic().as_str(),
            text(&recorded["non_protected"])
        );
    }
    println!("content_topics: {} cases: {by_function:?}", cases.len());
}

/// The address that the kind of the case is about, by the function that makes it.
fn address_of<'a>(kind: &str, case: &Value) -> (&'a str, Address) {
    let input = text(&case["input"]);
    let key = || public(&case["input"]);
    let community = || input.parse::<CommunityId>().unwrap();
    match kind {
        _ if kind.starts_with("public chat") => ("public_chat", address::public_chat(input)),
        _ if kind.starts_with("partitioned") => {
            assert_eq!(
                text(&case["chat_id"]),
                format!("contact-discovery-{}", address::partition(&key()))
            );
            ("partitioned", locked_to(key(), address::partitioned(&key())))
        }
        _ if kind.starts_with("personal") => ("personal", locked_to(key(), address::personal(&key()))),
        _ if kind.starts_with("contact code") => ("contact_code", address::contact_code(&key())),
        _ if kind.starts_with("negotiated") => ("negotiated", negotiated(case)),
        _ if kind.starts_with("community description") => ("community", address::community(&community())),
        _ if kind.starts_with("community channel") => {
            let chat = ChatId::new(text(&case["chat_id"])).unwrap();
            assert_eq!(ChatId::channel(&community(), &chat.as_str()[68..]), Ok(chat.clone()));
            ("community_channel", address::community_channel(&chat))
        }
        _ if kind.starts_with("community member update") => {
            ("community_members", address::community_members(&community()))
        }
        _ if kind.starts_with("community ping") => ("community_ping", address::community_ping(&community())),
        _ if kind.starts_with("community magnet") => {
            ("community_magnet_links", address::community_magnet_links(&community()))
        }
        _ if kind.starts_with("community inbox") => {
            let key = community().public_key().unwrap();
            let [shard, _] = address::REQUEST_SHARDS;
            (
                "community_requests",
                locked_to(key, address::community_requests(&key, shard)),
            )
        }
        _ if kind.starts_with("community shard info") => {
            let address = address::community_shard_info(&community());
            assert_eq!(address.pubsub_topic, address::NON_PROTECTED_SHARD.topic());
            ("community_shard_info", address)
        }
        _ => panic!("no address for {kind}"),
    }
}

fn negotiated(case: &Value) -> Address {
    let secret = secret(&case["private_a"]).ecdh(&public(&case["public_b"]));
    assert_eq!(*secret.expose(), array(&case["shared_secret"]));
    let address = address::negotiated(&secret);
    let Lock::Password(password) = &address.lock else {
        panic!("a negotiated topic has a password")
    };
    assert_eq!(
        *SymmetricKey::from_password(password.expose()).expose(),
        array(&case["symmetric_key"])
    );
    address
}

fn locked_to(key: PublicKey, address: Address) -> Address {
    assert_eq!(address.lock, Lock::Recipient(key));
    address
}
