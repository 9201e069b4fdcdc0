use super::*;

const KEY: &str = concat!(
    "0x04b0845dbe5aac196a2c1606fe3199e5ec9b2bd09a5bd801e478409544745bf689",
    "8bad70ee31d6c3061a86101a087bb605ce3c88292888221c992a17e8d6e40eaf"
);
const COMMUNITY: &str = "0x03b0845dbe5aac196a2c1606fe3199e5ec9b2bd09a5bd801e478409544745bf689";
const UUID: &str = "7c4bb9d5-2b3e-4b6f-9d05-0b7bb1a6b0ef";

#[test]
fn message_ids_have_one_text() {
    let text = format!("0x{}", "ab".repeat(32));
    let id: MessageId = text.parse().unwrap();
    assert_eq!(id.to_string(), text);
    assert_eq!(format!("{id:?}"), "MessageId(abab…)");
    assert_eq!("ab".repeat(32).parse::<MessageId>(), Err(IdError::NotHex));
    assert_eq!("0xabab".parse::<MessageId>(), Err(IdError::Length));
    assert_eq!(
        format!("0x{}", "zz".repeat(32)).parse::<MessageId>(),
        Err(IdError::NotHex)
    );
}

#[test]
fn the_shape_of_a_chat_id_tells_its_kind() {
    let community: CommunityId = COMMUNITY.parse().unwrap();
    assert_eq!(ChatId::new(KEY).unwrap().kind(), ChatKind::OneToOne);
    assert_eq!(ChatId::new(format!("{UUID}-{KEY}")).unwrap().kind(), ChatKind::Group);
    assert_eq!(
        ChatId::channel(&community, UUID).unwrap().kind(),
        ChatKind::Channel { community }
    );
    for name in ["status", "0x04", COMMUNITY, &KEY[1..], "ünder-töne"] {
        assert_eq!(ChatId::new(name).unwrap().kind(), ChatKind::Public, "{name}");
    }
    assert_eq!(ChatId::new(""), Err(IdError::Length));
    assert_eq!(ChatId::new("é".repeat(129)), Err(IdError::Length));
}

#[test]
fn odd_character_boundaries_do_not_panic() {
    for filler in ["é", "日", "😀"] {
        for count in 0..64 {
            let _ = ChatId::new(filler.repeat(count) + "-" + KEY).map(|id| id.kind());
            let _ = ChatId::new("x".to_owned() + &filler.repeat(count)).map(|id| id.kind());
        }
    }
}

#[test]
fn community_ids_are_compressed_keys() {
    assert_eq!(COMMUNITY.parse::<CommunityId>().unwrap().to_string(), COMMUNITY);
    assert_eq!(CommunityId::from_slice(&[4; 33]), Err(IdError::NotAKey));
    assert_eq!(CommunityId::from_slice(&[2; 32]), Err(IdError::Length));
}

#[test]
fn installation_ids_are_bounded_and_never_the_reserved_word() {
    assert_eq!(InstallationId::new("none"), Err(IdError::Reserved));
    assert_eq!(InstallationId::new(""), Err(IdError::Length));
    assert_eq!(InstallationId::new("x".repeat(65)), Err(IdError::Length));
    assert_eq!(InstallationId::new(UUID).unwrap().to_string(), UUID);
}
