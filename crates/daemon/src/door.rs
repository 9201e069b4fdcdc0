//! Which browsers were let in: codes that work once, sessions, and the proofs that page and daemon give each other.
//!
//! ```text
//! code      by a file that only the owner can read, or by hand      works once, for a minute
//! session   a cookie and a key, made when a code is used            kept in door.json: pages outlive a restart
//! secret    HMAC of the key over this run and host                  with every request; of no use in another run
//! ```
//!
//! Cookies ignore ports: every server on loopback that the browser visits is sent ours. It opens nothing without the
//! secret, which the page makes from its key, and only after the daemon proved that it knows the key too. Knows no HTTP.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use api::Secret;
use api::place::{DOOR_FILE, OPEN_FILE};
use data_encoding::{Encoding, Specification};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::home::{self, HomeError};

/// The door of one data directory, for one run of the daemon.
#[derive(Debug)]
pub(crate) struct Door {
    dir: PathBuf,
    run: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    kept: Kept,
    codes: Vec<Code>,
}

/// The content of [`DOOR_FILE`].
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    /// Names this data directory among those of the machine, in the name of the cookie.
    instance: String,
    /// The oldest first.
    sessions: Vec<Session>,
}

/// A browser that was let in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    cookie: Secret,
    key: Secret,
    opened_at: u64,
}

#[derive(Debug)]
struct Code {
    text: Secret,
    until: Instant,
}

/// The system gives no random bytes.
pub(crate) type NoRandomness = getrandom::Error;

