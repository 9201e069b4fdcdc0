//! The hash ratchet: key ids, messages in any order, and rekey boxes.

use prost::Message;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::Value;
use undertone_crypto::GroupKey;
use undertone_crypto::group_key::{self, GroupKeyError};

use super::load::{array, bytes, cases, files, number, pair};
use super::wire::{HrHeader, ProtocolMessage};

#[test]
fn hash_ratchet_key_ids() {
    let cases: Vec<Value> = cases("hash_ratchet", "key_ids");
    for case in &cases {
        let key = GroupKey::new(
            &bytes(&case["group_id"]),
            number(&case["timestamp"]),
            &array(&case["key"]),
        );
        assert_eq!(key.id(), &array::<32>(&case["key_id"]));
    }
    println!("hash_ratchet: {} key ids", cases.len());
}

#[test]
fn hash_ratchet() {
    assert!(!files("hash_ratchet").is_empty());
    let cases = cases("hash_ratchet", "vectors");
    let mut messages = 0;
    for case in &cases {
        let mut key = GroupKey::new(
            &bytes(&case["group_id"]),
            number(&case["key_timestamp"]),
            &array(&case["key"]),
        );
        assert_eq!(key.id(), &array::<32>(&case["key_id"]));
        check_rekey(case, &key);
        for index in case["delivered_in_order"].as_array().unwrap() {
            let message = &case["messages"][number(index) as usize];
            check_message(message, &mut key);
            messages += 1;
        }
    }
    println!("hash_ratchet: {} cases, {messages} messages", cases.len());
}

fn check_message(message: &Value, key: &mut GroupKey) {
    let (header, payload) = header_of(&message["protocol_message"]);
    let seq_no = number(&message["seq_no"]) as u32;
    assert_eq!(header.seq_no, seq_no);
    assert_eq!(header.deprecated_key_id, key.deprecated_id());
    assert_eq!(header.key_id, key.id());
    assert_eq!(header.group_id, key.group_id());
    assert_eq!(payload, bytes(&message["ciphertext"]));
    let message_key = key.message_key(seq_no).unwrap();
    assert_eq!(message_key.expose(), &array::<32>(&message["message_key"]));

    let before = key.clone();
    let wrong = key.decrypt(seq_no + 1, &payload);
    assert_eq!(wrong.unwrap_err(), GroupKeyError::NotAuthentic);
    assert!(*key == before, "a failure changes nothing");
    let opened = key.decrypt(seq_no, &payload).unwrap();
    assert_eq!(*opened, bytes(&message["plaintext"]));
    let stored = key.to_bytes();
    assert!(GroupKey::from_bytes(&stored).unwrap() == *key);
}

fn check_rekey(case: &Value, key: &GroupKey) {
    let (sender, receiver) = (pair(&case["sender"]), pair(&case["receiver"]));
    let (header, payload) = header_of(&case["rekey_message"]);
    assert_eq!(payload, bytes(&case["rekey_payload_returned"]));
    assert_eq!(header.seq_no, 0);
    let rekey = header.keys.unwrap().rekey_group.unwrap();
    assert_eq!(rekey.timestamp, key.timestamp());

    let slot = group_key::rekey_slot(&receiver.public_key());
    assert_eq!(u64::from(slot), number(&case["receiver_most_relevant_bytes_le_u32"]));
    let boxes = &rekey.keys[&slot];
    let opened = group_key::open_rekey(boxes, &receiver, &sender.public_key()).unwrap();
    assert_eq!(*opened, *key.expose());
    assert!(group_key::open_rekey(boxes, &receiver, &receiver.public_key()).is_none());

    let mut rng = ChaCha20Rng::seed_from_u64(u64::from(slot));
    let members = [sender.public_key(), receiver.public_key()];
    let ours = group_key::seal_rekey(key, &sender, &members, &mut rng);
    assert_eq!(ours[&slot].len() % group_key::REKEY_BOX, 0);
    let opened = group_key::open_rekey(&ours[&slot], &receiver, &sender.public_key()).unwrap();
    assert_eq!(*opened, *key.expose());
}

fn header_of(protocol_message: &Value) -> (HrHeader, Vec<u8>) {
    let mut wire = ProtocolMessage::decode(bytes(protocol_message).as_slice()).unwrap();
    let entry = wire.encrypted_message.remove("none").unwrap();
    (entry.hr_header.unwrap(), entry.payload)
}
