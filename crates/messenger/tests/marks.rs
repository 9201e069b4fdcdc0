//! Edits, deletions, reactions and pins between real messengers.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::marks::{delete, edit, error, found, look, pin, pinned, react, reactions, row};
use common::{MINUTE, Who, World};
use messenger::chats::{Command as Wish, Draft, Error, For, Mark};
use messenger::{ChatId, Command, CommandError, MessageId, Reply};
use store::Deletion;

#[test]
fn an_edit_changes_the_text_everywhere_and_is_marked() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "see you at ate");
    world.pass(MINUTE);
    edit(&mut world, alice, id, "see you at eight").unwrap();
    for (who, with) in [(alice, bob), (bob, alice)] {
        assert_eq!(world.texts(who, with), ["Let us talk", "see you at eight"]);
        assert!(
            row(&world, who, &id).edited_clock > row(&world, who, &id).clock,
            "marked"
        );
        assert_eq!((found(&world, who, "ate"), found(&world, who, "eight")), (0, 1));
    }
    let before = world.archive.len();
    edit(&mut world, alice, id, "see you at eight").unwrap();
    assert_eq!(world.archive.len(), before, "the same text again is nothing to tell");
}

#[test]
fn a_second_edit_wins_and_everybody_has_the_same_text() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "one");
    world.people[bob.0].online = false;
    edit(&mut world, alice, id, "two").unwrap();
    edit(&mut world, alice, id, "three").unwrap();
    world.people[bob.0].online = true;
    world.catch_up(bob);
    assert_eq!(world.texts(bob, alice), ["Let us talk", "three"]);
    assert_eq!(row(&world, bob, &id).edited_clock, row(&world, alice, &id).edited_clock);
}

#[test]
fn only_ones_own_text_can_be_edited() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "hers");
    assert_eq!(error(edit(&mut world, bob, id, "his")), Error::NotYours);
    assert!(matches!(
        edit(&mut world, alice, id, "  "),
        Err(CommandError::EmptyText)
    ));
    let long = "é".repeat(4_097);
    assert!(matches!(
        edit(&mut world, alice, id, &long),
        Err(CommandError::MessageTooLong)
    ));
    let request = world.messages(alice, bob)[0].id;
    assert_eq!(
        error(edit(&mut world, alice, request, "other note")),
        Error::NotEditable
    );
    let unknown = MessageId::from_bytes([1; 32]);
    assert!(matches!(
        edit(&mut world, alice, unknown, "x"),
        Err(CommandError::MessageNotFound)
    ));
    let contact = world.key(bob);
    world.command(alice, Command::RemoveContact { contact }).unwrap();
    assert!(matches!(
        edit(&mut world, alice, id, "x"),
        Err(CommandError::NotAContact)
    ));
}

#[test]
fn a_deletion_for_everyone_leaves_nothing_but_the_place() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "a slip of the tongue");
    edit(&mut world, alice, id, "another slip").unwrap();
    react(&mut world, bob, id, "👍", Mark::On).unwrap();
    pin(&mut world, bob, id, Mark::On).unwrap();
    world.pass(MINUTE);
    delete(&mut world, alice, id, For::Everyone).unwrap();
    for (who, with) in [(alice, bob), (bob, alice)] {
        let row = row(&world, who, &id);
        assert_eq!((row.deletion, &row.text[..]), (Deletion::ForEveryone, ""));
        assert_eq!((row.payload, row.deleted_by, row.seen), (None, None, true));
        assert_eq!(found(&world, who, "slip"), 0);
        assert_eq!(reactions(&world, who, &id), []);
        assert_eq!(pinned(&world, who, &world.chat(with)), []);
        assert!(look(&world, who, |view| view.edits().of(&id)).is_empty());
    }
    for again in [
        edit(&mut world, alice, id, "back"),
        delete(&mut world, alice, id, For::Everyone),
        react(&mut world, bob, id, "👍", Mark::On),
        pin(&mut world, bob, id, Mark::On),
    ] {
        assert_eq!(error(again), Error::Deleted);
    }
    assert_eq!(error(delete(&mut world, bob, id, For::Everyone)), Error::Deleted);
}

