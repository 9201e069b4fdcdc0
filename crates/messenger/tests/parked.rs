//! What comes too early waits, within its share, and is shown when its time has come.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use std::collections::BTreeMap;

use common::enemy::Enemy;
use common::{HOUR, World};
use messenger::{Command, Inbound, Missing, Reason};
use protocol::content::ChatMessage;
use protocol::content::chat_message::Body;
use protocol::layers::encryption::{PairSession, seal_pairwise};

#[test]
fn texts_before_the_answer_wait_for_it() {
    let (mut world, alice, bob) = World::friends();
    world.pass(HOUR);
    // Bobby's new device knows nobody, but Alice learns of it by its contact code.
    world.people[bob.0].messenger = Some(common::device("Bobby", 1, world.now));
    world.pump();
    world.people[bob.0].heard.clear();
    world.say(alice, bob, "one");
    world.say(alice, bob, "two");
    world.pass(1_000);
    let heard = &world.people[bob.0].heard;
    assert_eq!(
        heard[..2],
        [Inbound::Waiting(Missing::Chat), Inbound::Waiting(Missing::Chat)]
    );
    assert_eq!(world.texts(bob, alice), Vec::<String>::new(), "nobody was accepted");
    assert!(
        messenger::contacts::relation(&world.contact(bob, alice)).awaits_our_answer(),
        "but that she asks is known"
    );
    let contact = world.key(alice);
    world.command(bob, Command::AcceptContactRequest { contact }).unwrap();
    assert_eq!(world.texts(bob, alice), ["one", "two"]);
    let waiting = world
        .messenger(bob)
        .store()
        .read(|view| view.waiting().total())
        .unwrap();
    assert_eq!(waiting.count, 0);
}

#[test]
fn any_order_of_a_burst_ends_in_the_same_chat() {
    for order in 0..8 {
        let (mut world, alice, bob) = World::friends();
        world.people[bob.0].online = false;
        let before = world.archive.len();
        for n in 0..12 {
            world.say(alice, bob, &format!("text {n}"));
        }
        let mut burst = world.archive[before..].to_vec();
        // Another order each time, without drawing lots.
        burst.sort_by_key(|one| one.hash().as_bytes()[order]);
        let now = world.now;
        for envelope in &burst {
            assert_eq!(
                world.messenger(bob).receive(now, envelope).unwrap().value,
                Inbound::Applied
            );
        }
        let expected: Vec<String> = (0..12).map(|n| format!("text {n}")).collect();
        assert_eq!(world.texts(bob, alice)[1..], expected, "order {order}");
    }
}

#[test]
fn a_message_that_overtook_the_beginning_of_its_session_waits_for_it() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    let alices = world
        .messenger(alice)
        .store()
        .read(|view| view.bundles().newest_own())
        .unwrap()
        .unwrap();
    let pre_key = crypto::PublicKey::from_compressed(alices.public.as_bytes()).unwrap();
    let session = PairSession::initiate(&enemy.key, &to, &pre_key, &mut enemy.rng);
    let mut sessions = BTreeMap::from([(world.messenger(alice).account().installation_id, session)]);

    let mut envelopes = Vec::new();
    for (n, text) in ["first", "second", "third"].into_iter().enumerate() {
        let wrapped = enemy.wrap(enemy.request(&to, now.0 + n as u64, text));
        let plain = enemy.sync(&to, vec![wrapped]);
        if n == 1 {
            // As if Alice had answered in between.
            sessions.values_mut().for_each(|session| session.unanswered = None);
        }
        let bundle = (n == 0).then(|| enemy.bundle(now));
        let data = seal_pairwise(&plain, &enemy.installation, bundle, &mut sessions)
            .unwrap()
            .bytes;
        envelopes.push(enemy.envelope(&to, &data, now));
    }
    for early in [1, 2] {
        let inbound = world.messenger(alice).receive(now, &envelopes[early]).unwrap().value;
        assert_eq!(inbound, Inbound::Waiting(Missing::Session));
    }
    let again = world.messenger(alice).receive(now, &envelopes[1]).unwrap().value;
    assert_eq!(again, Inbound::Dropped(Reason::Duplicate), "it waits once");
    world.crash(alice);
    assert_eq!(
        world.messenger(alice).receive(now, &envelopes[0]).unwrap().value,
        Inbound::Applied
    );
    let chat = protocol::id::ChatId::one_to_one(&enemy.key.public_key());
    let rows = world
        .messenger(alice)
        .store()
        .read(|view| view.messages().page(&chat, None, 10))
        .unwrap();
    let texts: Vec<&str> = rows.iter().rev().map(|row| row.text.as_str()).collect();
    assert_eq!(texts, ["first", "second", "third"]);
}

