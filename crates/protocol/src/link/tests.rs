use proptest::prelude::*;

use super::*;
use crypto::SecretKey;

fn key(number: u8) -> PublicKey {
    SecretKey::from_bytes(&[number.max(1); 32]).unwrap().public_key()
}

const UUID: &str = "003cdcd5-e065-48f9-b166-b1a94ac75a11";

fn destination(kind: u8, number: u8) -> Destination {
    let community = CommunityId::of(&key(number));
    match kind % 3 {
        0 => Destination::Person(key(number)),
        1 => Destination::Community(community),
        _ => Destination::Channel {
            community,
            channel: UUID.into(),
        },
    }
}

#[test]
fn debug_names_nobody() {
    let link = Link::new(destination(0, 1));
    assert_eq!(format!("{link:?}"), "Link(person, no card)");
}

#[test]
fn what_is_lost_on_the_way_is_named() {
    let shared = "https://status.app/u#zQ3shwQPhRuDJSjVGVBnTjCdgXy5i9WQaeVPdGJD6yTarJQSj";
    let cases = [
        ("hello", LinkError::NotALink),
        ("https://status.app/", LinkError::NotALink),
        ("https://status.app/communities", LinkError::NotALink),
        ("https://status.app.example/u#x", LinkError::NotALink),
        ("https://status.app/u", LinkError::NoKey),
        ("https://status.app/u#", LinkError::NoKey),
        (&shared[..40], LinkError::BadKey),
        ("https://status.app/u#0x04aabb", LinkError::BadKey),
        ("https://status.app/u#vitalik.eth", LinkError::EthereumName),
        ("https://status.app/c#vitalik.eth", LinkError::BadKey),
        (
            "https://status.app/u/%%%#zQ3shwQPhRuDJSjVGVBnTjCdgXy5i9WQaeVPdGJD6yTarJQSj",
            LinkError::BadCard,
        ),
        (
            "https://status.app/cc/Ow==#zQ3shwQPhRuDJSjVGVBnTjCdgXy5i9WQaeVPdGJD6yTarJQSj",
            LinkError::NoChannel,
        ),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<Link>(), Err(error), "{text}");
    }
    assert_eq!(
        format!("{shared}{}", "x".repeat(9_000)).parse::<Link>(),
        Err(LinkError::TooLong)
    );
}

#[test]
fn telephones_and_people_write_links_in_other_ways() {
    let link = Link::new(destination(0, 3));
    let key = key(3).to_multibase();
    for text in [
        format!("status-app://u#{key}"),
        format!("HTTPS://Status.app/u#{key}"),
        format!("  https://status.app/u#{key}\n"),
        format!("https://status.app/u/#{key}"),
    ] {
        assert_eq!(text.parse(), Ok(link.clone()), "{text}");
    }
}

#[test]
fn a_name_that_no_person_may_have_is_not_shown() {
    let card = Card {
        name: "Status Support ✅".into(),
        description: "Trust me".into(),
        ..Card::default()
    };
    let link = Link {
        to: destination(0, 1),
        card: Some(card),
    };
    let read: Link = link.to_string().parse().unwrap();
    let card = read.card.unwrap();
    assert_eq!((card.name.as_str(), card.description.as_str()), ("", "Trust me"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))] // small cards are compressed with great effort

    #[test]
    fn links_read_back(kind in 0..3_u8, number in 1..9_u8, name in "[A-Za-z0-9]{5,24}", about in "[a-z é🎉]{0,200}",
        emoji in "[🎉🍿]{0,2}", members in any::<u32>(), tags in prop::collection::vec(0..52_u32, 0..5)) {
        let to = destination(kind, number);
        let plain = Link::new(to.clone());
        prop_assert_eq!(plain.to_string().parse::<Link>().unwrap(), plain.clone());
        let (emoji, community, members, tags) = match kind {
            0 => (String::new(), String::new(), 0, vec![]),
            1 => (String::new(), String::new(), members, tags),
            _ => (emoji, "Doodles".to_owned(), members, tags),
        };
        let card = Card { name, description: about.trim().to_owned(), colour: "#131D2F".into(), emoji, members, tags, community };
        let link = Link { to, card: Some(card) };
        let text = link.to_string();
        prop_assert!(text.len() < MAX_LINK_BYTES);
        prop_assert_eq!(text.parse::<Link>().unwrap(), link.clone());
        prop_assert_eq!(link.plain().parse::<Link>().unwrap(), plain);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,300}", kind in "(u|c|cc)", data in "[A-Za-z0-9_=-]{0,200}") {
        let _ = text.parse::<Link>();
        let _ = addresses(&text, 5);
        let _ = format!("https://status.app/{kind}/{data}#{}", key(1).to_multibase()).parse::<Link>();
        for address in addresses(&format!("{text} https://{text}"), 5) {
            prop_assert!(address.url.starts_with("http"));
        }
    }
}
