//! Links and QR codes: made, read, and taken wherever a person is named.

use api::{AskToJoin, ContactRequest, ContactState, CreateGroup, LinkKind, LinkQuery, ReadLink};

use crate::common::{start, unlocked};

#[tokio::test]
async fn a_link_of_ours_leads_to_us() {
    let running = start().await;
    let client = &running.client;
    let alice = unlocked(client, "Alice Doe").await;
    let account = client.account(&alice).await.unwrap();
    let own = client.link(&alice, &LinkQuery::default()).await.unwrap();
    assert_eq!(own.kind, LinkKind::Person);
    assert_eq!(own.key, account.key);
    assert_eq!(own.name.as_deref(), Some("Alice Doe"));
    assert_eq!(own.plain, format!("https://status.app/u#{}", account.key));

    // Somebody else reads it, and asks with it.
    let bobby = unlocked(client, "Bobby").await;
    for link in [own.link.clone(), own.plain.clone()] {
        let read = client.read_link(&bobby, &ReadLink { link }).await.unwrap();
        assert_eq!((read.key, read.chat), (own.key.clone(), own.chat.clone()));
    }
    let request = ContactRequest {
        key: own.link.clone(),
        note: "Hello!".into(),
    };
    let contact = client.request_contact(&bobby, &request).await.unwrap();
    assert_eq!((contact.key, contact.state), (account.key.clone(), ContactState::Asked));
    assert_eq!(
        client.chat(&bobby, &own.link).await.unwrap().contact,
        Some(account.key.clone())
    );
    client.contact_action(&bobby, &own.plain, "retract").await.unwrap();
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn links_that_lead_nowhere_are_refused_with_a_reason() {
    let running = start().await;
    let client = &running.client;
    let alice = unlocked(client, "Alice Doe").await;
    let read = |link: &str| ReadLink { link: link.into() };
    for (link, says) in [
        ("https://example.org/", "not a Status link"),
        ("https://status.app/u", "incomplete"),
        ("https://status.app/u#zQ3shwQPhRuDJSj", "not a key"),
        ("https://status.app/u#alice.eth", "Ethereum name"),
    ] {
        let error = client.read_link(&alice, &read(link)).await.unwrap_err();
        assert_eq!(error.code(), Some("bad_link"), "{link}");
        assert!(error.to_string().contains(says), "{link}: {error}");
    }
    let community = "https://status.app/c#zQ3shYSHp7GoiXaauJMnDcjwU2yNjdzpXLosAWapPS4CFxc11";
    let request = ContactRequest {
        key: community.into(),
        note: "Hello!".into(),
    };
    let error = client.request_contact(&alice, &request).await.unwrap_err();
    assert!(error.to_string().contains("community"), "{error}");
    let account = client.account(&alice).await.unwrap();
    let somebodys = format!("003cdcd5-e065-48f9-b166-b1a94ac75a11-{}", account.key_hex);
    for of in ["some-public-chat", &somebodys] {
        let query = LinkQuery { of: Some(of.into()) };
        assert_eq!(client.link(&alice, &query).await.unwrap_err().code(), Some("no_link"));
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn a_link_to_a_group_says_whom_to_ask_and_is_found_among_words() {
    let running = start().await;
    let client = &running.client;
    let alice = unlocked(client, "Alice Doe").await;
    let body = CreateGroup {
        name: "Walls & ropes".into(),
        ..CreateGroup::default()
    };
    let group = client.create_group(&alice, &body).await.unwrap();
    let query = LinkQuery {
        of: Some(group.id.clone()),
    };
    let made = client.link(&alice, &query).await.unwrap();
    assert!(made.link.starts_with("undertone:group:"), "{}", made.link);
    let key = client.account(&alice).await.unwrap().key;
    let bobby = unlocked(client, "Bobby").await;
    for link in [made.link.clone(), format!("Come and join us: {}.", made.link)] {
        let read = client.read_link(&bobby, &ReadLink { link }).await.unwrap();
        assert_eq!(
            (read.kind, read.name.as_deref()),
            (LinkKind::Group, Some("Walls & ropes"))
        );
        assert_eq!((&read.key, read.chat.as_ref()), (&key, Some(&group.id)));
    }
    // Nobody hears the question of a stranger.
    let ask = AskToJoin {
        group: group.id.clone(),
        admin: key,
        introduction: "Please".into(),
    };
    let refused = client.ask_to_join(&bobby, &ask).await.unwrap_err();
    assert_eq!(refused.code(), Some("not_a_contact"));
    // Who is out hands on no links.
    client.leave(&alice, &group.id).await.unwrap();
    assert_eq!(client.link(&alice, &query).await.unwrap_err().code(), Some("no_link"));
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn codes_come_as_pictures() {
    let running = start().await;
    let alice = unlocked(&running.client, "Alice Doe").await;
    let host = format!("Host: {}", running.host());
    let token = format!("Authorization: Bearer {}", running.token());
    for (form, kind) in [("png", "image/png"), ("svg", "image/svg+xml")] {
        let path = format!("/v1/profiles/{alice}/link/qr.{form}");
        let (status, head, _) = running.get(&path, &[&host, &token, "Connection: close"]).await;
        assert_eq!(status, 200);
        assert!(head.contains(&format!("content-type: {kind}")), "{head}");
        let (status, _, _) = running.get(&path, &[&host, "Connection: close"]).await;
        assert_eq!(status, 401);
    }
    running.daemon.shutdown().await;
}
