//! What people tell of themselves and to whom, how they make sure of each other, and what strangers cannot do.

// over budget: the lives of one feature, which share what they ask and look at
#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::enemy::Enemy;
use common::{DAY, HOUR, MINUTE, Who, World};
use messenger::activity::{ActivityFilter, ActivityKind, Answer};
use messenger::presence::rules::{Shown, shown};
use messenger::profile::{self, Link, PhraseState};
use messenger::verification::{self, Comparison};
use messenger::{Audience, Command, CommandError, Inbound, PicturesOf, Reason, RequestsFrom, Rule, Settings};
use protocol::content::{ChatIdentity, Content, Kind, Presence, StatusUpdate, VerificationMessage};
use protocol::layers::application;
use store::{ActivityRow, Asker, PictureSize, Trust, VerificationState};

fn set(world: &mut World, who: Who, change: impl FnOnce(&mut Settings)) {
    let mut settings = world.messenger(who).settings();
    change(&mut settings);
    world.command(who, Command::ChangeSettings(settings)).unwrap();
    world.pass(1_000);
}

fn describe(world: &mut World, who: Who, bio: &str, links: &[(&str, &str)]) -> Result<(), CommandError> {
    let link = |(label, url): &(&str, &str)| Link {
        label: (*label).into(),
        url: (*url).into(),
    };
    let wish = profile::Command::Describe {
        bio: Some(bio.into()),
        colour: Some(7),
        links: Some(links.iter().map(link).collect()),
    };
    world.command(who, Command::Profile(wish))?;
    world.pass(1_000);
    Ok(())
}

fn picture(byte: u8, size: usize) -> Vec<u8> {
    let mut file = vec![0xff, 0xd8, 0xff];
    file.resize(size, byte);
    file
}

fn set_picture(world: &mut World, who: Who, byte: u8) {
    let wish = profile::Command::SetPicture {
        thumbnail: picture(byte, 2_000),
        large: picture(byte, 16_000),
    };
    world.command(who, Command::Profile(wish)).unwrap();
    world.pass(1_000);
}

/// The picture of one that the other has, by its filling.
fn picture_of(world: &World, who: Who, of: Who, size: PictureSize) -> Option<u8> {
    let key = world.key(of).to_compressed().into();
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let row = store.read(|view| view.people().picture(&key, size)).unwrap();
    row.map(|row| *row.bytes.last().unwrap())
}

fn links_of(world: &World, who: Who, of: Who) -> Vec<(String, String)> {
    let key = world.key(of).to_compressed().into();
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let rows = store.read(|view| view.people().links(&key)).unwrap();
    rows.into_iter().map(|row| (row.label, row.url)).collect()
}

fn entries(world: &World, who: Who) -> Vec<ActivityRow> {
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    store
        .read(|view| view.activity().list(&ActivityFilter::default(), None, 1_000))
        .unwrap()
}

#[test]
fn contacts_see_the_profile_and_nobody_else_does() {
    let (mut world, alice, bob) = World::friends();
    describe(&mut world, alice, "Climbs walls", &[("site", "https://example.org/a")]).unwrap();
    set_picture(&mut world, alice, 9);
    let seen = world.contact(bob, alice);
    assert_eq!((seen.bio.as_str(), seen.colour), ("Climbs walls", 7));
    assert_eq!(picture_of(&world, bob, alice, PictureSize::Large), Some(9));
    assert_eq!(picture_of(&world, bob, alice, PictureSize::Thumbnail), Some(9));
    assert_eq!(
        links_of(&world, bob, alice),
        [("site".into(), "https://example.org/a".into())]
    );

    // What is taken away is gone there too.
    describe(&mut world, alice, "", &[]).unwrap();
    let wish = Command::Profile(profile::Command::RemovePicture);
    world.command(alice, wish).unwrap();
    world.pass(1_000);
    assert_eq!(world.contact(bob, alice).bio, "");
    assert_eq!(picture_of(&world, bob, alice, PictureSize::Large), None);
    assert!(links_of(&world, bob, alice).is_empty());
}

