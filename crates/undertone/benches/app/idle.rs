//! An unlocked, connected daemon to which nothing happens.

use std::time::Duration;

use messenger::accounts::Cost;
use tokio::time::sleep;

use crate::people::{Online, PROFILE, Pair};
use crate::process::service_node;
use crate::table;

/// One minute, times sixty.
pub(crate) async fn idle() {
    let dir = tempfile::tempdir().unwrap();
    let pair = Pair::new(dir.path(), Cost::DEFAULT);
    let home = pair.home.clone();
    drop(pair);
    let (node, address) = service_node(&dir.path().join("service"));
    let bob = Online::start(&home, &[&address]).await;
    bob.settled().await;
    sleep(Duration::from_secs(15)).await;
    let started = bob.process.anonymous();
    let before = (bob.process.cpu(), node.cpu(), bob.client.node(PROFILE).await.unwrap());
    sleep(Duration::from_secs(60)).await;
    let after = bob.client.node(PROFILE).await.unwrap();
    let hourly = |time: Duration| format!("{:.1} s", time.as_secs_f64() * 60.0);
    let megabytes = |bytes: u64| format!("{:.2} MB", bytes as f64 * 60.0 / 1e6);
    table(
        "Idle for a minute, per hour (relay mode, one node)",
        &[
            ("daemon, CPU", "5 s", "21 s", hourly(bob.process.cpu() - before.0)),
            ("service node, CPU", "", "", hourly(node.cpu() - before.1)),
            (
                "daemon, received",
                "",
                "0.20 MB",
                megabytes(after.bytes_in - before.2.bytes_in),
            ),
            (
                "daemon, sent",
                "",
                "0.21 MB",
                megabytes(after.bytes_out - before.2.bytes_out),
            ),
            (
                "daemon, anonymous memory, before and after",
                "40 MB",
                "22 MB",
                format!("{started:.1} MB, {:.1} MB", bob.process.anonymous()),
            ),
            (
                "daemon, resident",
                "",
                "80 MB",
                format!("{:.1} MB", bob.process.resident()),
            ),
        ],
    );
    bob.process.terminate();
    node.terminate();
}
