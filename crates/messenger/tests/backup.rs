//! Backups: what is in them, what is not, and what restoring them does to a new device, to an old one, and when it is cut
//! short.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{DAY, Who, World};
use messenger::backup::{self, Entry, Extent, Head, Merged, TURN_WEIGHT, Walk};
use messenger::{Command, Identity, Messenger, NewProfile, Reply, Timestamp, profile};
use store::{ContactRow, MessageRow, Store};

fn walk(messenger: &Messenger, extent: Extent, now: Timestamp) -> Vec<Entry> {
    let mut walk = Walk::new(extent, now);
    let mut all = Vec::new();
    loop {
        // One snapshot for each piece, as it is done over files.
        let piece = messenger.store().read(|view| walk.next(view)).unwrap();
        if piece.is_empty() {
            break;
        }
        all.extend(piece);
    }
    for entry in &all {
        assert_eq!(Entry::decode(&entry.encode()).as_ref(), Ok(entry));
    }
    all
}

fn head(entries: &[Entry]) -> Head {
    match &entries[0] {
        Entry::Head(head) => *head,
        other => panic!("{other:?}"),
    }
}

/// Cut as the daemon cuts it.
fn turns(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut turns = vec![Vec::new()];
    let mut weight = 0;
    for entry in entries {
        weight += entry.weight();
        turns.last_mut().unwrap().push(entry);
        if weight >= TURN_WEIGHT {
            turns.push(Vec::new());
            weight = 0;
        }
    }
    turns
}

fn merge(messenger: &mut Messenger, now: Timestamp, entries: Vec<Entry>) -> Merged {
    let head = head(&entries);
    let mut merged = Merged::default();
    for entries in turns(entries) {
        merged = merged.and(merge_turn(messenger, now, head, entries));
    }
    merged
}

fn merge_turn(messenger: &mut Messenger, now: Timestamp, head: Head, entries: Vec<Entry>) -> Merged {
    let command = Command::Backup(backup::Command::Merge { head, entries });
    let commit = messenger.command(now, command).unwrap();
    assert!(commit.changes.arrived.is_empty(), "old messages are not told anew");
    match commit.value {
        Reply::Merged(merged) => merged,
        other => panic!("{other:?}"),
    }
}

/// Alice has friends, a profile, settings, and messages of every delivery.
fn life() -> (World, Who, Who) {
    let mut world = World::new(&["Alice", "Bobby", "Carol", "David"]);
    let (alice, bob, carol, david) = (Who(0), Who(1), Who(2), Who(3));
    world.befriend(alice, bob);
    world.befriend(carol, alice);
    world.befriend(alice, david);
    for number in 0..30 {
        world.say(alice, bob, &format!("from alice {number}"));
        world.say(bob, alice, &format!("from bobby {number}"));
    }
    let david = world.key(david);
    world.command(alice, Command::Block { contact: david }).unwrap();
    let contact = world.key(bob);
    let name = "Bob the neighbour".into();
    world.command(alice, Command::SetNickname { contact, name }).unwrap();
    let describe = profile::Command::Describe {
        bio: Some("climbs".into()),
        colour: Some(5),
        links: None,
    };
    world.command(alice, Command::Profile(describe)).unwrap();
    let mut settings = world.messenger(alice).settings();
    settings.share_hours = 7;
    world.command(alice, Command::ChangeSettings(settings)).unwrap();
    let join = messenger::chats::Command::JoinPublic {
        name: "climbing".into(),
    };
    world.command(alice, Command::Chat(join)).unwrap();
    world.pass(DAY);
    // One that waits to be sent.
    world.people[alice.0].online = false;
    world.say(alice, bob, "not sent yet");
    (world, alice, bob)
}

/// A new device, which knows nothing but the phrase.
fn new_device(world: &World, name: &str) -> Messenger {
    let phrase = world.people[0]
        .messenger
        .as_ref()
        .unwrap()
        .export_phrase()
        .unwrap()
        .unwrap();
    let new = NewProfile {
        display_name: name,
        identity: Identity::Restored(&phrase),
    };
    Messenger::create(Store::in_memory().unwrap(), &new, world.now.plus(DAY), [77; 32]).unwrap()
}

fn search_for(text: &str) -> store::Search {
    store::Search {
        text: text.into(),
        ..store::Search::default()
    }
}

/// Id, whether it is listed, its clock, and up to where it is read.
type SeenChat = (String, bool, u64, u64);

/// What a person sees, of everything that a backup carries.
fn seen(messenger: &Messenger) -> (Vec<ContactRow>, Vec<SeenChat>, Vec<MessageRow>) {
    messenger
        .store()
        .read(|view| {
            let contacts = view.contacts().list(None, 1_000)?;
            let chats = view.chats().list(None, 1_000)?;
            let mut messages = Vec::new();
            for chat in &chats {
                messages.extend(view.messages().page(&chat.id, None, 1_000)?);
            }
            let chats = chats
                .into_iter()
                .map(|chat| (chat.id.to_string(), chat.active, chat.clock, chat.read_at_clock));
            Ok::<_, store::StoreError>((contacts, chats.collect(), messages))
        })
        .unwrap()
}