#[test]
fn what_was_deleted_before_it_was_sent_is_never_sent_nor_missed() {
    let (mut world, alice, bob) = World::friends();
    world.say(alice, bob, "before");
    world.people[alice.0].online = false;
    let id = world.say(alice, bob, "unsaid");
    edit(&mut world, alice, id, "unsaid as well").unwrap();
    delete(&mut world, alice, id, For::Everyone).unwrap();
    assert!(look(&world, alice, |view| view.datasync().of_message(&id)).is_empty());
    world.people[alice.0].online = true;
    world.pass(10 * MINUTE);
    let after = world.say(alice, bob, "after");
    world.pass(10 * MINUTE);
    assert_eq!(world.texts(bob, alice), ["Let us talk", "before", "after"]);
    let chat = world.chat(alice);
    assert!(
        look(&world, bob, |view| view.repair().all_absent(&chat)).is_empty(),
        "nothing is missed"
    );
    assert!(look(&world, bob, |view| view.messages().load(&id)).is_none());
    assert_eq!(row(&world, alice, &after).delivery, Some(store::Delivery::Delivered));
}

#[test]
fn others_messages_are_deleted_for_oneself_only() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "hers");
    assert_eq!(error(delete(&mut world, bob, id, For::Everyone)), Error::MayNotDelete);
    let published = world.archive.len();
    delete(&mut world, bob, id, For::Me).unwrap();
    assert_eq!(world.texts(bob, alice), ["Let us talk"], "hidden");
    assert_eq!(row(&world, bob, &id).deletion, Deletion::ForMe);
    assert_eq!(world.texts(alice, bob), ["Let us talk", "hers"]);
    assert_eq!(world.archive.len(), published, "nobody is told");
    delete(&mut world, alice, id, For::Everyone).unwrap();
    assert_eq!(row(&world, bob, &id).deletion, Deletion::ForMe, "it stays hidden");
}

#[test]
fn ones_own_message_that_waits_to_be_sent_still_goes_when_it_is_deleted_for_oneself() {
    let (mut world, alice, bob) = World::friends();
    world.people[alice.0].online = false;
    let id = world.say(alice, bob, "for him");
    delete(&mut world, alice, id, For::Me).unwrap();
    world.people[alice.0].online = true;
    world.pass(MINUTE);
    assert_eq!(world.texts(bob, alice), ["Let us talk", "for him"]);
    assert_eq!(world.texts(alice, bob), ["Let us talk"]);
}

#[test]
fn an_album_is_deleted_whole() {
    use messenger::media;
    let (mut world, alice, bob) = World::friends();
    let picture = |byte| media::Picture {
        jpeg: vec![byte; 100],
        width: 1,
        height: 1,
    };
    let chat = world.chat(bob);
    let send = media::Command::SendPictures {
        chat: chat.clone(),
        text: "four".into(),
        pictures: [1, 2, 3, 4].map(picture).to_vec(),
        reply_to: None,
    };
    world.command(alice, Command::Media(send)).unwrap();
    let single = media::Command::SendPictures {
        chat,
        text: "one".into(),
        pictures: vec![picture(9)],
        reply_to: None,
    };
    world.command(alice, Command::Media(single)).unwrap();
    let third = world.messages(alice, bob)[3].id;
    delete(&mut world, alice, third, For::Everyone).unwrap();
    world.pass(MINUTE);
    for (who, with) in [(alice, bob), (bob, alice)] {
        let rows = world.messages(who, with);
        let gone = rows.iter().filter(|row| row.deletion == Deletion::ForEveryone);
        assert!(gone.clone().all(|row| row.payload.is_none()));
        assert_eq!(gone.count(), 4);
        assert!(rows.last().unwrap().payload.is_some());
    }
}

