//! What is absent is known, shown, asked for, and comes or is explained; and nobody gets by this what is not theirs.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::enemy::Enemy;
use common::{DAY, HOUR, Who, World};
use messenger::{Command, MessageId};
use protocol::extensions::{Answer, Extensions, Line, Name, Original, Record};
use store::{Absence, GapRow};

fn gaps(world: &World, who: Who, with: Who) -> Vec<GapRow> {
    let chat = world.chat(with);
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    store.read(|view| view.repair().gaps(&chat)).unwrap()
}

fn absent(world: &World, who: Who, with: Who) -> usize {
    let chat = world.chat(with);
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    store.read(|view| view.repair().all_absent(&chat)).unwrap().len()
}

#[test]
fn what_is_absent_is_asked_for_and_comes_to_its_place() {
    let (mut world, alice, bob) = World::friends();
    world.say(alice, bob, "one");
    let lost = world.say_lost(alice, bob, "two");
    let three = world.say(alice, bob, "three");
    assert_eq!(world.texts(bob, alice), ["Let us talk", "one", "three"]);
    assert_eq!(absent(&world, bob, alice), 1, "known at once");
    assert!(gaps(&world, bob, alice).is_empty(), "it may still come by itself");
    let row = {
        let chat = world.chat(alice);
        let store = world.people[bob.0].messenger.as_ref().unwrap().store();
        store.read(|view| view.repair().all_absent(&chat)).unwrap().remove(0)
    };
    assert_eq!((row.message, row.named_by), (Some(lost), three), "exactly which");
    world.people[alice.0].online = false;
    world.pass(6_000);
    let gap = &gaps(&world, bob, alice)[0];
    assert_eq!(
        (gap.count, gap.named_by, gap.state, gap.asked),
        (1, three, Absence::Searching, 1)
    );
    world.people[alice.0].online = true;
    world.pass(60_000);
    assert_eq!(world.texts(bob, alice), ["Let us talk", "one", "two", "three"]);
    assert!(gaps(&world, bob, alice).is_empty());
    assert_eq!(absent(&world, bob, alice), 0);
}

#[test]
fn a_long_run_is_known_exactly_and_comes_in_a_few_answers() {
    let (mut world, alice, bob) = World::friends();
    for number in 0..100 {
        world.say_lost(alice, bob, &format!("lost {number}"));
    }
    world.say(alice, bob, "after");
    assert_eq!(absent(&world, bob, alice), 100);
    let published = world.archive.len();
    world.pass(60_000);
    assert_eq!(world.messages(bob, alice).len(), 102);
    assert_eq!(absent(&world, bob, alice), 0);
    let envelopes = world.archive.len() - published;
    assert!(envelopes < 20, "{envelopes} envelopes");
}

#[test]
fn what_its_author_no_longer_has_is_explained() {
    let (mut world, alice, bob) = World::friends();
    let lost = world.say_lost(alice, bob, "deleted since");
    world.meddle(alice, |tx| tx.messages().remove(&lost).map(drop));
    let after = world.say(alice, bob, "after");
    world.pass(10_000);
    let gap = &gaps(&world, bob, alice)[0];
    assert_eq!((gap.count, gap.named_by, gap.state), (1, after, Absence::Gone));
    let published = world.archive.len();
    world.pass(HOUR);
    assert_eq!(world.archive.len(), published, "nobody is asked any more");
}

#[test]
fn nobody_is_asked_for_ever() {
    let (mut world, alice, bob) = World::friends();
    world.say_lost(alice, bob, "lost");
    world.say(alice, bob, "after");
    world.people[alice.0].online = false;
    world.pass(9 * DAY);
    let gap = &gaps(&world, bob, alice)[0];
    assert_eq!((gap.state, gap.asked), (Absence::GivenUp, 12));
}

#[test]
fn a_gap_survives_a_crash_of_either_side() {
    let (mut world, alice, bob) = World::friends();
    world.say_lost(alice, bob, "lost");
    world.say(alice, bob, "after");
    world.crash(bob);
    world.crash(alice);
    assert_eq!(absent(&world, bob, alice), 1);
    world.pass(6_000);
    assert_eq!(world.texts(bob, alice), ["Let us talk", "lost", "after"]);
}

#[test]
fn what_comes_late_is_marked() {
    let (mut world, alice, bob) = World::friends();
    let lost = world.say_lost(alice, bob, "lost");
    let after = world.say(alice, bob, "after");
    world.people[alice.0].online = false;
    world.pass(70_000);
    world.people[alice.0].online = true;
    world.pass(3 * 60_000);
    let store = world.people[bob.0].messenger.as_ref().unwrap().store();
    let late = |id: &MessageId| store.read(|view| view.repair().is_late(id)).unwrap();
    assert_eq!(world.texts(bob, alice), ["Let us talk", "lost", "after"]);
    assert!(!late(&after));
    let waited = world.messages(bob, alice)[1].sent_at;
    assert!(world.now.since(waited) > 60_000);
    assert!(late(&lost));
}