#[test]
fn a_stranger_has_a_small_share() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    let mut outcomes = BTreeMap::<Inbound, usize>::new();
    for n in 0..30 {
        let text = ChatMessage {
            body: Body::Text,
            ..enemy.request(&to, now.0 + n, "let me in")
        };
        let wrapped = enemy.wrap(text);
        let data = enemy.encrypt(&to, &enemy.sync(&to, vec![wrapped]));
        let envelope = enemy.envelope(&to, &data, now);
        *outcomes
            .entry(world.messenger(alice).receive(now, &envelope).unwrap().value)
            .or_default() += 1;
    }
    let expected = BTreeMap::from([
        (Inbound::Waiting(Missing::Chat), 20),
        (Inbound::Dropped(Reason::OverQuota), 10),
    ]);
    assert_eq!(outcomes, expected);
    let topics = world
        .messenger(alice)
        .store()
        .read(|view| view.topics().listening())
        .unwrap();
    assert_eq!(topics.len(), 3, "and not one key was derived for them");
}

#[test]
fn a_stranger_cannot_make_us_keep_many_ratchet_keys() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    let alices = world
        .messenger(alice)
        .store()
        .read(|view| view.bundles().newest_own())
        .unwrap()
        .unwrap();
    let pre_key = crypto::PublicKey::from_compressed(alices.public.as_bytes()).unwrap();
    let session = PairSession::initiate(&enemy.key, &to, &pre_key, &mut enemy.rng);
    let mut sessions = BTreeMap::from([(world.messenger(alice).account().installation_id, session)]);
    let mut outcomes = Vec::new();
    for n in 0..=42 {
        let wrapped = enemy.wrap(enemy.request(&to, now.0 + n, "x"));
        let plain = enemy.sync(&to, vec![wrapped]);
        let bundle = enemy.bundle(now);
        let data = seal_pairwise(&plain, &enemy.installation, Some(bundle), &mut sessions)
            .unwrap()
            .bytes;
        let envelope = enemy.envelope(&to, &data, now);
        if [0, 21, 42].contains(&n) {
            outcomes.push(world.messenger(alice).receive(now, &envelope).unwrap().value);
        }
    }
    assert_eq!(outcomes, [Inbound::Applied, Inbound::Applied, Inbound::Applied]);
    for _ in 0..21 {
        let plain = enemy.sync(&to, vec![vec![1]]);
        seal_pairwise(&plain, &enemy.installation, None, &mut sessions).unwrap();
    }
    let wrapped = enemy.wrap(enemy.request(&to, now.0 + 99, "x"));
    let plain = enemy.sync(&to, vec![wrapped]);
    let data = seal_pairwise(&plain, &enemy.installation, None, &mut sessions)
        .unwrap()
        .bytes;
    let envelope = enemy.envelope(&to, &data, now);
    let commit = world.messenger(alice).receive(now, &envelope).unwrap();
    assert_eq!(commit.value, Inbound::Dropped(Reason::OverQuota));
    assert!(commit.changes.is_empty());
}