#[test]
fn reactions_are_put_on_and_taken_off() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "good news");
    react(&mut world, bob, id, "🎉", Mark::On).unwrap();
    react(&mut world, alice, id, "❤", Mark::On).unwrap();
    react(&mut world, bob, id, "❤\u{fe0f}", Mark::On).unwrap();
    for (who, own_first) in [(alice, false), (bob, true)] {
        let expected = [("🎉".to_owned(), 1, own_first), ("❤\u{fe0f}".to_owned(), 2, true)];
        assert_eq!(reactions(&world, who, &id), expected, "hearts are one emoji");
    }
    assert_eq!(
        look(&world, alice, |view| view.chats().summary(&world.chat(bob)))
            .unwrap()
            .unread,
        0,
        "a reaction is nothing to read"
    );
    react(&mut world, bob, id, "🎉", Mark::Off).unwrap();
    react(&mut world, bob, id, "🎉", Mark::Off).unwrap();
    for who in [alice, bob] {
        assert_eq!(reactions(&world, who, &id), [("❤\u{fe0f}".to_owned(), 2, true)]);
    }
    for nonsense in ["", "yes", "👍👍", "\u{202e}👍", "👍 "] {
        assert_eq!(error(react(&mut world, bob, id, nonsense, Mark::On)), Error::NotAnEmoji);
    }
}

#[test]
fn twenty_kinds_of_reactions_are_enough() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "x");
    let emoji = |number: u32| char::from_u32(0x1f600 + number).unwrap().to_string();
    for number in 0..20 {
        react(&mut world, alice, id, &emoji(number), Mark::On).unwrap();
    }
    assert_eq!(
        error(react(&mut world, alice, id, &emoji(20), Mark::On)),
        Error::TooManyReactions
    );
    assert_eq!(
        error(react(&mut world, bob, id, &emoji(20), Mark::On)),
        Error::TooManyReactions
    );
    react(&mut world, bob, id, &emoji(19), Mark::On).unwrap();
    assert_eq!(reactions(&world, bob, &id).len(), 20);
}

#[test]
fn pins_are_three_and_told_by_a_line() {
    let (mut world, alice, bob) = World::friends();
    let ids: Vec<MessageId> = (0..4)
        .map(|number| world.say(alice, bob, &format!("text {number}")))
        .collect();
    for id in &ids[..3] {
        pin(&mut world, bob, *id, Mark::On).unwrap();
    }
    assert_eq!(error(pin(&mut world, bob, ids[3], Mark::On)), Error::TooManyPins);
    for (who, with) in [(alice, bob), (bob, alice)] {
        let chat = world.chat(with);
        assert_eq!(pinned(&world, who, &chat), [ids[2], ids[1], ids[0]], "the newest first");
        let rows = world.messages(who, with);
        let lines: Vec<_> = rows.iter().filter(|row| row.kind == 14).collect();
        assert_eq!(
            lines.iter().map(|row| row.response_to.unwrap()).collect::<Vec<_>>(),
            ids[..3]
        );
        assert!(
            lines
                .iter()
                .all(|row| row.seen && row.author == world.key(bob).to_compressed().into())
        );
    }
    pin(&mut world, alice, ids[1], Mark::Off).unwrap();
    pin(&mut world, alice, ids[3], Mark::On).unwrap();
    for (who, with) in [(alice, bob), (bob, alice)] {
        assert_eq!(pinned(&world, who, &world.chat(with)), [ids[3], ids[2], ids[0]]);
    }
    let line = world.messages(bob, alice).last().unwrap().id;
    assert_eq!(error(react(&mut world, bob, line, "👍", Mark::On)), Error::NotSaid);
    assert_eq!(error(delete(&mut world, alice, line, For::Everyone)), Error::NotSaid);
    delete(&mut world, alice, line, For::Me).unwrap();
}