#[test]
fn whoever_asked_learns_the_name_with_the_acceptance() {
    let (world, alice, bob) = World::friends();
    assert_eq!(world.contact(alice, bob).display_name, "Bobby");
    assert_eq!(world.contact(bob, alice).display_name, "Alice");
    assert!(world.public_identity(bob).is_none(), "and nobody else does");
}

#[test]
fn a_new_contact_is_shown_the_profile_by_both_sides() {
    let (mut world, alice, bob) = World::two();
    describe(&mut world, alice, "Alice here", &[]).unwrap();
    describe(&mut world, bob, "Bobby here", &[]).unwrap();
    world.befriend(alice, bob);
    world.pass(2_000);
    assert_eq!(world.contact(bob, alice).bio, "Alice here");
    assert_eq!(world.contact(alice, bob).bio, "Bobby here");
}

#[test]
fn a_profile_for_everyone_goes_with_the_contact_code_and_its_picture_is_sealed_for_contacts() {
    let (mut world, alice, bob) = World::friends();
    // Bobby hears nothing else from now on than what is in the clear for whoever knows the key.
    set(&mut world, alice, |settings| settings.profile_for = Audience::Everyone);
    describe(&mut world, alice, "For all to read", &[("x", "https://example.org")]).unwrap();
    set_picture(&mut world, alice, 4);
    assert_eq!(world.contact(bob, alice).bio, "For all to read");
    assert_eq!(picture_of(&world, bob, alice, PictureSize::Large), Some(4));
    // Somebody who is no contact reads the contact code, and finds no picture that opens.
    let identity = world.public_identity(alice).expect("it is in the contact code");
    assert_eq!(identity.description, "For all to read");
    let showcase = identity.showcase.unwrap();
    assert!(showcase.for_everyone.is_some() && showcase.for_contacts.is_some());
    assert!(
        showcase.for_id_verified_contacts.is_some(),
        "deployed clients stumble without it"
    );
    for picture in identity.pictures.values() {
        assert_eq!(
            picture.sealed_keys.as_ref().map(Vec::len),
            Some(1),
            "one contact, one slot"
        );
        assert!(!picture.payload.windows(64).any(|part| part == [4; 64]));
    }
    set(&mut world, alice, |settings| settings.picture_for = Audience::Everyone);
    let identity = world.public_identity(alice).unwrap();
    assert_eq!(identity.pictures["large"].payload, picture(4, 16_000));
}

#[test]
fn by_default_the_contact_code_says_nothing_of_us_and_nobody_means_nobody() {
    let (mut world, alice, bob) = World::friends();
    describe(&mut world, alice, "Secret", &[]).unwrap();
    assert!(world.public_identity(alice).is_none());
    set(&mut world, alice, |settings| settings.profile_for = Audience::Nobody);
    describe(&mut world, alice, "Even more secret", &[]).unwrap();
    assert_eq!(world.contact(bob, alice).bio, "Secret");
    assert!(world.public_identity(alice).is_none());
}

#[test]
fn whoever_wants_no_pictures_keeps_none() {
    let (mut world, alice, bob) = World::friends();
    set(&mut world, bob, |settings| settings.pictures_of = PicturesOf::Nobody);
    set_picture(&mut world, alice, 5);
    assert_eq!(picture_of(&world, bob, alice, PictureSize::Thumbnail), None);
}

