use proptest::prelude::*;

use super::*;
use crate::Timestamp;
use crate::content::name::NameError;
use crate::id::{ChatId, MessageId};

const SENT: Timestamp = Timestamp(1_700_000_000_000);

fn chat_message(body: Body) -> ChatMessage {
    ChatMessage {
        clock: SENT.0,
        timestamp: SENT,
        chat_id: Some(ChatId::new("status").unwrap()),
        message_type: MessageType::PublicGroup,
        text: "hello".into(),
        body,
        response_to: None,
        ens_name: String::new(),
        display_name: "Alice".into(),
        customization_color: 3,
        contact_request: None,
        links: vec![],
        status_links: vec![],
        payment_requests: vec![],
        thread_id: None,
        file: None,
    }
}

fn image() -> chat_message::ImageMessage {
    chat_message::ImageMessage {
        payload: vec![1],
        format: 2,
        ..Default::default()
    }
}

#[test]
// over budget: one case a line
fn every_rule_of_chat_messages_has_its_name() {
    let good = chat_message(Body::Text);
    assert_eq!(good.validate(SENT), Ok(()));
    let cases = [
        (
            ChatMessage {
                clock: 0,
                ..good.clone()
            },
            Rule::Clock,
        ),
        (
            ChatMessage {
                clock: SENT.0 + 120_001,
                ..good.clone()
            },
            Rule::Clock,
        ),
        (
            ChatMessage {
                timestamp: Timestamp(0),
                ..good.clone()
            },
            Rule::NoTime,
        ),
        (
            ChatMessage {
                text: " \n\u{2003}".into(),
                ..good.clone()
            },
            Rule::NoText,
        ),
        (
            ChatMessage {
                text: "é".repeat(4_097),
                ..good.clone()
            },
            Rule::TextTooLong,
        ),
        (
            ChatMessage {
                chat_id: None,
                ..good.clone()
            },
            Rule::NoChat,
        ),
        (
            ChatMessage {
                message_type: MessageType::UnknownMessageType,
                ..good.clone()
            },
            Rule::MessageType,
        ),
        (
            ChatMessage {
                message_type: MessageType::SystemMessagePrivateGroup,
                ..good.clone()
            },
            Rule::MessageType,
        ),
        (
            ChatMessage {
                display_name: "x.eth".into(),
                ..good.clone()
            },
            Rule::Name(NameError::Character),
        ),
    ];
    for (message, rule) in cases {
        assert_eq!(message.validate(SENT), Err(rule));
    }
    assert_eq!(
        ChatMessage {
            text: "é".repeat(4_096),
            ..good
        }
        .validate(SENT),
        Ok(())
    );
}