#[test]
fn two_who_pin_and_unpin_at_once_end_alike() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "x");
    pin(&mut world, alice, id, Mark::On).unwrap();
    // Neither hears the other before having decided: their clocks are equal.
    world.people[alice.0].online = false;
    world.people[bob.0].online = false;
    world.pass(MINUTE);
    pin(&mut world, alice, id, Mark::Off).unwrap();
    pin(&mut world, bob, id, Mark::Off).unwrap();
    pin(&mut world, bob, id, Mark::On).unwrap();
    world.people[alice.0].online = true;
    world.people[bob.0].online = true;
    world.pass(MINUTE);
    world.catch_up(alice);
    world.catch_up(bob);
    let pin = |who: Who| look(&world, who, |view| view.pins().load(&id)).unwrap();
    let [hers, his] = [alice, bob].map(pin);
    assert_eq!(
        (hers.author, hers.clock, hers.pinned),
        (his.author, his.clock, his.pinned)
    );
    assert!(hers.pinned, "his second word has the highest clock");
}

/// Alice, who founded it, Bobby and Carol in a group.
fn group_of_three() -> (World, [Who; 3], ChatId) {
    use messenger::groups::Command as Group;
    let mut world = World::new(&["Alice", "Bobby", "Carol"]);
    let people = [0, 1, 2].map(Who);
    world.befriend(people[0], people[1]);
    world.befriend(people[0], people[2]);
    let create = Group::Create {
        name: "Climbing".into(),
        colour: String::new(),
        picture: None,
        people: people[1..].iter().map(|who| world.key(*who)).collect(),
    };
    let Reply::Chat(chat) = world.command(people[0], Command::Group(create)).unwrap() else {
        panic!("a chat");
    };
    world.pass(MINUTE);
    (world, people, chat)
}

