//! The event stream: what a commit changed arrives, resuming has no gap, and what cannot be resumed is said.

use crate::common::unlocked;
use api::client::{Events, Since};
use api::{ContactRequest, ContactState, Event, Frame, Item, Nickname, Signal};

async fn next_event(events: &mut Events) -> Event {
    loop {
        match events.next().await.unwrap().expect("the stream goes on") {
            Frame::Event(event) => return event,
            Frame::Signal { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

fn nickname(name: &str) -> Nickname {
    Nickname { nickname: name.into() }
}

#[tokio::test]
async fn a_commit_is_one_event_that_can_be_resumed() {
    // over budget: one stream, from its first frame to its resumption
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let other = unlocked(client, "bobby").await;
    let bob = client.account(&other).await.unwrap().key;

    let mut events = client.events(&profile, None).await.unwrap();
    let Some(Frame::Joined { epoch, seq }) = events.next().await.unwrap() else {
        panic!("not joined")
    };
    let request = ContactRequest {
        key: bob.clone(),
        note: "hello".into(),
    };
    let contact = client.request_contact(&profile, &request).await.unwrap();
    assert_eq!(contact.state, ContactState::Asked);
    assert_eq!(contact.note.as_deref(), Some("hello"));

    let event = next_event(&mut events).await;
    assert_eq!((&event.epoch, event.seq), (&epoch, seq + 1));
    assert!(
        event
            .items
            .iter()
            .any(|item| matches!(item, Item::Contact(contact) if contact.key == bob))
    );
    assert!(
        event
            .items
            .iter()
            .any(|item| matches!(item, Item::Message(message) if message.text == "hello" && message.own))
    );

    // While nobody listens, two more things happen.
    let known = event.seq;
    drop(events);
    for name in ["one", "two"] {
        client.nickname(&profile, &bob, &nickname(name)).await.unwrap();
    }
    let since = Since {
        epoch: epoch.clone(),
        seq: known,
    };
    let mut resumed = client.events(&profile, Some(&since)).await.unwrap();
    assert_eq!(
        resumed.next().await.unwrap(),
        Some(Frame::Joined {
            epoch: epoch.clone(),
            seq: known
        })
    );
    let mut names = Vec::new();
    let mut expected = known;
    while names.len() < 2 {
        let event = next_event(&mut resumed).await;
        expected += 1;
        assert_eq!(event.seq, expected, "no gap, no repetition");
        names.extend(event.items.into_iter().filter_map(|item| match item {
            Item::Contact(contact) => contact.nickname,
            _ => None,
        }));
    }
    assert_eq!(names, ["one", "two"]);

    // What this run does not know cannot be resumed.
    for since in [
        Since {
            epoch: "another".into(),
            seq: 1,
        },
        Since {
            epoch: epoch.clone(),
            seq: 1_000_000,
        },
    ] {
        let mut reset = client.events(&profile, Some(&since)).await.unwrap();
        assert!(matches!(reset.next().await.unwrap(), Some(Frame::Reset { epoch: e, .. }) if e == epoch));
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn a_chat_is_told_of_again_when_its_person_is_called_otherwise() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let other = unlocked(client, "bobby").await;
    let bob = client.account(&other).await.unwrap().key;
    let request = ContactRequest {
        key: bob.clone(),
        note: "hello".into(),
    };
    client.request_contact(&profile, &request).await.unwrap();
    let mut events = client.events(&profile, None).await.unwrap();
    assert!(matches!(events.next().await.unwrap(), Some(Frame::Joined { .. })));
    client
        .nickname(&profile, &bob, &nickname("Bob the builder"))
        .await
        .unwrap();
    loop {
        let event = next_event(&mut events).await;
        let is_contact = |item: &Item| matches!(item, Item::Contact(contact) if contact.nickname.is_some());
        if event.items.iter().any(is_contact) {
            let is_chat = |item: &Item| matches!(item, Item::Chat(chat) if chat.name == "Bob the builder");
            assert!(event.items.iter().any(is_chat), "{event:?}");
            break;
        }
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn locking_ends_the_stream_and_begins_a_new_epoch() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let mut events = client.events(&profile, None).await.unwrap();
    let Some(Frame::Joined { epoch, .. }) = events.next().await.unwrap() else {
        panic!("not joined")
    };
    client.lock(&profile).await.unwrap();
    let mut last = None;
    while let Some(frame) = events.next().await.unwrap() {
        last = Some(frame);
    }
    assert_eq!(last, Some(Frame::Signal { signal: Signal::Locked }));

    client
        .unlock(
            &profile,
            &api::Unlock {
                password: crate::common::password(),
            },
        )
        .await
        .unwrap();
    let since = Since {
        epoch: epoch.clone(),
        seq: 0,
    };
    let mut events = client.events(&profile, Some(&since)).await.unwrap();
    assert!(matches!(events.next().await.unwrap(), Some(Frame::Reset { epoch: new, .. }) if new != epoch));
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_costs_nobody_anything() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let other = unlocked(client, "bobby").await;
    let bob = client.account(&other).await.unwrap().key;
    client
        .request_contact(
            &profile,
            &ContactRequest {
                key: bob.clone(),
                note: "hello".into(),
            },
        )
        .await
        .unwrap();
    let _idle = client.events(&profile, None).await.unwrap();
    let mut busy = client.events(&profile, None).await.unwrap();
    busy.next().await.unwrap();
    for n in 0..50 {
        client
            .nickname(&profile, &bob, &nickname(&format!("name {n}")))
            .await
            .unwrap();
    }
    let mut last = String::new();
    while last != "name 49" {
        for item in next_event(&mut busy).await.items {
            if let Item::Contact(contact) = item {
                last = contact.nickname.unwrap_or_default();
            }
        }
    }
    running.daemon.shutdown().await;
}
