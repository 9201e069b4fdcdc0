//! `datasync_mvds`: group ids, message ids and payloads.

use serde_json::Value;
use undertone_protocol::layers::datasync::{DatasyncId, Message, Payload, group_id};

use crate::load::{array, base64, bytes, cases, list, public};

#[test]
fn datasync_mvds() {
    let cases = cases("datasync_mvds", "vectors");
    for case in &cases {
        let (a, b) = (public(&case["public_a"]), public(&case["public_b"]));
        let group = array(&case["group_id"]);
        assert_eq!(group_id(&a, &b), group);
        assert_eq!(group_id(&b, &a), group);
        assert_eq!(a.to_uncompressed(), array(&case["peer_id_of_a"]));

        let message = Message {
            group_id: bytes(&case["message"]["group_id"]),
            timestamp: case["message"]["timestamp"].as_i64().unwrap(),
            body: bytes(&case["message"]["body"]),
        };
        assert_eq!(message.id(), DatasyncId(array(&case["message"]["id"])));

        let encoded = bytes(&case["payload"]);
        let payload = Payload::parse(&encoded).unwrap();
        check(&payload, &case["payload_decoded"]);
        assert_eq!(payload.encode(), encoded);
        for length in 0..encoded.len() {
            assert_ne!(
                Payload::parse(&encoded[..length]),
                Some(payload.clone()),
                "cut to {length} bytes"
            );
        }
    }
    println!("datasync_mvds: {} cases", cases.len());
}

fn check(payload: &Payload, recorded: &Value) {
    let ids = |field: &str| -> Vec<DatasyncId> {
        list(&recorded[field])
            .iter()
            .map(|id| DatasyncId(base64(id).try_into().unwrap()))
            .collect()
    };
    assert_eq!(payload.acks, ids("acks"));
    assert_eq!(payload.offers, ids("offers"));
    assert_eq!(payload.requests, ids("requests"));
    assert_eq!(payload.messages.len(), list(&recorded["messages"]).len());
    for (message, recorded) in payload.messages.iter().zip(list(&recorded["messages"])) {
        assert_eq!(message.body, base64(&recorded["body"]));
        assert_eq!(message.group_id, base64(&recorded["group_id"]));
        let text = recorded["timestamp"].to_string();
        assert_eq!(message.timestamp.to_string(), text.trim_matches('"'));
    }
    assert_eq!(payload.group_offers.len(), list(&recorded["group_offers"]).len());
}
