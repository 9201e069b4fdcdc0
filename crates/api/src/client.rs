//! A small typed client of the local API, for the command line and for tests.
//!
//! Every request opens a connection of its own: on loopback that costs less than keeping one alive is worth. The client
//! does not retry and keeps no state.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::StreamExt as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest as _};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::place::{self, Place};
use crate::{
    Accepted, Account, AddNode, ChangePassword, Chat, Contact, ContactRequest, CreateProfile, Created, DaemonStatus,
    ErrorBody, ExportPhrase, Frame, Invitation, Message, MessagePage, Nickname, NodeStatus, OpenBrowser, Page,
    PageQuery, Phrase, Profile, Rename, RestoreProfile, SearchQuery, Secret, SendText, Settings, Unlock,
};

mod activity;
mod attachments;
mod backup;
mod bytes;
mod chats;
mod groups;
mod links;
mod marks;
mod people;
mod traces;

pub use bytes::Transferred;

/// Speaks to one daemon.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    token: Secret,
}

/// Why a request had no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No daemon holds the data directory.
    #[error("Undertone is not running here; start it with `undertone` or `undertone start`")]
    NotRunning,
    /// The files that say how to reach the daemon cannot be read.
    #[error("cannot read {file}: {}", .reason.kind(), file = .file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// The connection failed or broke.
    #[error("the connection to Undertone failed: {0}")]
    Connection(io::Error),
    /// The daemon did not answer in time.
    #[error("Undertone did not answer within {} s", PATIENCE.as_secs())]
    TimedOut,
    /// The answer is not of the form agreed: another version, or no Undertone at all.
    #[error("the answer could not be understood; are the program and the running daemon of the same version?")]
    Incomprehensible,
    /// The daemon said no.
    #[error("{}", .body.message)]
    Refused {
        /// The HTTP status, 400 or above.
        status: u16,
        /// Why.
        body: ErrorBody,
    },
}

impl ClientError {
    /// The code of a refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { body, .. } => Some(&body.code),
            _ => None,
        }
    }
}

/// The events of one profile, as they happen.
#[derive(Debug)]
pub struct Events(WebSocketStream<TcpStream>);

impl Events {
    /// The next frame; `None` when the daemon ended the stream.
    ///
    /// # Errors
    /// When the connection breaks, or a frame is not of the form agreed.
    pub async fn next(&mut self) -> Result<Option<Frame>, ClientError> {
        loop {
            return match self.0.next().await {
                None | Some(Ok(tungstenite::Message::Close(_))) => Ok(None),
                Some(Ok(tungstenite::Message::Text(text))) => serde_json::from_str(&text)
                    .map(Some)
                    .map_err(|_| ClientError::Incomprehensible),
                Some(Ok(_)) => continue,
                Some(Err(error)) => Err(websocket_error(error)),
            };
        }
    }
}

/// From where to resume an event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The epoch of the last frame seen.
    pub epoch: String,
    /// The last event applied.
    pub seq: u64,
}

impl Client {
    /// The client for the daemon that holds a data directory.
    ///
    /// # Errors
    /// [`ClientError::NotRunning`], or [`ClientError::Unreadable`] for somebody else's directory.
    pub fn find(data_dir: &Path) -> Result<Self, ClientError> {
        let unreadable = |name: &str, reason| ClientError::Unreadable {
            file: data_dir.join(name),
            reason,
        };
        if !place::is_running(data_dir).map_err(|e| unreadable(place::LOCK_FILE, e))? {
            return Err(ClientError::NotRunning);
        }
        let read = |name: &str| match std::fs::read_to_string(data_dir.join(name)) {
            // Locked but not listening yet.
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(ClientError::NotRunning),
            other => other.map_err(|e| unreadable(name, e)),
        };
        let place: Place =
            serde_json::from_str(&read(place::DAEMON_FILE)?).map_err(|_| ClientError::Incomprehensible)?;
        let token = Secret::new(read(place::TOKEN_FILE)?.trim().to_owned());
        Ok(Self {
            address: place.address,
            token,
        })
    }

    /// A client for a known address and token.
    pub fn new(address: SocketAddr, token: Secret) -> Self {
        Self { address, token }
    }

    /// Where the daemon listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The daemon and its profiles.
    pub async fn status(&self) -> Result<DaemonStatus, ClientError> {
        self.send(Method::GET, "/v1/status", NOTHING).await
    }

    /// Makes a code for a browser, and the page that hands it over.
    pub async fn open_browser(&self, body: &OpenBrowser) -> Result<Invitation, ClientError> {
        self.send(Method::POST, &path(&["door", "open"]), Some(body)).await
    }

