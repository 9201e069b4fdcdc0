//! `/v1/profiles/{profile}/uploads`, `…/attachments`, `…/attachment…`: pictures, sounds and files.
//!
//! No byte that somebody sent is given out under a type they chose: pictures are made anew and are JPEG, sounds are what
//! their first bytes say, files are bytes to save. No answer with them may be sniffed, framed or run.

use api::{
    Accepted, AttachmentKind, ChatStorage, Created, ErrorBody, SendAttachments, StoredChat, Upload, UploadQuery, code,
};
use axum::Json;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use futures::stream::unfold;
use messenger::files::{self, Announcement, FileKey, NewFile};
use messenger::media::{self, Sound};
use messenger::{Command, MessageId, Reply};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::convert::attachments::Bytes;
use crate::direct::{Opened, SealError, Sealed, Sealing};
use crate::http::chats::{chat_id, no_chat};
use crate::http::extract::{Asked, Body as JsonBody};
use crate::http::messages::{meant, message_id};
use crate::http::{App, Refusal};
use crate::media::{message_picture as pictures, recording};
use crate::unlocked::Unlocked;
use crate::uploads::Ready;

pub(super) fn routes() -> OpenApiRouter<App> {
    let uploads = OpenApiRouter::new()
        .routes(routes!(upload))
        // Each kind has a limit of its own.
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .merge(uploads)
        .routes(routes!(send))
        .routes(routes!(bytes))
        .routes(routes!(fetch))
        .routes(routes!(cancel))
        .routes(routes!(storage))
        .routes(routes!(storage_by_chat))
}

/// Hand over a picture (at most 10 MB), a sound (1.5 MB; AAC, AMR, or a recording as WAV, which becomes AAC) or a file (1 GB).
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/uploads", tag = "attachments",
    params(("profile" = String, Path,), UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Upload), (status = 413, body = ErrorBody), (status = 422, body = ErrorBody))
)]
async fn upload(
    State(app): State<App>,
    Path(profile): Path<String>,
    Asked(query): Asked<UploadQuery>,
    body: Body,
) -> Result<(StatusCode, Json<Upload>), Refusal> {
    let profile = app.unlocked(&profile)?;
    let ready = make_ready(&profile, query, body).await?;
    let mut upload = describe(&ready);
    upload.id = new_id()?;
    profile.uploads().keep(upload.id.clone(), ready).map_err(|_| {
        let text = "too much was uploaded and not sent; send it, or wait ten minutes";
        Refusal::new(StatusCode::CONFLICT, ErrorBody::new("too_many_uploads", text))
    })?;
    Ok((StatusCode::CREATED, Json(upload)))
}

/// Send what was uploaded. It is on disk when this answers; the events say how far it gets.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/chats/{chat}/attachments", tag = "attachments", request_body = SendAttachments,
    responses(
        (status = 201, body = Created), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
async fn send(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
    JsonBody(body): JsonBody<SendAttachments>,
) -> Result<(StatusCode, Json<Created>), Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    let reply_to = body.reply_to.as_deref().map(message_id).transpose()?;
    let text = meant(&body.text, &body.mentions)?;
    let ready = profile.uploads().take(&body.uploads).ok_or_else(|| {
        let text = "one of the uploads is not here (any more); upload it again";
        Refusal::new(StatusCode::NOT_FOUND, ErrorBody::new("upload_not_found", text))
    })?;
    let (command, large) = command(chat, text, reply_to, ready).await?;
    let reply = match (profile.command(command).await, large) {
        // It can be sent again once the person has allowed it.
        (Err(refusal), Some(large)) => {
            if let [id] = &body.uploads[..] {
                let _ = profile.uploads().keep(id.clone(), Ready::Large(large));
            }
            return Err(refusal);
        }
        (reply, large) => {
            let reply = reply?;
            if let Some(large) = large {
                large.keep();
            }
            reply
        }
    };
    match reply {
        Reply::Message(id) => Ok((
            StatusCode::CREATED,
            Json(Created {
                message_id: id.to_string(),
            }),
        )),
        _ => unreachable!("sending answers with the message"),
    }
}

/// The bytes of what a message carries. `Range` is understood.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/messages/{message}/attachment", tag = "attachments",
    params(("profile" = String, Path,), ("message" = String, Path,)),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
