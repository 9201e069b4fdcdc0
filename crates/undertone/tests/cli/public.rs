//! Two strangers and a service node, as processes: they meet in a public chat.

use crate::common::{Person, eventually};
use crate::talk::{key, node};

fn texts(person: &Person, chat: &str) -> Vec<String> {
    person.texts(chat).into_iter().map(|(text, _)| text).collect()
}

#[test]
fn two_strangers_talk_in_a_public_chat() {
    let parent = tempfile::tempdir().unwrap();
    let (mut service, address) = node(parent.path());
    let mut alice = Person::new(parent.path(), "alice");
    let mut bob = Person::new(parent.path(), "bobby");
    alice.start(&[&address]);
    bob.start(&[&address]);

    let chat = alice.json(&["public", "join", "#Climbing"]);
    assert_eq!(
        (chat["name"].as_str(), chat["kind"].as_str()),
        (Some("climbing"), Some("public"))
    );
    let said = bob.run(&["public", "join", "climbing"]);
    assert_eq!(
        said.trim(),
        "You are in #climbing. Anyone who knows the name can read what you write."
    );
    alice.run(&["send", "#climbing", "Who is in on Saturday?"]);
    eventually("the question", || {
        (texts(&bob, "#climbing") == ["Who is in on Saturday?"]).then_some(())
    });
    bob.run(&["send", "#climbing", "I am."]);
    eventually("the answer", || (texts(&alice, "#climbing").len() == 2).then_some(()));
    let page = bob.json(&["messages", "#climbing"]);
    let author = &page["items"][0];
    assert_eq!(author["author"].as_str(), Some(key(&alice).as_str()));
    let name = author["authorName"].as_str().unwrap();
    assert!(
        name.starts_with("alice (zQ3"),
        "a name is a claim, so the key stands beside it: {name}"
    );
    assert!(bob.run(&["chats"]).contains("#climbing"));
    assert_eq!(bob.json(&["public", "list"])[0]["id"], "climbing");

    // A stranger is ignored: what they said is gone, and nothing more is heard of them.
    bob.run(&["contact", "block", &key(&alice)]);
    assert_eq!(texts(&bob, "#climbing"), ["I am."]);
    alice.run(&["send", "#climbing", "Hello?"]);
    bob.run(&["send", "#climbing", "Anybody else?"]);
    eventually("what Bobby said last", || {
        (texts(&alice, "#climbing").len() == 4).then_some(())
    });
    assert_eq!(texts(&bob, "#climbing"), ["I am.", "Anybody else?"]);

    bob.run(&["public", "leave", "climbing"]);
    let (code, said) = bob.failure(&["send", "#climbing", "Still here?"]);
    assert_eq!((code, said.trim()), (5, "error: there is no such chat"));
    let (_, said) = bob.failure(&["public", "join", "two words"]);
    assert!(said.contains("small letters, digits and minus signs"), "{said}");
    alice.stop();
    bob.stop();
    assert!(service.terminate().success());
}