    /// The profiles of the data directory.
    pub async fn profiles(&self) -> Result<Vec<Profile>, ClientError> {
        self.send(Method::GET, "/v1/profiles", NOTHING).await
    }

    /// Makes a profile with new keys.
    pub async fn create_profile(&self, body: &CreateProfile) -> Result<Profile, ClientError> {
        self.send(Method::POST, "/v1/profiles", Some(body)).await
    }

    /// Makes a profile from a recovery phrase.
    pub async fn restore_profile(&self, body: &RestoreProfile) -> Result<Profile, ClientError> {
        self.send(Method::POST, "/v1/profiles/restore", Some(body)).await
    }

    /// Deletes a profile from this device. The account lives on for whoever has its recovery phrase.
    pub async fn remove_profile(&self, profile: &str) -> Result<Accepted, ClientError> {
        self.send(Method::DELETE, &path(&["profiles", profile]), NOTHING).await
    }

    /// Unlocks a profile.
    pub async fn unlock(&self, profile: &str, body: &Unlock) -> Result<Profile, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "unlock"]), Some(body))
            .await
    }

    /// Locks a profile.
    pub async fn lock(&self, profile: &str) -> Result<Profile, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "lock"]), NOTHING)
            .await
    }

    /// Changes a profile's password.
    pub async fn change_password(&self, profile: &str, body: &ChangePassword) -> Result<Accepted, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "password"]), Some(body))
            .await
    }

    /// Gives a profile's recovery phrase.
    pub async fn export_phrase(&self, profile: &str, body: &ExportPhrase) -> Result<Phrase, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "phrase"]), Some(body))
            .await
    }

    /// The account of an unlocked profile.
    pub async fn account(&self, profile: &str) -> Result<Account, ClientError> {
        self.send(Method::GET, &path(&["profiles", profile, "account"]), NOTHING)
            .await
    }

    /// Changes the display name.
    pub async fn rename(&self, profile: &str, body: &Rename) -> Result<Account, ClientError> {
        self.send(Method::PATCH, &path(&["profiles", profile, "account"]), Some(body))
            .await
    }

    /// The settings of an unlocked profile.
    pub async fn settings(&self, profile: &str) -> Result<Settings, ClientError> {
        self.send(Method::GET, &path(&["profiles", profile, "settings"]), NOTHING)
            .await
    }

    /// Replaces the settings of an unlocked profile.
    pub async fn save_settings(&self, profile: &str, body: &Settings) -> Result<Settings, ClientError> {
        self.send(Method::PUT, &path(&["profiles", profile, "settings"]), Some(body))
            .await
    }

    /// The network node of an unlocked profile.
    pub async fn node(&self, profile: &str) -> Result<NodeStatus, ClientError> {
        self.send(Method::GET, &path(&["profiles", profile, "node"]), NOTHING)
            .await
    }

    /// Connects to a node, now and at every unlocking.
    pub async fn add_node(&self, profile: &str, body: &AddNode) -> Result<NodeStatus, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "node", "added"]), Some(body))
            .await
    }

    /// Connects no more to a node that was added.
    pub async fn remove_node(&self, profile: &str, address: &str) -> Result<NodeStatus, ClientError> {
        let mut target = path(&["profiles", profile, "node", "added"]);
        target.push_str("?address=");
        encode(&mut target, address);
        self.send(Method::DELETE, &target, NOTHING).await
    }

    /// The people a profile knows.
    pub async fn contacts(&self, profile: &str) -> Result<Vec<Contact>, ClientError> {
        self.send(Method::GET, &path(&["profiles", profile, "contacts"]), NOTHING)
            .await
    }

    /// Asks somebody to become a contact.
    pub async fn request_contact(&self, profile: &str, body: &ContactRequest) -> Result<Contact, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "contacts"]), Some(body))
            .await
    }

    /// Does one thing about a person: `accept`, `decline`, `retract`, `remove`, `block` or `unblock`.
    pub async fn contact_action(&self, profile: &str, key: &str, action: &str) -> Result<Contact, ClientError> {
        self.send(
            Method::POST,
            &path(&["profiles", profile, "contacts", key, action]),
            NOTHING,
        )
        .await
    }

    /// Names a person for ourselves.
    pub async fn nickname(&self, profile: &str, key: &str, body: &Nickname) -> Result<Contact, ClientError> {
        self.send(
            Method::PUT,
            &path(&["profiles", profile, "contacts", key, "nickname"]),
            Some(body),
        )
        .await
    }

    /// A part of the list of chats, latest first.
    pub async fn chats(&self, profile: &str, query: &PageQuery) -> Result<Page<Chat>, ClientError> {
        self.send(
            Method::GET,
            &with_page(path(&["profiles", profile, "chats"]), query),
            NOTHING,
        )
        .await
    }

    /// One chat.
    pub async fn chat(&self, profile: &str, chat: &str) -> Result<Chat, ClientError> {
        self.send(Method::GET, &path(&["profiles", profile, "chats", chat]), NOTHING)
            .await
    }

    /// Marks everything in a chat as read.
    pub async fn mark_read(&self, profile: &str, chat: &str) -> Result<Accepted, ClientError> {
        self.send(
            Method::POST,
            &path(&["profiles", profile, "chats", chat, "read"]),
            NOTHING,
        )
        .await
    }

    /// A part of a chat's messages, latest first, with the gaps among them.
    pub async fn messages(&self, profile: &str, chat: &str, query: &PageQuery) -> Result<MessagePage, ClientError> {
        self.send(
            Method::GET,
            &with_page(path(&["profiles", profile, "chats", chat, "messages"]), query),
            NOTHING,
        )
        .await
    }

    /// Sends a text.
    pub async fn send_text(&self, profile: &str, chat: &str, body: &SendText) -> Result<Created, ClientError> {
        self.send(
            Method::POST,
            &path(&["profiles", profile, "chats", chat, "messages"]),
            Some(body),
        )
        .await
    }

    /// One message.
    pub async fn message(&self, profile: &str, message: &str) -> Result<Message, ClientError> {
        self.send(Method::GET, &path(&["profiles", profile, "messages", message]), NOTHING)
            .await
    }

    /// Sends a failed message again.
    pub async fn resend(&self, profile: &str, message: &str) -> Result<Accepted, ClientError> {
        self.send(
            Method::POST,
            &path(&["profiles", profile, "messages", message, "resend"]),
            NOTHING,
        )
        .await
    }

    /// Messages that contain words.
    pub async fn search(&self, profile: &str, query: &SearchQuery) -> Result<Page<Message>, ClientError> {
        let mut target = path(&["profiles", profile, "search"]);
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let values = [
            ("text", Some(query.text.clone())),
            ("chat", query.chat.clone()),
            ("person", query.person.clone()),
            ("since", number(query.since)),
            ("until", number(query.until)),
            ("kinds", query.kinds.clone()),
            ("before", query.before.clone()),
            ("limit", number(query.limit.map(u64::from))),
        ];
        let mut mark = '?';
        for (name, value) in values.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            target.push_str(&format!("{mark}{name}="));
            encode(&mut target, &value);
            mark = '&';
        }
        self.send(Method::GET, &target, NOTHING).await
    }

    /// Opens a profile's event stream, from now on or from where an earlier one ended.
    pub async fn events(&self, profile: &str, since: Option<&Since>) -> Result<Events, ClientError> {
        let mut target = path(&["profiles", profile, "events"]);
        if let Some(since) = since {
            target.push_str("?epoch=");
            encode(&mut target, &since.epoch);
            target.push_str(&format!("&since={}", since.seq));
        }
        let mut request = format!("ws://{}{target}", self.address)
            .into_client_request()
            .map_err(|_| ClientError::Incomprehensible)?;
        request.headers_mut().insert(header::AUTHORIZATION, self.bearer()?);
        let stream = self.connect().await?;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MAX_ANSWER))
            .max_frame_size(Some(MAX_ANSWER));
        match tokio::time::timeout(PATIENCE, client_async_with_config(request, stream, Some(limits))).await {
            Err(_) => Err(ClientError::TimedOut),
            Ok(Ok((stream, _))) => Ok(Events(stream)),
            Ok(Err(error)) => Err(websocket_error(error)),
        }
    }

    /// One request of any kind: for paths that have no function here.
    pub async fn send<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        target: &str,
        body: Option<&B>,
    ) -> Result<T, ClientError> {
        let body = match body {
            Some(body) => serde_json::to_vec(body).map_err(|_| ClientError::Incomprehensible)?,
            None => Vec::new(),
        };
        tokio::time::timeout(PATIENCE, self.exchange(method, target, "application/json", body))
            .await
            .map_err(|_| ClientError::TimedOut)?
    }

    /// One request whose body is a file.
    async fn send_bytes<T: DeserializeOwned>(
        &self,
        method: Method,
        target: &str,
        file: Vec<u8>,
    ) -> Result<T, ClientError> {
        tokio::time::timeout(
            PATIENCE,
            self.exchange(method, target, "application/octet-stream", file),
        )
        .await
        .map_err(|_| ClientError::TimedOut)?
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        method: Method,
        target: &str,
        form: &str,
        body: Vec<u8>,
    ) -> Result<T, ClientError> {
        let (status, bytes) = self.raw(method, target, form, body).await?;
        answer(status, &bytes)
    }

    /// One request and its whole answer, of bytes of any kind.
    async fn raw(
        &self,
        method: Method,
        target: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, self.bearer()?)
            .header(header::CONTENT_TYPE, content_type)
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| ClientError::Incomprehensible)?;

        let stream = self.connect().await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        let exchange = async {
            let answer = sender.send_request(request).await.map_err(broken)?;
            let status = answer.status();
            let bytes = Limited::new(answer.into_body(), MAX_ANSWER)
                .collect()
                .await
                .map_err(|e| ClientError::Connection(io::Error::other(e)))?
                .to_bytes();
            Ok((status, bytes))
        };
        // The connection moves only while it is polled; it ends with the exchange.
        tokio::select! {
            done = exchange => done,
            Err(error) = connection => Err(broken(error)),
        }
    }

    async fn connect(&self) -> Result<TcpStream, ClientError> {
        match tokio::time::timeout(PATIENCE, TcpStream::connect(self.address)).await {
            Err(_) => Err(ClientError::TimedOut),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(ClientError::NotRunning),
            Ok(result) => result.map_err(ClientError::Connection),
        }
    }

    fn bearer(&self) -> Result<header::HeaderValue, ClientError> {
        let mut value = header::HeaderValue::from_str(&format!("Bearer {}", self.token.expose()))
            .map_err(|_| ClientError::Incomprehensible)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// A path below the API's version, every part percent-encoded.
pub fn path(parts: &[&str]) -> String {
    let mut path = format!("/{}", crate::VERSION);
    for part in parts {
        path.push('/');
        encode(&mut path, part);
    }
    path
}

fn answer<T: DeserializeOwned>(status: StatusCode, bytes: &[u8]) -> Result<T, ClientError> {
    if status.is_success() {
        return serde_json::from_slice(bytes).map_err(|_| ClientError::Incomprehensible);
    }
    let body = serde_json::from_slice(bytes).map_err(|_| ClientError::Incomprehensible)?;
    Err(ClientError::Refused {
        status: status.as_u16(),
        body,
    })
}

fn broken(error: hyper::Error) -> ClientError {
    ClientError::Connection(io::Error::other(error))
}

fn websocket_error(error: tungstenite::Error) -> ClientError {
    match error {
        tungstenite::Error::Http(refusal) => {
            let status = refusal.status();
            let body = refusal.body().as_deref().unwrap_or_default();
            match answer::<Accepted>(status, body) {
                Ok(_) => ClientError::Incomprehensible,
                Err(error) => error,
            }
        }
        tungstenite::Error::Io(error) => ClientError::Connection(error),
        other => ClientError::Connection(io::Error::other(other)),
    }
}

fn with_page(mut target: String, query: &PageQuery) -> String {
    let mut joint = '?';
    if let Some(before) = &query.before {
        target.push_str("?before=");
        encode(&mut target, before);
        joint = '&';
    }
    if let Some(limit) = query.limit {
        target.push_str(&format!("{joint}limit={limit}"));
    }
    target
}

/// Appends a text with everything percent-encoded that RFC 3986 does not call unreserved.
fn encode(to: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => to.push(byte as char),
            _ => to.push_str(&format!("%{byte:02X}")),
        }
    }
}