#[test]
fn what_a_profile_may_say_is_bounded_and_visible() {
    let (mut world, alice, _) = World::two();
    let long = "é".repeat(241);
    for (bio, links, code) in [
        (long.as_str(), vec![], "bio_too_long"),
        ("turned \u{202E}around", vec![], "hidden_characters"),
        ("", vec![("", "https://example.org")], "bad_link"),
        ("", vec![("x", "javascript:alert(1)")], "bad_link"),
        ("", vec![("x", "https://")], "bad_link"),
        ("", vec![("x", "https://example.org/a b")], "bad_link"),
        ("", vec![("x", "https://example.org"); 21], "too_many_links"),
    ] {
        assert_eq!(
            describe(&mut world, alice, bio, &links).unwrap_err().code(),
            code,
            "{bio} {links:?}"
        );
    }
    describe(&mut world, alice, &"é".repeat(240), &[("x", "https://example.org"); 20]).unwrap();
    let bad = [
        (picture(1, 5_633), picture(1, 100)),
        (picture(1, 100), picture(1, 38_401)),
        (b"GIF89a".to_vec(), picture(1, 100)),
    ];
    for (thumbnail, large) in bad {
        let wish = Command::Profile(profile::Command::SetPicture { thumbnail, large });
        assert_eq!(world.command(alice, wish).unwrap_err().code(), "bad_picture");
    }
    let colour = profile::Command::Describe {
        bio: None,
        colour: Some(18),
        links: None,
    };
    assert_eq!(
        world.command(alice, Command::Profile(colour)).unwrap_err().code(),
        "bad_colour"
    );
}

#[test]
fn a_contact_that_ends_is_no_longer_verified_but_stays_labelled() {
    let (mut world, alice, bob) = World::friends();
    let person = world.key(bob);
    for wish in [
        verification::Command::Compared {
            person,
            outcome: Comparison::Same,
        },
        verification::Command::SetTrust {
            person,
            trust: Trust::Trusted,
        },
    ] {
        world.command(alice, Command::Verification(wish)).unwrap();
    }
    let row = world.contact(alice, bob);
    assert!(row.verified_at.is_some() && row.trust == Trust::Trusted);
    let contact = world.key(alice);
    world.command(bob, Command::RemoveContact { contact }).unwrap();
    world.pass(2_000);
    let row = world.contact(alice, bob);
    assert!(row.verified_at.is_none() && row.trust == Trust::Trusted);
}

#[test]
fn both_sides_have_the_same_safety_number_and_it_belongs_to_the_two() {
    let world = World::new(&["Alice", "Bobby", "Carol"]);
    let number = |one, other| verification::safety_number(&world.key(Who(one)), &world.key(Who(other)));
    assert_eq!(number(0, 1), number(1, 0));
    assert_ne!(number(0, 1).digits(), number(0, 2).digits());
    assert_ne!(number(0, 1).digits(), number(2, 1).digits());
}

fn verify(world: &mut World, who: Who, wish: verification::Command) -> Result<(), CommandError> {
    world.command(who, Command::Verification(wish))?;
    world.pass(2_000);
    Ok(())
}

fn proof(world: &World, who: Who, with: Who, asker: Asker) -> Option<(VerificationState, String, String)> {
    let key = world.key(with).to_compressed().into();
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let row = store.read(|view| view.verifications().with(&key, asker)).unwrap();
    row.map(|row| (row.state, row.challenge, row.response))
}

