//! Backups: made, listed, fetched, restored on a new device, and refused.

use std::path::Path;
use std::time::Duration;

use api::client::Client;
use api::{BackupJob, BackupState, ContactRequest, CreateBackup, RestoreProfile, Unlock};

use crate::common::{password, start, unlocked};

async fn over(client: &Client, profile: &str, begun: BackupJob) -> BackupJob {
    let wait = async {
        loop {
            let job = client.backups(profile).await.unwrap().job.unwrap();
            assert_eq!(job.number, begun.number);
            if job.state != BackupState::Running {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap()
}

async fn made(client: &Client, profile: &str) -> String {
    let begun = client
        .create_backup(profile, &CreateBackup { messages: true })
        .await
        .unwrap();
    let job = over(client, profile, begun).await;
    assert_eq!(job.state, BackupState::Done, "{job:?}");
    job.file.unwrap()
}

#[tokio::test]
async fn a_backup_made_here_is_restored_there_with_the_phrase_alone() {
    let (running, elsewhere) = (start().await, start().await);
    let client = &running.client;
    let alice = unlocked(client, "Alice Doe").await;
    let bobby = unlocked(client, "Bobby").await;
    let request = ContactRequest {
        key: client.account(&bobby).await.unwrap().key,
        note: "Hello!".into(),
    };
    client.request_contact(&alice, &request).await.unwrap();
    let name = made(client, &alice).await;
    let listed = client.backups(&alice).await.unwrap();
    assert_eq!(listed.files.len(), 1);
    assert_eq!(
        (listed.files[0].name.clone(), listed.files[0].automatic),
        (name.clone(), false)
    );
    let bytes = std::fs::read(Path::new(&listed.folder).join(&name)).unwrap();
    assert_eq!(bytes.len() as u64, listed.files[0].size);
    for plain in [&b"Hello!"[..], b"Alice Doe", b"Bobby"] {
        assert!(!bytes.windows(plain.len()).any(|part| part == plain));
    }
    let copy = running.dir.path().join("copy");
    client.download_backup(&alice, &name, &copy).await.unwrap();
    assert_eq!(std::fs::read(&copy).unwrap(), bytes);
    assert!(
        client.download_backup(&alice, &name, &copy).await.is_err(),
        "nothing is overwritten"
    );

    let phrase = api::ExportPhrase { password: password() };
    let phrase = client.export_phrase(&alice, &phrase).await.unwrap().phrase;
    let there = &elsewhere.client;
    let body = RestoreProfile {
        name: "Somebody".into(),
        password: password(),
        phrase,
        unlock: true,
    };
    let restored = there.restore_profile(&body).await.unwrap().id;
    let begun = there.restore_backup_file(&restored, &copy).await.unwrap();
    let job = over(there, &restored, begun).await;
    assert_eq!(job.state, BackupState::Done, "{job:?}");
    let counts = job.restored.unwrap();
    assert_eq!((counts.contacts, counts.chats, counts.messages), (1, 1, 1));
    assert_eq!(there.contacts(&restored).await.unwrap()[0].key, request.key);
    assert_eq!(there.account(&restored).await.unwrap().name, "Alice Doe");
    assert_eq!(there.profiles().await.unwrap()[0].name, "Alice Doe", "in the list, too");
    assert!(
        !Path::new(&there.backups(&restored).await.unwrap().folder)
            .join("restore.incoming")
            .exists()
    );

    there.lock(&restored).await.unwrap();
    there.unlock(&restored, &Unlock { password: password() }).await.unwrap();
    assert_eq!(there.contacts(&restored).await.unwrap().len(), 1);
    running.daemon.shutdown().await;
    elsewhere.daemon.shutdown().await;
}

#[tokio::test]
async fn what_is_no_backup_of_ours_changes_nothing() {
    let running = start().await;
    let client = &running.client;
    let (alice, bobby) = (unlocked(client, "Alice Doe").await, unlocked(client, "Bobby").await);
    let name = made(client, &alice).await;
    let folder = client.backups(&alice).await.unwrap().folder;
    let whole = std::fs::read(Path::new(&folder).join(&name)).unwrap();
    let file = running.dir.path().join("file");
    let mut altered = whole.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    let long = [&whole[..], b"more"].concat();
    for (profile, bytes, code) in [
        (&bobby, &whole[..], "other_profile"),
        (&alice, &altered, "damaged_backup"),
        (&alice, &whole[..whole.len() / 2], "damaged_backup"),
        (&alice, &whole[..60], "damaged_backup"),
        (&alice, &long, "damaged_backup"),
        (&alice, b"", "not_a_backup"),
        (&alice, &[b'x'; 1_000], "not_a_backup"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let error = client.restore_backup_file(profile, &file).await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{} bytes", bytes.len());
        let job = client.backups(profile).await.unwrap().job.unwrap();
        assert_eq!(
            (job.state, job.error.unwrap().code.as_str()),
            (BackupState::Failed, code)
        );
    }
    assert!(client.contacts(&bobby).await.unwrap().is_empty());
    for name in [
        "../profile.key",
        "..%2fprofile.key",
        "restore.incoming",
        "daily-.undertone-backup",
    ] {
        assert_eq!(
            client.restore_backup(&alice, name).await.unwrap_err().code(),
            Some("not_found")
        );
        assert_eq!(
            client.remove_backup(&alice, name).await.unwrap_err().code(),
            Some("not_found")
        );
    }
    let begun = client.restore_backup(&alice, &name).await.unwrap();
    let job = over(client, &alice, begun).await;
    assert_eq!(
        (job.state, job.restored),
        (BackupState::Done, Some(api::Restored::default()))
    );
    client.remove_backup(&alice, &name).await.unwrap();
    assert!(client.backups(&alice).await.unwrap().files.is_empty());
    running.daemon.shutdown().await;
}
