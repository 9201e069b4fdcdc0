//! Bytes of strangers, of enemies and of broken programs: an outcome with a reason, and nothing else.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::enemy::Enemy;
use common::{World, phrase};
use crypto::derive::{CHAT, ExtendedKey};
use messenger::{ChatId, Inbound, Messenger, Reason, Rule, Timestamp, traces};
use protocol::content::chat_message::Body;
use protocol::content::{ChatMessage, Content, Kind, MessageType};
use protocol::layers::{application, segmentation};
use waku_proto::Envelope;

fn refused(messenger: &mut Messenger, now: Timestamp, envelope: &Envelope, reason: Reason) {
    let commit = messenger.receive(now, envelope).unwrap();
    assert_eq!(commit.value, Inbound::Dropped(reason));
    assert!(commit.changes.is_empty(), "{reason:?} changed {:?}", commit.changes);
}

#[test]
fn the_tools_work() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    let envelope = enemy.request_envelope(&to, now, "be my friend");
    assert_eq!(
        world.messenger(alice).receive(now, &envelope).unwrap().value,
        Inbound::Applied
    );
    refused(world.messenger(alice), now, &envelope, Reason::Duplicate);
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    let whole = enemy.request_envelope(&to, now, "be my friend");
    for at in (0..whole.message.payload.len()).step_by(13) {
        let mut damaged = whole.clone();
        damaged.message.payload[at] ^= 1 << (at % 8);
        let inbound = world.messenger(alice).receive(now, &damaged).unwrap();
        assert!(
            matches!(inbound.value, Inbound::Dropped(Reason::NotForUs | Reason::Undecodable)),
            "{at}"
        );
        assert!(inbound.changes.is_empty());
        refused(world.messenger(alice), now, &damaged, Reason::Duplicate);
        let mut cut = whole.clone();
        cut.message.payload.truncate(at);
        let inbound = world.messenger(alice).receive(now, &cut).unwrap();
        assert!(
            matches!(inbound.value, Inbound::Dropped(_)) && inbound.changes.is_empty(),
            "{at}"
        );
    }
    assert_eq!(
        world.messenger(alice).receive(now, &whole).unwrap().value,
        Inbound::Applied
    );
}

#[test]
fn garbage_below_every_layer_is_refused() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    for length in [0, 1, 7, 64, 1_000, 10_000] {
        let garbage: Vec<u8> = (0..length).map(|n: usize| (n * 89 % 251) as u8).collect();
        let plain = enemy.envelope(&to, &garbage, now);
        let encrypted = enemy.encrypt(&to, &garbage);
        let encrypted = enemy.envelope(&to, &encrypted, now);
        let synced = enemy.sync(&to, vec![garbage]);
        let synced = enemy.encrypt(&to, &synced);
        let synced = enemy.envelope(&to, &synced, now);
        for envelope in [plain, encrypted, synced] {
            let inbound = world.messenger(alice).receive(now, &envelope).unwrap();
            assert!(
                matches!(inbound.value, Inbound::Dropped(_)),
                "{length}: {:?}",
                inbound.value
            );
            assert!(inbound.changes.messages.is_empty() && inbound.changes.contacts.is_empty());
        }
    }
}

#[test]
fn an_unsigned_envelope_and_an_unsigned_message_are_refused() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    let wrapped = enemy.wrap(enemy.request(&to, now.0, "x"));
    let data = enemy.encrypt(&to, &enemy.sync(&to, vec![wrapped]));
    let mut unsigned = enemy.envelope(&to, &data, now);
    let recipient = crypto::payload_v1::Recipient::Asymmetric(&to);
    unsigned.message.payload = crypto::payload_v1::seal(&data, recipient, None, &mut enemy.rng).unwrap();
    refused(world.messenger(alice), now, &unsigned, Reason::BadSignature);

    let (_, body) = Content::ChatMessage(Box::new(enemy.request(&to, now.0, "x"))).encode();
    let bare = application::wrap_unsigned(Kind::ChatMessage, body, &enemy.key.public_key()).bytes;
    let data = enemy.encrypt(&to, &enemy.sync(&to, vec![bare]));
    let envelope = enemy.envelope(&to, &data, now);
    let inbound = world.messenger(alice).receive(now, &envelope).unwrap();
    assert_eq!(inbound.value, Inbound::Dropped(Reason::BadSignature));
    assert!(inbound.changes.messages.is_empty());
}

#[test]
fn what_somebody_wrote_to_another_cannot_be_handed_on() {
    let (mut world, alice, bob) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    // Bobby once asked the enemy; the enemy puts the same signed bytes into an envelope of its own for Alice.
    let master = ExtendedKey::master(&phrase("Bobby").to_seed("")).unwrap();
    let bobby = master.derive(CHAT).unwrap().key().clone();
    assert_eq!(bobby.public_key(), world.key(bob));
    let (_, body) =
        Content::ChatMessage(Box::new(enemy.request(&enemy.key.public_key(), now.0, "Dear Mallory"))).encode();
    let stolen = application::sign(Kind::ChatMessage, body, &bobby).bytes;
    let data = enemy.encrypt(&to, &enemy.sync(&to, vec![stolen]));
    let envelope = enemy.envelope(&to, &data, now);
    let inbound = world.messenger(alice).receive(now, &envelope).unwrap();
    assert_eq!(inbound.value, Inbound::Dropped(Reason::RuleBroken(Rule::NotAllowed)));
    assert!(inbound.changes.contacts.is_empty() && inbound.changes.messages.is_empty());
}

