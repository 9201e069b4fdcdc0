use super::*;

fn door() -> (tempfile::TempDir, Door) {
    let dir = tempfile::tempdir().unwrap();
    let door = Door::of(dir.path(), 0).unwrap();
    (dir, door)
}

fn invite(door: &Door, now: Instant) -> String {
    let (code, _) = door.invite("http://127.0.0.1:1", None, now).unwrap();
    code.expose().to_owned()
}

#[test]
fn a_code_works_once_and_for_a_minute() {
    let (_dir, door) = door();
    let now = Instant::now();
    let code = invite(&door, now);
    assert!(door.enter("", now, 0).unwrap().is_none());
    assert!(door.enter(&code[1..], now, 0).unwrap().is_none());
    assert!(door.enter(&format!("{code}0"), now, 0).unwrap().is_none());
    assert!(
        door.enter(&code, now + CODE_LIVES - Duration::from_millis(1), 0)
            .unwrap()
            .is_some()
    );
    assert!(door.enter(&code, now, 0).unwrap().is_none(), "replayed");
    let late = invite(&door, now);
    assert!(door.enter(&late, now + CODE_LIVES, 0).unwrap().is_none());
}

#[test]
fn a_code_may_be_typed_as_people_type() {
    let (_dir, door) = door();
    let now = Instant::now();
    let code = invite(&door, now);
    assert_eq!(code.len(), 14);
    let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
    assert!(door.enter(&typed, now, 0).unwrap().is_some());
}

#[cfg(unix)]
#[test]
fn the_page_is_for_the_owner_and_goes_with_the_code() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, door) = door();
    let now = Instant::now();
    let (code, file) = door.invite("http://127.0.0.1:1", None, now).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let page = fs::read_to_string(&file).unwrap();
    assert!(page.contains(code.expose()) && page.contains("http://127.0.0.1:1/open"));
    assert!(
        !page.contains('{') || !page.contains("{code}"),
        "nothing is left to fill in"
    );
    door.expire(now + CODE_LIVES - Duration::from_millis(1));
    assert!(file.exists());
    door.expire(now + CODE_LIVES);
    assert!(!file.exists());

    let (code, file) = door.invite("http://127.0.0.1:1", None, now).unwrap();
    door.enter(code.expose(), now, 0).unwrap().unwrap();
    assert!(!file.exists());
}

#[test]
fn the_page_goes_on_to_a_chat_whatever_its_name() {
    let (_dir, door) = door();
    let action = |chat: Option<&str>| {
        let (_, file) = door.invite("http://127.0.0.1:1", chat, Instant::now()).unwrap();
        let page = fs::read_to_string(file).unwrap();
        let (_, rest) = page.split_once("action=\"").unwrap();
        rest.split_once("\">\n").unwrap().0.to_owned()
    };
    assert_eq!(action(None), "http://127.0.0.1:1/open");
    assert_eq!(action(Some("0x04ab")), "http://127.0.0.1:1/open#/chats/0x04ab");
    assert_eq!(
        action(Some("\"><script>{code}é")),
        "http://127.0.0.1:1/open#/chats/%22%3E%3Cscript%3E%7Bcode%7D%C3%A9"
    );
}

#[test]
fn codes_and_sessions_are_bounded() {
    let (dir, door) = door();
    let now = Instant::now();
    let first = invite(&door, now);
    for _ in 0..MOST_CODES {
        invite(&door, now);
    }
    assert!(door.enter(&first, now, 0).unwrap().is_none());
    let mut sessions = Vec::new();
    for _ in 0..=MOST_SESSIONS {
        let code = invite(&door, now);
        sessions.push(door.enter(&code, now, 0).unwrap().unwrap());
    }
    assert!(door.session(sessions[0].cookie().expose()).is_none());
    assert!(door.session(sessions[1].cookie().expose()).is_some());

    // They outlive the run, but not the month.
    let again = Door::of(dir.path(), SESSION_MS - 1).unwrap();
    assert!(again.session(sessions[1].cookie().expose()).is_some());
    assert_eq!(again.cookie_name(), door.cookie_name());
    let later = Door::of(dir.path(), SESSION_MS).unwrap();
    assert!(later.session(sessions[1].cookie().expose()).is_none());
}

#[test]
fn a_secret_is_of_no_use_in_another_run_or_on_another_host() {
    let (dir, door) = door();
    let now = Instant::now();
    let code = invite(&door, now);
    let session = door.enter(&code, now, 0).unwrap().unwrap();
    // As a page makes it.
    let mut mac = Hmac::<Sha256>::new_from_slice(session.key().expose().as_bytes()).unwrap();
    mac.update(format!("undertone page\n{}\n127.0.0.1:1", door.run()).as_bytes());
    let secret = hex::encode(mac.finalize().into_bytes());
    assert!(door.is_secret(&session, "127.0.0.1:1", &secret));
    assert!(!door.is_secret(&session, "127.0.0.1:2", &secret));
    assert!(!door.is_secret(&session, "127.0.0.1:1", ""));
    assert!(!door.is_secret(&session, "127.0.0.1:1", session.key().expose()));
    let again = Door::of(dir.path(), 0).unwrap();
    assert!(!again.is_secret(&session, "127.0.0.1:1", &secret));
    assert_ne!(again.proof(&session, "n", "h"), door.proof(&session, "n", "h"));
}

#[test]
fn what_is_kept_may_be_damaged() {
    let (dir, door) = door();
    for damaged in ["", "{", r#"{"instance":"a b","sessions":[]}"#] {
        fs::write(dir.path().join(DOOR_FILE), damaged).unwrap();
        let again = Door::of(dir.path(), 0).unwrap();
        assert!(is_instance(&again.state().kept.instance));
        assert_ne!(again.cookie_name(), door.cookie_name());
    }
}

#[test]
fn nothing_secret_shows() {
    let (_dir, door) = door();
    let now = Instant::now();
    let waiting = invite(&door, now);
    let code = invite(&door, now);
    let session = door.enter(&code, now, 0).unwrap().unwrap();
    let shown = format!("{door:?}");
    for secret in [waiting.as_str(), session.cookie().expose(), session.key().expose()] {
        assert!(!shown.contains(secret));
    }
}
