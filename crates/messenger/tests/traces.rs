//! Traces: what is told of a message's journey is what happened, and it is forgotten with the message.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{DAY, Who, World};
use messenger::traces::{self, Carrier, Fate, Outcome, Parcel, Place, Taken, Trace, Way};
use messenger::{Command, MessageId, Published, Receipt, Reply, chats};
use store::{TraceLock, TraceScheme};
use waku_proto::Envelope;

fn trace(world: &World, who: Who, id: &MessageId) -> Trace {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    store.read(|view| traces::of(view, id)).unwrap()
}

fn only(trace: Trace) -> Parcel {
    let [parcel] = <[Parcel; 1]>::try_from(trace.parcels).unwrap();
    parcel
}

/// Says something and gives out the envelopes without delivering them.
fn say_to_nobody(world: &mut World, from: Who, to: Who, text: &str) -> (MessageId, Vec<Envelope>) {
    let chat = world.chat(to);
    let now = world.now;
    let command = Command::SendText {
        chat,
        text: text.into(),
        reply_to: None,
    };
    let Reply::Message(id) = world.messenger(from).command(now, command).unwrap().value else {
        panic!("a message");
    };
    (id, world.publish(from))
}

#[test]
fn what_went_and_what_came_are_the_same_bytes() {
    let (mut world, alice, bob) = World::friends();
    world.say(bob, alice, "so that the ratchet has turned");
    let id = world.say(alice, bob, "häuser");
    world.pass(1_000);
    let went = only(trace(&world, alice, &id));
    let came = only(trace(&world, bob, &id));

    assert_eq!(went.row.person, Some(world.key(bob).to_compressed().into()));
    assert_eq!(came.row.person, Some(world.key(alice).to_compressed().into()));
    assert_eq!((went.place, came.place), (Place::Negotiated, Place::Negotiated));
    assert_eq!(went.signed, came.signed);
    assert_eq!(
        (went.row.synced, went.row.encrypted, &went.row.content_topic),
        (came.row.synced, came.row.encrypted, &came.row.content_topic)
    );
    assert!(7 < went.signed && went.signed < went.row.synced && went.row.synced < went.row.encrypted);

    let (sent, received) = (&went.envelopes[0], &came.envelopes[0]);
    assert_eq!(sent.row.hash, received.row.hash);
    assert_eq!(sent.row.start, received.row.start);
    assert_eq!(
        (sent.row.outcome, received.row.outcome),
        (Outcome::Taken, Outcome::Came)
    );
    let archived = world.archive.iter().find(|one| *one.hash().as_bytes() == sent.row.hash);
    let message = &archived.unwrap().message;
    for side in [sent, received] {
        assert_eq!(side.row.wire, message.encoded_len() as u64);
        assert_eq!(side.row.sealed, message.payload.len() as u64);
        assert_eq!(side.padded % 256, 0, "payload v1 pads to 256 bytes");
        assert_eq!(side.row.data, went.row.encrypted, "one envelope, no segment header");
        assert_eq!(side.fields.iter().map(|(_, bytes)| bytes).sum::<u64>(), side.row.wire);
    }

    let (theirs, ours) = (&went.keys[0], &came.keys[0]);
    assert_eq!(
        (theirs.row.scheme, ours.row.scheme),
        (TraceScheme::Ratchet, TraceScheme::Ratchet)
    );
    assert_eq!((theirs.row.chain, theirs.row.number), (ours.row.chain, ours.row.number));
    assert_eq!((theirs.fate, ours.fate), (Fate::Erased, Fate::Erased));
    assert!(theirs.row.acknowledged_at.is_some(), "Bob's device has it");
    assert!(came.answered_at.is_some(), "and Bob has said so");
}

#[test]
fn a_session_that_was_not_answered_hangs_on_a_pre_key_until_that_is_erased() {
    let (mut world, alice, bob) = World::two();
    let (to, now) = (world.key(bob), world.now);
    world.messenger(alice).deadline(now).unwrap();
    let Reply::Message(id) = world
        .command(
            alice,
            Command::SendContactRequest {
                to,
                note: "Let us talk".into(),
            },
        )
        .unwrap()
    else {
        panic!("a message");
    };
    world.pass(6_000);
    let went = trace(&world, alice, &id).parcels.remove(0);
    assert_eq!((went.place, went.row.lock), (Place::Partitioned, TraceLock::Identity));
    let came = only(trace(&world, bob, &id));
    let fates = |world: &World| {
        let parcel = only(trace(world, bob, &id));
        parcel
            .keys
            .iter()
            .map(|key| (key.row.scheme, key.fate))
            .collect::<Vec<_>>()
    };
    assert_eq!(came.keys.len(), 1);
    match came.keys[0].row.scheme {
        TraceScheme::Identity => assert_eq!(came.keys[0].fate, Fate::InIdentity),
        TraceScheme::Founding => {
            assert_eq!(fates(&world), [(TraceScheme::Founding, Fate::InPreKey(None))]);
            world.pass(DAY + 1);
            let [(_, Fate::InPreKey(Some(until)))] = fates(&world)[..] else {
                panic!("a new pre-key is there");
            };
            assert!(until > world.now);
        }
        other => panic!("{other:?}"),
    }
}

/// One attempt to publish what is due first.
fn attempt(world: &mut World, who: Who, result: Published, peers: &[&str], count: Option<u32>) -> Envelope {
    let now = world.now;
    let sealed = world.messenger(who).seal_due(now, 10).unwrap().value;
    let (entry, envelope) = sealed.into_iter().next().unwrap();
    let taken = Taken {
        peers: peers.iter().map(|peer| (*peer).to_owned()).collect(),
        count,
    };
    let receipt = Receipt { entry, result, taken };
    world.messenger(who).published_many(now, &[receipt]).unwrap();
    envelope
}