fn say_in(world: &mut World, who: Who, chat: &ChatId, text: &str) -> MessageId {
    let command = Command::SendText {
        chat: chat.clone(),
        text: text.into(),
        reply_to: None,
    };
    match world.command(who, command).unwrap() {
        Reply::Message(id) => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_group_sees_edits_reactions_and_pins_of_its_members() {
    let (mut world, people, chat) = group_of_three();
    let [alice, bob, carol] = people;
    let id = say_in(&mut world, bob, &chat, "at ate");
    world.pass(MINUTE);
    edit(&mut world, bob, id, "at eight").unwrap();
    react(&mut world, alice, id, "👍", Mark::On).unwrap();
    react(&mut world, carol, id, "👍", Mark::On).unwrap();
    pin(&mut world, carol, id, Mark::On).unwrap();
    world.pass(MINUTE);
    for who in people {
        assert_eq!(row(&world, who, &id).text, "at eight");
        assert_eq!(reactions(&world, who, &id), [("👍".to_owned(), 2, who != bob)]);
        assert_eq!(pinned(&world, who, &chat), [id]);
        assert!(look(&world, who, |view| view.repair().all_absent(&chat)).is_empty());
    }
}

#[test]
fn an_admin_deletes_what_members_say_and_members_only_their_own() {
    let (mut world, people, chat) = group_of_three();
    let [alice, bob, carol] = people;
    let hers = say_in(&mut world, alice, &chat, "an admin's");
    let his = say_in(&mut world, bob, &chat, "a member's");
    world.pass(MINUTE);
    assert_eq!(
        error(delete(&mut world, carol, his, For::Everyone)),
        Error::MayNotDelete
    );
    assert_eq!(error(delete(&mut world, bob, hers, For::Everyone)), Error::MayNotDelete);
    delete(&mut world, alice, his, For::Everyone).unwrap();
    world.pass(MINUTE);
    for who in people {
        let row = row(&world, who, &his);
        assert_eq!((row.deletion, &row.text[..]), (Deletion::ForEveryone, ""));
        assert_eq!(row.deleted_by, Some(world.key(alice).to_compressed().into()));
    }
}

#[test]
fn pictures_that_come_after_their_album_was_deleted_go_as_well() {
    use messenger::media;
    let (mut world, people, chat) = group_of_three();
    let [alice, bob, _] = people;
    say_in(&mut world, bob, &chat, "look:");
    world.pass(MINUTE);
    let album = |text: &str| {
        let picture = |byte| media::Picture {
            jpeg: vec![byte; 100],
            width: 1,
            height: 1,
        };
        Command::Media(media::Command::SendPictures {
            chat: chat.clone(),
            text: text.into(),
            pictures: [1, 2, 3, 4].map(picture).to_vec(),
            reply_to: None,
        })
    };
    let pictures = |world: &World, who: Who| {
        let mut rows = look(world, who, |view| view.messages().page(&chat, None, 99));
        rows.retain(|row| row.kind == 7);
        rows
    };
    world.people[alice.0].online = false;
    let before = world.archive.len();
    world.command(bob, album("four")).unwrap();
    // Two of them overtake the others.
    let sent = world.archive[before..].to_vec();
    for envelope in &sent {
        let now = world.now;
        if pictures(&world, alice).len() < 2 && world.messenger(alice).interests().wants(envelope) {
            world.messenger(alice).receive(now, envelope).unwrap();
        }
    }
    let seen = pictures(&world, alice);
    assert_eq!(seen.len(), 2);
    delete(&mut world, alice, seen[0].id, For::Everyone).unwrap();
    world.people[alice.0].online = true;
    world.catch_up(alice);
    world.pass(10 * MINUTE);
    let by = Some(world.key(alice).to_compressed().into());
    for who in people {
        let rows = pictures(&world, who);
        assert_eq!(rows.len(), 4);
        for row in rows {
            assert_eq!((row.deletion, row.deleted_by), (Deletion::ForEveryone, by));
            assert_eq!((row.text.as_str(), row.payload, row.seen), ("", None, true));
        }
    }
    world.command(bob, album("four more")).unwrap();
    world.pass(MINUTE);
    let standing = pictures(&world, alice).into_iter().filter(|row| row.payload.is_some());
    assert_eq!(standing.count(), 4, "another album is none of it");
}

#[test]
fn what_an_absent_member_missed_ends_alike_for_them() {
    let (mut world, people, chat) = group_of_three();
    let [alice, bob, carol] = people;
    world.people[carol.0].online = false;
    let kept = say_in(&mut world, bob, &chat, "one");
    let gone = say_in(&mut world, bob, &chat, "two");
    edit(&mut world, bob, kept, "three").unwrap();
    delete(&mut world, bob, gone, For::Everyone).unwrap();
    react(&mut world, alice, kept, "🦊", Mark::On).unwrap();
    world.pass(MINUTE);
    world.people[carol.0].online = true;
    world.catch_up(carol);
    world.pass(10 * MINUTE);
    for who in people {
        assert_eq!(row(&world, who, &kept).text, "three");
        // Bobby's first words to Carol wait for her bundle: what he took back meanwhile never left.
        let row = look(&world, who, |view| view.messages().load(&gone));
        assert!(row.is_none_or(|row| row.text.is_empty()));
        assert_eq!(reactions(&world, who, &kept), [("🦊".to_owned(), 1, who == alice)]);
        assert!(look(&world, who, |view| view.repair().all_absent(&chat)).is_empty());
    }
}

#[test]
fn ten_thousand_reactions_are_harmless() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "x");
    world.meddle(bob, |tx| {
        for number in 0..10_000_u32 {
            let mut author = [2; 33];
            author[1..5].copy_from_slice(&number.to_be_bytes());
            let emoji = char::from_u32(0x1f600 + number % 60).unwrap().to_string();
            tx.reactions().save(&store::ReactionRow {
                message: id,
                author: author.into(),
                emoji,
                clock: u64::from(number),
                retracted: false,
            })?;
        }
        Ok(())
    });
    let seen = reactions(&world, bob, &id);
    assert_eq!((seen.len(), seen.iter().map(|one| one.1).sum::<u64>()), (20, 20 * 167));
    assert_eq!(
        look(&world, bob, |view| view.reactions().authors(&id, &seen[0].0, 10)).len(),
        10
    );
    assert_eq!(
        error(react(&mut world, bob, id, "🦊", Mark::On)),
        Error::TooManyReactions
    );
    react(&mut world, bob, id, &seen[3].0, Mark::On).unwrap();
    delete(&mut world, alice, id, For::Everyone).unwrap();
    assert_eq!(reactions(&world, bob, &id), []);
}

