//! Forward secrecy of the first chain: whoever holds the identity key, a pre-key and a recorded envelope can read the first
//! messages of a session, until the private half of that pre-key is erased.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{DAY, HOUR, START, World, phrase};
use crypto::derive::{CHAT, ExtendedKey};
use crypto::payload_v1::OpeningKey;
use crypto::{SecretKey, x3dh};
use messenger::Command;
use protocol::layers::encryption::{Body, PairSession, ProtocolMessage, Scheme};
use protocol::layers::transport;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use store::Store;
use waku_proto::Envelope;

fn identity(name: &str) -> SecretKey {
    ExtendedKey::master(&phrase(name).to_seed(""))
        .unwrap()
        .derive(CHAT)
        .unwrap()
        .key()
        .clone()
}

/// Everything an attacker can do with a seized database of Bobby, his identity key, and what the network carried.
fn attack(seized: &Store, recorded: &[Envelope]) -> Vec<String> {
    let bobby = identity("Bobby");
    let own = seized.read(|view| view.account().load()).unwrap().unwrap().installation;
    let mut read = Vec::new();
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    for envelope in recorded {
        let Ok(opened) = transport::open(&envelope.message, OpeningKey::Asymmetric(&bobby)) else {
            continue;
        };
        let Ok(message) = ProtocolMessage::parse(&opened.data) else {
            continue;
        };
        let Body::Encrypted(mut parts) = message.body else {
            continue;
        };
        let Ok(part) = parts.take(&own) else { continue };
        let Scheme::Ratchet(part) = part.scheme else { continue };
        let founding = part.pre_key.to_compressed().into();
        let Some(pre_key) = seized.read(|view| view.bundles().own(&founding)).unwrap() else {
            continue;
        };
        let secret = SecretKey::from_bytes(pre_key.secret[..].try_into().unwrap()).unwrap();
        let mut session = PairSession::accept(&part, &bobby, &secret, &opened.sender).unwrap();
        if let Ok(plaintext) = session.open(&part, &mut rng) {
            read.push(String::from_utf8_lossy(&plaintext).into_owned());
        }
    }
    let _ = x3dh::PROTOCOL_VERSION;
    read
}

#[test]
fn a_recorded_first_message_cannot_be_read_once_its_pre_key_is_erased() {
    let (mut world, alice, bob) = World::two();
    let to = world.key(bob);
    world
        .command(
            alice,
            Command::SendContactRequest {
                to,
                note: "the first secret".into(),
            },
        )
        .unwrap();
    world.pass(200);
    world.catch_up(alice);
    world.pass(1);
    assert_eq!(world.texts(bob, alice), ["the first secret"]);
    let recorded = world.archive.clone();

    let seized = world.messenger(bob).store();
    assert!(
        attack(seized, &recorded).concat().contains("the first secret"),
        "the attack works on the day itself"
    );

    // The pre-key is replaced after one day and kept for 30 more.
    world.pass(30 * DAY + 23 * HOUR);
    assert!(
        !attack(world.messenger(bob).store(), &recorded).is_empty(),
        "late messages can still be answered"
    );
    world.pass(2 * HOUR);
    assert!(world.now.since(START) > 31 * DAY);
    assert!(
        attack(world.messenger(bob).store(), &recorded).is_empty(),
        "the private half is gone"
    );
    assert_eq!(world.texts(bob, alice), ["the first secret"], "what was received stays");
}

#[test]
fn pre_keys_rotate_daily_and_peers_move_to_a_new_session() {
    let (mut world, alice, bob) = World::friends();
    let newest = |world: &mut World| {
        let row = world
            .messenger(alice)
            .store()
            .read(|view| view.bundles().newest_own())
            .unwrap()
            .unwrap();
        (row.version, row.created_at)
    };
    assert_eq!(newest(&mut world).0, 1);
    world.pass(24 * HOUR);
    let (version, made_at) = newest(&mut world);
    assert_eq!((version, made_at), (2, START.plus(24 * HOUR)));
    world.pass(DAY);
    assert_eq!(newest(&mut world).0, 3);
    for n in 0..3 {
        world.say(alice, bob, &format!("day {n}"));
        world.pass(DAY);
        world.say(bob, alice, &format!("night {n}"));
        world.pass(DAY);
    }
    let sessions = world.messenger(alice).store();
    let other = world_installation(sessions, &world_key("Bobby"));
    let count = sessions
        .read(|view| view.sessions().with(&world_key("Bobby"), &other))
        .unwrap()
        .len();
    assert!(count >= 3, "{count} sessions");
    assert_eq!(world.texts(bob, alice).len(), 7);
}

fn world_key(name: &str) -> store::PublicKeyBytes {
    identity(name).public_key().to_compressed().into()
}

fn world_installation(store: &Store, of: &store::PublicKeyBytes) -> messenger::InstallationId {
    store.read(|view| view.installations().of(of)).unwrap()[0].id.clone()
}