#[test]
fn contents_must_be_complete_and_meant_for_the_network() {
    let verdict = |body: Body| chat_message(body).validate(SENT);
    let sticker = chat_message::StickerMessage {
        hash: "e3".into(),
        pack: 1,
    };
    let audio = chat_message::AudioMessage {
        payload: vec![1],
        r#type: 1,
        duration_ms: 5,
    };
    let bridge = chat_message::BridgeMessage {
        user_name: "u".into(),
        bridge_name: "b".into(),
        content: "c".into(),
        ..Default::default()
    };
    for body in [
        Body::Sticker(sticker.clone()),
        Body::Image(image()),
        Body::Audio(audio.clone()),
        Body::Bridge(bridge.clone()),
        Body::Emoji,
        Body::Status,
        Body::ContactRequest,
        Body::Other(19),
    ] {
        assert_eq!(verdict(body.clone()), Ok(()), "{body:?}");
    }
    for body in [
        Body::Sticker(chat_message::StickerMessage {
            hash: String::new(),
            ..sticker
        }),
        Body::Image(chat_message::ImageMessage {
            payload: vec![],
            ..image()
        }),
        Body::Image(chat_message::ImageMessage { format: 0, ..image() }),
        Body::Audio(chat_message::AudioMessage {
            payload: vec![],
            ..audio.clone()
        }),
        Body::Audio(chat_message::AudioMessage { r#type: 0, ..audio }),
        Body::Bridge(chat_message::BridgeMessage {
            content: String::new(),
            ..bridge
        }),
    ] {
        assert_eq!(verdict(body.clone()), Err(Rule::Incomplete), "{body:?}");
    }
    for number in [-1, 0, 5, 6, 10, 13, 14, 15, 16, 17] {
        assert_eq!(verdict(Body::Other(number)), Err(Rule::ContentType), "{number}");
    }
    let picture = ChatMessage {
        text: String::new(),
        ..chat_message(Body::Image(image()))
    };
    assert_eq!(picture.validate(SENT), Ok(()), "a picture needs no text");
}

#[test]
fn the_content_type_decides_over_the_payload() {
    use crate::wire::chat::chat_message::{ContentType, Payload};
    let wire = |content_type: ContentType, payload| {
        ChatMessage::from(crate::wire::chat::ChatMessage {
            content_type: content_type as i32,
            payload,
            ..Default::default()
        })
    };
    assert_eq!(
        wire(ContentType::TextPlain, Some(Payload::Image(image()))).body,
        Body::Text
    );
    assert_eq!(wire(ContentType::Image, None).body, Body::Image(Default::default()));
    assert_eq!(wire(ContentType::TransactionCommand, None).body, Body::Other(5));
}

#[test]
// over budget: one case a line
fn edits_deletions_pins_and_reactions_name_what_they_are_about() {
    let chat_id = Some(ChatId::new("status").unwrap());
    let message_id = Some(MessageId::from_bytes([1; 32]));
    let message_type = MessageType::PublicGroup;
    let edit = EditMessage {
        clock: 1,
        text: "new".into(),
        chat_id: chat_id.clone(),
        message_id,
        message_type,
        content_type: 0,
        links: vec![],
        status_links: vec![],
    };
    assert_eq!(edit.validate(SENT), Ok(()));
    for clock in [0, SENT.0 + 120_001, u64::MAX] {
        let edit = EditMessage { clock, ..edit.clone() };
        assert_eq!(edit.validate(SENT), Err(Rule::Clock));
    }
    assert_eq!(
        EditMessage {
            message_id: None,
            ..edit.clone()
        }
        .validate(SENT),
        Err(Rule::NoTarget)
    );
    assert_eq!(
        EditMessage {
            chat_id: None,
            ..edit.clone()
        }
        .validate(SENT),
        Err(Rule::NoChat)
    );
    assert_eq!(
        EditMessage {
            text: " ".into(),
            ..edit
        }
        .validate(SENT),
        Err(Rule::NoText)
    );

    let delete = DeleteMessage {
        clock: 0,
        chat_id: chat_id.clone(),
        message_id,
        message_type,
        deleted_by: None,
    };
    assert_eq!(delete.validate(), Ok(()), "the clock of a deletion is not looked at");
    assert_eq!(
        DeleteMessage {
            message_id: None,
            ..delete
        }
        .validate(),
        Err(Rule::NoTarget)
    );

    let pin = PinMessage {
        clock: 1,
        message_id,
        chat_id: chat_id.clone(),
        pinned: true,
        message_type,
    };
    assert_eq!(pin.validate(SENT), Ok(()));
    assert_eq!(
        PinMessage {
            clock: SENT.0 * 2,
            ..pin
        }
        .validate(SENT),
        Err(Rule::Clock)
    );

    let reaction = EmojiReaction {
        clock: 1,
        chat_id,
        message_id,
        message_type,
        emoji: "🦊".into(),
        retracted: false,
    };
    assert_eq!(reaction.validate(SENT), Ok(()));
    for emoji in ["", &"🦊".repeat(17), "x", "\u{202e}🦊", "🦊\u{7}"] {
        assert_eq!(
            EmojiReaction {
                emoji: emoji.into(),
                ..reaction.clone()
            }
            .validate(SENT),
            Err(Rule::Reaction)
        );
    }
    let unknown = MessageType::UnknownMessageType;
    assert_eq!(
        EmojiReaction {
            message_type: unknown,
            ..reaction
        }
        .validate(SENT),
        Err(Rule::MessageType)
    );
}

#[test]
// over budget: one case a line
fn people_presence_and_devices() {
    let identity = ChatIdentity {
        clock: SENT,
        display_name: "Alice".into(),
        ..Default::default()
    };
    assert_eq!(identity.validate(), Ok(()));
    assert_eq!(
        ChatIdentity {
            clock: Timestamp(0),
            ..identity.clone()
        }
        .validate(),
        Err(Rule::Clock)
    );
    assert_eq!(
        ChatIdentity {
            description: "x".repeat(241),
            ..identity
        }
        .validate(),
        Err(Rule::BioTooLong)
    );

    let status = StatusUpdate {
        clock: SENT,
        presence: Presence::Automatic,
        custom_text: "é".repeat(128),
    };
    assert_eq!(status.validate(), Ok(()));
    assert_eq!(
        StatusUpdate {
            presence: Presence::Unknown,
            ..status.clone()
        }
        .validate(),
        Err(Rule::Presence)
    );
    assert_eq!(
        StatusUpdate {
            custom_text: "é".repeat(129),
            ..status
        }
        .validate(),
        Err(Rule::PresenceTooLong)
    );

    let pair = SyncPairInstallation {
        clock: 1,
        installation: Some("inst".parse().unwrap()),
        device_type: "linux".into(),
        name: "desk ".into(),
        version: 2,
        target: None,
    };
    assert_eq!(pair.validate(SENT), Ok(()));
    assert_eq!(
        SyncPairInstallation {
            installation: None,
            ..pair.clone()
        }
        .validate(SENT),
        Err(Rule::Incomplete)
    );
    assert_eq!(
        SyncPairInstallation {
            name: " ".into(),
            ..pair
        }
        .validate(SENT),
        Err(Rule::Incomplete)
    );
}

#[test]
fn every_defined_kind_has_a_type_and_every_other_number_is_unsupported() {
    let without_definition = [0, 5, 26];
    for kind in 0..300 {
        let content = Content::parse(kind, &[]).unwrap();
        let defined = Kind::try_from(kind as i32).is_ok() && !without_definition.contains(&kind);
        assert_eq!(content == Content::Unsupported(kind), !defined, "{kind}");
        assert_eq!(content.encode().0, kind);
    }
    assert_eq!(
        Content::parse(u32::MAX, b"anything"),
        Ok(Content::Unsupported(u32::MAX))
    );
}

#[test]
fn a_body_of_hostile_size_is_not_read() {
    let empty_links = [0x82, 0x01, 0x00].repeat(MAX_BODY_BYTES / 3 + 1);
    assert_eq!(
        Content::parse(Kind::ChatMessage as u32, &empty_links),
        Err(ContentError)
    );
}

#[test]
fn debug_output_says_nothing_of_what_was_said() {
    let mut message = chat_message(Body::Text);
    message.text = "secret text".into();
    let shown = format!("{message:?} {:?}", Content::ChatMessage(Box::new(message.clone())));
    assert!(!shown.contains("secret"), "{shown}");
}

fn text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[ -~é😀]{0,12}").unwrap()
}

fn body() -> impl Strategy<Value = Body> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..9);
    prop_oneof![
        Just(Body::Text),
        Just(Body::Emoji),
        Just(Body::ContactRequest),
        (text(), any::<i32>()).prop_map(|(hash, pack)| Body::Sticker(chat_message::StickerMessage { hash, pack })),
        bytes().prop_map(|payload| Body::Image(chat_message::ImageMessage { payload, ..image() })),
        bytes().prop_map(Body::Community),
        (19..99i32).prop_map(Body::Other),
    ]
}

