//! Two people, as processes: what is said is changed, deleted, answered with an emoji, and pinned.

use serde_json::Value;

use crate::common::{Person, eventually};
use crate::talk::{contact_state, key, node};

/// The message of a chat with an id.
fn message(person: &Person, chat: &str, id: &str) -> Option<Value> {
    let page = person.json(&["messages", chat]);
    let items = page["items"].as_array().unwrap();
    items.iter().find(|message| message["id"] == id).cloned()
}

#[test]
fn what_is_said_is_changed_answered_pinned_and_deleted() {
    // over budget: one story, told in order
    let parent = tempfile::tempdir().unwrap();
    let (_service, address) = node(parent.path());
    let mut alice = Person::new(parent.path(), "alice");
    let mut bob = Person::new(parent.path(), "bobby");
    alice.start(&[&address]);
    bob.start(&[&address]);
    let (alice_key, bob_key) = (key(&alice), key(&bob));
    alice.run(&["contact", "add", &bob_key]);
    eventually("the request", || {
        contact_state(&bob, &alice_key).filter(|state| state == "asking")
    });
    bob.run(&["contact", "accept", &alice_key]);
    eventually("the acceptance", || {
        contact_state(&alice, &bob_key).filter(|state| state == "mutual")
    });

    let sent = alice.json(&["send", &bob_key, "see you at ate"]);
    let id = sent["messageId"].as_str().unwrap();
    let at_bob = |wanted: &dyn Fn(&Value) -> bool| message(&bob, &alice_key, id).filter(|message| wanted(message));
    eventually("the text", || at_bob(&|_| true));

    let edited = alice.json(&["edit", "@bobby", "last", "see you at eight"]);
    assert!(edited["text"] == "see you at eight" && edited["editedAt"].is_u64());
    eventually("the edit", || {
        at_bob(&|message| message["text"] == "see you at eight" && message["editedAt"].is_u64())
    });

    // The beginning of an id is enough.
    bob.run(&["react", &alice_key, &id[..12], "👍"]);
    bob.run(&["pin", &alice_key, "last"]);
    eventually("the reaction and the pin", || {
        let message = message(&alice, &bob_key, id)?;
        let reaction = &message["reactions"][0];
        (reaction["emoji"] == "👍" && reaction["count"] == 1 && message["pinned"] == true).then_some(())
    });
    let pins = alice.json(&["pins", "@bobby"]);
    assert_eq!(pins["items"][0]["id"], id);
    let line = alice.json(&["messages", "@bobby"])["items"]
        .as_array()
        .unwrap()
        .last()
        .cloned()
        .unwrap();
    assert_eq!(
        (&line["happening"], &line["text"]),
        (&"pinned".into(), &"bobby pinned a message".into())
    );
    bob.run(&["react", &alice_key, &id[..12], "👍", "--undo"]);
    bob.run(&["unpin", &alice_key, &id[..12]]);
    eventually("both taken back", || {
        let message = message(&alice, &bob_key, id)?;
        (message["reactions"].is_null() && message["pinned"].is_null()).then_some(())
    });

    alice.run(&["delete", "@bobby", &id[..12]]);
    eventually("the deletion", || {
        at_bob(&|message| message["deleted"] == true && message["text"] == "")
    });
    let found = bob.json(&["search", "eight"]);
    assert_eq!(found["items"].as_array().unwrap().len(), 0);
}
