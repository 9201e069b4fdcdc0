//! `undertone export`.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use zip::ZipArchive;

use crate::args::Who;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::session::Session;

/// What was written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    /// The directory or the archive.
    path: PathBuf,
    /// How many files are in it.
    files: usize,
}

/// Saves a chat to a new directory or a new archive.
pub(super) async fn run(who: &Who, chat: &str, to: &Path, format: Format) -> Result<()> {
    if to.exists() {
        let sentence = format!("{} is there already; choose another name with --to", to.display());
        return Err(Failure::new(Exit::Refused, sentence).into());
    }
    let session = Session::open(who).await?;
    let chat = session.chat(chat).await?;
    let is_archive = to.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
    let archive = match is_archive {
        true => to.to_owned(),
        // Beside it, so that it is on the same disk.
        false => with_ending(to, ".partial.zip"),
    };
    let style = ProgressStyle::with_template("{bar:40} {bytes} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::no_length().with_style(style);
    let fetched = session
        .client
        .export_chat(&session.profile, &chat, &archive, &mut |so_far| {
            if let Some(total) = so_far.total {
                bar.set_length(total.max(so_far.done));
            }
            bar.set_position(so_far.done);
        })
        .await;
    bar.finish_and_clear();
    fetched?;
    let files = match is_archive {
        true => open(&archive)?.len(),
        false => unpack(&archive, to)?,
    };
    let exported = Exported {
        path: to.to_owned(),
        files,
    };
    output::data(format, &exported, |exported| match is_archive {
        true => exported.path.display().to_string(),
        false => exported.path.join("chat.html").display().to_string(),
    });
    Ok(())
}

/// Turns an archive into a directory; answers how many files there are.
fn unpack(archive: &Path, to: &Path) -> Result<usize> {
    let unpacked = open(archive).and_then(|mut opened| {
        // Under another name until it is whole. Names that lead elsewhere are refused by the library.
        let partial = with_ending(to, ".partial");
        opened
            .extract(&partial)
            .and_then(|()| Ok(std::fs::rename(&partial, to)?))
            .with_context(|| format!("cannot write {}", to.display()))?;
        Ok(opened.len())
    });
    // Best effort: it has served its purpose.
    let _ = std::fs::remove_file(archive);
    unpacked
}

fn open(archive: &Path) -> Result<ZipArchive<File>> {
    let file = File::open(archive).with_context(|| format!("cannot read {}", archive.display()))?;
    ZipArchive::new(file).context("the archive did not come whole; export the chat again")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
