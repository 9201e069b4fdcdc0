//! Contact requests between two people: every ending, and every crossing.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{DAY, HOUR, Who, World};
use messenger::{Command, CommandError, Inbound, Reason, RequestsFrom, Rule, Settings};
use store::{RequestProgress, RequestState};

fn request(world: &mut World, from: Who, to: Who, note: &str) -> Result<(), CommandError> {
    let to = world.key(to);
    world.command(from, Command::SendContactRequest { to, note: note.into() })?;
    world.pass(6_000);
    Ok(())
}

fn progress(world: &World, who: Who, with: Who) -> Vec<Option<RequestProgress>> {
    world.messages(who, with).iter().map(|row| row.request).collect()
}

#[test]
fn a_note_has_one_to_280_characters() {
    let (mut world, alice, bob) = World::two();
    for bad in ["", "  \n", &"é".repeat(281)] {
        assert!(matches!(
            request(&mut world, alice, bob, bad),
            Err(CommandError::BadNote)
        ));
    }
    request(&mut world, alice, bob, &"é".repeat(280)).unwrap();
    assert_eq!(world.texts(bob, alice), ["é".repeat(280)]);
}

#[test]
fn nobody_asks_themselves() {
    let (mut world, alice, _) = World::two();
    assert!(matches!(
        request(&mut world, alice, alice, "me"),
        Err(CommandError::OwnKey)
    ));
}

#[test]
fn nothing_is_written_before_both_agree() {
    let (mut world, alice, bob) = World::two();
    request(&mut world, alice, bob, "hello").unwrap();
    let write = |chat| Command::SendText {
        chat,
        text: "too early".into(),
        reply_to: None,
    };
    let (to_bob, to_alice) = (write(world.chat(bob)), write(world.chat(alice)));
    assert!(matches!(world.command(alice, to_bob), Err(CommandError::NotAContact)));
    assert!(matches!(world.command(bob, to_alice), Err(CommandError::NotAContact)));
}

#[test]
fn a_decline_tells_nobody_and_silences_the_next_request() {
    let (mut world, alice, bob) = World::two();
    request(&mut world, alice, bob, "hello").unwrap();
    let published = world.archive.len();
    let contact = world.key(alice);
    world.command(bob, Command::DeclineContactRequest { contact }).unwrap();
    world.pass(10_000);
    assert_eq!(world.archive.len(), published, "a decline is silent");
    assert_eq!(progress(&world, bob, alice), [Some(RequestProgress::Declined)]);
    assert_eq!(progress(&world, alice, bob), [Some(RequestProgress::Pending)]);
    world.pass(8 * DAY);
    request(&mut world, alice, bob, "hello again").unwrap();
    assert_eq!(world.texts(bob, alice), ["hello"]);
    assert_eq!(world.contact(bob, alice).local.state, RequestState::Dismissed);
}

#[test]
fn a_request_can_be_taken_back() {
    let (mut world, alice, bob) = World::two();
    request(&mut world, alice, bob, "hello").unwrap();
    let contact = world.key(bob);
    world
        .command(alice, Command::RetractContactRequest { contact })
        .unwrap();
    world.pass(1_000);
    assert_eq!(progress(&world, bob, alice), [Some(RequestProgress::Withdrawn)]);
    assert_eq!(progress(&world, alice, bob), [Some(RequestProgress::Withdrawn)]);
    let contact = world.key(alice);
    let accept = Command::AcceptContactRequest { contact };
    assert!(matches!(world.command(bob, accept), Err(CommandError::NoOpenRequest)));
    request(&mut world, alice, bob, "now really").unwrap();
    world.command(bob, Command::AcceptContactRequest { contact }).unwrap();
    world.pass(1_000);
    assert!(world.is_mutual(alice, bob));
}

#[test]
fn an_open_request_is_not_repeated_for_seven_days_and_then_ends() {
    let (mut world, alice, bob) = World::two();
    request(&mut world, alice, bob, "hello").unwrap();
    world.pass(7 * DAY - HOUR);
    assert!(matches!(
        request(&mut world, alice, bob, "again"),
        Err(CommandError::AlreadyAsked)
    ));
    world.pass(HOUR);
    assert_eq!(progress(&world, bob, alice), [Some(RequestProgress::Withdrawn)]);
    assert_eq!(progress(&world, alice, bob), [Some(RequestProgress::Withdrawn)]);
    let contact = world.key(alice);
    let accept = Command::AcceptContactRequest { contact };
    assert!(matches!(
        world.command(bob, accept.clone()),
        Err(CommandError::RequestExpired)
    ));
    request(&mut world, alice, bob, "again").unwrap();
    assert_eq!(
        progress(&world, bob, alice),
        [Some(RequestProgress::Withdrawn), Some(RequestProgress::Pending)]
    );
    world.command(bob, accept).unwrap();
    world.pass(1_000);
    assert!(world.is_mutual(alice, bob));
}

#[test]
fn a_request_that_slept_in_the_store_for_a_week_is_over() {
    let (mut world, alice, bob) = World::two();
    world.people[bob.0].online = false;
    request(&mut world, alice, bob, "hello").unwrap();
    world.pass(7 * DAY + HOUR);
    world.people[alice.0].online = false;
    world.people[bob.0].online = true;
    world.catch_up(bob);
    assert_eq!(progress(&world, bob, alice), [Some(RequestProgress::Withdrawn)]);
}

