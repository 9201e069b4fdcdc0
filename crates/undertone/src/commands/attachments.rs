//! `undertone send --image`, `undertone audio …`, `undertone file …`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use api::{Attachment, AttachmentKind, AttachmentState, FileTrouble, Message, PageQuery, SendAttachments};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::{AudioCommand, FileCommand, Who};
use crate::output::{self, Format, clean};
use crate::session::Session;

/// `undertone send --image`.
pub(super) async fn send_images(
    who: &Who,
    chat: &str,
    text: String,
    images: &[PathBuf],
    reply_to: Option<String>,
    format: Format,
) -> Result<()> {
    let session = Session::open(who).await?;
    let chat = session.chat(chat).await?;
    let mut uploads = Vec::new();
    for image in images {
        let bytes = read(image)?;
        let upload = session
            .client
            .upload(&session.profile, AttachmentKind::Image, None, bytes)
            .await
            .with_context(|| format!("{}", image.display()))?;
        uploads.push(upload.id);
    }
    let body = SendAttachments {
        mentions: Vec::new(),
        uploads,
        text,
        reply_to,
    };
    let created = session.client.send_attachments(&session.profile, &chat, &body).await?;
    output::data(format, &created, |created| created.message_id.clone());
    Ok(())
}

/// `undertone audio …`.
pub(super) async fn audio(command: AudioCommand) -> Result<()> {
    let AudioCommand::Send {
        chat,
        file,
        who,
        output,
    } = command;
    let session = Session::open(&who).await?;
    let id = send_one(&session, &chat, AttachmentKind::Audio, &file).await?;
    output::data(output.format(), &id, |id| id.message_id.clone());
    Ok(())
}

/// `undertone file …`.
pub(super) async fn file(command: FileCommand) -> Result<()> {
    match command {
        FileCommand::Send {
            chat,
            file,
            wait,
            who,
            output,
        } => {
            let session = Session::open(&who).await?;
            let id = send_one(&session, &chat, AttachmentKind::File, &file).await?;
            if wait {
                follow(&session, &id.message_id).await?;
            }
            output::data(output.format(), &id, |id| id.message_id.clone());
            Ok(())
        }
        FileCommand::Get {
            message,
            to,
            who,
            output,
        } => get(&who, &message, to, output.format()).await,
        FileCommand::Fetch { message, who } => {
            let session = Session::open(&who).await?;
            session.client.fetch_attachment(&session.profile, &message).await?;
            output::text("The file is being fetched.");
            Ok(())
        }
        FileCommand::List { chat, who, output } => list(&who, &chat, output.format()).await,
        FileCommand::Cancel { message, who } => {
            let session = Session::open(&who).await?;
            session.client.cancel_attachment(&session.profile, &message).await?;
            output::text("The file was given up; the message stays.");
            Ok(())
        }
    }
}

/// What a message carries, in a few words.
pub(super) fn words(attachment: &Attachment) -> String {
    let size = size(attachment.size);
    let what = match attachment.kind {
        AttachmentKind::Image => match (attachment.width, attachment.height) {
            (Some(width), Some(height)) => format!("picture {width}×{height}, {size}"),
            _ => format!("picture, {size}"),
        },
        AttachmentKind::Audio => {
            let seconds = attachment.duration_ms.unwrap_or_default() / 1_000;
            format!("sound {}:{:02}, {size}", seconds / 60, seconds % 60)
        }
        AttachmentKind::File => format!("file {}, {size}", clean(attachment.name.as_deref().unwrap_or("file"))),
    };
    match (attachment.state, attachment.done, attachment.total) {
        (AttachmentState::Complete, ..) => what,
        (AttachmentState::Moving, Some(done), Some(total)) => format!("{what}, {done}/{total}"),
        (AttachmentState::Moving, ..) => format!("{what}, on its way"),
        (AttachmentState::Offered, ..) => format!("{what}, not fetched"),
        (AttachmentState::Cancelled, ..) => format!("{what}, given up"),
        (AttachmentState::Failed, ..) => format!("{what}, failed"),
    }
}