prop_compose! {
    fn any_chat_message()(
        numbers: (u64, u64, u32),
        body in body(),
        text in text(),
        name in text(),
        chat in proptest::option::of("[a-z]{1,9}"),
        target in proptest::option::of(any::<[u8; 32]>()),
        states in proptest::option::of(any::<[u64; 4]>()),
        thread_id in proptest::option::of(text()),
        message_type in 0..7i32,
    ) -> ChatMessage {
        ChatMessage {
            clock: numbers.0,
            timestamp: Timestamp(numbers.1),
            chat_id: chat.map(|chat| ChatId::new(chat).unwrap()),
            message_type: super::message_type(message_type),
            text,
            response_to: target.map(MessageId::from_bytes),
            display_name: name,
            customization_color: numbers.2,
            contact_request: states.map(|[a, b, c, d]| PropagatedState {
                local: RequestSide { state: a.into(), clock: b },
                remote: RequestSide { state: (c % 6).into(), clock: d },
            }),
            thread_id,
            ..chat_message(body)
        }
    }
}

proptest! {
    #[test]
    fn chat_messages_survive_the_wire(message in any_chat_message()) {
        let content = Content::ChatMessage(Box::new(message));
        let (kind, bytes) = content.encode();
        prop_assert_eq!(Content::parse(kind, &bytes), Ok(content));
    }

    #[test]
    fn any_bytes_of_any_kind_parse_without_panic_and_settle(
        kind in 0u32..100,
        bytes in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        if let Ok(content) = Content::parse(kind, &bytes) {
            let (again, encoded) = content.encode();
            prop_assert_eq!(again, kind);
            // What was read and written once is read the same from then on.
            let settled = Content::parse(kind, &encoded).unwrap();
            prop_assert_eq!(settled.encode(), (kind, encoded));
        }
    }
}