#[test]
fn requests_that_cross_make_a_contact() {
    let (mut world, alice, bob) = World::two();
    let (a, b) = (world.key(alice), world.key(bob));
    world.people[bob.0].online = false;
    world
        .command(
            bob,
            Command::SendContactRequest {
                to: a,
                note: "from Bobby".into(),
            },
        )
        .unwrap();
    world
        .command(
            alice,
            Command::SendContactRequest {
                to: b,
                note: "from Alice".into(),
            },
        )
        .unwrap();
    world.people[bob.0].online = true;
    world.pass(10_000);
    assert!(world.is_mutual(alice, bob));
    for (who, with) in [(alice, bob), (bob, alice)] {
        let all = progress(&world, who, with);
        assert_eq!(all, [Some(RequestProgress::Accepted), Some(RequestProgress::Accepted)]);
    }
}

#[test]
fn asking_back_is_accepting() {
    let (mut world, alice, bob) = World::two();
    request(&mut world, alice, bob, "hello").unwrap();
    request(&mut world, bob, alice, "yes of course").unwrap();
    assert!(world.is_mutual(alice, bob));
}

#[test]
fn whoever_ends_a_contact_ends_it_for_both() {
    let (mut world, alice, bob) = World::friends();
    world.say(alice, bob, "before");
    world.pass(1_000);
    let contact = world.key(bob);
    world.command(alice, Command::RemoveContact { contact }).unwrap();
    world.pass(1_000);
    assert!(!world.is_mutual(alice, bob));
    for (who, with) in [(alice, bob), (bob, alice)] {
        let write = Command::SendText {
            chat: world.chat(with),
            text: "after".into(),
            reply_to: None,
        };
        assert!(matches!(world.command(who, write), Err(CommandError::NotAContact)));
        assert_eq!(world.texts(who, with), ["Let us talk", "before"]);
    }
    world.befriend(bob, alice);
    world.say(alice, bob, "after");
    world.pass(1_000);
    assert_eq!(
        world.texts(bob, alice),
        ["Let us talk", "before", "Let us talk", "after"]
    );
}

#[test]
fn a_blocked_person_is_not_heard_and_only_learns_that_the_contact_ended() {
    let (mut world, alice, bob) = World::friends();
    world.say(alice, bob, "something rude");
    world.pass(1_000);
    let contact = world.key(alice);
    world.command(bob, Command::Block { contact }).unwrap();
    world.pass(1_000);
    assert_eq!(world.texts(bob, alice), Vec::<String>::new(), "what they sent is gone");
    assert_eq!(world.contact(alice, bob).remote.state, RequestState::None);
    world.people[bob.0].heard.clear();
    request(&mut world, alice, bob, "please").unwrap();
    let heard = &world.people[bob.0].heard;
    assert!(
        !heard.is_empty() && heard.iter().all(|one| *one == Inbound::Dropped(Reason::Blocked)),
        "{heard:?}"
    );
    assert_eq!(world.texts(bob, alice), Vec::<String>::new());
    let ask = Command::SendContactRequest {
        to: contact,
        note: "x".into(),
    };
    assert!(matches!(world.command(bob, ask), Err(CommandError::Blocked)));

    world.command(bob, Command::Unblock { contact }).unwrap();
    assert!(!world.is_mutual(alice, bob), "nothing comes back by itself");
    world.pass(8 * DAY);
    world.befriend(alice, bob);
    world.say(alice, bob, "sorry");
    world.pass(1_000);
    assert!(world.texts(bob, alice).contains(&"sorry".to_owned()));
    assert!(!world.texts(bob, alice).contains(&"something rude".to_owned()));
}

#[test]
fn requests_of_strangers_can_be_switched_off() {
    let (mut world, alice, bob) = World::two();
    let settings = Settings {
        requests_from: RequestsFrom::Nobody,
        ..Settings::default()
    };
    world.command(bob, Command::ChangeSettings(settings)).unwrap();
    request(&mut world, alice, bob, "hello").unwrap();
    let heard = world.people[bob.0].heard.clone();
    assert!(
        heard.contains(&Inbound::Dropped(Reason::RuleBroken(Rule::NotAllowed))),
        "{heard:?}"
    );
    assert_eq!(world.texts(bob, alice), Vec::<String>::new());
    request(&mut world, bob, alice, "I ask you").unwrap();
    world.pass(20_000);
    assert!(world.is_mutual(alice, bob), "whoever we ask may answer");
}

#[test]
fn names_travel_and_nicknames_do_not() {
    let (mut world, alice, bob) = World::friends();
    assert_eq!(world.contact(bob, alice).display_name, "Alice");
    let contact = world.key(alice);
    world
        .command(
            bob,
            Command::SetNickname {
                contact,
                name: "Sis".into(),
            },
        )
        .unwrap();
    let long = Command::SetNickname {
        contact,
        name: "x".repeat(25),
    };
    assert!(matches!(world.command(bob, long), Err(CommandError::NicknameTooLong)));
    world
        .command(
            alice,
            Command::SetDisplayName {
                name: "Alice Liddell".into(),
            },
        )
        .unwrap();
    world.pass(1_000);
    let row = world.contact(bob, alice);
    assert_eq!(
        (row.display_name.as_str(), row.nickname.as_str()),
        ("Alice Liddell", "Sis")
    );
    let bad = Command::SetDisplayName { name: "Al".into() };
    assert!(matches!(world.command(alice, bad), Err(CommandError::BadName(_))));
}
