//! `community_description`: descriptions as received, and their private parts.

use crypto::group_key::GroupKey;
use prost::Message as _;
use undertone_protocol::content::community::PrivatePart;
use undertone_protocol::content::{CommunityMessage, Content, Kind};

use crate::application::check_content;
use crate::json;
use crate::load::{array, bytes, cases, list, number, text};

#[test]
fn community_description() {
    let cases = cases("community_description", "vectors");
    let mut parts_opened = 0;
    for case in &cases {
        let body = bytes(&case["description_bytes"]);
        assert_eq!(
            json::of("CommunityDescription", &body),
            json::recorded(&case["decoded"])
        );
        check_content(Kind::CommunityDescription, &body, text(&case["message_id"]));
        let Ok(Content::Community(content)) = Content::parse(Kind::CommunityDescription as u32, &body) else {
            panic!("not read as a message of communities");
        };
        let CommunityMessage::Description(description) = *content else {
            panic!("not read as a description")
        };

        let parts = PrivatePart::of(&description);
        let recorded = list(&case["private_data"]);
        assert_eq!(parts.len(), recorded.len());
        for recorded in recorded {
            let part = parts
                .iter()
                .find(|part| part.key_id == array(&recorded["key_id"]))
                .unwrap();
            assert_eq!(u64::from(part.seq_no), number(&recorded["seq_no"]));
            let mut key = GroupKey::new(&bytes(&recorded["group_id"]), 1, &array(&recorded["group_key"]));
            let opened = part.open(&mut key).unwrap();
            let again = opened.encode_to_vec();
            let plaintext = bytes(&recorded["plaintext"]);
            assert_eq!(
                json::of("CommunityDescription", &again),
                json::of("CommunityDescription", &plaintext)
            );
            part.open(&mut GroupKey::new(b"other", 1, &[1; 32])).unwrap_err();
            parts_opened += 1;
        }
    }
    println!(
        "community_description: {} cases, {parts_opened} private parts (rules of communities: not covered yet)",
        cases.len()
    );
}
