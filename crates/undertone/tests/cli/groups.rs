//! A private group of three people as processes.

use serde_json::Value;

use crate::common::{Person, assert_sentence, eventually};
use crate::people::PIXEL;
use crate::talk::{key, node};

/// Waits until a person sees the group so: its name, and how many are in it.
fn sees(person: &Person, group: &str, name: &str, members: usize) -> Value {
    eventually(&format!("{name} with {members}"), || {
        let seen = person.json(&["group", "members", group]);
        (seen["name"] == name && seen["members"].as_array().unwrap().len() == members).then_some(seen)
    })
}

fn befriend(one: &Person, other: &Person) {
    let (ones, others) = (key(one), key(other));
    one.run(&["contact", "add", &others, "--note", "Hello"]);
    eventually("the request", || {
        let contacts = other.json(&["contact", "list"]);
        let asks = |contact: &&Value| contact["key"] == ones.as_str() && contact["state"] == "asking";
        contacts.as_array().unwrap().iter().find(asks).map(drop)
    });
    other.run(&["contact", "accept", &ones]);
    eventually("the contact", || {
        (one.json(&["contact", "show", &others])["state"] == "mutual").then_some(())
    });
}

fn texts(person: &Person, group: &str) -> Vec<String> {
    person.texts(group).into_iter().map(|(text, _)| text).collect()
}

#[test]
fn a_group_of_three_lives_and_changes() {
    // over budget: one story, told in order
    let parent = tempfile::tempdir().unwrap();
    let (mut service, address) = node(parent.path());
    let mut people = ["alice", "bobby", "carol"].map(|name| Person::new(parent.path(), name));
    people.iter_mut().for_each(|person| person.start(&[&address]));
    let [alice, bob, carol] = &people;
    befriend(alice, bob);
    befriend(alice, carol);

    // Alice founds it with a picture; both are in it at once, because she is their contact.
    let picture = parent.path().join("wall.png");
    std::fs::write(&picture, PIXEL).unwrap();
    let founded = alice.json(&[
        "group",
        "create",
        "Climbing",
        "@bobby",
        "@carol",
        "--colour",
        "#7cda00",
        "--picture",
        picture.to_str().unwrap(),
    ]);
    let group = founded["id"].as_str().unwrap();
    eventually("the group", || {
        let groups = bob.json(&["group", "list"]);
        (groups[0]["id"] == group).then_some(())
    });
    let seen = sees(bob, group, "Climbing", 3);
    let members = seen["members"].as_array().unwrap().iter();
    let admins: Vec<_> = members.filter(|member| member["role"] == "admin").collect();
    assert!(admins.len() == 1 && admins[0]["name"] == "alice", "{seen}");
    let seen = eventually("the picture", || {
        let seen = bob.json(&["group", "members", group]);
        seen["picture"].is_string().then_some(seen)
    });
    assert_eq!(
        (seen["colour"].as_str(), seen["standing"].as_str()),
        (Some("#7cda00"), Some("in"))
    );
    eventually("Carol's list", || {
        let groups = carol.json(&["group", "list"]);
        (groups[0]["memberCount"] == 3 && groups[0]["name"] == "Climbing").then_some(())
    });

    // Everybody says something; Bobby and Carol never met.
    let said = alice.run(&["send", "@Climbing", "Who is in?"]);
    eventually("all have it", || {
        let receipts = alice.json(&["group", "delivery", said.trim()]);
        let receipts = receipts.as_array().unwrap();
        (receipts.len() == 2 && receipts.iter().all(|receipt| receipt["deliveredAt"].is_u64())).then_some(())
    });
    bob.run(&["send", group, "I am"]);
    carol.run(&["send", group, "Me too"]);
    for person in [alice, bob, carol] {
        eventually("what was said", || (texts(person, group).len() == 3).then_some(()));
    }
    let page = alice.json(&["messages", group]);
    let reach = &page["items"][0]["reach"];
    assert_eq!(
        (reach["members"].as_u64(), reach["delivered"].as_u64()),
        (Some(2), Some(2))
    );

    // Name and admins are seen by all.
    bob.run(&["group", "rename", group, "Boulders"]);
    sees(alice, group, "Boulders", 3);
    sees(carol, group, "Boulders", 3);
    alice.run(&["group", "admin", group, "@carol"]);
    eventually("the admin", || {
        let seen = carol.json(&["group", "members", group]);
        (seen["members"][0]["own"] == true && seen["members"][0]["role"] == "admin").then_some(())
    });
    let (code, refused) = bob.failure(&["group", "remove", group, "@alice"]);
    assert_sentence(&refused);
    assert_ne!(code, 0);

    // Whoever is put out sees nothing later, whoever comes back nothing from meanwhile.
    let bobs = key(bob);
    alice.run(&["group", "remove", group, &bobs]);
    eventually("Bobby is out", || {
        (bob.json(&["group", "members", group])["standing"] == "out").then_some(())
    });
    carol.run(&["send", group, "Without Bobby"]);
    eventually("what Carol said", || (texts(alice, group).len() == 4).then_some(()));
    let (_, refused) = bob.failure(&["send", group, "Hello?"]);
    assert!(refused.contains("not in this group any more"), "{refused}");
    alice.run(&["group", "add", group, "@bobby"]);
    eventually("Bobby is back", || {
        (bob.json(&["group", "members", group])["standing"] == "in").then_some(())
    });
    alice.run(&["send", group, "Welcome back"]);
    eventually("what Bobby sees", || {
        (texts(bob, group) == ["Who is in?", "I am", "Me too", "Welcome back"]).then_some(())
    });

    // Carol leaves, and keeps what was said.
    carol.run(&["group", "leave", group]);
    sees(alice, group, "Boulders", 2);
    assert_eq!(texts(carol, group).len(), 5);
    let events = alice.run(&["group", "events", group]);
    for what in [
        "alice founded Climbing",
        "named it Boulders",
        "put out bobby",
        "let in bobby",
        "left",
    ] {
        assert!(events.contains(what), "{what} is not in {events}");
    }

    // She asks to come back, with what somebody sent her.
    let link = alice.run(&["group", "link", group]);
    let invitation = format!("Come back: {}!", link.trim());
    carol.run(&["group", "request", "ask", &invitation, "--note", "I was wrong"]);
    let asked = eventually("her request", || {
        let requests = alice.json(&["group", "request", "list"]);
        requests.as_array().unwrap().first().cloned()
    });
    assert_eq!(asked["introduction"], "I was wrong");
    alice.run(&["group", "request", "accept", group, "@carol"]);
    eventually("she is back", || {
        (carol.json(&["group", "members", group])["standing"] == "in").then_some(())
    });
    people.iter_mut().for_each(Person::stop);
    assert!(service.terminate().success());
}