async fn bytes(
    State(app): State<App>,
    Path((profile, message)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let profile = app.unlocked(&profile)?;
    let id = message_id(&message)?;
    let found = profile.read(move |reading| reading.attachment_bytes(&id)).await?;
    let (bytes, media_type, name) = match found.ok_or_else(no_attachment)? {
        Bytes::Picture(bytes) => (
            decoding(move || pictures::show(&bytes)).await?,
            "image/jpeg",
            "picture.jpg".into(),
        ),
        Bytes::Sound(bytes, media_type) => (bytes, media_type, "sound".into()),
        Bytes::File(bytes, name) => (bytes, "application/octet-stream", name),
        Bytes::Large(announced) => return large(&profile, *announced).await,
    };
    let is_file = media_type == "application/octet-stream";
    let disposition = format!(
        "{}; filename*=UTF-8''{}",
        if is_file { "attachment" } else { "inline" },
        percent(&name)
    );
    let length = bytes.len();
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let mut response = match range.map(|range| part(range, length)) {
        None | Some(Wanted::All) => (StatusCode::OK, bytes).into_response(),
        Some(Wanted::Nothing) => StatusCode::RANGE_NOT_SATISFIABLE.into_response(),
        Some(Wanted::Part(first, last)) => (StatusCode::PARTIAL_CONTENT, bytes[first..=last].to_vec()).into_response(),
    };
    let content_range = match range.map(|range| part(range, length)) {
        Some(Wanted::Part(first, last)) => Some(format!("bytes {first}-{last}/{length}")),
        Some(Wanted::Nothing) => Some(format!("bytes */{length}")),
        _ => None,
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if let Some(value) = content_range.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(header::CONTENT_RANGE, value);
    }
    Ok(response)
}

/// The bytes of a large file, piece by piece; ranges of it are not given.
async fn large(profile: &Unlocked, announced: Announcement) -> Result<Response, Refusal> {
    let (size, name) = (announced.size, announced.name.clone());
    let folder = profile.folder().clone();
    let opened = spawn_blocking(move || Opened::open(&folder, announced)).await;
    let opened = opened.ok().and_then(Result::ok).ok_or_else(no_attachment)?;
    let pieces = unfold(Some(opened), |opened| async {
        let mut opened = opened?;
        let read = spawn_blocking(move || opened.next().map(|piece| (piece, opened))).await;
        match read {
            Ok(Some((Ok(piece), opened))) => Some((Ok(piece), Some(opened))),
            Ok(Some((Err(error), _))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(std::io::ErrorKind::Other.into()), None)),
        }
    });
    let disposition = format!("attachment; filename*=UTF-8''{}", percent(&name));
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    let bytes = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, bytes);
    headers.insert(header::CONTENT_LENGTH, size.into());
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Fetch a file that is not fetched by itself, or was given up.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/messages/{message}/attachment/fetch", tag = "attachments",
    params(("profile" = String, Path,), ("message" = String, Path,)),
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn fetch(
    State(app): State<App>,
    Path((profile, message)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let message = message_id(&message)?;
    let command = Command::File(files::Command::Get { message });
    app.unlocked(&profile)?.command(command).await?;
    Ok(Json(Accepted {}))
}

/// Give up sending or fetching a file. The message stays.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/messages/{message}/attachment/cancel", tag = "attachments",
    params(("profile" = String, Path,), ("message" = String, Path,)),
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn cancel(
    State(app): State<App>,
    Path((profile, message)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let message = message_id(&message)?;
    let command = Command::File(files::Command::Cancel { message });
    app.unlocked(&profile)?.command(command).await?;
    Ok(Json(Accepted {}))
}

/// What a chat takes on this device.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/chats/{chat}/storage", tag = "attachments",
    params(("profile" = String, Path,), ("chat" = String, Path,)),
    responses((status = 200, body = ChatStorage), (status = 404, body = ErrorBody))
)]
async fn storage(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<ChatStorage>, Refusal> {
    let chat = chat_id(&chat)?;
    let found = app
        .unlocked(&profile)?
        .read(move |reading| reading.storage(&chat))
        .await?;
    found.map(Json).ok_or_else(no_chat)
}

/// What each chat takes on this device, the largest first.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/storage", tag = "attachments",
    responses((status = 200, body = Vec<StoredChat>), (status = 423, description = "locked", body = ErrorBody))
)]
async fn storage_by_chat(
    State(app): State<App>,
    Path(profile): Path<String>,
) -> Result<Json<Vec<StoredChat>>, Refusal> {
    let profile = app.unlocked(&profile)?;
    Ok(Json(profile.read(|reading| reading.storage_by_chat()).await?))
}

async fn make_ready(profile: &Unlocked, query: UploadQuery, body: Body) -> Result<Ready, Refusal> {
    if query.kind == AttachmentKind::File {
        return receive_file(profile, query.name.unwrap_or_default(), body).await;
    }
    let body = axum::body::to_bytes(body, pictures::MAX_INPUT + 1).await;
    let body = body.map_err(|_| too_large("this is larger than what can be sent"))?;
    match query.kind {
        AttachmentKind::Image => decoding(move || pictures::prepare(&body)).await.map(Ready::Picture),
        AttachmentKind::Audio => {
            let bytes = match recording::is_recording(&body) {
                true => recorded(body).await?,
                false => body.to_vec(),
            };
            let sound = Sound::parse(bytes).map_err(|error| unusable(error.code(), error.to_string()))?;
            Ok(Ready::Sound(sound))
        }
        AttachmentKind::File => unreachable!("received above"),
    }
}

