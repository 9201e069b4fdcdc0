//! A chat as files that anybody can read: pages that open without a network, the same as JSON, and what the messages carry
//! beside them, in one ZIP archive.
//!
//! The archive is made while it is sent, in pieces that each look at a snapshot of their own; nothing of it touches this
//! device's disk, and no more than a piece is in memory. Everything in it is readable by whoever gets it: that is what it
//! is for. Pictures of others are made anew, as they are for the app.

mod names;
mod page;

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use api::{AttachmentState, Gap, Message};
use axum::body::Bytes as Part;
use messenger::{ChatId, MessageId};
use store::{Cursor, Deletion};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::convert::attachments::Bytes;
use crate::direct::Opened;
use crate::engine::now;
use crate::http::{Refusal, decoding};
use crate::media::message_picture as pictures;
use crate::unlocked::Unlocked;

/// An archive that is being made.
pub(crate) struct Export {
    /// What to call it.
    pub(crate) name: String,
    /// Bytes that it will have, roughly.
    pub(crate) estimate: u64,
    /// Its bytes; an error means that it is not whole.
    pub(crate) parts: mpsc::Receiver<io::Result<Part>>,
}

/// Begins to export a chat, as it is now.
pub(crate) async fn begin(profile: Arc<Unlocked>, chat: ChatId) -> Result<Export, Refusal> {
    let look = chat.clone();
    let found = profile
        .read(move |reading| {
            let (Some(about), Some(storage)) = (reading.chat(&look)?, reading.storage(&look)?) else {
                return Ok(None);
            };
            let last = reading.view.messages().page(&look, None, 1)?.pop();
            Ok(Some((about, storage, last.map(|row| row.cursor()))))
        })
        .await?;
    let (about, storage, last) = found.ok_or_else(|| Refusal::not_found("there is no such chat"))?;
    let (sender, parts) = mpsc::channel(PARTS);
    let name = names::archive(&about.name, now().0);
    let writing = Writing {
        profile,
        chat,
        last,
        about,
    };
    let handle = Handle::current();
    spawn_blocking(move || {
        let pipe = BufWriter::with_capacity(PART, Pipe(sender.clone()));
        if let Err(error) = writing.run(&handle, pipe) {
            tracing::debug!(kind = ?error.kind(), "an export ended early");
            // Nobody listens if that is why.
            let _ = sender.blocking_send(Err(error));
        }
    });
    Ok(Export {
        name,
        // Pages and JSON say most things twice; compressed they take about as much as once.
        estimate: storage.messages + storage.files,
        parts,
    })
}

/// What is exported.
struct Writing {
    profile: Arc<Unlocked>,
    chat: ChatId,
    /// Where it ends; none: there are no messages.
    last: Option<Cursor>,
    about: api::Chat,
}

type Archive = ZipWriter<zip::write::StreamWriter<BufWriter<Pipe>>>;

impl Writing {
    fn run(&self, handle: &Handle, pipe: BufWriter<Pipe>) -> io::Result<()> {
        let mut archive = ZipWriter::new_stream(pipe);
        self.pages(handle, &mut archive)?;
        self.json(handle, &mut archive)?;
        self.files(handle, &mut archive)?;
        archive.finish()?.into_inner().flush()
    }

    /// `chat.html`, `chat-2.html`, …
    fn pages(&self, handle: &Handle, archive: &mut Archive) -> io::Result<()> {
        let gaps = self.gaps(handle)?;
        let mut walk = self.walk();
        let mut messages = walk.next(self, handle)?;
        let mut number = 1;
        loop {
            let mut day = String::new();
            archive.start_file(names::page(number), compressed())?;
            archive.write_all(page::head(&self.about, now().0, number).as_bytes())?;
            let mut on_page = 0;
            while !messages.is_empty() && on_page < PAGE {
                on_page += messages.len();
                for message in &messages {
                    let html = page::message(message, &gaps, &mut day);
                    archive.write_all(html.as_bytes())?;
                }
                messages = walk.next(self, handle)?;
            }
            let more = !messages.is_empty();
            archive.write_all(page::foot(number, more).as_bytes())?;
            if !more {
                return Ok(());
            }
            number += 1;
        }
    }

    /// `chat.json`: the chat and its messages, as the API gives them.
    fn json(&self, handle: &Handle, archive: &mut Archive) -> io::Result<()> {
        archive.start_file("chat.json", compressed())?;
        archive.write_all(b"{\"exportedAt\":")?;
        serde_json::to_writer(&mut *archive, &now().0)?;
        archive.write_all(b",\"chat\":")?;
        serde_json::to_writer(&mut *archive, &self.about)?;
        archive.write_all(b",\"gaps\":")?;
        serde_json::to_writer(&mut *archive, &self.gaps(handle)?)?;
        archive.write_all(b",\"messages\":[")?;
        let mut walk = self.walk();
        let mut first = true;
        loop {
            let messages = walk.next(self, handle)?;
            if messages.is_empty() {
                return archive.write_all(b"\n]}\n");
            }
            for message in messages {
                archive.write_all(if first { b"\n" } else { b",\n" })?;
                first = false;
                serde_json::to_writer(&mut *archive, &Entry::of(message))?;
            }
        }
    }

