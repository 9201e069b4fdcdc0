//! Two people and a service node, as processes: they meet, talk, crash and come back.

use serde_json::Value;

use crate::common::{Person, Process, eventually, undertone};

/// A service node on loopback, and its address.
pub(crate) fn node(parent: &std::path::Path) -> (Process, String) {
    let mut command = undertone(&[
        "node",
        "--json",
        "--listen-address",
        "127.0.0.1",
        "--tcp-port",
        "0",
        "--log-level",
        "error",
    ]);
    command.arg("--data-dir").arg(parent.join("service"));
    let (process, ready) = Process::start(&mut command);
    (process, ready["addresses"][0].as_str().unwrap().to_owned())
}

pub(crate) fn key(person: &Person) -> String {
    person.json(&["profile", "show"])["key"].as_str().unwrap().to_owned()
}

pub(crate) fn contact_state(person: &Person, key: &str) -> Option<String> {
    let contacts = person.json(&["contact", "list"]);
    let contact = contacts
        .as_array()
        .unwrap()
        .iter()
        .find(|contact| contact["key"] == key)?;
    contact["state"].as_str().map(str::to_owned)
}

fn delivery(person: &Person, chat: &str, text: &str) -> Option<String> {
    person.texts(chat).into_iter().find(|(known, _)| known == text)?.1
}

fn has(person: &Person, chat: &str, text: &str) -> Option<()> {
    person.texts(chat).iter().any(|(known, _)| known == text).then_some(())
}

#[test]
fn two_people_talk_through_crashes_and_absence() {
    // over budget: one story, told in order
    let parent = tempfile::tempdir().unwrap();
    let (mut service, address) = node(parent.path());
    let mut alice = Person::new(parent.path(), "alice");
    let mut bob = Person::new(parent.path(), "bobby");
    alice.start(&[&address]);
    bob.start(&[&address]);
    let (alice_key, bob_key) = (key(&alice), key(&bob));

    // They meet.
    alice.run(&["contact", "add", &bob_key, "--note", "Hi Bobby, it is Alice"]);
    eventually("the request", || {
        contact_state(&bob, &alice_key).filter(|state| state == "asking")
    });
    bob.run(&["contact", "accept", &alice_key]);
    eventually("the acceptance", || {
        contact_state(&alice, &bob_key).filter(|state| state == "mutual")
    });

    // They talk; names are understood.
    let (mut listener, _joined) = {
        let mut command = undertone(&["listen", "--json", "--data-dir"]);
        Process::start(command.arg(&bob.dir))
    };
    alice.run(&["send", &bob_key, "first"]);
    eventually("the first text", || has(&bob, &alice_key, "first"));
    let heard = loop {
        let frame: Value = serde_json::from_str(&listener.line().expect("listening goes on")).unwrap();
        let items = frame["items"].as_array().cloned().unwrap_or_default();
        if let Some(item) = items.into_iter().find(|item| item["value"]["text"] == "first") {
            break item;
        }
    };
    assert_eq!(
        (heard["kind"].as_str(), heard["value"]["own"].as_bool()),
        (Some("message"), Some(false))
    );
    listener.kill();
    eventually("the acknowledgement", || {
        delivery(&alice, &bob_key, "first").filter(|state| state == "delivered")
    });
    bob.run(&["send", "@alice", "second"]);
    eventually("the second text", || has(&alice, "@bobby", "second"));

    // Bob crashes in the middle and loses nothing.
    alice.run(&["send", &bob_key, "third"]);
    bob.kill();
    bob.start(&[&address]);
    eventually("the third text", || has(&bob, &alice_key, "third"));

    // Bob is away, Alice writes and crashes, Bob returns and finds it at the service node.
    bob.stop();
    alice.run(&["send", &bob_key, "while you were away"]);
    eventually("its way into the network", || {
        delivery(&alice, &bob_key, "while you were away").filter(|s| s == "sent")
    });
    alice.kill();
    bob.start(&[&address]);
    eventually("the text of the absence", || {
        has(&bob, &alice_key, "while you were away")
    });

    // Everything is there once, on both sides, and Alice learns that it arrived.
    alice.start(&[&address]);
    eventually("the last acknowledgement", || {
        delivery(&alice, &bob_key, "while you were away").filter(|state| state == "delivered")
    });
    let texts = |person: &Person, chat: &str| -> Vec<String> {
        let mut texts: Vec<String> = person.texts(chat).into_iter().map(|(text, _)| text).collect();
        texts.retain(|text| ["first", "second", "third", "while you were away"].contains(&text.as_str()));
        texts
    };
    let everything = ["first", "second", "third", "while you were away"];
    assert_eq!(texts(&alice, &bob_key), everything);
    assert_eq!(texts(&bob, &alice_key), everything);

    let found = bob.json(&["search", "away"]);
    assert_eq!(found["items"][0]["text"], "while you were away");
    let status = bob.json(&["status"]);
    assert_eq!(status["nodes"][0]["connectivity"], "limited");
    assert!(status["nodes"][0]["sharing"]["messages"].as_u64().is_some(), "{status}");

    alice.stop();
    bob.stop();
    assert!(service.terminate().success());
}

