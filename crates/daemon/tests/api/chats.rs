//! Chats over the API: drafts, what can be done, parts of a long chat, and clearing it.

use api::client::ClientError;
use api::{Draft, Item, JoinPublic, Named, PageQuery, SendText};

use crate::common::{befriend, start_with, unlocked};

fn code<T: std::fmt::Debug>(result: Result<T, ClientError>) -> String {
    result.unwrap_err().code().unwrap().to_owned()
}

fn text(text: &str) -> SendText {
    SendText {
        text: text.into(),
        mentions: Vec::new(),
        reply_to: None,
        previews: Vec::new(),
    }
}

#[tokio::test]
async fn a_draft_names_people_and_is_told_with_its_chat() {
    let (_service, address) = crate::common::service().await;
    let running = start_with(|config| config.network.static_nodes = vec![address]).await;
    let client = &running.client;
    let [alice, bobby] = [unlocked(client, "alice").await, unlocked(client, "bobby").await];
    let (_, bob_key) = befriend(client, &alice, &bobby).await;
    let named = Named {
        name: "bobby".into(),
        key: bob_key.clone(),
    };
    let draft = Draft {
        text: "ask @bobby when".into(),
        mentions: vec![named.clone()],
        ..Draft::default()
    };
    client.keep_draft(&alice, &bob_key, &draft).await.unwrap();
    let chat = client
        .chats(&alice, &PageQuery::default())
        .await
        .unwrap()
        .items
        .remove(0);
    assert_eq!(chat.draft.as_ref(), Some(&draft));
    assert!(chat.can.write && chat.can.pictures && chat.can.large_files);

    let sent = SendText {
        mentions: vec![named.clone()],
        ..text("look, @bobby")
    };
    let id = client.send_text(&alice, &bob_key, &sent).await.unwrap().message_id;
    let message = client.message(&alice, &id).await.unwrap();
    assert!(
        message.text.starts_with("look, @0x04"),
        "keys are sent: {}",
        message.text
    );
    let written = message.written.expect("it names somebody");
    assert_eq!((written.text.as_str(), written.mentions), ("look, @bobby", vec![named]));

    client.keep_draft(&alice, &bob_key, &Draft::default()).await.unwrap();
    let chat = client
        .chats(&alice, &PageQuery::default())
        .await
        .unwrap()
        .items
        .remove(0);
    assert_eq!(chat.draft, None);
    let nobody = Draft {
        mentions: vec![Named {
            name: "x".into(),
            key: "y".into(),
        }],
        ..draft
    };
    assert_eq!(code(client.keep_draft(&alice, &bob_key, &nobody).await), "bad_request");
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn a_message_is_shown_with_those_around_it_and_a_cleared_chat_is_one_word() {
    let running = crate::common::start().await;
    let client = &running.client;
    let alice = unlocked(client, "alice").await;
    let chat = client
        .join_public(&alice, &JoinPublic { name: "news".into() })
        .await
        .unwrap();
    assert!(chat.can.write && !chat.can.pictures && !chat.can.files && !chat.can.pin);
    let mut ids = Vec::new();
    for number in 0..9 {
        let sent = client
            .send_text(&alice, &chat.id, &text(&number.to_string()))
            .await
            .unwrap();
        ids.push(sent.message_id);
    }
    let texts = |page: &api::MessagePage| page.items.iter().map(|item| item.text.clone()).collect::<String>();
    let page = client.messages_around(&alice, &chat.id, &ids[4], 4).await.unwrap();
    assert_eq!(texts(&page), "65432");
    let newer = client
        .messages_after(&alice, &chat.id, page.newer.as_deref().unwrap(), 9)
        .await
        .unwrap();
    assert_eq!((texts(&newer).as_str(), newer.newer), ("87", None));
    let query = PageQuery {
        before: page.next,
        limit: Some(9),
    };
    assert_eq!(texts(&client.messages(&alice, &chat.id, &query).await.unwrap()), "10");
    let end = client.messages_around(&alice, &chat.id, &ids[8], 4).await.unwrap();
    assert_eq!((texts(&end).as_str(), end.newer), ("876", None));
    let nowhere = format!("0x{}", "00".repeat(32));
    assert_eq!(
        code(client.messages_around(&alice, &chat.id, &nowhere, 4).await),
        "message_not_found"
    );

    let mut events = client.events(&alice, None).await.unwrap();
    client.clear_chat(&alice, &chat.id).await.unwrap();
    let items = loop {
        if let api::Frame::Event(event) = events.next().await.unwrap().unwrap()
            && event.items.iter().any(|item| matches!(item, Item::ChatHistory(_)))
        {
            break event.items;
        }
    };
    assert!(items.contains(&Item::ChatHistory(chat.id.clone())));
    assert!(
        !items.iter().any(|item| matches!(item, Item::MessageRemoved(_))),
        "{items:?}"
    );
    running.daemon.shutdown().await;
}
