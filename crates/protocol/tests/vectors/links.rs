//! Status links as deployed clients and people share them.

use serde_json::Value;
use undertone_protocol::id::CommunityId;
use undertone_protocol::link::{Card, Destination, Link};

use crate::load::{cases, list, number, text};

#[test]
fn shared_links_lead_where_their_makers_say() {
    let mut count = 0;
    for case in cases("links", "links") {
        let name = text(&case["name"]);
        let link: Link = text(&case["link"])
            .parse()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let key = undertone_protocol::id::PublicKey::from_multibase(text(&case["key"])).unwrap();
        let expected = match text(&case["kind"]) {
            "person" => Destination::Person(key),
            "community" => Destination::Community(CommunityId::of(&key)),
            _ => Destination::Channel {
                community: CommunityId::of(&key),
                channel: text(&case["channel"]).into(),
            },
        };
        assert_eq!(link.to, expected, "{name}");
        if let Some(id) = case["community"].as_str() {
            assert_eq!(CommunityId::of(&key).to_string(), id, "{name}");
        }
        assert_eq!(
            link.card,
            case["card"].is_object().then(|| card(&case["card"])),
            "{name}"
        );
        // What we make of it leads to the same place, and the plain form is made of the same characters.
        let again: Link = link.to_string().parse().unwrap();
        assert_eq!(again.to, link.to, "{name}");
        assert_eq!(
            again.card.unwrap_or_default(),
            link.card.clone().unwrap_or_default(),
            "{name}"
        );
        if link.card.is_none() {
            assert_eq!(link.plain(), text(&case["link"]), "{name}");
        }
        count += 1;
    }
    for case in cases("links", "refused") {
        assert!(text(&case["link"]).parse::<Link>().is_err(), "{}", case["name"]);
        count += 1;
    }
    println!("{count} links");
}

fn card(value: &Value) -> Card {
    let field = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Card {
        name: field("name"),
        description: field("description"),
        colour: field("color"),
        emoji: field("emoji"),
        members: value["members"].as_u64().unwrap_or_default() as u32,
        tags: list(&value["tags"]).iter().map(|tag| number(tag) as u32).collect(),
        community: field("community"),
    }
}