#[test]
fn of_whom_is_blocked_nothing_is_missed() {
    let (mut world, alice, bob) = World::friends();
    let contact = world.key(alice);
    let lost = world.say_lost(alice, bob, "lost");
    let kept = original_of(&world, alice, &lost);
    world.say(alice, bob, "after");
    assert_eq!(absent(&world, bob, alice), 1);
    world.command(bob, Command::Block { contact }).unwrap();
    assert_eq!(absent(&world, bob, alice), 0);
    world.pass(HOUR);
    assert!(world.texts(bob, alice).is_empty(), "nothing was asked for");
    assert_eq!(original_of(&world, alice, &lost), kept);
}

#[test]
fn a_short_message_and_its_acknowledgement_stay_small_on_the_wire() {
    let (mut world, alice, bob) = World::friends();
    for text in ["before", "in between"] {
        world.say(alice, bob, text);
        world.say(bob, alice, text);
        world.pass(10_000);
    }
    let published = world.archive.len();
    world.say(alice, bob, &"x".repeat(100));
    world.pass(1_000);
    let sizes: Vec<usize> = world.archive[published..]
        .iter()
        .map(|envelope| envelope.message.encode().len())
        .collect();
    println!("a message of 100 characters and its acknowledgement: {sizes:?} bytes");
    assert_eq!(sizes.len(), 2);
    assert!(
        sizes.iter().sum::<usize>() <= 1_700 - 2 * 50,
        "{sizes:?}; gossip adds less than 50 to each"
    );
}

/// Three people, of whom Carol is nobody's friend.
fn with_a_stranger() -> (World, Who, Who, Who) {
    let mut world = World::new(&["Alice", "Bobby", "Carol"]);
    let (alice, bob, carol) = (Who(0), Who(1), Who(2));
    world.befriend(alice, bob);
    (world, alice, bob, carol)
}

fn original_of(world: &World, author: Who, id: &MessageId) -> store::OriginalRow {
    let store = world.people[author.0].messenger.as_ref().unwrap().store();
    let chat = world.chat(Who(1 - author.0));
    let line = store.read(|view| view.repair().latest_lines(&chat, 9)).unwrap();
    line.iter()
        .flat_map(|line| {
            (1..=line.number).map(|number| Name {
                line: line.line,
                number,
            })
        })
        .filter_map(|name| store.read(|view| view.repair().original(&name)).unwrap())
        .find(|row| row.message == *id)
        .unwrap()
}

#[test]
fn only_those_a_message_was_written_to_are_answered() {
    let (mut world, alice, bob, carol) = with_a_stranger();
    let secret = world.say(alice, bob, &"for Bobby only ".repeat(100));
    let name = original_of(&world, alice, &secret).name;
    // Carol is a friend of Alice as well, and somehow knows what the message is called.
    world.befriend(carol, alice);
    let ask = Extensions {
        ask: vec![name],
        ..Extensions::default()
    };
    let answers = exchange(&mut world, carol, alice, &ask);
    assert!(answers.len() == 1 && answers[0] < 1_200, "{answers:?}: withheld");
    let answers = exchange(&mut world, bob, alice, &ask);
    assert!(answers.len() == 1 && answers[0] > 1_500, "{answers:?}: given");
    world.people[bob.0].online = false;
    let answers = exchange(&mut world, bob, carol, &ask);
    assert!(answers.is_empty(), "Carol never had it");
}

#[test]
fn strangers_get_no_answer_at_all() {
    let (mut world, alice, bob, carol) = with_a_stranger();
    let secret = world.say(alice, bob, "for Bobby only");
    let name = original_of(&world, alice, &secret).name;
    let ask = Extensions {
        ask: vec![name],
        ..Extensions::default()
    };
    assert!(exchange(&mut world, carol, alice, &ask).is_empty());
}

#[test]
fn one_person_cannot_make_us_send_without_bound() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, &"x".repeat(4_000));
    let name = original_of(&world, alice, &id).name;
    let ask = Extensions {
        ask: vec![name; 64],
        ..Extensions::default()
    };
    let mut at = 0;
    let mut again = |world: &mut World| {
        at += 1;
        exchange(world, bob, alice, &Extensions { at, ..ask.clone() }).len()
    };
    let answers: usize = (0..40).map(|_| again(&mut world)).sum();
    assert!((4..12).contains(&answers), "{answers} answers of 64 kB");
    world.pass(HOUR);
    assert_eq!(again(&mut world), 1);
}

