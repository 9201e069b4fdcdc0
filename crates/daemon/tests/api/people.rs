//! Profile, presence, phrase, safety number, notifications and the activity centre over the API.

use crate::common::unlocked;
use api::client::ClientError;
use api::{
    ActivityQuery, Audience, ChatNotifications, ConfirmPhrase, Contact, ContactRequest, ContactState, DescribeProfile,
    Loudness, Mute, MuteChat, PhraseState, PresenceChoice, ProfileLink, Screen, Secret, SetPresence, SetTrust,
    SetVerified, Settings, Trust,
};

/// One red pixel.
const PIXEL: &str = "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de\
                     0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082";

fn code<T: std::fmt::Debug>(result: Result<T, ClientError>) -> String {
    result.unwrap_err().code().unwrap().to_owned()
}

fn file(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digit = |digit: u8| (digit as char).to_digit(16).unwrap() as u8;
    digits
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

#[tokio::test]
async fn links_keep_the_order_in_which_they_were_set() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let link = |label: &str| ProfileLink {
        label: label.into(),
        url: format!("https://{label}.example"),
    };
    for order in [["walls", "ropes", "knots"], ["knots", "walls", "ropes"]] {
        let links: Vec<ProfileLink> = order.map(link).into();
        let body = DescribeProfile {
            bio: Some("Climbs walls".into()),
            links: Some(links.clone()),
            ..DescribeProfile::default()
        };
        assert_eq!(client.describe(&profile, &body).await.unwrap().links, links);
        assert_eq!(client.account(&profile).await.unwrap().links, links);
        assert_eq!(client.seen(&profile, "contact").await.unwrap().links, links);
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn contacts_and_strangers_see_no_more_than_was_chosen() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let link = ProfileLink {
        label: "walls".into(),
        url: "https://walls.example".into(),
    };
    let body = DescribeProfile {
        bio: Some("Climbs walls".into()),
        links: Some(vec![link]),
        ..DescribeProfile::default()
    };
    client.describe(&profile, &body).await.unwrap();
    client.set_picture(&profile, file(PIXEL)).await.unwrap();
    // The description, the links and the picture, each by its first letter.
    let parts = |seen: Contact| {
        let there = [
            ("d", !seen.bio.is_empty()),
            ("l", !seen.links.is_empty()),
            ("p", seen.picture.is_some()),
        ];
        there.map(|(part, there)| if there { part } else { "" }).concat()
    };
    let (everyone, contacts, nobody) = (Audience::Everyone, Audience::Contacts, Audience::Nobody);
    for (profile_for, picture_for, by_contacts, by_strangers) in [
        (contacts, contacts, "dlp", ""),
        (everyone, contacts, "dlp", "dl"),
        (everyone, everyone, "dlp", "dlp"),
        (everyone, nobody, "dl", "dl"),
        (nobody, everyone, "", ""),
    ] {
        let mut settings = client.settings(&profile).await.unwrap();
        (settings.profile_for, settings.picture_for) = (profile_for, picture_for);
        client.save_settings(&profile, &settings).await.unwrap();
        let contact = client.seen(&profile, "contact").await.unwrap();
        assert_eq!((contact.name.as_str(), contact.state), ("alice", ContactState::Mutual));
        let stranger = client.seen(&profile, "stranger").await.unwrap();
        assert_eq!(
            (stranger.name.as_str(), stranger.state),
            ("alice", ContactState::Stranger)
        );
        let seen = [parts(contact), parts(stranger)];
        assert_eq!(seen, [by_contacts, by_strangers], "{profile_for:?} {picture_for:?}");
    }
    assert_eq!(code(client.seen(&profile, "friend").await), "not_found");
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn a_profile_says_what_was_set_and_shows_its_picture_made_anew() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let link = ProfileLink {
        label: "site".into(),
        url: "https://example.org".into(),
    };
    let body = DescribeProfile {
        bio: Some("Climbs walls".into()),
        colour: Some(7),
        links: Some(vec![link.clone()]),
    };
    let account = client.describe(&profile, &body).await.unwrap();
    assert_eq!(
        (account.bio.as_str(), account.colour, account.links),
        ("Climbs walls", 7, vec![link])
    );
    let only_colour = DescribeProfile {
        colour: Some(3),
        ..DescribeProfile::default()
    };
    assert_eq!(
        client.describe(&profile, &only_colour).await.unwrap().bio,
        "Climbs walls"
    );
    let bad = DescribeProfile {
        bio: Some("x".repeat(241)),
        ..DescribeProfile::default()
    };
    assert_eq!(code(client.describe(&profile, &bad).await), "bio_too_long");

    assert_eq!(
        code(client.set_picture(&profile, b"no picture".to_vec()).await),
        "bad_picture"
    );
    let account = client.set_picture(&profile, file(PIXEL)).await.unwrap();
    let path = account.picture.expect("there is one now");
    let token = format!("Authorization: Bearer {}", running.token());
    let host = format!("Host: {}", running.host());
    for path in [path.clone(), path.replace("thumbnail", "large")] {
        let (status, head, _) = running.get(&path, &[&host, &token]).await;
        assert_eq!(status, 200);
        assert!(head.contains("content-type: image/jpeg"), "{head}");
    }
    let (status, ..) = running.get(&path, &[&host]).await;
    assert_eq!(status, 401, "not without the token");
    assert_eq!(client.remove_picture(&profile).await.unwrap().picture, None);
    let (status, ..) = running.get(&path, &[&host, &token]).await;
    assert_eq!(status, 404);
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn presence_is_off_until_chosen_and_the_phrase_goes_when_it_was_confirmed() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let account = client.account(&profile).await.unwrap();
    assert_eq!(
        (account.presence.presence, account.phrase),
        (PresenceChoice::Off, PhraseState::Kept)
    );
    let chosen = SetPresence {
        presence: PresenceChoice::DoNotDisturb,
        text: "on a wall".into(),
    };
    assert_eq!(client.set_presence(&profile, &chosen).await.unwrap().presence, chosen);

    assert_eq!(code(client.forget_phrase(&profile).await), "phrase_not_confirmed");
    let asked = api::ExportPhrase {
        password: crate::common::password(),
    };
    let phrase = client.export_phrase(&profile, &asked).await.unwrap().phrase;
    let words: Vec<&str> = phrase.expose().split(' ').collect();
    let places = client.phrase_question(&profile).await.unwrap().places;
    let wrong = ConfirmPhrase {
        words: [Secret::new("zebra".into()), Secret::new("zebra".into())],
    };
    assert_eq!(code(client.confirm_phrase(&profile, &wrong).await), "wrong_words");
    let right = ConfirmPhrase {
        words: places.map(|place| Secret::new(words[usize::from(place) - 1].to_owned())),
    };
    assert_eq!(
        client.confirm_phrase(&profile, &right).await.unwrap().phrase,
        PhraseState::Confirmed
    );
    client.forget_phrase(&profile).await.unwrap();
    assert_eq!(client.account(&profile).await.unwrap().phrase, PhraseState::Gone);
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn both_sides_see_one_safety_number_and_marks_are_ours() {
    let running = crate::common::start().await;
    let client = &running.client;
    let (alice, bob) = (unlocked(client, "alice").await, unlocked(client, "bobby").await);
    let alice_key = client.account(&alice).await.unwrap().key;
    let bob_key = client.account(&bob).await.unwrap().key;
    let number = client.safety_number(&alice, &bob_key).await.unwrap();
    assert_eq!(client.safety_number(&bob, &alice_key).await.unwrap(), number);
    assert!(number.digits.len() == 60 && number.groups.concat() == number.digits && number.pictures.len() == 10);

    let verified = SetVerified { verified: true };
    assert_eq!(
        code(client.set_verified(&alice, &bob_key, &verified).await),
        "contact_not_found"
    );
    let request = ContactRequest {
        key: bob_key.clone(),
        note: "hello".into(),
    };
    client.request_contact(&alice, &request).await.unwrap();
    assert!(
        client
            .set_verified(&alice, &bob_key, &verified)
            .await
            .unwrap()
            .verified_at
            .is_some()
    );
    let trust = SetTrust { trust: Trust::Trusted };
    client.set_trust(&alice, &bob_key, &trust).await.unwrap();
    let contact = client.contact(&alice, &bob_key).await.unwrap();
    assert!(contact.trust == Trust::Trusted && contact.verified_at.is_some());
    let text = api::VerificationText { text: "Who?".into() };
    assert_eq!(
        code(client.verify(&alice, &bob_key, "ask", &text).await),
        "not_a_contact"
    );
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn settings_mutes_and_what_was_chosen_for_a_chat_are_kept() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let other = unlocked(client, "bobby").await;
    let key = client.account(&other).await.unwrap().key;
    let settings = client.settings(&profile).await.unwrap();
    assert_eq!(settings, Settings::default());
    let mut changed = settings;
    changed.profile_for = Audience::Everyone;
    changed.notifications.mention = Loudness::Quiet;
    assert_eq!(client.save_settings(&profile, &changed).await.unwrap(), changed);

    let request = ContactRequest {
        key: key.clone(),
        note: "hello".into(),
    };
    client.request_contact(&profile, &request).await.unwrap();
    let chosen = ChatNotifications {
        other: Some(Loudness::Off),
        ..ChatNotifications::default()
    };
    client.set_chat_notifications(&profile, &key, &chosen).await.unwrap();
    assert_eq!(client.chat_notifications(&profile, &key).await.unwrap(), chosen);
    let forever = MuteChat { mute: Mute::Forever };
    let muted = client.mute(&profile, &key, &forever).await.unwrap();
    assert_eq!(muted.muted_until, Some((1 << 53) - 1));
    let off = MuteChat { mute: Mute::Off };
    assert_eq!(client.mute(&profile, &key, &off).await.unwrap().muted_until, None);
    client
        .look_at(&profile, &Screen { chat: Some(muted.id) })
        .await
        .unwrap();

    let activity = client.activity(&profile, &ActivityQuery::default()).await.unwrap();
    assert!(activity.items.is_empty() && activity.unread == 0);
    let bad = ActivityQuery {
        kinds: Some("gossip".into()),
        ..ActivityQuery::default()
    };
    assert_eq!(code(client.activity(&profile, &bad).await), "bad_request");
    assert_eq!(
        code(client.activity_action(&profile, "7", "accept").await),
        "entry_not_found"
    );
    client.read_activity(&profile).await.unwrap();
    running.daemon.shutdown().await;
}
