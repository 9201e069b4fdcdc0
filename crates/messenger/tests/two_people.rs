//! Two people on a perfect network.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{DAY, World};
use messenger::{Command, Inbound};
use store::Delivery;

#[test]
fn a_request_is_accepted_and_they_talk() {
    let (mut world, alice, bob) = World::two();
    world.befriend(alice, bob);
    assert!(world.is_mutual(alice, bob));
    world.say(alice, bob, "Hello Bobby");
    world.pass(1_000);
    world.say(bob, alice, "Hello Alice");
    world.pass(1_000);
    let first = world.messages(alice, bob)[1].id;
    let reply = Command::SendText {
        chat: world.chat(alice),
        text: "How are you?".into(),
        reply_to: Some(first),
    };
    world.command(bob, reply).unwrap();
    world.pass(1_000);
    let expected = "\
Alice: Let us talk [request Accepted] [Delivered]
Alice: Hello Bobby [Delivered]
Bobby: Hello Alice
Bobby: How are you? (to \"Hello Bobby\")
";
    assert_eq!(world.transcript(alice, bob), format!("Alice with Bobby\n{expected}"));
    assert_eq!(
        world.messages(bob, alice).last().unwrap().delivery,
        Some(Delivery::Delivered)
    );
}

#[test]
fn who_was_offline_finds_everything_in_the_store() {
    let (mut world, alice, bob) = World::friends();
    world.catch_up(bob);
    world.people[bob.0].online = false;
    for n in 0..20 {
        world.say(alice, bob, &format!("line {n}"));
        world.pass(500);
    }
    world.pass(2 * DAY);
    world.people[alice.0].online = false;
    world.people[bob.0].online = true;
    world.catch_up(bob);
    let texts = world.texts(bob, alice);
    assert_eq!(texts.len(), 21);
    assert_eq!(texts[1..], (0..20).map(|n| format!("line {n}")).collect::<Vec<_>>());
    assert!(!world.people[bob.0].heard.contains(&Inbound::Applied) || texts.len() == 21);
}
