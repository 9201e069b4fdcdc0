//! Profiles over the API: making, unlocking, locking, changing and removing them, and what is said when that fails.

use std::path::PathBuf;

use crate::common::{Running, password, unlocked};
use api::client::{Client, ClientError};
use api::{
    ChangePassword, CreateProfile, ExportPhrase, ProfileState, Rename, RestoreProfile, Secret, Settings, Unlock,
};
use undertone_daemon::Daemon;

fn code<T: std::fmt::Debug>(result: Result<T, ClientError>) -> String {
    result.unwrap_err().code().unwrap().to_owned()
}

fn wrong() -> Secret {
    Secret::new("wrong horse battery".into())
}

fn file(running: &Running, profile: &str, name: &str) -> PathBuf {
    running.dir.path().join("profiles").join(profile).join(name)
}

async fn state(client: &Client, profile: &str) -> ProfileState {
    client
        .profiles()
        .await
        .unwrap()
        .into_iter()
        .find(|p| p.id == profile)
        .unwrap()
        .state
}

#[tokio::test]
async fn a_profile_is_made_locked_and_unlocked() {
    let running = crate::common::start().await;
    let client = &running.client;
    let body = CreateProfile {
        name: "alice".into(),
        password: password(),
        unlock: false,
    };
    let profile = client.create_profile(&body).await.unwrap();
    assert_eq!((profile.name.as_str(), profile.state), ("alice", ProfileState::Locked));
    assert_eq!(client.profiles().await.unwrap(), std::slice::from_ref(&profile));

    for refused in [
        code(client.account(&profile.id).await),
        code(client.chats(&profile.id, &api::PageQuery::default()).await),
        code(client.events(&profile.id, None).await),
    ] {
        assert_eq!(refused, "locked");
    }
    assert_eq!(
        code(client.unlock(&profile.id, &Unlock { password: wrong() }).await),
        "wrong_password"
    );
    client
        .unlock(&profile.id, &Unlock { password: password() })
        .await
        .unwrap();
    assert_eq!(state(client, &profile.id).await, ProfileState::Unlocked);
    // An unlocked one asks for the password all the same.
    assert_eq!(
        code(client.unlock(&profile.id, &Unlock { password: wrong() }).await),
        "wrong_password"
    );

    let account = client.account(&profile.id).await.unwrap();
    assert!(account.key.starts_with("zQ3") && account.key_hex.starts_with("0x04"));
    let renamed = client
        .rename(
            &profile.id,
            &Rename {
                name: "alice two".into(),
            },
        )
        .await
        .unwrap();
    assert_eq!(renamed.name, "alice two");
    assert_eq!(client.profiles().await.unwrap()[0].name, "alice two");

    client.lock(&profile.id).await.unwrap();
    assert_eq!(code(client.account(&profile.id).await), "locked");
    client
        .unlock(&profile.id, &Unlock { password: password() })
        .await
        .unwrap();
    assert_eq!(client.account(&profile.id).await.unwrap(), renamed);
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_made_leaves_nothing() {
    let running = crate::common::start().await;
    let client = &running.client;
    let create = |name: &str, password: &str| CreateProfile {
        name: name.into(),
        password: Secret::new(password.into()),
        unlock: true,
    };
    assert_eq!(
        code(client.create_profile(&create("al", "long enough password")).await),
        "bad_name"
    );
    assert_eq!(
        code(client.create_profile(&create("alice", "too short")).await),
        "weak_password"
    );
    let phrase = Secret::new("not really twelve words of the list".into());
    let restore = RestoreProfile {
        name: "alice".into(),
        phrase,
        password: password(),
        unlock: true,
    };
    assert_eq!(code(client.restore_profile(&restore).await), "bad_phrase");
    assert_eq!(code(client.account("0123456789ab").await), "not_found");
    assert_eq!(
        std::fs::read_dir(running.dir.path().join("profiles")).unwrap().count(),
        0
    );
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn a_phrase_brings_the_account_back() {
    let running = crate::common::start().await;
    let client = &running.client;
    let first = unlocked(client, "alice").await;
    assert_eq!(
        code(client.export_phrase(&first, &ExportPhrase { password: wrong() }).await),
        "wrong_password"
    );
    let phrase = client
        .export_phrase(&first, &ExportPhrase { password: password() })
        .await
        .unwrap()
        .phrase;
    assert_eq!(phrase.expose().split(' ').count(), 12);
    let account = client.account(&first).await.unwrap();
    client.lock(&first).await.unwrap();
    let locked = client
        .export_phrase(&first, &ExportPhrase { password: password() })
        .await
        .unwrap();
    assert_eq!(locked.phrase, phrase);

    let body = RestoreProfile {
        name: "alice again".into(),
        phrase,
        password: wrong(),
        unlock: true,
    };
    let second = client.restore_profile(&body).await.unwrap();
    let restored = client.account(&second.id).await.unwrap();
    assert_eq!(restored.key, account.key);
    assert_ne!(restored.installation, account.installation);
    // Two profiles share nothing that an observer could join.
    client.unlock(&first, &Unlock { password: password() }).await.unwrap();
    assert_ne!(
        client.node(&first).await.unwrap().peer_id,
        client.node(&second.id).await.unwrap().peer_id
    );
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let new = Secret::new("an entirely new one".into());
    let change = |old: Secret, new: Secret| ChangePassword { old, new };
    assert_eq!(
        code(client.change_password(&profile, &change(wrong(), new.clone())).await),
        "wrong_password"
    );
    // A wrong password does not even interrupt it.
    assert_eq!(state(client, &profile).await, ProfileState::Unlocked);
    client
        .change_password(&profile, &change(password(), new.clone()))
        .await
        .unwrap();
    assert_eq!(state(client, &profile).await, ProfileState::Unlocked);
    client.lock(&profile).await.unwrap();
    assert_eq!(
        code(client.unlock(&profile, &Unlock { password: password() }).await),
        "wrong_password"
    );
    client.unlock(&profile, &Unlock { password: new }).await.unwrap();
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn settings_are_kept() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let before = client.settings(&profile).await.unwrap();
    assert_eq!(before, Settings::default());
    assert_eq!((before.share_megabytes, before.share_hours), (1000, 48));
    let wanted = Settings {
        auto_lock_minutes: Some(30),
        share_megabytes: 10,
        ..before
    };
    assert_eq!(client.save_settings(&profile, &wanted).await.unwrap(), wanted);
    client.lock(&profile).await.unwrap();
    client.unlock(&profile, &Unlock { password: password() }).await.unwrap();
    assert_eq!(client.settings(&profile).await.unwrap(), wanted);
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn removing_erases_the_key_and_the_rest() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    assert!(file(&running, &profile, "profile.key").exists());
    client.remove_profile(&profile).await.unwrap();
    assert!(client.profiles().await.unwrap().is_empty());
    assert_eq!(
        std::fs::read_dir(running.dir.path().join("profiles")).unwrap().count(),
        0
    );
    assert_eq!(code(client.remove_profile(&profile).await), "not_found");
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn damage_is_not_taken_for_a_wrong_password() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    client.lock(&profile).await.unwrap();

    let key = file(&running, &profile, "profile.key");
    let whole = std::fs::read(&key).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&key, &damaged).unwrap();
    assert_eq!(
        code(client.unlock(&profile, &Unlock { password: password() }).await),
        "damaged"
    );
    std::fs::write(&key, &whole).unwrap();

    let database = file(&running, &profile, "profile.db");
    let whole = std::fs::read(&database).unwrap();
    let mut damaged = whole.clone();
    damaged[100] ^= 1;
    std::fs::write(&database, &damaged).unwrap();
    let error = client
        .unlock(&profile, &Unlock { password: password() })
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("damaged"));
    assert!(error.to_string().contains("damaged"), "{error}");
    std::fs::write(&database, &whole).unwrap();
    client.unlock(&profile, &Unlock { password: password() }).await.unwrap();
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn what_a_crash_left_of_making_a_profile_is_cleared_away() {
    let running = crate::common::start().await;
    let profiles = running.dir.path().join("profiles");
    running.daemon.shutdown().await;
    std::fs::create_dir(profiles.join(".new-0123456789ab")).unwrap();
    std::fs::write(profiles.join(".new-0123456789ab/profile.db"), "x").unwrap();
    let daemon = Daemon::start(crate::common::config(&running.dir)).await.unwrap();
    assert_eq!(std::fs::read_dir(&profiles).unwrap().count(), 0);
    daemon.shutdown().await;
}

#[tokio::test]
async fn a_profile_that_is_not_used_locks_itself() {
    let running = crate::common::start().await;
    let client = &running.client;
    let profile = unlocked(client, "alice").await;
    let settings = Settings {
        auto_lock_minutes: Some(10),
        ..Settings::default()
    };
    client.save_settings(&profile, &settings).await.unwrap();
    let pass = async |minutes: u64| {
        tokio::time::pause();
        tokio::time::advance(std::time::Duration::from_secs(minutes * 60)).await;
        tokio::time::resume();
    };
    pass(9).await;
    // Using it begins the time anew.
    client.account(&profile).await.unwrap();
    pass(9).await;
    assert_eq!(state(client, &profile).await, ProfileState::Unlocked);
    pass(2).await;
    while state(client, &profile).await == ProfileState::Unlocked {
        tokio::task::yield_now().await;
    }
    assert_eq!(code(client.account(&profile).await), "locked");
    running.daemon.shutdown().await;
}