/// A recording as a sound that others play; one at a time, since nobody speaks twice at once.
async fn recorded(wav: axum::body::Bytes) -> Result<Vec<u8>, Refusal> {
    static ONE: Semaphore = Semaphore::const_new(1);
    let _turn = ONE.acquire().await.map_err(|_| Refusal::unavailable())?;
    let encoded = spawn_blocking(move || recording::encode(&wav)).await;
    let encoded = encoded.map_err(|_| unusable("bad_recording", "the recording is damaged".into()))?;
    encoded.map_err(|error| unusable(error.code(), error.to_string()))
}

/// Takes a file as it comes: a small one into memory, a large one sealed to the disk.
async fn receive_file(profile: &Unlocked, name: String, body: Body) -> Result<Ready, Refusal> {
    let mut parts = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut sealing: Option<Sealing> = None;
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Refusal::bad_request("the file did not arrive whole"))?;
        if sealing.is_none() && (bytes.len() + part.len()) as u64 > files::MAX_SIZE {
            let (folder, begun) = (profile.folder().clone(), std::mem::take(&mut bytes));
            sealing = Some(
                sealed(move || {
                    let mut sealing = Sealing::begin(&folder, new_key()?)?;
                    sealing.push(&begun)?;
                    Ok(sealing)
                })
                .await?,
            );
        }
        match sealing.take() {
            None => bytes.extend_from_slice(&part),
            Some(mut so_far) => {
                sealing = Some(sealed(move || so_far.push(&part).map(|()| so_far)).await?);
            }
        }
    }
    match sealing {
        Some(sealing) => {
            let media_type = media_type_of(&name);
            sealed(move || sealing.finish(&name, media_type))
                .await
                .map(Ready::Large)
        }
        None if bytes.is_empty() => Err(unusable("empty_file", "the file is empty".into())),
        None => Ok(Ready::File { name, bytes }),
    }
}

/// Works on the disk, beside the network's tasks.
async fn sealed<T: Send + 'static>(work: impl FnOnce() -> Result<T, SealError> + Send + 'static) -> Result<T, Refusal> {
    match spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(SealError::Home(error))) => Err(crate::accounts::AccountsError::from(error).into()),
        Ok(Err(error @ SealError::TooLarge)) => Err(too_large(&error.to_string())),
        Ok(Err(SealError::NoRandomness)) | Err(_) => Err(Refusal::unavailable()),
    }
}

fn new_key() -> Result<FileKey, SealError> {
    let mut key = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(&mut *key).map_err(|_| SealError::NoRandomness)?;
    Ok(FileKey::from_bytes(&key))
}

/// What to ask the messenger for.
async fn command(
    chat: messenger::ChatId,
    text: String,
    reply_to: Option<MessageId>,
    ready: Vec<Ready>,
) -> Result<(Command, Option<Sealed>), Refusal> {
    let mut pictures = Vec::new();
    let count = ready.len();
    for one in ready {
        match one {
            Ready::Picture(picture) => pictures.push(picture),
            Ready::Sound(sound) if count == 1 => {
                return Ok((
                    Command::Media(media::Command::SendSound { chat, sound, reply_to }),
                    None,
                ));
            }
            Ready::File { name, bytes } if count == 1 => {
                let file = cut(name, bytes).await?;
                return Ok((Command::File(files::Command::Send { chat, file, reply_to }), None));
            }
            Ready::Large(large) if count == 1 => {
                let file = NewFile {
                    announced: large.announced.clone(),
                    sealed: Vec::new(),
                };
                let command = Command::File(files::Command::Send { chat, file, reply_to });
                return Ok((command, Some(large)));
            }
            _ => {
                return Err(unusable(
                    "mixed_uploads",
                    "a message takes pictures, or one sound, or one file".into(),
                ));
            }
        }
    }
    let command = media::Command::SendPictures {
        chat,
        text,
        pictures,
        reply_to,
    };
    Ok((Command::Media(command), None))
}

/// Cuts and seals a file under a new key.
async fn cut(name: String, bytes: Vec<u8>) -> Result<NewFile, Refusal> {
    let key = new_key().map_err(|_| Refusal::unavailable())?;
    let media_type = media_type_of(&name);
    let cut = spawn_blocking(move || {
        let prepared = files::prepare(&bytes, &key)?;
        Ok(NewFile {
            announced: Announcement {
                key,
                name: files::clean_name(&name),
                media_type: media_type.into(),
                size: bytes.len() as u64,
                content_hash: prepared.content_hash,
                shape: prepared.shape,
                hashes: prepared.hashes,
            },
            sealed: prepared.sealed,
        })
    });
    cut.await
        .map_err(|_| Refusal::unavailable())?
        .map_err(|error: files::FileError| unusable("unusable_file", error.to_string()))
}

