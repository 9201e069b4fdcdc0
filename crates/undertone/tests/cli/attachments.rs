//! Pictures, a sound and a file between two people, as processes, with the receiver killed in the middle.

use std::path::Path;

use serde_json::Value;

use crate::common::{Person, eventually};
use crate::talk::{contact_state, key, node};

/// Two contacts on one service node.
pub(crate) fn contacts(alice: &Person, bob: &Person) -> (String, String) {
    let (alice_key, bob_key) = (key(alice), key(bob));
    alice.run(&["contact", "add", &bob_key, "--note", "Hi Bobby, it is Alice"]);
    eventually("the request", || {
        contact_state(bob, &alice_key).filter(|state| state == "asking")
    });
    bob.run(&["contact", "accept", &alice_key]);
    eventually("the acceptance", || {
        contact_state(alice, &bob_key).filter(|state| state == "mutual")
    });
    (alice_key, bob_key)
}

/// The messages with attachments that somebody sees, the latest first.
fn carried(person: &Person, chat: &str) -> Vec<Value> {
    person.json(&["file", "list", chat]).as_array().unwrap().clone()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A bitmap in the simplest PNG that there is: 3 × 2 pixels.
fn png() -> Vec<u8> {
    let digits = "89504e470d0a1a0a0000000d49484452000000030000000208020000001216f14d0000001049444154789c6338212707410c\
                  701600410006193c4541960000000049454e44ae426082";
    data_encoding::HEXLOWER.decode(digits.as_bytes()).unwrap()
}

/// What somebody exports has everything that came.
fn exported(bob: &Person, alice: &str, report: &[u8], parent: &Path) {
    let dir = parent.join("exported");
    let said = bob.json(&["export", alice, "--to", text(&dir)]);
    // Two pages, four files.
    assert_eq!(said["files"], 6, "{said}");
    let page = std::fs::read_to_string(dir.join("chat.html")).unwrap();
    let json: Value = serde_json::from_slice(&std::fs::read(dir.join("chat.json")).unwrap()).unwrap();
    let files: Vec<&str> = json["messages"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|message| message["files"].as_array().into_iter().flatten())
        .map(|file| file.as_str().unwrap())
        .collect();
    assert_eq!(files.len(), 4);
    for file in &files {
        assert!(page.contains(file), "{file} is shown");
        assert!(dir.join(file).is_file(), "{file} is there");
    }
    let kept = files.iter().find(|file| file.ends_with("report.bin")).unwrap();
    assert!(std::fs::read(dir.join(kept)).unwrap() == report);
    let (_, said) = bob.failure(&["export", alice, "--to", text(&dir)]);
    assert!(said.contains("choose another name"), "nothing is overwritten: {said}");
    let archive = parent.join("exported.zip");
    bob.run(&["export", alice, "--to", text(&archive)]);
    assert!(std::fs::read(&archive).unwrap().starts_with(b"PK"));
}

#[test]
fn pictures_sounds_and_files_arrive_whole_through_a_crash() {
    // over budget: one story, told in order
    let parent = tempfile::tempdir().unwrap();
    let (mut service, address) = node(parent.path());
    let mut alice = Person::new(parent.path(), "alice");
    let mut bob = Person::new(parent.path(), "bobby");
    alice.start(&[&address]);
    bob.start(&[&address]);
    let (alice_key, bob_key) = contacts(&alice, &bob);

    // A sound: one second of AMR at its highest rate.
    let recording = parent.path().join("hello.amr");
    let mut frame = [0_u8; 32];
    frame[0] = 7 << 3;
    std::fs::write(&recording, [b"#!AMR\n".to_vec(), frame.repeat(50)].concat()).unwrap();
    alice.run(&["audio", "send", &bob_key, text(&recording)]);
    let sound = eventually("the sound", || carried(&bob, &alice_key).into_iter().next());
    assert_eq!(sound["kind"], "audio");
    assert_eq!(
        (&sound["attachments"][0]["durationMs"], &sound["attachments"][0]["mime"]),
        (&1_000.into(), &"audio/amr".into())
    );
    let saved = parent.path().join("saved.amr");
    bob.run(&["file", "get", sound["id"].as_str().unwrap(), "--to", text(&saved)]);
    assert!(std::fs::read(&saved).unwrap() == std::fs::read(&recording).unwrap());
    let (_, said) = alice.failure(&["audio", "send", &bob_key, text(&alice.dir.join("daemon.json"))]);
    assert!(said.contains("only AAC (ADTS) and AMR"), "{said}");

    // A file of nine chunks; its receiver dies in the middle and goes on where it was.
    let file = parent.path().join("report.bin");
    let bytes: Vec<u8> = (0..900_000_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    std::fs::write(&file, &bytes).unwrap();
    let sent = alice.json(&["file", "send", &bob_key, text(&file)]);
    let id = sent["messageId"].as_str().unwrap();
    eventually("some of the file", || {
        let message = carried(&bob, &alice_key)
            .into_iter()
            .find(|message| message["id"] == id)?;
        (message["attachments"][0]["done"].as_u64()? >= 2).then_some(())
    });
    bob.kill();
    bob.start(&[&address]);
    let saved = parent.path().join("saved.bin");
    bob.run(&["file", "get", id, "--to", text(&saved)]);
    assert!(std::fs::read(&saved).unwrap() == bytes);
    let (_, said) = bob.failure(&["file", "get", id, "--to", text(&saved)]);
    assert!(
        said.contains("choose another place with --to"),
        "nothing is overwritten: {said}"
    );
    let (_, said) = alice.failure(&["file", "send", &bob_key, text(&parent.path().join("absent"))]);
    assert!(said.contains("cannot read"), "{said}");

    // A picture: made anew on both sides.
    let picture = parent.path().join("dot.png");
    std::fs::write(&picture, png()).unwrap();
    alice.run(&[
        "send",
        &bob_key,
        "look",
        "--image",
        text(&picture),
        "--image",
        text(&picture),
    ]);
    let album = eventually("both pictures", || {
        let pictures: Vec<Value> = carried(&bob, &alice_key)
            .into_iter()
            .filter(|message| message["kind"] == "image")
            .collect();
        (pictures.len() == 2).then_some(pictures)
    });
    let first = &album[0]["attachments"][0];
    assert_eq!(
        (&first["width"], &first["height"], &first["albumSize"]),
        (&3.into(), &2.into(), &2.into())
    );
    assert_eq!(first["album"], album[1]["attachments"][0]["album"]);
    assert_eq!(album[0]["text"], "look");
    let saved = parent.path().join("saved.jpg");
    bob.run(&["file", "get", album[0]["id"].as_str().unwrap(), "--to", text(&saved)]);
    assert!(
        std::fs::read(&saved).unwrap().starts_with(&[0xff, 0xd8, 0xff]),
        "a JPEG"
    );
    exported(&bob, &alice_key, &bytes, parent.path());
    alice.kill();
    bob.kill();
    service.kill();
}