    /// `files/…`: what the messages carry.
    fn files(&self, handle: &Handle, archive: &mut Archive) -> io::Result<()> {
        let mut walk = self.walk();
        let mut unreadable = String::new();
        loop {
            let messages = walk.next(self, handle)?;
            if messages.is_empty() {
                break;
            }
            for message in &messages {
                for attachment in message.attachments.iter().filter(|one| is_here(one)) {
                    let name = names::file(message, attachment);
                    match self.bytes(handle, message)? {
                        Some(Carried::Here(bytes)) => {
                            archive.start_file(&name, stored())?;
                            archive.write_all(&bytes)?;
                        }
                        Some(Carried::Large(pieces)) => {
                            archive.start_file(&name, stored())?;
                            for piece in pieces {
                                archive.write_all(&piece?)?;
                            }
                        }
                        None => unreadable = unreadable + &name + "\n",
                    }
                }
            }
        }
        if unreadable.is_empty() {
            return Ok(());
        }
        archive.start_file("not-readable.txt", compressed())?;
        archive.write_all(b"These are damaged, or went while the chat was exported:\n\n")?;
        archive.write_all(unreadable.as_bytes())
    }

    /// The bytes of what a message carries; none if they cannot be read.
    fn bytes(&self, handle: &Handle, message: &Message) -> io::Result<Option<Carried>> {
        let Ok(id) = message.id.parse::<MessageId>() else {
            return Ok(None);
        };
        let looking = self.profile.read(move |reading| reading.attachment_bytes(&id));
        Ok(match handle.block_on(looking).map_err(stopped)? {
            Some(Bytes::Picture(bytes)) => {
                let shown = handle.block_on(decoding(move || pictures::show(&bytes)));
                shown.ok().map(Carried::Here)
            }
            Some(Bytes::Sound(bytes, _) | Bytes::File(bytes, _)) => Some(Carried::Here(bytes)),
            Some(Bytes::Large(announced)) => Opened::open(self.profile.folder(), *announced)
                .ok()
                .map(|opened| Carried::Large(Box::new(opened))),
            None => None,
        })
    }

    fn gaps(&self, handle: &Handle) -> io::Result<Vec<Gap>> {
        let chat = self.chat.clone();
        let looking = self.profile.read(move |reading| reading.gaps(&chat));
        handle.block_on(looking).map_err(stopped)
    }

    fn walk(&self) -> Walk {
        Walk { after: FIRST }
    }
}

/// What a message carries.
enum Carried {
    Here(Vec<u8>),
    /// Piece by piece.
    Large(Box<Opened>),
}

/// A way through the messages, the oldest first.
struct Walk {
    after: Cursor,
}

impl Walk {
    /// The next messages; none at the end.
    fn next(&mut self, writing: &Writing, handle: &Handle) -> io::Result<Vec<Message>> {
        let Some(last) = writing.last.filter(|last| self.after < *last) else {
            return Ok(Vec::new());
        };
        // A long export must not be ended by the lock that waits for nobody to do anything.
        writing.profile.touch();
        let (chat, after) = (writing.chat.clone(), self.after);
        let looking = writing.profile.read(move |reading| {
            let rows = reading.view.messages().page_after(&chat, &after, PIECE)?;
            let rows: Vec<_> = rows.iter().filter(|row| row.cursor() <= last).collect();
            // What was deleted for oneself is in nobody's files.
            let shown = rows.iter().filter(|row| row.deletion != Deletion::ForMe);
            let messages: Result<Vec<Message>, _> = shown.map(|row| reading.message_from(row)).collect();
            Ok((messages?, rows.last().map(|row| row.cursor())))
        });
        let (messages, end) = handle.block_on(looking).map_err(stopped)?;
        self.after = end.unwrap_or(last);
        Ok(messages)
    }
}

/// A message in `chat.json`.
#[derive(serde::Serialize)]
struct Entry {
    #[serde(flatten)]
    message: Message,
    /// Where what it carries is, in the archive.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
}

impl Entry {
    fn of(mut message: Message) -> Entry {
        let here = message.attachments.iter().filter(|one| is_here(one));
        let files = here.map(|one| names::file(&message, one)).collect();
        for attachment in &mut message.attachments {
            // Paths of the API mean nothing outside of it.
            attachment.path = None;
        }
        Entry { message, files }
    }
}

/// Whether the bytes can be had.
fn is_here(attachment: &api::Attachment) -> bool {
    attachment.path.is_some() && attachment.state == AttachmentState::Complete
}

/// Where the archive goes: to whoever asked for it, as fast as they take it.
struct Pipe(mpsc::Sender<io::Result<Part>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = Part::copy_from_slice(bytes);
        let sent = self.0.blocking_send(Ok(part));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn compressed() -> SimpleFileOptions {
    SimpleFileOptions::default().large_file(true)
}

/// Pictures, sounds and most files are compressed already.
fn stored() -> SimpleFileOptions {
    compressed().compression_method(CompressionMethod::Stored)
}

/// The profile was locked, or its disk failed.
fn stopped(_: Refusal) -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

const FIRST: Cursor = Cursor {
    clock: 0,
    id: MessageId::from_bytes([0; 32]),
};
/// Messages in a piece: pictures come along, up to 400 kB each.
const PIECE: u32 = 50;
/// Messages on a page, roughly: what a browser opens without a stutter.
const PAGE: usize = 1_000;
/// Bytes handed on at a time.
const PART: usize = 64 << 10;
/// Parts on their way: one being read, some behind it.
const PARTS: usize = 4;