async fn send_one(session: &Session, chat: &str, kind: AttachmentKind, file: &Path) -> Result<api::Created> {
    let chat = session.chat(chat).await?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let length = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    let uploading = match kind {
        AttachmentKind::File if length > MAX_READ => {
            session
                .client
                .upload_file(&session.profile, name.as_deref(), file)
                .await
        }
        _ => {
            session
                .client
                .upload(&session.profile, kind, name.as_deref(), read(file)?)
                .await
        }
    };
    let upload = uploading.with_context(|| format!("{}", file.display()))?;
    let body = SendAttachments {
        mentions: Vec::new(),
        uploads: vec![upload.id],
        text: String::new(),
        reply_to: None,
    };
    Ok(session.client.send_attachments(&session.profile, &chat, &body).await?)
}

async fn get(who: &Who, message: &str, to: Option<PathBuf>, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let attachment = attachment(&session, message).await?;
    if !matches!(attachment.state, AttachmentState::Complete | AttachmentState::Moving) {
        session.client.fetch_attachment(&session.profile, message).await?;
    }
    let attachment = follow(&session, message).await?;
    let name = match (&attachment.name, attachment.kind) {
        // The daemon made it harmless.
        (Some(name), _) => name.clone(),
        (None, AttachmentKind::Image) => "picture.jpg".into(),
        (None, _) if attachment.mime == "audio/amr" => "sound.amr".into(),
        (None, _) => "sound.aac".into(),
    };
    let to = to.unwrap_or_else(|| PathBuf::from(name));
    session
        .client
        .save_attachment(&session.profile, message, &to)
        .await
        .with_context(|| format!("cannot save to {}; choose another place with --to", to.display()))?;
    output::data(format, &attachment, |_| format!("{}", to.display()));
    Ok(())
}

async fn list(who: &Who, chat: &str, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let chat = session.chat(chat).await?;
    let query = PageQuery {
        before: None,
        limit: Some(200),
    };
    let page = session.client.messages(&session.profile, &chat, &query).await?;
    let found: Vec<Message> = page
        .items
        .into_iter()
        .filter(|message| !message.attachments.is_empty())
        .collect();
    output::data(format, &found, |found| {
        if found.is_empty() {
            return "Nothing among the latest 200 messages.".into();
        }
        let row = |message: &Message| {
            let author = if message.own {
                "you".into()
            } else {
                clean(&message.author_name)
            };
            let what: Vec<String> = message.attachments.iter().map(words).collect();
            vec![message.id.clone(), author, what.join("; ")]
        };
        output::table(&found.iter().map(row).collect::<Vec<_>>())
    });
    Ok(())
}

/// Shows how far a file is until it is done; an error if it will not be.
async fn follow(session: &Session, message: &str) -> Result<Attachment> {
    let style =
        ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}").unwrap_or_else(|_| ProgressStyle::default_bar());
    // Drawn on standard error, and only on a terminal.
    let bar = ProgressBar::new(1).with_style(style);
    loop {
        let now = attachment(session, message).await?;
        bar.set_length(now.total.unwrap_or(1));
        bar.set_position(now.done.unwrap_or(0));
        match now.state {
            AttachmentState::Complete => {
                bar.finish_and_clear();
                return Ok(now);
            }
            AttachmentState::Moving | AttachmentState::Offered => tokio::time::sleep(LOOK_EVERY).await,
            AttachmentState::Cancelled => bail!("the file was given up"),
            AttachmentState::Failed => bail!("{}", failure(now.trouble)),
        }
    }
}

/// Why a file did not come, and what can be done.
fn failure(trouble: Option<FileTrouble>) -> &'static str {
    match trouble {
        None => "the file did not arrive; ask for it again with `undertone file get`",
        Some(FileTrouble::DiskFull) => "there is no room for the file; make room and ask for it again",
        Some(FileTrouble::Wrong) => "what came is not the file that was announced; ask its author to send it again",
        Some(FileTrouble::Unreachable) => {
            "their device could not be reached for days; ask again with `undertone file get` when both of you are online"
        }
        Some(FileTrouble::Gone) => "their device does not have the file any more; ask them to send it again",
    }
}

async fn attachment(session: &Session, message: &str) -> Result<Attachment> {
    let message = session.client.message(&session.profile, message).await?;
    message
        .attachments
        .into_iter()
        .next()
        .context("this message carries nothing")
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let length = std::fs::metadata(file)
        .with_context(|| format!("cannot read {}", file.display()))?
        .len();
    if length > MAX_READ {
        bail!("{} is larger than what can be sent", file.display());
    }
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// The largest picture that the daemon takes.
const MAX_READ: u64 = 10_000_000;
/// How often progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);
