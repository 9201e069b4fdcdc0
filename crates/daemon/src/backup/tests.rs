use super::*;

#[test]
fn names_are_moments_of_utc_and_nothing_else_is_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let name = free_name(dir.path(), Timestamp(1_795_645_850_123), Cause::Daily);
    assert_eq!(name, "daily-20261125-223050.undertone-backup");
    fs::write(dir.path().join(&name), "").unwrap();
    let next = free_name(dir.path(), Timestamp(1_795_645_850_123), Cause::Daily);
    assert_eq!(next, "daily-20261125-223051.undertone-backup");
    assert!(is_name(&name) && is_name(&next));
    for strange in [
        "",
        "daily-.undertone-backup",
        "../x.undertone-backup",
        "daily-1/../2.undertone-backup",
        "profile.key",
    ] {
        assert!(!is_name(strange), "{strange}");
    }
    assert!(!is_name(&format!("{name}{DRAFT}")));
}

#[test]
fn what_a_crash_left_is_cleared_away_and_the_rest_stays() {
    let profile = tempfile::tempdir().unwrap();
    let dir = profile.path().join(FOLDER);
    fs::create_dir(&dir).unwrap();
    let whole = "backup-20261125-223050.undertone-backup";
    for name in [
        whole,
        "backup-1.undertone-backup.draft",
        "restore.incoming",
        "notes.txt",
    ] {
        fs::write(dir.join(name), "x").unwrap();
    }
    let backups = Backups::open(profile.path(), key());
    let mut left: Vec<_> = entries(&dir).unwrap();
    left.sort();
    assert_eq!(left, [dir.join(whole), dir.join("notes.txt")]);
    let listed: Vec<String> = backups.list().unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(listed, [whole]);
}

#[test]
fn only_the_latest_seven_of_a_week_and_all_that_were_asked_for_stay() {
    let profile = tempfile::tempdir().unwrap();
    let backups = Backups::open(profile.path(), key());
    fs::create_dir(&backups.dir).unwrap();
    for day in 10..20 {
        for begin in [DAILY, ASKED] {
            let path = backups.dir.join(format!("{begin}202611{day}-000000{END}"));
            let file = fs::File::create_new(path).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(1_790_000_000 + day * 86_400))
                .unwrap();
        }
    }
    rotate(&backups).unwrap();
    let files = backups.list().unwrap();
    let (daily, asked): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.automatic);
    assert_eq!((daily.len(), asked.len()), (KEPT, 10));
    assert_eq!(daily[0].name, "daily-20261119-000000.undertone-backup");
    assert_eq!(daily[6].name, "daily-20261113-000000.undertone-backup");
}

fn key() -> BackupKey {
    BackupKey::of(&messenger::SecretKey::from_bytes(&[1; 32]).unwrap())
}
