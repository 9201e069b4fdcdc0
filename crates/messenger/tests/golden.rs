//! What two people see, from the first request to the last word, compared with what was once judged right.
//!
//! `UNDERTONE_GOLDEN=write` writes the transcripts anew; look at the difference before committing it.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{DAY, Who, World};
use messenger::Command;

fn compare(name: &str, world: &World) {
    let (alice, bob) = (Who(0), Who(1));
    let seen = format!("{}\n{}", world.transcript(alice, bob), world.transcript(bob, alice));
    let path = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UNDERTONE_GOLDEN").is_some() {
        std::fs::write(&path, &seen).unwrap();
    }
    assert_eq!(seen, std::fs::read_to_string(&path).unwrap(), "{name}");
}

fn reply(world: &mut World, from: Who, to: Who, text: &str, nth: usize) {
    let reply_to = Some(world.messages(from, to)[nth].id);
    let command = Command::SendText {
        chat: world.chat(to),
        text: text.into(),
        reply_to,
    };
    world.command(from, command).unwrap();
}

#[test]
fn a_first_conversation() {
    let (mut world, alice, bob) = World::two();
    world.befriend(alice, bob);
    world.say(bob, alice, "Hello Alice, good to hear from you");
    world.pass(2_000);
    world.say(alice, bob, "Is this really encrypted?");
    world.pass(2_000);
    reply(&mut world, bob, alice, "End to end", 2);
    world.pass(2_000);
    reply(&mut world, alice, bob, "zażółć gęślą jaźń 👋🏽", 3);
    world.pass(2_000);
    compare("a_first_conversation", &world);
}

#[test]
fn one_is_away() {
    let (mut world, alice, bob) = World::friends();
    world.people[bob.0].online = false;
    world.say(alice, bob, "Are you there?");
    world.pass(DAY);
    world.say(alice, bob, "I am leaving now");
    world.pass(2_000);
    compare("one_is_away_before", &world);
    world.people[alice.0].online = false;
    world.people[bob.0].online = true;
    world.catch_up(bob);
    reply(&mut world, bob, alice, "I was on a boat", 1);
    world.pass(2_000);
    compare("one_is_away_caught_up", &world);
    world.people[alice.0].online = true;
    world.catch_up(alice);
    world.pass(2_000);
    compare("one_is_away_together_again", &world);
}

#[test]
fn a_reply_to_something_that_never_arrived() {
    let (mut world, alice, bob) = World::friends();
    world.people[bob.0].online = false;
    world.say(alice, bob, "lost");
    world.archive.clear();
    world.people[bob.0].online = true;
    reply(&mut world, alice, bob, "as I said", 1);
    compare("a_reply_to_something_unknown", &world);
    world.pass(60_000);
    compare("a_reply_to_something_that_came_later", &world);
}

#[test]
fn declined_and_blocked() {
    let (mut world, alice, bob) = World::two();
    let (a, b) = (world.key(alice), world.key(bob));
    world
        .command(
            alice,
            Command::SendContactRequest {
                to: b,
                note: "Buy my things".into(),
            },
        )
        .unwrap();
    world.pass(10_000);
    world
        .command(bob, Command::DeclineContactRequest { contact: a })
        .unwrap();
    world.pass(8 * DAY);
    world
        .command(
            alice,
            Command::SendContactRequest {
                to: b,
                note: "Really, buy them".into(),
            },
        )
        .unwrap();
    world.pass(10_000);
    compare("declined", &world);
    world.command(bob, Command::Block { contact: a }).unwrap();
    world.pass(10_000);
    compare("blocked", &world);
    world.command(bob, Command::Unblock { contact: a }).unwrap();
    world.pass(8 * DAY);
    world.befriend(alice, bob);
    world.say(alice, bob, "I sell nothing any more");
    world.pass(10_000);
    compare("unblocked", &world);
}

#[test]
fn a_gap_that_closes() {
    let (mut world, alice, bob) = World::friends();
    world.say(alice, bob, "First, the key is under the mat");
    world.say_lost(alice, bob, "Second, beware of the dog");
    world.say_lost(alice, bob, "Third, his name is Hasso");
    world.say(alice, bob, "Fourth, take your time");
    world.people[alice.0].online = false;
    world.pass(70_000);
    compare("a_gap_is_searched", &world);
    world.people[alice.0].online = true;
    world.pass(5 * 60_000);
    compare("a_gap_is_closed", &world);
}

#[test]
fn a_gap_that_stays() {
    let (mut world, alice, bob) = World::friends();
    let regretted = world.say_lost(alice, bob, "Something she regrets");
    world.meddle(alice, |tx| tx.messages().remove(&regretted).map(drop));
    world.say(alice, bob, "Forget what I said");
    world.pass(10_000);
    compare("a_gap_is_explained", &world);
}

#[test]
fn both_crash_in_the_middle() {
    let (mut world, alice, bob) = World::friends();
    world.people[bob.0].online = false;
    world.say(alice, bob, "Before the crash");
    world.crash(alice);
    world.say(alice, bob, "After the crash");
    world.crash(bob);
    world.people[bob.0].online = true;
    world.catch_up(bob);
    world.crash(bob);
    world.say(bob, alice, "Mine crashed as well");
    world.pass(2_000);
    compare("both_crashed", &world);
}
