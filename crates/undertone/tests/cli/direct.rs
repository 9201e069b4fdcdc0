//! A large file from one device to the other, as processes, with both killed on the way.

use std::path::Path;

use serde_json::Value;

use crate::attachments::contacts;
use crate::common::{Person, eventually};
use crate::talk::node;

/// The one attachment of a message.
fn attachment(person: &Person, chat: &str, id: &str) -> Option<Value> {
    let messages = person.json(&["file", "list", chat]);
    let message = messages
        .as_array()
        .unwrap()
        .iter()
        .find(|message| message["id"] == id)?;
    Some(message["attachments"][0].clone())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_large_file_goes_directly_once_both_allow_it_and_survives_crashes_of_both() {
    // over budget: one story, told in order
    let parent = tempfile::tempdir().unwrap();
    let (mut service, address) = node(parent.path());
    let mut alice = Person::new(parent.path(), "alice");
    let mut bob = Person::new(parent.path(), "bobby");
    alice.start(&[&address]);
    bob.start(&[&address]);
    let (alice_key, bob_key) = contacts(&alice, &bob);

    let film = parent.path().join("film.bin");
    let bytes: Vec<u8> = (0..240_000_001_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    std::fs::write(&film, &bytes).unwrap();
    let (_, said) = alice.failure(&["file", "send", &bob_key, text(&film)]);
    assert!(said.contains("sees your internet address"), "{said}");
    alice.run(&["settings", "--direct-files", "true"]);
    let sent = alice.json(&["file", "send", &bob_key, text(&film)]);
    let id = sent["messageId"].as_str().unwrap();
    let offered = eventually("the announcement", || attachment(&bob, &alice_key, id));
    assert_eq!(
        (&offered["state"], &offered["direct"]),
        (&"offered".into(), &true.into())
    );
    let saved = parent.path().join("saved.bin");
    let (_, said) = bob.failure(&["file", "get", id, "--to", text(&saved)]);
    assert!(said.contains("sees your internet address"), "{said}");
    bob.run(&["settings", "--direct-files", "true"]);

    // The receiver dies as soon as some of it is there, and the author meanwhile; how far they came is the machine's affair.
    bob.run(&["file", "fetch", id]);
    eventually("a part of the file", || {
        attachment(&bob, &alice_key, id)?["done"]
            .as_u64()
            .filter(|done| *done > 0)
    });
    bob.kill();
    alice.kill();
    alice.start(&[&address]);
    bob.start(&[&address]);
    bob.run(&["file", "get", id, "--to", text(&saved)]);
    assert!(std::fs::read(&saved).unwrap() == bytes, "whole");
    eventually("the author's knowledge", || {
        attachment(&alice, &bob_key, id).filter(|file| file["state"] == "complete")
    });

    // Nothing of it stands in the clear, and it goes with its message.
    let profile = std::fs::read_dir(bob.dir.join("profiles"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let kept: Vec<_> = std::fs::read_dir(profile.join("files"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let sealed = std::fs::read(&kept[0]).unwrap();
    assert!(!sealed.windows(32).any(|part| part == &bytes[1_000_000..1_000_032]));
    alice.kill();
    bob.kill();
    service.kill();
}