#[test]
fn what_was_saved_is_there_on_a_new_device() {
    let (mut world, alice, _) = life();
    let now = world.now;
    let entries = walk(world.messenger(alice), Extent::WithMessages, now);
    assert_eq!(entries.last(), Some(&Entry::End(entries.len() as u64 - 1)));
    let mut device = new_device(&world, "Somebody");
    let merged = merge(&mut device, now.plus(DAY), entries);
    assert_eq!((merged.contacts, merged.chats), (3, 4));
    let (heard, topics) = (device.interests(), world.messenger(alice).interests());
    let missing = topics.pairs().filter(|pair| !heard.pairs().any(|other| other == *pair));
    assert_eq!(missing.count(), 0, "all is heard again");
    let (old, new) = (world.messenger(alice).account(), device.account());
    assert_eq!(new.display_name, old.display_name);
    assert_eq!(
        (&new.profile.bio, new.profile.colour),
        (&old.profile.bio, old.profile.colour)
    );
    assert_ne!(
        new.installation_id, old.installation_id,
        "a restored profile is a new device"
    );
    assert_eq!(device.settings(), world.messenger(alice).settings());
    let (before, after) = (seen(world.messenger(alice)), seen(&device));
    assert_eq!(after.1, before.1);
    let expected: Vec<_> = before
        .0
        .into_iter()
        .map(|row| ContactRow {
            identity_clock: 0,
            request_ended_at: None,
            ..row
        })
        .collect();
    assert_eq!(after.0, expected);
    for (after, before) in after.2.iter().zip(&before.2) {
        let waited = before.delivery == Some(store::Delivery::Queued);
        let delivery = if waited {
            Some(store::Delivery::Failed)
        } else {
            before.delivery
        };
        assert_eq!(
            after,
            &MessageRow {
                delivery,
                ..before.clone()
            }
        );
    }
    assert_eq!(after.2.len(), before.2.len());
    assert_eq!(merged.messages, before.2.len() as u64);
    let found = device
        .store()
        .read(|view| view.messages().search(&search_for("bobby 17"), None, 10));
    assert_eq!(found.unwrap().rows.len(), 1, "restored messages are found");
}

#[test]
fn a_restored_device_hears_its_contacts_again() {
    let (mut world, alice, bob) = life();
    let now = world.now;
    let entries = walk(world.messenger(alice), Extent::WithoutMessages, now);
    assert!(!entries.iter().any(|entry| matches!(entry, Entry::Message(_))));
    let mut device = new_device(&world, "Somebody");
    world.pass(DAY);
    merge(&mut device, world.now, entries);
    world.people[alice.0].messenger = Some(device);
    world.people[alice.0].online = true;
    world.pass(DAY);
    world.say(alice, bob, "I have a new computer");
    world.pass(DAY);
    let chat = world.chat(alice);
    let texts = |world: &mut World, who: Who, chat| {
        let store = world.messenger(who).store();
        let rows = store.read(|view| view.messages().page(&chat, None, 5)).unwrap();
        rows.into_iter().map(|row| row.text).collect::<Vec<_>>()
    };
    assert_eq!(texts(&mut world, bob, chat)[0], "I have a new computer");
    world.say(bob, alice, "Welcome back");
    world.pass(DAY);
    let chat = world.chat(bob);
    assert_eq!(texts(&mut world, alice, chat)[0], "Welcome back");
}

#[test]
fn groups_come_back_and_what_was_decided_since_stands() {
    // over budget: one life on two devices, told in order
    use messenger::groups::{self, Command as Wish};
    let (mut world, alice, bob) = life();
    world.people[alice.0].online = true;
    world.pass(DAY);
    let people = vec![world.key(bob)];
    let create = Wish::Create {
        name: "Climbing".into(),
        colour: "#7cda00".into(),
        picture: Some(vec![7; 900]),
        people,
    };
    let Reply::Chat(chat) = world.command(alice, Command::Group(create)).unwrap() else {
        panic!("a chat");
    };
    world.pass(DAY);
    let say = |world: &mut World, who: Who, text: &str| {
        let command = Command::SendText {
            chat: chat.clone(),
            text: text.into(),
            reply_to: None,
        };
        world.command(who, command).unwrap();
        world.pass(DAY);
    };
    say(&mut world, bob, "before the backup");
    let look = |messenger: &Messenger| messenger.store().read(|view| groups::look(view, &chat)).unwrap();
    let texts = |messenger: &Messenger| {
        let rows = messenger
            .store()
            .read(|view| view.messages().page(&chat, None, 9))
            .unwrap();
        rows.into_iter().map(|row| row.text).collect::<Vec<_>>()
    };
    let now = world.now;
    let entries = walk(world.messenger(alice), Extent::WithMessages, now);
    let before = look(world.messenger(alice)).unwrap();

    // On a new device she is in it again, hears and is heard.
    let mut device = new_device(&world, "Somebody");
    merge(&mut device, now.plus(DAY), entries.clone());
    let after = look(&device).unwrap();
    assert_eq!(
        (&after.name, &after.members, &after.picture, after.standing),
        (&before.name, &before.members, &before.picture, before.standing)
    );
    assert_eq!(texts(&device), ["before the backup"]);
    assert_eq!(merge(&mut device, now.plus(DAY), entries.clone()), Merged::default());
    world.pass(2 * DAY);
    let old = world.people[alice.0].messenger.replace(device);
    world.pass(DAY);
    say(&mut world, alice, "from the new device");
    assert_eq!(texts(world.messenger(bob))[0], "from the new device");
    say(&mut world, bob, "welcome back");
    assert_eq!(texts(world.messenger(alice))[0], "welcome back");

    // On the old one, from which she left since, she stays out.
    let mut old = old.unwrap();
    let leave = Command::Group(Wish::Leave { chat: chat.clone() });
    let now = world.now;
    old.command(now, leave).unwrap();
    merge(&mut old, now.plus(1), entries);
    assert_eq!(look(&old).unwrap().standing, store::GroupStanding::Out);
}