/// Runs a decoder beside the network's tasks; one at a time, because each may take 300 MB.
pub(crate) async fn decoding<T: Send + 'static>(
    decode: impl FnOnce() -> Result<T, pictures::PictureError> + Send + 'static,
) -> Result<T, Refusal> {
    static ONE: Semaphore = Semaphore::const_new(1);
    let _turn = ONE.acquire().await.map_err(|_| Refusal::unavailable())?;
    // A decoder that panics ends its own thread's work and nothing else.
    match spawn_blocking(decode).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(pictures::PictureError::TooLarge)) => Err(too_large("a picture has at most 10 MB")),
        Ok(Err(error)) => Err(unusable(error.code(), error.to_string())),
        Err(_) => Err(unusable("damaged_picture", "the picture is damaged".into())),
    }
}

fn describe(ready: &Ready) -> Upload {
    let blank = |kind, size: usize| Upload {
        id: String::new(),
        kind,
        size: size as u64,
        width: None,
        height: None,
        duration_ms: None,
    };
    match ready {
        Ready::Picture(picture) => Upload {
            width: Some(picture.width),
            height: Some(picture.height),
            ..blank(AttachmentKind::Image, picture.jpeg.len())
        },
        Ready::Sound(sound) => Upload {
            duration_ms: Some(sound.duration_ms),
            ..blank(AttachmentKind::Audio, sound.bytes.len())
        },
        Ready::File { bytes, .. } => blank(AttachmentKind::File, bytes.len()),
        Ready::Large(sealed) => Upload {
            size: sealed.announced.size,
            ..blank(AttachmentKind::File, 0)
        },
    }
}

/// What a request asks for of so many bytes.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(usize, usize),
    Nothing,
}

/// RFC 9110, 14.2: one range of bytes; anything else means all of them.
fn part(range: &str, length: usize) -> Wanted {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Wanted::All;
    };
    let end = length.saturating_sub(1);
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), _) if first > end || length == 0 => Wanted::Nothing,
        (Ok(first), Ok(last)) if first <= last => Wanted::Part(first, last.min(end)),
        (Ok(first), Err(_)) if last.is_empty() => Wanted::Part(first, end),
        (Err(_), Ok(0)) if first.is_empty() => Wanted::Nothing,
        (Err(_), Ok(last)) if first.is_empty() && length > 0 => Wanted::Part(length.saturating_sub(last), end),
        _ => Wanted::All,
    }
}

/// RFC 8187: everything percent-encoded but letters, digits and a few marks.
pub(super) fn percent(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => encoded.push(byte as char),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// What a name's ending says; the receiver is told, and does not believe it either.
fn media_type_of(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "txt" | "md" => "text/plain",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "mp4" => "video/mp4",
        "mp3" => "audio/mpeg",
        _ => "application/octet-stream",
    }
}

pub(super) fn new_id() -> Result<String, Refusal> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::unavailable())?;
    Ok(hex::encode(bytes))
}

pub(super) fn unusable(code: &'static str, text: String) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorBody::new(code, text))
}

fn too_large(text: &str) -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorBody::new(code::TOO_LARGE, text))
}

fn no_attachment() -> Refusal {
    let text = "this message carries nothing, or it is not here yet";
    Refusal::new(StatusCode::NOT_FOUND, ErrorBody::new("attachment_not_found", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_specification() {
        assert_eq!(part("bytes=0-9", 100), Wanted::Part(0, 9));
        assert_eq!(part("bytes=90-", 100), Wanted::Part(90, 99));
        assert_eq!(part("bytes=90-200", 100), Wanted::Part(90, 99));
        assert_eq!(part("bytes=-5", 100), Wanted::Part(95, 99));
        assert_eq!(part("bytes=-500", 100), Wanted::Part(0, 99));
        assert_eq!(part("bytes=100-", 100), Wanted::Nothing);
        assert_eq!(part("bytes=-0", 100), Wanted::Nothing);
        assert_eq!(part("bytes=0-", 0), Wanted::Nothing);
        for all in ["", "lines=1-2", "bytes=5-1", "bytes=0-1,3-4", "bytes=a-b", "bytes=-"] {
            assert_eq!(part(all, 100), Wanted::All, "{all}");
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        assert_eq!(percent("a\"b\r\nX: é.pdf"), "a%22b%0D%0AX%3A%20%C3%A9.pdf");
    }
}