#[test]
fn a_draft_is_kept_over_a_restart_until_the_chat_is_put_away() {
    let (mut world, alice, bob) = World::friends();
    let id = world.say(alice, bob, "hello");
    let chat = ChatId::one_to_one(&world.key(bob));
    let keep = |draft: Draft| {
        Command::Chat(Wish::KeepDraft {
            chat: ChatId::one_to_one(&world.key(bob)),
            draft,
        })
    };
    let begun = Draft {
        text: "see you at".into(),
        response_to: Some(id),
        edits: None,
    };
    let (kept, gone, foreign, long) = (
        keep(begun.clone()),
        keep(Draft::default()),
        keep(Draft {
            edits: Some(MessageId::from_bytes([9; 32])),
            ..Draft::default()
        }),
        keep(Draft {
            text: "x".repeat(16_385),
            ..Draft::default()
        }),
    );
    let draft = |world: &World| look(world, alice, |view| view.chats().load(&chat)).unwrap().draft;
    let before = world.archive.len();
    world.command(alice, kept.clone()).unwrap();
    assert_eq!(
        (draft(&world).text.as_str(), draft(&world).response_to),
        ("see you at", Some(id))
    );
    assert!(matches!(
        world.command(alice, foreign),
        Err(CommandError::MessageNotFound)
    ));
    assert_eq!(error(world.command(alice, long)), Error::DraftTooLong);
    world.say(alice, bob, "something else meanwhile");
    assert_eq!(draft(&world).text, "see you at", "saying something does not end it");
    assert_eq!(world.archive.len(), before + 1, "nobody hears of a draft");
    world.command(alice, gone).unwrap();
    assert_eq!(draft(&world), store::DraftRow::default());
    world.command(alice, kept).unwrap();
    world
        .command(alice, Command::Chat(Wish::Leave { chat: chat.clone() }))
        .unwrap();
    assert_eq!(draft(&world), store::DraftRow::default());
}

#[test]
fn only_ones_own_standing_message_is_edited_in_a_draft() {
    let (mut world, alice, bob) = World::friends();
    let [hers, his] = [world.say(alice, bob, "hers"), world.say(bob, alice, "his")];
    let chat = ChatId::one_to_one(&world.key(bob));
    let keep = |edits| {
        let draft = Draft {
            text: "x".into(),
            edits: Some(edits),
            ..Draft::default()
        };
        Command::Chat(Wish::KeepDraft {
            chat: chat.clone(),
            draft,
        })
    };
    assert_eq!(error(world.command(alice, keep(his))), Error::NotYours);
    world.command(alice, keep(hers)).unwrap();
    delete(&mut world, alice, hers, For::Everyone).unwrap();
    assert_eq!(error(world.command(alice, keep(hers))), Error::Deleted);
}

#[test]
fn what_can_be_done_follows_from_how_people_stand() {
    let (mut world, alice, bob) = World::friends();
    let row = |world: &World, id: &ChatId| look(world, alice, |view| view.chats().load(id)).unwrap();
    let can = |world: &World, id: &ChatId| {
        let row = row(world, id);
        look(world, alice, |view| messenger::chats::abilities(view, &row))
    };
    let with_bob = ChatId::one_to_one(&world.key(bob));
    let all = can(&world, &with_bob);
    assert!(all.write && all.pictures && all.sounds && all.files && all.large_files && all.pins);
    let join = Command::Chat(Wish::JoinPublic { name: "news".into() });
    world.command(alice, join).unwrap();
    let public = can(&world, &ChatId::new("news").unwrap());
    assert_eq!(
        public,
        messenger::chats::Abilities {
            write: true,
            ..Default::default()
        }
    );
    let contact = world.key(bob);
    world.command(alice, Command::RemoveContact { contact }).unwrap();
    assert_eq!(can(&world, &with_bob), messenger::chats::Abilities::default());
}