#[test]
fn no_key_and_no_ratchet_is_in_a_backup() {
    let (mut world, alice, _) = life();
    let now = world.now;
    let entries = walk(world.messenger(alice), Extent::WithMessages, now);
    let bytes: Vec<u8> = entries.iter().flat_map(Entry::encode).collect();
    let secrets = world.messenger(alice).store().read(|view| {
        let account = view.account().load()?.unwrap();
        let mut secrets = vec![
            account.chat_key.to_vec(),
            account.mnemonic.unwrap().to_vec(),
            account.installation.as_str().as_bytes().to_vec(),
            view.account().key("network")?.unwrap().to_vec(),
            view.bundles().newest_own()?.unwrap().secret.to_vec(),
        ];
        for topic in view.topics().listening()? {
            secrets.extend(topic.key.map(|key| key.to_vec()));
        }
        Ok::<_, store::StoreError>(secrets)
    });
    for secret in secrets.unwrap() {
        assert!(!bytes.windows(secret.len()).any(|part| part == secret));
    }
}

#[test]
fn a_restore_that_is_cut_short_anywhere_is_completed_by_another() {
    let (mut world, alice, _) = life();
    let now = world.now;
    let entries = walk(world.messenger(alice), Extent::WithMessages, now);
    let head = head(&entries);
    let mut whole = new_device(&world, "Somebody");
    merge(&mut whole, now.plus(DAY), entries.clone());
    let expected = seen(&whole);
    let turns = turns(entries.clone());
    assert!(turns.len() >= 3);
    for cut in 0..turns.len() {
        let mut device = new_device(&world, "Somebody");
        for entries in turns[..cut].iter().cloned() {
            merge_turn(&mut device, now.plus(DAY), head, entries);
        }
        // The program ends here.
        let mut device = Messenger::reopen(device.into_store(), now.plus(DAY), [5; 32]).unwrap();
        merge(&mut device, now.plus(DAY), entries.clone());
        assert_eq!(seen(&device), expected, "cut before turn {cut}");
        let again = merge(&mut device, now.plus(DAY), entries.clone());
        assert_eq!(again, Merged::default(), "nothing comes twice");
        assert_eq!(seen(&device), expected);
    }
}

#[test]
fn what_is_newer_here_stays() {
    let (mut world, alice, bob) = life();
    let now = world.now;
    let entries = walk(world.messenger(alice), Extent::WithMessages, now);
    world.people[alice.0].online = true;
    world.pass(DAY);
    let david = world.key(Who(3));
    world.command(alice, Command::Unblock { contact: david }).unwrap();
    let contact = world.key(bob);
    let name = String::new();
    world.command(alice, Command::SetNickname { contact, name }).unwrap();
    world
        .command(
            alice,
            Command::SetDisplayName {
                name: "Alice Newname".into(),
            },
        )
        .unwrap();
    let mut settings = world.messenger(alice).settings();
    settings.share_hours = 9;
    world.command(alice, Command::ChangeSettings(settings)).unwrap();
    world.say(alice, bob, "after the backup");
    let (account, before) = (world.messenger(alice).account(), seen(world.messenger(alice)));
    let now = world.now;
    let merged = merge(world.messenger(alice), now, entries);
    assert_eq!(merged, Merged::default());
    assert_eq!(world.messenger(alice).account(), account);
    assert_eq!(world.messenger(alice).settings(), settings);
    assert_eq!(seen(world.messenger(alice)), before);
}

#[test]
fn only_its_owner_can_restore_a_backup() {
    let (mut world, alice, bob) = life();
    let now = world.now;
    let entries = walk(world.messenger(alice), Extent::WithoutMessages, now);
    let before = seen(world.messenger(bob));
    let command = Command::Backup(backup::Command::Merge {
        head: head(&entries),
        entries,
    });
    let refused = world.messenger(bob).command(now, command).unwrap_err();
    assert_eq!(refused.code(), "other_profile");
    assert_eq!(seen(world.messenger(bob)), before);
}
