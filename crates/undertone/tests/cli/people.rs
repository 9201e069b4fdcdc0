//! Two people as processes: what they show of themselves, how they make sure of each other, and what is told of it.

use serde_json::Value;

use crate::common::{Person, Process, eventually, undertone};
use crate::talk::{key, node};

/// One red pixel.
pub(crate) const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

#[test]
fn two_people_show_themselves_and_make_sure_of_each_other() {
    // over budget: one story, told in order
    let parent = tempfile::tempdir().unwrap();
    let (mut service, address) = node(parent.path());
    let mut alice = Person::new(parent.path(), "alice");
    let mut bob = Person::new(parent.path(), "bobby");
    alice.start(&[&address]);
    bob.start(&[&address]);
    let (alice_key, bob_key) = (key(&alice), key(&bob));
    let contact = |person: &Person, other: &str| person.json(&["contact", "show", other]);

    // Bobby listens; he allows names in notifications.
    bob.run(&["settings", "--preview", "name"]);
    let (mut listener, _joined) = {
        let mut command = undertone(&["listen", "--json", "--data-dir"]);
        Process::start(command.arg(&bob.dir))
    };
    alice.run(&["contact", "add", &bob_key, "--note", "Hi Bobby"]);
    let told = loop {
        let frame: Value = serde_json::from_str(&listener.line().expect("listening goes on")).unwrap();
        if frame["signal"]["kind"] == "notification" {
            break frame["signal"]["value"].clone();
        }
    };
    assert_eq!(
        (told["event"].as_str(), told["title"].as_str()),
        (Some("contact-request"), Some("alice"))
    );
    assert_eq!((told["body"].as_str(), told["sound"].as_bool()), (None, Some(true)));
    listener.kill();

    // He answers from the activity centre.
    let waiting = bob.json(&["activity", "list", "--unread", "--kind", "contact-request"]);
    assert_eq!(
        (waiting["unread"].as_u64(), waiting["items"][0]["answer"].as_str()),
        (Some(1), Some("pending"))
    );
    bob.run(&["activity", "accept", waiting["items"][0]["id"].as_str().unwrap()]);
    eventually("the contact", || {
        (contact(&alice, &bob_key)["state"] == "mutual").then_some(())
    });

    // Alice shows herself.
    let picture = parent.path().join("alice.png");
    std::fs::write(&picture, PIXEL).unwrap();
    alice.run(&[
        "profile",
        "set",
        "--bio",
        "Climbs walls",
        "--colour",
        "7",
        "--link",
        "site=https://example.org",
        "--picture",
        picture.to_str().unwrap(),
    ]);
    let seen = eventually("her profile", || {
        let seen = contact(&bob, &alice_key);
        (seen["bio"] == "Climbs walls" && seen["picture"].is_string()).then_some(seen)
    });
    assert_eq!(
        (seen["colour"].as_u64(), seen["links"][0]["label"].as_str()),
        (Some(7), Some("site"))
    );
    assert_eq!(seen["presence"], Value::Null);
    alice.run(&["presence", "do-not-disturb", "--text", "on a wall"]);
    let presence = eventually("her presence", || {
        Some(contact(&bob, &alice_key)["presence"].clone()).filter(|presence| presence.is_object())
    });
    assert_eq!(
        (presence["state"].as_str(), presence["text"].as_str()),
        (Some("busy"), Some("on a wall"))
    );

    // They make sure of each other, in both ways.
    let (hers, his) = (
        alice.json(&["contact", "safety", &bob_key]),
        bob.json(&["contact", "safety", &alice_key]),
    );
    assert_eq!(hers, his);
    alice.run(&["contact", "verified", &bob_key]);
    assert!(contact(&alice, &bob_key)["verifiedAt"].is_u64());
    alice.run(&["contact", "verified", &bob_key, "--undo"]);
    alice.run(&["contact", "verify", "ask", &bob_key, "Where did we meet?"]);
    eventually("her question", || {
        (contact(&bob, &alice_key)["askedByThem"]["question"] == "Where did we meet?").then_some(())
    });
    bob.run(&["contact", "verify", "answer", &alice_key, "On the train"]);
    eventually("his answer", || {
        (contact(&alice, &bob_key)["askedByUs"]["answer"] == "On the train").then_some(())
    });
    alice.run(&["contact", "verify", "believe", &bob_key]);
    let believed = contact(&alice, &bob_key);
    assert!(
        believed["trust"] == "trusted" && believed["verifiedAt"].is_u64(),
        "{believed}"
    );
    assert_eq!(contact(&bob, &alice_key)["trust"], "unknown", "he is not told");

    // Silence, and the end of it all.
    assert!(bob.json(&["mute", &alice_key, "--for", "8h"])["mutedUntil"].is_u64());
    bob.run(&["contact", "block", &alice_key]);
    let blocked = contact(&bob, &alice_key);
    assert!(blocked["picture"].is_null() && blocked["presence"].is_null() && blocked["state"] == "blocked");
    alice.stop();
    bob.stop();
    assert!(service.terminate().success());
}