#[test]
fn implausible_clocks_are_refused_and_not_acknowledged() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    for clock in [0, now.0 + 120_001, u64::MAX] {
        let wrapped = enemy.wrap(enemy.request(&to, clock, "from the future"));
        let data = enemy.encrypt(&to, &enemy.sync(&to, vec![wrapped]));
        let envelope = enemy.envelope(&to, &data, now);
        let inbound = world.messenger(alice).receive(now, &envelope).unwrap();
        let rule = Rule::Content(protocol::content::Rule::Clock);
        assert_eq!(inbound.value, Inbound::Dropped(Reason::RuleBroken(rule)), "{clock}");
    }
    let published = world.archive.len();
    world.pass(5_000);
    assert_eq!(world.archive.len(), published, "nothing was acknowledged");
}

#[test]
fn bad_names_and_local_kinds_are_refused() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    let good = enemy.request(&to, now.0, "x");
    let bad = [
        ChatMessage {
            display_name: "<b>bold</b>".into(),
            ..good.clone()
        },
        ChatMessage {
            body: Body::Other(15),
            ..good.clone()
        },
        ChatMessage {
            text: "x".repeat(4_097),
            ..good.clone()
        },
        ChatMessage {
            message_type: MessageType::SystemMessagePrivateGroup,
            ..good.clone()
        },
        ChatMessage { chat_id: None, ..good },
    ];
    for message in bad {
        let wrapped = enemy.wrap(message);
        let data = enemy.encrypt(&to, &enemy.sync(&to, vec![wrapped]));
        let envelope = enemy.envelope(&to, &data, now);
        let inbound = world.messenger(alice).receive(now, &envelope).unwrap();
        assert!(
            matches!(inbound.value, Inbound::Dropped(Reason::RuleBroken(_))),
            "{:?}",
            inbound.value
        );
        assert!(inbound.changes.messages.is_empty());
    }
}

#[test]
fn unknown_kinds_are_counted_by_number_and_bounded() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    for kind in [Kind::PushNotificationQuery, Kind::AnonymousMetricBatch] {
        let wrapped = application::sign(kind, Vec::new(), &enemy.key).bytes;
        let data = enemy.encrypt(&to, &enemy.sync(&to, vec![wrapped]));
        let envelope = enemy.envelope(&to, &data, now);
        let inbound = world.messenger(alice).receive(now, &envelope).unwrap().value;
        assert_eq!(inbound, Inbound::Dropped(Reason::Unsupported(kind as u32)));
        assert_eq!(world.messenger(alice).counts().get(&inbound), Some(&1));
    }
}

#[test]
fn one_bad_message_does_not_spoil_its_neighbours() {
    let (mut world, alice, bob) = World::friends();
    let before = world.archive.len();
    world.people[bob.0].online = false;
    world.say(alice, bob, "first");
    world.say(alice, bob, "second");
    let mut batch = world.archive[before..].to_vec();
    batch.insert(1, {
        let mut damaged = batch[0].clone();
        damaged.message.payload[5] ^= 1;
        damaged
    });
    let now = world.now;
    let commit = world.messenger(bob).receive_many(now, &batch).unwrap();
    assert_eq!(
        commit.value,
        [Inbound::Applied, Inbound::Dropped(Reason::NotForUs), Inbound::Applied]
    );
    assert_eq!(world.texts(bob, alice), ["Let us talk", "first", "second"]);
}

#[test]
fn the_segments_of_a_stranger_are_limited() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    let whole = vec![7; 2 << 20];
    let mut outcomes = Vec::new();
    for segment in segmentation::split(&whole, 100_000) {
        let envelope = enemy.envelope(&to, &segment, now);
        outcomes.push(world.messenger(alice).receive(now, &envelope).unwrap().value);
    }
    assert!(outcomes.contains(&Inbound::Dropped(Reason::OverQuota)), "{outcomes:?}");
    let kept = outcomes.iter().filter(|one| matches!(one, Inbound::Waiting(_))).count();
    assert!(kept <= 5, "{kept} segments of 100 kB are kept for somebody unknown");
}

#[test]
fn a_large_message_arrives_in_any_order_of_its_segments() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    let wrapped = enemy.wrap(enemy.request(&to, now.0, &"long ".repeat(55)));
    let data = enemy.encrypt(&to, &enemy.sync(&to, vec![wrapped]));
    let mut segments = segmentation::split(&data, 100);
    segments.reverse();
    let mut outcomes = Vec::new();
    for segment in &segments {
        let envelope = enemy.envelope(&to, segment, now);
        outcomes.push(world.messenger(alice).receive(now, &envelope).unwrap().value);
    }
    // Parity comes first here, so the message is whole before its last segment is.
    let applied = outcomes.iter().position(|one| *one == Inbound::Applied).unwrap();
    assert!(applied + 1 >= data.len().div_ceil(100), "{outcomes:?}");
    assert!(
        outcomes[applied + 1..]
            .iter()
            .all(|one| *one == Inbound::Dropped(Reason::Duplicate)),
        "{outcomes:?}"
    );
    let chat = ChatId::one_to_one(&enemy.key.public_key());
    let trace = world.messenger(alice).store().read(|view| {
        let message = view.messages().page(&chat, None, 1)?.remove(0);
        traces::of(view, &message.id)
    });
    let [parcel] = &trace.unwrap().parcels[..] else {
        panic!("one parcel")
    };
    assert_eq!(parcel.envelopes.len(), applied + 1, "as many as it took");
    assert_eq!(parcel.row.segments as usize, data.len().div_ceil(100));
    assert_eq!(parcel.row.encrypted as usize, data.len());
}