impl Door {
    /// The door of a data directory. What cannot be read of earlier sessions is forgotten: their pages ask for a code.
    pub(crate) fn of(dir: &Path, now_ms: u64) -> Result<Self, NoRandomness> {
        let kept = fs::read(dir.join(DOOR_FILE)).ok();
        let mut kept = match kept.and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok()) {
            Some(kept) if is_instance(&kept.instance) => kept,
            _ => Kept {
                instance: random(INSTANCE_BYTES)?.expose().to_owned(),
                sessions: Vec::new(),
            },
        };
        kept.sessions
            .retain(|session| now_ms.saturating_sub(session.opened_at) < SESSION_MS);
        Ok(Self {
            dir: dir.to_owned(),
            run: random(SECRET_BYTES)?.expose().to_owned(),
            state: Mutex::new(State {
                kept,
                codes: Vec::new(),
            }),
        })
    }

    /// The name of the cookie: cookies of two data directories live side by side.
    pub(crate) fn cookie_name(&self) -> String {
        format!("undertone-{}", self.state().kept.instance)
    }

    /// Makes a code, and the page that hands it over to `origin` and goes on to a chat; answers the code and the page's
    /// place.
    pub(crate) fn invite(
        &self,
        origin: &str,
        chat: Option<&str>,
        now: Instant,
    ) -> Result<(Secret, PathBuf), InviteError> {
        let text = code()?;
        let page = OPEN_PAGE.replace("{origin}", origin).replace("{place}", &place(chat));
        let page = Zeroizing::new(page.replace("{code}", text.expose()));
        let file = self.dir.join(OPEN_FILE);
        let mut state = self.state();
        state.codes.retain(|code| code.until > now);
        if state.codes.len() >= MOST_CODES {
            state.codes.remove(0);
        }
        home::write_private(&file, page.as_bytes())?;
        state.codes.push(Code {
            text: text.clone(),
            until: now + CODE_LIVES,
        });
        Ok((text, file))
    }

    /// Lets in whoever gives a code that works, and makes sure that it does not work again.
    pub(crate) fn enter(&self, given: &str, now: Instant, now_ms: u64) -> Result<Option<Session>, InviteError> {
        let given = Zeroizing::new(plain(given));
        let mut state = self.state();
        state.codes.retain(|code| code.until > now);
        let known = state
            .codes
            .iter()
            .position(|code| same(&plain(code.text.expose()), &given));
        let Some(known) = known else {
            return Ok(None);
        };
        state.codes.remove(known);
        self.forget_page(&state);
        let session = Session {
            cookie: random(SECRET_BYTES)?,
            key: random(SECRET_BYTES)?,
            opened_at: now_ms,
        };
        state.kept.sessions.push(session.clone());
        while state.kept.sessions.len() > MOST_SESSIONS {
            state.kept.sessions.remove(0);
        }
        let bytes = Zeroizing::new(serde_json::to_vec(&state.kept).expect("plain data with string keys"));
        home::write_private(&self.dir.join(DOOR_FILE), &bytes)?;
        Ok(Some(session))
    }

    /// Forgets the codes that work no more, and the page with the last of them.
    pub(crate) fn expire(&self, now: Instant) {
        let mut state = self.state();
        state.codes.retain(|code| code.until > now);
        self.forget_page(&state);
    }

    /// The session of a cookie's value.
    pub(crate) fn session(&self, cookie: &str) -> Option<Session> {
        let state = self.state();
        let mut sessions = state.kept.sessions.iter();
        sessions.find(|session| same(session.cookie.expose(), cookie)).cloned()
    }

    /// Names this run.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// What proves to a page that this is the daemon it knows.
    pub(crate) fn proof(&self, session: &Session, nonce: &str, host: &str) -> String {
        session.mac(&["undertone daemon", nonce, &self.run, host])
    }

    /// Whether a page of this session made this secret, for this run and host.
    pub(crate) fn is_secret(&self, session: &Session, host: &str, given: &str) -> bool {
        same(&session.mac(&["undertone page", &self.run, host]), given)
    }

    /// The page is there only as long as some code works.
    fn forget_page(&self, state: &State) {
        if state.codes.is_empty() {
            // Absent is the usual case.
            let _ = fs::remove_file(self.dir.join(OPEN_FILE));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one push or removal: a panic in between leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// The cookie's value.
    pub(crate) fn cookie(&self) -> &Secret {
        &self.cookie
    }

    /// What pages make their secrets from.
    pub(crate) fn key(&self) -> &Secret {
        &self.key
    }

    fn mac(&self, parts: &[&str]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes()).expect("a key of any length will do");
        mac.update(parts.join("\n").as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

/// Why nobody can be let in: the machine's fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InviteError {
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness(#[from] NoRandomness),
    /// The file cannot be written.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// Where in the app a browser goes, as the app writes it after the `#`. Nothing in it ends an attribute or an address.
pub(crate) fn place(chat: Option<&str>) -> String {
    let escaped = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    chat.map_or_else(String::new, |id| {
        format!("#/chats/{}", id.bytes().map(escaped).collect::<String>())
    })
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn random(bytes: usize) -> Result<Secret, NoRandomness> {
    let mut random = Zeroizing::new(vec![0; bytes]);
    getrandom::fill(&mut random)?;
    Ok(Secret::new(hex::encode(&*random)))
}

/// Twelve letters and digits in groups of four, none of which is taken for another: 60 bits.
fn code() -> Result<Secret, NoRandomness> {
    let mut random = Zeroizing::new([0; CODE_BYTES]);
    getrandom::fill(&mut *random)?;
    let text = Zeroizing::new(alphabet().encode(&*random));
    let (one, rest) = text.split_at(4);
    let (two, rest) = rest.split_at(4);
    Ok(Secret::new(format!("{one}-{two}-{}", &rest[..4])))
}

/// Crockford's alphabet: without I, L, O and U.
fn alphabet() -> Encoding {
    let mut alphabet = Specification::new();
    alphabet.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    alphabet.encoding().expect("thirty-two different letters and digits")
}

/// A code as a person may type it.
fn plain(code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphanumeric).take(CODE_LETTERS + 1);
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}

fn is_instance(text: &str) -> bool {
    text.len() == 2 * INSTANCE_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// How long a code works.
pub(crate) const CODE_LIVES: Duration = Duration::from_secs(60);
/// Codes that work at one time: more than a person opens within a minute.
const MOST_CODES: usize = 8;
/// Browsers remembered; the oldest has to ask for a code again.
const MOST_SESSIONS: usize = 8;
/// How long a browser that is never closed stays let in: 30 days.
const SESSION_MS: u64 = 30 * 24 * 3600 * 1000;
const SECRET_BYTES: usize = 32;
const INSTANCE_BYTES: usize = 8;
const CODE_LETTERS: usize = 12;
/// A multiple of five, so that no letter is half empty; the first twelve letters are used.
const CODE_BYTES: usize = 10;
const OPEN_PAGE: &str = include_str!("../page/open.html");

#[cfg(test)]
mod tests;