#[test]
fn a_light_profile_sends_and_hears_through_a_service_node() {
    let parent = tempfile::tempdir().unwrap();
    let (mut service, address) = node(parent.path());
    let mut alice = Person::new(parent.path(), "alice");
    let mut bob = Person::new(parent.path(), "bobby");
    alice.start(&[&address]);
    bob.start_with(&[&address], &["--light"]);
    let (alice_key, bob_key) = (key(&alice), key(&bob));

    bob.run(&["contact", "add", &alice_key, "--note", "from a light node"]);
    eventually("the request", || {
        contact_state(&alice, &bob_key).filter(|state| state == "asking")
    });
    alice.run(&["contact", "accept", "@bobby"]);
    eventually("the acceptance", || {
        contact_state(&bob, &alice_key).filter(|state| state == "mutual")
    });
    bob.run(&["send", &alice_key, "pushed"]);
    eventually("the acknowledgement of a light push", || {
        delivery(&bob, &alice_key, "pushed").filter(|state| state == "delivered")
    });
    alice.run(&["send", &bob_key, "filtered"]);
    eventually("the text that a filter brought", || has(&bob, &alice_key, "filtered"));

    let status = bob.json(&["status"]);
    assert_eq!(status["nodes"][0]["mode"], "light");
    assert_eq!(status["nodes"][0]["sharing"], Value::Null);
    assert_eq!(status["nodes"][0]["addresses"], serde_json::json!([]));
    alice.stop();
    bob.stop();
    assert!(service.terminate().success());
}

#[test]
fn a_node_is_added_by_its_address_and_removed_at_once() {
    let parent = tempfile::tempdir().unwrap();
    let (mut service, address) = node(parent.path());
    let mut alice = Person::new(parent.path(), "alice");
    alice.start(&[]);
    let peers = |alice: &Person| alice.json(&["status"])["nodes"][0]["peers"].as_array().unwrap().len();
    let (_, said) = alice.failure(&["nodes", "add", "/ip4/127.0.0.1/tcp/1"]);
    assert!(said.contains("this is no address of a node"), "{said}");
    alice.run(&["nodes", "add", &address]);
    assert_eq!(alice.json(&["nodes", "list"]), serde_json::json!([address]));
    assert_eq!(peers(&alice), 1);
    alice.kill();
    alice.start(&[]);
    eventually("the node, after a restart", || (peers(&alice) == 1).then_some(()));
    let (_, said) = alice.failure(&["nodes", "remove", "/ip4/127.0.0.1/tcp/1"]);
    assert!(said.contains("nodes list"), "{said}");
    alice.run(&["nodes", "remove", &address]);
    assert_eq!(alice.json(&["nodes", "list"]), serde_json::json!([]));
    eventually("nobody", || (peers(&alice) == 0).then_some(()));
    alice.stop();
    assert!(service.terminate().success());
}

#[test]
fn no_log_holds_what_was_said_or_typed() {
    let parent = tempfile::tempdir().unwrap();
    let mut alice = Person::new(parent.path(), "alice");
    let mut bob = Person::new(parent.path(), "bobby");
    let phrase = alice.fed(&["profile", "export-phrase"], "the password of alice\n");
    let phrase = String::from_utf8(phrase.stdout).unwrap().trim().to_owned();
    let (_service, address) = node(parent.path());
    let log = parent.path().join("log");
    alice.start_logged(&[&address], &log);
    bob.start(&[&address]);
    let bob_key = key(&bob);
    alice.run(&["contact", "add", &bob_key, "--note", "an unlikely note"]);
    eventually("the request", || {
        contact_state(&bob, &key(&alice)).filter(|state| state == "asking")
    });
    bob.run(&["contact", "accept", "@alice"]);
    eventually("the acceptance", || {
        contact_state(&alice, &bob_key).filter(|state| state == "mutual")
    });
    alice.run(&["send", &bob_key, "an unlikely text"]);
    eventually("the acknowledgement", || {
        delivery(&alice, &bob_key, "an unlikely text").filter(|state| state == "delivered")
    });
    alice.run(&["search", "unlikely"]);
    let token = std::fs::read_to_string(alice.dir.join("api.token")).unwrap();
    alice.stop();
    bob.stop();

    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.lines().count() > 20, "a log at level trace says something:\n{log}");
    for secret in [
        "unlikely",
        "the password of",
        &token,
        &phrase,
        // One word alone may stand in any log: many are plain English.
        &phrase[phrase.rmatch_indices(' ').nth(1).unwrap().0 + 1..],
    ] {
        let found = log.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret:?} is in the log");
    }
}
