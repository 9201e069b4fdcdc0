//! A chat as files that anybody can read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;

use api::ContactRequest;
use api::client::Transferred;
use zip::ZipArchive;

use crate::common::{start, unlocked};

#[tokio::test]
async fn a_chat_becomes_pages_and_json_and_what_others_wrote_stays_text() {
    let running = start().await;
    let client = &running.client;
    let alice = unlocked(client, "Alice Doe").await;
    let bobby = unlocked(client, "Bobby").await;
    let note = "<script>alert(\"hi\")</script>\nsecond line";
    let request = ContactRequest {
        key: client.account(&bobby).await.unwrap().key,
        note: note.into(),
    };
    client.request_contact(&alice, &request).await.unwrap();
    let chat = client.chat(&alice, &request.key).await.unwrap().id;

    let to = running.dir.path().join("bobby.zip");
    let mut last = Transferred::default();
    client
        .export_chat(&alice, &chat, &to, &mut |so_far| last = so_far)
        .await
        .unwrap();
    assert_eq!(last.done, std::fs::metadata(&to).unwrap().len());
    assert!(last.total.is_some(), "an estimate");
    let files = read(&to);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["chat.html", "chat.json"]);
    let page = &files["chat.html"];
    assert!(
        page.contains("&lt;script&gt;alert(&quot;hi&quot;)&lt;/script&gt;\nsecond line"),
        "{page}"
    );
    assert!(!page.contains("<script"), "{page}");
    let json: serde_json::Value = serde_json::from_str(&files["chat.json"]).unwrap();
    assert_eq!(json["chat"]["id"], chat);
    assert_eq!(json["messages"].as_array().unwrap().len(), 1);
    assert_eq!(json["messages"][0]["text"], note);

    let again = client.export_chat(&alice, &chat, &to, &mut |_| ()).await;
    assert!(again.is_err(), "nothing is overwritten");
    let absent = running.dir.path().join("absent.zip");
    let error = client
        .export_chat(&alice, "nobody-was-here", &absent, &mut |_| ())
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("not_found"));
    assert!(!absent.exists(), "no half archive is left");
    running.daemon.shutdown().await;
}

fn read(archive: &std::path::Path) -> BTreeMap<String, String> {
    let mut archive = ZipArchive::new(File::open(archive).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for place in 0..archive.len() {
        let mut entry = archive.by_index(place).unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.insert(entry.name().unwrap().into_owned(), text);
    }
    files
}