fn seen(parcel: &Parcel, at: usize) -> Vec<(Way, &str)> {
    let seen = parcel.envelopes[at].seen.iter();
    seen.map(|one| (one.way, one.peer.as_str())).collect()
}

#[test]
fn who_took_it_who_brought_it_and_who_keeps_it_are_told() {
    let (mut world, alice, bob) = World::friends();
    let now = world.now;
    let command = Command::SendText {
        chat: world.chat(bob),
        text: "one".into(),
        reply_to: None,
    };
    let Reply::Message(id) = world.messenger(alice).command(now, command).unwrap().value else {
        panic!("a message");
    };
    attempt(&mut world, alice, Published::Retry, &[], None);
    world.pass_quietly(2_000);
    let taken = ["node 1", "node 2"];
    let envelope = attempt(&mut world, alice, Published::Sent, &taken, Some(5));

    let now = world.now;
    let brought = |way, peer: &str| {
        let carrier = Carrier { way, peer: peer.into() };
        (envelope.clone(), carrier)
    };
    let first = [brought(Way::Relay, "node 2")];
    world.messenger(bob).receive_from(now, &first).unwrap();
    for who in [alice, bob] {
        let again = [brought(Way::Store, "node 3"), brought(Way::Store, "node 3")];
        world.messenger(who).receive_from(now, &again).unwrap();
    }

    let went = only(trace(&world, alice, &id));
    let outcomes = went.envelopes.iter().map(|sent| (sent.row.outcome, sent.row.peers));
    assert_eq!(
        outcomes.collect::<Vec<_>>(),
        [(Outcome::NotTaken, None), (Outcome::Taken, Some(5))]
    );
    assert_ne!(went.envelopes[0].row.hash, went.envelopes[1].row.hash, "sealed anew");
    let handed = [(Way::Handed, "node 1"), (Way::Handed, "node 2"), (Way::Store, "node 3")];
    assert_eq!(seen(&went, 1), handed);
    let came = only(trace(&world, bob, &id));
    assert_eq!(seen(&came, 0), [(Way::Relay, "node 2"), (Way::Store, "node 3")]);
}

#[test]
fn a_repetition_is_a_parcel_of_its_own() {
    let (mut world, alice, bob) = World::friends();
    world.swallow = 1;
    let id = world.say(alice, bob, "lost once");
    world.pass(40_000);
    let went = trace(&world, alice, &id);
    assert_eq!(went.parcels.len(), 2);
    let keys: Vec<_> = went.parcels.iter().map(|parcel| parcel.keys[0].row.number).collect();
    assert_ne!(keys[0], keys[1], "the ratchet has moved on");
    assert_eq!(trace(&world, bob, &id).parcels.len(), 1, "only one of them came");
}

#[test]
fn in_public_everybody_is_the_recipient_and_it_is_said() {
    let (mut world, alice, bob) = World::two();
    let join = |world: &mut World, who| {
        let command = Command::Chat(chats::Command::JoinPublic { name: "hikers".into() });
        match world.command(who, command).unwrap() {
            Reply::Chat(chat) => chat,
            other => panic!("{other:?}"),
        }
    };
    let chat = join(&mut world, alice);
    join(&mut world, bob);
    let command = Command::SendText {
        chat,
        text: "hello".into(),
        reply_to: None,
    };
    let Reply::Message(id) = world.command(alice, command).unwrap() else {
        panic!("a message");
    };
    for (who, person) in [(alice, None), (bob, Some(world.key(alice).to_compressed().into()))] {
        let parcel = only(trace(&world, who, &id));
        assert_eq!((parcel.place, parcel.row.person), (Place::Public, person));
        assert_eq!(parcel.keys[0].fate, Fate::Shared);
        assert_eq!(parcel.envelopes.len(), 1);
    }
}

#[test]
fn a_trace_is_forgotten_after_a_month_and_with_its_message() {
    let (mut world, alice, bob) = World::friends();
    let [old, cleared] = ["one", "two"].map(|text| world.say(alice, bob, text));
    assert_eq!(trace(&world, alice, &old).parcels.len(), 1);
    world.meddle(alice, |tx| tx.messages().remove(&cleared).map(drop));
    assert_eq!(trace(&world, alice, &cleared).parcels, []);
    world.pass(32 * DAY);
    assert_eq!(trace(&world, alice, &old).parcels, []);
    assert_eq!(trace(&world, alice, &old).kept_until, None);
}

#[test]
fn what_comes_to_nothing_leaves_no_trace() {
    let (mut world, alice, bob) = World::friends();
    let (id, envelopes) = say_to_nobody(&mut world, alice, bob, "hidden");
    let mut damaged = envelopes[0].clone();
    let last = damaged.message.payload.len() - 1;
    damaged.message.payload[last] ^= 1;
    let now = world.now;
    world.messenger(bob).receive(now, &damaged).unwrap();
    assert_eq!(trace(&world, bob, &id).parcels, []);
    world.messenger(bob).receive(now, &envelopes[0]).unwrap();
    assert_eq!(trace(&world, bob, &id).parcels.len(), 1);
    let store = world.people[bob.0].messenger.as_ref().unwrap().store();
    let unknown = MessageId::from_bytes([7; 32]);
    assert_eq!(store.read(|view| traces::of(view, &unknown)).unwrap().parcels, []);
}