/// What either side sees of a proof, as lines.
fn verification_lines(world: &World, alice: Who, bob: Who, step: &str) -> String {
    let mut lines = vec![format!("-- {step}")];
    for (who, with, asker) in [(alice, bob, Asker::We), (bob, alice, Asker::They)] {
        let name = world.people[who.0].name;
        let seen = proof(world, who, with, asker).map_or("nothing".into(), |(state, challenge, response)| {
            format!("{state:?}: {challenge:?} {response:?}")
        });
        let told: Vec<String> = entries(world, who)
            .iter()
            .filter(|entry| entry.kind == ActivityKind::Verification)
            .map(|entry| format!("{:?} {:?}", entry.detail, entry.answer))
            .collect();
        let contact = world.contact(who, with);
        let mark = if contact.verified_at.is_some() { " verified" } else { "" };
        lines.push(format!("{name}: {seen}; told {told:?}; {:?}{mark}", contact.trust));
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_life_of_a_proof_of_identity() {
    let (mut world, alice, bob) = World::friends();
    let (a, b) = (world.key(alice), world.key(bob));
    let mut life = String::new();
    let ask = |text: &str| verification::Command::Ask {
        person: b,
        question: text.into(),
    };
    verify(&mut world, alice, ask("Where did we meet?")).unwrap();
    life += &verification_lines(&world, alice, bob, "Alice asks");
    assert_eq!(
        verify(&mut world, alice, ask("Again?")).unwrap_err().code(),
        "already_verifying"
    );
    let answer = verification::Command::Answer {
        person: a,
        answer: "  On the train ".into(),
    };
    verify(&mut world, bob, answer.clone()).unwrap();
    life += &verification_lines(&world, alice, bob, "Bobby answers");
    assert_eq!(verify(&mut world, bob, answer).unwrap_err().code(), "nothing_to_verify");
    let judge = |trust| verification::Command::Judge { person: b, trust };
    verify(&mut world, alice, judge(Trust::Trusted)).unwrap();
    life += &verification_lines(&world, alice, bob, "Alice believes it");
    verify(&mut world, alice, ask("And who was late?")).unwrap();
    verify(&mut world, bob, verification::Command::Decline { person: a }).unwrap();
    life += &verification_lines(&world, alice, bob, "Alice asks again, and Bobby declines");
    assert_eq!(
        verify(&mut world, alice, judge(Trust::Trusted)).unwrap_err().code(),
        "nothing_to_verify"
    );
    verify(&mut world, alice, ask("Third time?")).unwrap();
    verify(&mut world, alice, verification::Command::Cancel { person: b }).unwrap();
    life += &verification_lines(&world, alice, bob, "Alice asks, and takes it back");
    verify(&mut world, alice, ask("Who are you?")).unwrap();
    let wrong = verification::Command::Answer {
        person: a,
        answer: "Mallory".into(),
    };
    verify(&mut world, bob, wrong).unwrap();
    verify(&mut world, alice, judge(Trust::Untrusted)).unwrap();
    life += &verification_lines(&world, alice, bob, "A wrong answer");
    common::golden("verification", &life);
}

#[test]
fn only_contacts_prove_anything_to_each_other_and_texts_are_bounded() {
    let (mut world, alice, bob) = World::two();
    let b = world.key(bob);
    let ask = |text: &str| verification::Command::Ask {
        person: b,
        question: text.into(),
    };
    let error = verify(&mut world, alice, ask("Who?")).unwrap_err();
    assert!(matches!(error, CommandError::ContactNotFound), "{error}");
    world.befriend(alice, bob);
    for bad in ["", "   ", &"x".repeat(281), "hid\u{200B}den"] {
        assert_eq!(verify(&mut world, alice, ask(bad)).unwrap_err().code(), "bad_challenge");
    }
    verify(&mut world, alice, ask(&"x".repeat(280))).unwrap();
    assert_eq!(proof(&world, bob, alice, Asker::They).unwrap().1, "x".repeat(280));
}

fn presence(world: &World, who: Who, of: Who) -> Option<Shown> {
    let key = world.key(of).to_compressed().into();
    let store = world.people[who.0].messenger.as_ref().unwrap().store();
    let row = store.read(|view| view.people().presence(&key)).unwrap()?;
    shown(row.presence, row.clock, world.now)
}

fn choose(world: &mut World, who: Who, presence: Presence, text: &str) {
    let text = text.into();
    let wish = profile::Command::SetPresence { presence, text };
    world.command(who, Command::Profile(wish)).unwrap();
    world.pass(2_000);
}

#[test]
fn nothing_is_told_of_being_there_until_the_person_chooses_it() {
    let (mut world, alice, bob) = World::friends();
    world.pass(DAY);
    assert_eq!(presence(&world, bob, alice), None);
    choose(&mut world, alice, Presence::Automatic, "on the wall");
    assert!(matches!(presence(&world, bob, alice), Some(Shown::Online(_))));
    // Told again as long as the app runs, and never more often than every five minutes.
    let before = world.archive.len();
    world.pass(HOUR);
    let pings = world.archive[before..]
        .iter()
        .filter(|envelope| envelope.message.ephemeral)
        .count();
    assert!((11..=12).contains(&pings), "{pings} in an hour");
    assert!(matches!(presence(&world, bob, alice), Some(Shown::Online(_))));
    // Whoever is gone without a word is not there any more after five minutes.
    world.people[alice.0].online = false;
    world.pass(6 * MINUTE);
    assert_eq!(presence(&world, bob, alice), None);
}

#[test]
fn each_presence_is_shown_as_what_it_is_and_switching_off_says_so_once() {
    let (mut world, alice, bob) = World::friends();
    choose(&mut world, alice, Presence::DoNotDisturb, "asleep");
    assert!(matches!(presence(&world, bob, alice), Some(Shown::Busy(_))));
    choose(&mut world, alice, Presence::AlwaysOnline, "");
    world.people[alice.0].online = false;
    world.pass(13 * DAY);
    assert!(matches!(presence(&world, bob, alice), Some(Shown::Online(_))));
    world.pass(2 * DAY);
    assert_eq!(presence(&world, bob, alice), None);
    world.people[alice.0].online = true;
    choose(&mut world, alice, Presence::Unknown, "");
    assert_eq!(presence(&world, bob, alice), Some(Shown::Away));
    let published = world.archive.len();
    world.pass(HOUR);
    assert_eq!(world.archive.len(), published, "and then nothing more");
}

#[test]
fn presences_of_strangers_and_from_the_future_count_for_nothing() {
    let (mut world, alice, bob) = World::friends();
    let too_long = profile::Command::SetPresence {
        presence: Presence::Automatic,
        text: "x".repeat(129),
    };
    let error = world.command(alice, Command::Profile(too_long)).unwrap_err();
    assert_eq!(error.code(), "presence_too_long");
    // A clock three minutes ahead.
    let ahead = world.now.plus(3 * MINUTE);
    let wish = profile::Command::SetPresence {
        presence: Presence::AlwaysOnline,
        text: String::new(),
    };
    world.messenger(alice).command(ahead, Command::Profile(wish)).unwrap();
    world.people[bob.0].heard.clear();
    world.pass(1_000);
    assert_eq!(presence(&world, bob, alice), None);
}

#[test]
fn a_blocked_person_leaves_nothing_behind() {
    let (mut world, alice, bob) = World::friends();
    describe(&mut world, alice, "Here", &[("x", "https://example.org")]).unwrap();
    set_picture(&mut world, alice, 3);
    choose(&mut world, alice, Presence::AlwaysOnline, "");
    let question = verification::Command::Ask {
        person: world.key(bob),
        question: "Who are you?".into(),
    };
    verify(&mut world, alice, question).unwrap();
    world.say(alice, bob, "something rude");
    world.pass(2_000);
    let contact = world.key(alice);
    world.command(bob, Command::Block { contact }).unwrap();
    assert_eq!(picture_of(&world, bob, alice, PictureSize::Large), None);
    assert_eq!(presence(&world, bob, alice), None);
    assert!(links_of(&world, bob, alice).is_empty() && entries(&world, bob).is_empty());
    assert_eq!(proof(&world, bob, alice, Asker::They), None);
    let key = contact.to_compressed().into();
    let store = world.people[bob.0].messenger.as_ref().unwrap().store();
    let left = store.read(|view| {
        view.messages().search(
            &store::Search {
                text: "rude".into(),
                author: Some(key),
                ..Default::default()
            },
            None,
            10,
        )
    });
    assert!(left.unwrap().rows.is_empty());
}

#[test]
fn the_phrase_goes_only_after_two_of_its_words_came_back() {
    let (mut world, alice, _) = World::two();
    let wish = |world: &mut World, wish| world.command(alice, Command::Profile(wish));
    let state = |world: &mut World| world.messenger(alice).account().profile.phrase;
    let error = wish(&mut world, profile::Command::ForgetPhrase).unwrap_err();
    assert_eq!(error.code(), "phrase_not_confirmed");
    let phrase = world.messenger(alice).export_phrase().unwrap().unwrap();
    let words: Vec<String> = phrase.expose().split(' ').map(str::to_owned).collect();
    let none = [String::new().into(), String::new().into()];
    let error = wish(&mut world, profile::Command::ConfirmPhrase { words: none }).unwrap_err();
    assert_eq!(error.code(), "not_asked");
    let mut asked = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let messenger::Reply::Places([first, second]) = wish(&mut world, profile::Command::AskForWords).unwrap() else {
            panic!("places");
        };
        assert!(first < second && (1..=12).contains(&first) && (1..=12).contains(&second));
        asked.insert((first, second));
    }
    assert!(asked.len() > 20, "they are random: {asked:?}");
    let messenger::Reply::Places(places) = wish(&mut world, profile::Command::AskForWords).unwrap() else {
        panic!("places");
    };
    let right = places.map(|place| words[usize::from(place) - 1].clone());
    let swapped = [right[1].clone().into(), right[0].clone().into()];
    let error = wish(&mut world, profile::Command::ConfirmPhrase { words: swapped }).unwrap_err();
    assert_eq!((error.code(), state(&mut world)), ("wrong_words", PhraseState::Kept));
    let given = right.map(|word| format!(" {} ", word.to_uppercase()).into());
    wish(&mut world, profile::Command::ConfirmPhrase { words: given }).unwrap();
    assert_eq!(state(&mut world), PhraseState::Confirmed);
    assert!(
        world.messenger(alice).export_phrase().unwrap().is_some(),
        "it stays until it is removed"
    );
    wish(&mut world, profile::Command::ForgetPhrase).unwrap();
    assert_eq!(state(&mut world), PhraseState::Gone);
    assert!(world.messenger(alice).export_phrase().unwrap().is_none());
    world.crash(alice);
    assert_eq!(state(&mut world), PhraseState::Gone);
}

#[test]
fn a_nickname_that_cannot_be_seen_is_refused() {
    let (mut world, alice, bob) = World::friends();
    let nickname = Command::SetNickname {
        contact: world.key(bob),
        name: "Bo\u{200B}b".into(),
    };
    assert_eq!(world.command(alice, nickname).unwrap_err().code(), "bad_nickname");
}

#[test]
fn an_unanswered_stranger_is_forgotten_and_a_labelled_one_is_not() {
    for labelled in [false, true] {
        let (mut world, alice, bob) = World::two();
        let to = world.key(bob);
        let note = "Hello".into();
        world.command(alice, Command::SendContactRequest { to, note }).unwrap();
        world.pass(10_000);
        if labelled {
            let wish = verification::Command::SetTrust {
                person: world.key(alice),
                trust: Trust::Untrusted,
            };
            world.command(bob, Command::Verification(wish)).unwrap();
        }
        world.pass(8 * DAY);
        assert_eq!(entries(&world, bob)[0].answer, Answer::Over);
        world.people[alice.0].online = false;
        world.pass(33 * DAY);
        let key = world.key(alice).to_compressed().into();
        let store = world.people[bob.0].messenger.as_ref().unwrap().store();
        let known = store.read(|view| view.contacts().load(&key)).unwrap().is_some();
        assert_eq!(known, labelled);
        assert_eq!(world.texts(bob, alice).is_empty(), !labelled);
    }
}

#[test]
fn strangers_who_share_no_group_are_not_heard_if_only_members_may_ask() {
    let (mut world, alice, bob) = World::two();
    set(&mut world, bob, |settings| {
        settings.requests_from = RequestsFrom::GroupMembers
    });
    let to = world.key(bob);
    let note = "Hello".into();
    world.command(alice, Command::SendContactRequest { to, note }).unwrap();
    world.pass(10_000);
    let refused = Inbound::Dropped(Reason::RuleBroken(Rule::NotAllowed));
    assert!(world.people[bob.0].heard.contains(&refused));
    assert!(entries(&world, bob).is_empty());
}

#[test]
fn only_so_many_requests_wait_and_the_next_is_not_acknowledged() {
    let (mut world, alice, bob) = World::two();
    let messenger = world.people[bob.0].messenger.take().unwrap();
    let mut store = messenger.into_store();
    let open = world.now.plus(DAY);
    store
        .write(|tx| {
            for number in 0..200_u8 {
                let mut key = [number; 33];
                key[0] = 2;
                let mut row = store::ContactRow::new(key.into());
                row.remote.state = store::RequestState::Received;
                row.request_expires_at = Some(open);
                tx.contacts().save(&row)?;
            }
            Ok::<_, store::StoreError>(())
        })
        .unwrap();
    world.people[bob.0].messenger = Some(messenger::Messenger::reopen(store, world.now, [7; 32]).unwrap());
    let to = world.key(bob);
    let note = "Hello".into();
    world.command(alice, Command::SendContactRequest { to, note }).unwrap();
    world.pass(10_000);
    assert!(world.people[bob.0].heard.contains(&Inbound::Dropped(Reason::OverQuota)));
    assert!(entries(&world, bob).is_empty() && world.texts(bob, alice).is_empty());
    // A day later the others have ended, and what was not acknowledged is sent again.
    world.pass(2 * DAY);
    assert_eq!(entries(&world, bob).len(), 1);
    assert_eq!(world.texts(bob, alice), ["Hello"]);
}

/// What a content from somebody with tools comes to.
fn enemy_sends(world: &mut World, enemy: &mut Enemy, to: Who, content: &Content) -> Inbound {
    let (kind, body) = content.encode();
    let kind = Kind::try_from(i32::try_from(kind).unwrap()).unwrap();
    let (key, now) = (world.key(to), world.now);
    let wrapped = application::sign(kind, body, &enemy.key).bytes;
    let data = enemy.encrypt(&key, &enemy.sync(&key, vec![wrapped]));
    let envelope = enemy.envelope(&key, &data, now);
    world.messenger(to).receive(now, &envelope).unwrap().value
}

fn identity_at(clock: messenger::Timestamp, bio: &str) -> ChatIdentity {
    ChatIdentity {
        clock,
        display_name: "Mallory".into(),
        description: bio.into(),
        ..ChatIdentity::default()
    }
}

#[test]
fn strangers_say_nothing_of_themselves() {
    let (mut world, alice, _) = World::two();
    let mut enemy = Enemy::new();
    let now = world.now;
    let question = protocol::wire::verification::RequestContactVerification {
        clock: now.0,
        challenge: "Who are you?".into(),
    };
    for content in [
        Content::ChatIdentity(Box::new(identity_at(now, "Look at me"))),
        Content::Verification(VerificationMessage::Request(question)),
        Content::StatusUpdate(StatusUpdate {
            clock: now,
            presence: Presence::AlwaysOnline,
            custom_text: String::new(),
        }),
    ] {
        let inbound = enemy_sends(&mut world, &mut enemy, alice, &content);
        assert_eq!(
            inbound,
            Inbound::Dropped(Reason::RuleBroken(Rule::NotAllowed)),
            "{content:?}"
        );
    }
    assert!(entries(&world, alice).is_empty());
}

// over budget: one hostile life, told in order
#[test]
fn a_hostile_contact_is_shown_harmlessly_and_answers_no_question_of_others() {
    let (mut world, alice, bob) = World::friends();
    let mut enemy = Enemy::new();
    let (to, now) = (world.key(alice), world.now);
    let request = enemy.request_envelope(&to, now, "Hello");
    world.messenger(alice).receive(now, &request).unwrap();
    let contact = enemy.key.public_key();
    world.command(alice, Command::AcceptContactRequest { contact }).unwrap();

    let mut tricks = identity_at(now, "\u{202E}evil\u{200B}\u{7}");
    let picture = |payload: Vec<u8>| protocol::content::Picture {
        payload,
        format: protocol::content::ImageFormat::Jpeg,
        sealed_keys: None,
    };
    tricks.pictures.insert("large".into(), picture(vec![1; 1 << 20]));
    tricks.pictures.insert("thumbnail".into(), picture(vec![2; 100]));
    let link = |text: &str, url: &str| protocol::content::identity::SocialLink {
        text: text.into(),
        url: url.into(),
    };
    tricks.social_links = vec![
        link("bad", "javascript:alert(1)"),
        link("a\u{202E}b", "https://example.org"),
    ];
    tricks
        .social_links
        .extend((0..100).map(|_| link("many", "https://example.org")));
    let content = Content::ChatIdentity(Box::new(tricks));
    assert_eq!(enemy_sends(&mut world, &mut enemy, alice, &content), Inbound::Applied);
    let key = contact.to_compressed().into();
    let store = world.people[alice.0].messenger.as_ref().unwrap().store();
    store
        .read(|view| {
            assert_eq!(view.contacts().load(&key)?.unwrap().bio, "evil");
            assert!(view.people().picture(&key, PictureSize::Large)?.is_none(), "too large");
            assert!(view.people().picture(&key, PictureSize::Thumbnail)?.is_some());
            let links = view.people().links(&key)?;
            assert!(links.len() <= 20 && links[0].label == "ab", "{links:?}");
            Ok::<_, store::StoreError>(())
        })
        .unwrap();
    // Neither older nor from the future.
    for (clock, rule) in [
        (now, Rule::Outdated),
        (now.plus(3 * MINUTE), Rule::Content(protocol::content::Rule::Clock)),
    ] {
        let content = Content::ChatIdentity(Box::new(identity_at(clock, "x")));
        let inbound = enemy_sends(&mut world, &mut enemy, alice, &content);
        assert_eq!(inbound, Inbound::Dropped(Reason::RuleBroken(rule)));
    }

    // Alice asks Bobby; Mallory, who learnt the id, answers in his place.
    let question = verification::Command::Ask {
        person: world.key(bob),
        question: "Where did we meet?".into(),
    };
    verify(&mut world, alice, question).unwrap();
    let bobs = world.key(bob).to_compressed().into();
    let store = world.people[alice.0].messenger.as_ref().unwrap().store();
    let asked = store
        .read(|view| view.verifications().with(&bobs, Asker::We))
        .unwrap()
        .unwrap();
    let answer = protocol::wire::verification::AcceptContactVerification {
        clock: world.now.0 + 1_000,
        id: asked.id.to_string(),
        response: "On the train".into(),
    };
    let content = Content::Verification(VerificationMessage::Accept(answer));
    let inbound = enemy_sends(&mut world, &mut enemy, alice, &content);
    assert_eq!(inbound, Inbound::Dropped(Reason::RuleBroken(Rule::Outdated)));
    assert_eq!(
        proof(&world, alice, bob, Asker::We).unwrap().0,
        VerificationState::Pending
    );
}

#[test]
fn an_answer_that_crosses_the_withdrawal_counts_for_nothing() {
    let (mut world, alice, bob) = World::friends();
    let (a, b) = (world.key(alice), world.key(bob));
    let question = "Where did we meet?".into();
    verify(&mut world, alice, verification::Command::Ask { person: b, question }).unwrap();
    world.people[bob.0].online = false;
    verify(&mut world, alice, verification::Command::Cancel { person: b }).unwrap();
    let answer = verification::Command::Answer {
        person: a,
        answer: "On the train".into(),
    };
    verify(&mut world, bob, answer).unwrap();
    world.people[bob.0].online = true;
    world.catch_up(bob);
    world.pass(HOUR);
    assert_eq!(
        proof(&world, alice, bob, Asker::We).unwrap().0,
        VerificationState::Cancelled
    );
    assert!(
        entries(&world, alice)
            .iter()
            .all(|entry| entry.kind != ActivityKind::Verification)
    );
}
