//! How fast a file moves between two daemons: in envelopes at the network's pace, and directly.
//!
//! Packet loss below TCP is a matter of the machine (`tc qdisc add dev lo root netem loss 5%`), where its kernel has that;
//! what lost envelopes do to a file is shown in virtual time by the messenger's tests.

use std::path::Path;
use std::time::{Duration, Instant};

use api::{AttachmentKind, AttachmentState, SendAttachments};
use messenger::accounts::Cost;
use tokio::time::sleep;

use crate::people::{Online, PROFILE, Pair};
use crate::process::service_node;
use crate::table;

/// One file of each kind.
pub(crate) async fn files() {
    let dir = tempfile::tempdir().unwrap();
    drop(Pair::new(dir.path(), Cost::DEFAULT));
    let (node, address) = service_node(&dir.path().join("service"));
    let alice = Online::start(&dir.path().join("Alice"), &[&address]).await;
    let bob = Online::start(&dir.path().join("Bobby"), &[&address]).await;
    for person in [&alice, &bob] {
        person.settled().await;
        let mut settings = person.client.settings(PROFILE).await.unwrap();
        settings.direct_files = true;
        person.client.save_settings(PROFILE, &settings).await.unwrap();
    }
    sleep(Duration::from_secs(10)).await;
    let small = moved(&alice, &bob, dir.path(), SMALL).await;
    let cpu = [&alice, &bob].map(|person| person.process.cpu());
    let large = moved(&alice, &bob, dir.path(), LARGE).await;
    let used = [&alice, &bob].map(|person| person.process.cpu());
    let rate = |size: usize, time: Duration| format!("{:.2} MB/s", size as f64 / 1e6 / time.as_secs_f64());
    let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    let per_gigabyte = |at: usize| format!("{:.1} s", (used[at] - cpu[at]).as_secs_f64() * 1e9 / LARGE as f64);
    table(
        "Files on loopback",
        &[
            ("5 MB in envelopes, from sent to whole", "47 s", "", seconds(small)),
            ("5 MB in envelopes", "0.1 MB/s", "", rate(SMALL, small)),
            ("500 MB directly, from asked to whole", "", "", seconds(large)),
            ("500 MB directly", "100 MB/s", "", rate(LARGE, large)),
            ("author, CPU per GB", "", "", per_gigabyte(0)),
            ("receiver, CPU per GB", "", "", per_gigabyte(1)),
            (
                "author, most resident",
                "",
                "",
                format!("{:.0} MB", alice.process.most_resident()),
            ),
            (
                "receiver, most resident",
                "",
                "",
                format!("{:.0} MB", bob.process.most_resident()),
            ),
        ],
    );
    alice.process.terminate();
    bob.process.terminate();
    node.terminate();
}

/// Sends a file and fetches it; how long that took once it was handed over.
async fn moved(alice: &Online, bob: &Online, dir: &Path, size: usize) -> Duration {
    let file = dir.join("file.bin");
    let bytes: Vec<u8> = (0..size as u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    std::fs::write(&file, bytes).unwrap();
    let upload = alice
        .client
        .upload_file(PROFILE, Some("file.bin"), &file)
        .await
        .unwrap();
    assert_eq!(upload.kind, AttachmentKind::File);
    let chat = alice.client.contacts(PROFILE).await.unwrap()[0].key.clone();
    let body = SendAttachments {
        mentions: Vec::new(),
        uploads: vec![upload.id],
        text: String::new(),
        reply_to: None,
    };
    let begin = Instant::now();
    let id = alice
        .client
        .send_attachments(PROFILE, &chat, &body)
        .await
        .unwrap()
        .message_id;
    loop {
        let there = bob.client.message(PROFILE, &id).await.ok();
        match there
            .and_then(|message| message.attachments.into_iter().next())
            .map(|file| file.state)
        {
            Some(AttachmentState::Complete) => return begin.elapsed(),
            Some(AttachmentState::Offered) => {
                bob.client.fetch_attachment(PROFILE, &id).await.unwrap();
            }
            Some(AttachmentState::Failed | AttachmentState::Cancelled) => panic!("the file did not come"),
            Some(AttachmentState::Moving) | None => {}
        }
        sleep(Duration::from_millis(20)).await;
    }
}

const SMALL: usize = 5_000_000;
const LARGE: usize = 500_000_000;