const NOTHING: Option<&()> = None;
/// Longer than the slowest request (a password change re-encrypts the whole database).
const PATIENCE: Duration = Duration::from_secs(120);
/// Larger than any page or event: 200 messages of 4096 characters, with quotes.
const MAX_ANSWER: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_parts_cannot_break_out() {
        assert_eq!(
            path(&["chats", "a/../b?c#d é"]),
            "/v1/chats/a%2F..%2Fb%3Fc%23d%20%C3%A9"
        );
    }

    #[test]
    fn a_page_query_is_appended() {
        let query = PageQuery {
            before: Some("c:1".into()),
            limit: Some(5),
        };
        assert_eq!(with_page("/x".into(), &query), "/x?before=c%3A1&limit=5");
        assert_eq!(
            with_page(
                "/x".into(),
                &PageQuery {
                    before: None,
                    limit: Some(5)
                }
            ),
            "/x?limit=5"
        );
        assert_eq!(with_page("/x".into(), &PageQuery::default()), "/x");
    }

    #[test]
    fn a_directory_without_daemon_is_told_so() {
        let dir = std::env::temp_dir().join(format!("undertone-no-daemon-{}", std::process::id()));
        assert!(matches!(Client::find(&dir), Err(ClientError::NotRunning)));
    }
}
