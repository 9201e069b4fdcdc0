//! Several devices of one person, and what time brings.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{DAY, HOUR, MINUTE, Person, Who, World, device};
use store::Delivery;

/// Alice and Bobby, and further devices of Bobby's, in the order in which they came to life.
fn with_devices(more: usize) -> (World, Who, Vec<Who>) {
    let (mut world, alice, bob) = World::friends();
    let mut devices = vec![bob];
    for number in 1..=more {
        world.pass(10 * MINUTE);
        let messenger = device("Bobby", u8::try_from(number).unwrap(), world.now);
        world.people.push(Person {
            name: "Bobby",
            messenger: Some(messenger),
            online: true,
            heard: Vec::new(),
        });
        devices.push(Who(world.people.len() - 1));
        world.pump();
    }
    world.pass(MINUTE);
    (world, alice, devices)
}

#[test]
fn every_device_of_a_person_gets_every_message() {
    let (mut world, alice, bobs) = with_devices(2);
    let contact = world.key(alice);
    world.say(alice, bobs[0], "to all of you");
    world.pass(1_000);
    for bob in &bobs[1..] {
        // A device that was not there when the request was accepted is asked itself.
        world
            .command(*bob, messenger::Command::AcceptContactRequest { contact })
            .unwrap();
    }
    for bob in &bobs {
        assert!(
            world.texts(*bob, alice).contains(&"to all of you".to_owned()),
            "{bob:?}"
        );
    }
    let delivery = world.messages(alice, bobs[0]).last().unwrap().delivery;
    assert_eq!(delivery, Some(Delivery::Delivered), "one device is enough");
}

#[test]
fn the_three_newest_devices_are_written_to() {
    let (mut world, alice, bobs) = with_devices(3);
    for bob in &bobs {
        world.people[bob.0].heard.clear();
    }
    world.say(alice, bobs[3], "hello");
    world.pass(1_000);
    let applied = |who: &Who| {
        let heard = &world.people[who.0].heard;
        heard.iter().any(|one| !matches!(one, messenger::Inbound::Dropped(_)))
    };
    assert_eq!(bobs.iter().map(applied).collect::<Vec<_>>(), [false, true, true, true]);
}

#[test]
fn an_idle_week_has_few_deadlines_and_each_is_met() {
    let (mut world, alice, _) = World::friends();
    world.pass(MINUTE);
    let mut deadlines = 0;
    let end = world.now.plus(7 * DAY);
    while let Some(at) = world.messenger(alice).next_deadline().filter(|at| *at < end) {
        let at = at.max(world.now);
        world.now = at;
        world.messenger(alice).deadline(at).unwrap();
        world.publish(alice);
        let next = world.messenger(alice).next_deadline().unwrap();
        assert!(next > at, "a deadline that was met does not come again");
        deadlines += 1;
    }
    // Four contact codes a day, a new pre-key, a sweep, and what each leaves to be erased from the files.
    assert!((28..=7 * 16).contains(&deadlines), "{deadlines}");
}

#[test]
fn what_was_erased_leaves_the_files_within_a_minute() {
    let (mut world, alice, bob) = World::friends();
    world.pass(10 * MINUTE);
    world.say(alice, bob, "secret");
    let due = world.messenger(alice).next_deadline().unwrap();
    assert!(due <= world.now.plus(30_000), "the session's old state is to be erased");
}

#[test]
fn history_is_asked_for_once_and_then_only_what_is_new() {
    let (mut world, alice, bob) = World::friends();
    world.pass(HOUR);
    world.catch_up(alice);
    let now = world.now;
    let minute = 60_000_000_000;
    for gap in world.messenger(alice).history_gaps(now).unwrap() {
        assert!(gap.gap.to - gap.gap.from <= minute, "only the overlap: {gap:?}");
        assert!(gap.gap.content_topics.len() <= 10);
    }
    world.pass(HOUR);
    let later = world.now;
    let gaps = world.messenger(alice).history_gaps(later).unwrap();
    assert!(
        gaps.iter()
            .all(|gap| gap.gap.to - gap.gap.from <= 62 * minute && !gap.urgent),
        "{gaps:?}"
    );
    let _ = bob;
}

#[test]
fn what_is_deleted_for_oneself_goes_from_the_own_devices_that_are_paired() {
    use messenger::chats::{Command as Wish, For};
    let (mut world, alice, bobs) = with_devices(1);
    let contact = world.key(alice);
    let id = world.say(alice, bobs[0], "seen enough");
    world.pass(1_000);
    world
        .command(bobs[1], messenger::Command::AcceptContactRequest { contact })
        .unwrap();
    world.pass(MINUTE);
    assert!(world.texts(bobs[1], alice).contains(&"seen enough".to_owned()));
    let other = world.messenger(bobs[1]).account();
    let identity = other.public_key.to_compressed().into();
    world.meddle(bobs[0], |tx| {
        let known = tx.installations().load(&identity, &other.installation_id)?.unwrap();
        tx.installations()
            .save(&store::InstallationRow { enabled: true, ..known })
    });
    let delete = Wish::Delete {
        message: id,
        whom: For::Me,
    };
    world.command(bobs[0], messenger::Command::Chat(delete)).unwrap();
    world.pass(MINUTE);
    for bob in &bobs {
        assert!(!world.texts(*bob, alice).contains(&"seen enough".to_owned()), "{bob:?}");
    }
    assert!(world.texts(alice, bobs[0]).contains(&"seen enough".to_owned()));
}

#[test]
fn nodes_that_were_added_are_kept_in_order_and_bounded() {
    let (mut world, alice, _) = World::two();
    let address = |number: usize| format!("/ip4/192.0.2.{number}/tcp/30303/p2p/peer");
    let save = |addresses: Vec<String>| messenger::Command::SaveNodes(addresses);
    let kept = |world: &mut World| world.messenger(alice).store().read(messenger::profile::nodes).unwrap();
    assert!(kept(&mut world).is_empty());
    let two = vec![address(2), address(1)];
    world.command(alice, save(two.clone())).unwrap();
    assert_eq!(kept(&mut world), two);
    let broken = vec!["one\ntwo".to_owned()];
    for bad in [
        (0..17).map(address).collect(),
        broken,
        vec![String::new()],
        vec!["x".repeat(257)],
    ] {
        let refused = world.command(alice, save(bad));
        assert!(matches!(refused, Err(messenger::CommandError::BadNodes)));
    }
    assert_eq!(kept(&mut world), two);
    world.command(alice, save(Vec::new())).unwrap();
    assert!(kept(&mut world).is_empty());
}