#[test]
fn an_absent_message_cannot_be_forged() {
    let (mut world, alice, bob, carol) = with_a_stranger();
    world.befriend(carol, bob);
    let lost = world.say_lost(alice, bob, "the true one");
    world.say(alice, bob, "after");
    let genuine = original_of(&world, alice, &lost);
    let record = Extensions::find(&body_of(&genuine.bytes)).record.unwrap();
    let before = world.messages(bob, alice).len();
    // Carol hands on the genuine message, which only Alice may; one of her own with the same record; and unasked ones.
    let forged = {
        let mut body = body_of(&original_of(&world, alice, &lost).bytes);
        Extensions {
            record: Some(Record { ..record }),
            ..Extensions::default()
        }
        .append_to(&mut body);
        protocol::layers::application::sign(
            protocol::content::Kind::ChatMessage,
            body,
            &secret_key(&mut world, carol),
        )
    };
    let original = |bytes: &[u8]| Original {
        sent_at: genuine.sent_at.as_seconds(),
        bytes: bytes.to_vec(),
    };
    let answer = Answer {
        originals: vec![original(&genuine.bytes), original(&forged.bytes), original(b"nonsense")],
        gone: vec![genuine.name],
        withheld: vec![genuine.name],
    };
    let answer = Extensions {
        answer: Some(answer),
        ..Extensions::default()
    };
    exchange(&mut world, carol, bob, &answer);
    assert_eq!(world.messages(bob, alice).len(), before);
    assert_eq!(absent(&world, bob, alice), 1, "still missing, still searched for");
    assert_eq!(world.texts(bob, carol).len(), 1, "and nothing appears elsewhere");
    world.pass(60_000);
    assert!(world.texts(bob, alice).contains(&"the true one".into()));
}

#[test]
fn a_liar_costs_a_bounded_number_of_rows() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "true");
    let genuine = original_of(&world, alice, &id);
    for nonce in 0..9_u8 {
        let mut body = body_of(&genuine.bytes);
        Extensions {
            record: Some(Record {
                nonce: [nonce; 8],
                number: 1 << 40,
                before: None,
                heads: vec![
                    Name {
                        line: Line([nonce; 8]),
                        number: 1 << 40
                    };
                    8
                ],
            }),
            ..Extensions::default()
        }
        .append_to(&mut body);
        let lie = protocol::layers::application::sign(
            protocol::content::Kind::ChatMessage,
            body,
            &secret_key(&mut world, alice),
        );
        send_raw(&mut world, alice, bob, &lie.bytes);
    }
    assert_eq!(absent(&world, bob, alice), 1_000);
    let published = world.archive.len();
    world.pass(20 * DAY);
    let envelopes = world.archive.len() - published;
    assert!(envelopes < 1_500, "{envelopes} envelopes in three weeks");
}

/// Sends extensions from one to another; answers the sizes of the envelopes that come back.
fn exchange(world: &mut World, from: Who, to: Who, extensions: &Extensions) -> Vec<usize> {
    let signed = extensions.sign(&secret_key(world, from));
    send_raw(world, from, to, &signed.bytes)
}

fn secret_key(world: &mut World, who: Who) -> crypto::SecretKey {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let account = store.read(|view| view.account().load()).unwrap().unwrap();
    crypto::SecretKey::from_bytes(account.chat_key[..].try_into().unwrap()).unwrap()
}

fn body_of(wrapper: &[u8]) -> Vec<u8> {
    let any = crypto::SecretKey::from_bytes(&[1; 32]).unwrap().public_key();
    protocol::layers::application::verify(wrapper.to_vec(), &any)
        .unwrap()
        .body
}

/// Seals bytes for a person outside of any session, as everybody can who knows their key; answers the sizes of the
/// envelopes that come back.
fn send_raw(world: &mut World, from: Who, to: Who, bytes: &[u8]) -> Vec<usize> {
    let mut enemy = Enemy {
        key: secret_key(world, from),
        rng: rand_core::SeedableRng::from_seed([world.archive.len() as u8; 32]),
        ..Enemy::new()
    };
    let (key, now) = (world.key(to), world.now);
    let data = enemy.encrypt(&key, bytes);
    let envelope = enemy.envelope(&key, &data, now);
    let published = world.archive.len();
    world.messenger(to).receive(now, &envelope).unwrap();
    world.pump();
    let back = world.archive[published..].iter();
    back.map(|envelope| envelope.message.payload.len()).collect()
}
