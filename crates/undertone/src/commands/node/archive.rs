//! `undertone node archive`: looks for damage, and moves messages from one database to another.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tokio::task::spawn_blocking;
use waku::archive::{ArchiveConfig, Retention, check};

use super::{layer, settings};
use crate::args::mistake;
use crate::exit::{Exit, Failure};
use crate::node_args::{ArchiveCommand, NodeArgs};
use crate::output::{self, Format};

/// What a check found.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    archive: String,
    whole: u64,
    findings: Vec<String>,
    more_findings: u64,
}

/// What was moved.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Moved {
    archive: String,
    messages: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    there_before: Option<u64>,
}

/// Does what the command line asks for.
pub(super) async fn run(command: ArchiveCommand) -> Result<()> {
    let (given, file) = match &command {
        ArchiveCommand::Check(args) => (args, None),
        ArchiveCommand::Export(args) | ArchiveCommand::Import(args) => (&args.node, Some(args.file.clone())),
    };
    let (args, _) = NodeArgs::with_file(&layer(given)?).unwrap_or_else(|error| mistake::exit(&error));
    let (node_dir, format) = (args.place.dir()?.join("node"), args.output.format());
    let config = settings::archive_config(&args, &node_dir)?;
    let file = file.unwrap_or_default();
    // Disks and databases, for minutes.
    let work = move || match command {
        ArchiveCommand::Check(_) => look(&config, format),
        ArchiveCommand::Export(_) => write_out(config, &node_dir, &file, format),
        ArchiveCommand::Import(_) => take_in(config, &node_dir, &file, format),
    };
    spawn_blocking(work).await.context("the work was interrupted")?
}

fn look(config: &ArchiveConfig, format: Format) -> Result<()> {
    let shown = config.place.to_string();
    let report = check::check(&config.place, &mut |_| ()).with_context(|| shown.clone())?;
    let is_well = report.is_well();
    let checked = Checked {
        archive: shown,
        whole: report.whole,
        findings: report.findings,
        more_findings: report.more,
    };
    output::data(format, &checked, |checked| {
        let mut lines = checked.findings.clone();
        if checked.more_findings > 0 {
            lines.push(format!("and {} more", checked.more_findings));
        }
        lines.push(format!("{}: {} messages are whole.", checked.archive, checked.whole));
        lines.join("\n")
    });
    match is_well {
        true => Ok(()),
        false => Err(Failure::new(
            Exit::Damaged,
            "the archive is damaged; export what can be read, move it away, and import that into an empty one",
        )
        .into()),
    }
}

fn write_out(config: ArchiveConfig, node_dir: &Path, file: &Path, format: Format) -> Result<()> {
    // Reading cleans nothing up.
    let config = ArchiveConfig {
        retention: Retention::NONE,
        ..config
    };
    let shown = config.place.to_string();
    let archive = settings::open_archive(config, node_dir)?;
    let is_stream = file == Path::new("-");
    let mut out: Box<dyn Write> = match is_stream {
        true => Box::new(BufWriter::new(io::stdout().lock())),
        false => Box::new(BufWriter::new(
            File::create_new(file).with_context(|| format!("cannot make the new file {}", file.display()))?,
        )),
    };
    let messages = archive.export(&mut out, &mut |_| ())?;
    if !is_stream {
        report(format, shown, messages, None);
    }
    Ok(())
}

fn take_in(config: ArchiveConfig, node_dir: &Path, file: &Path, format: Format) -> Result<()> {
    let mut input: Box<dyn Read> = match file == Path::new("-") {
        true => Box::new(BufReader::new(io::stdin().lock())),
        false => Box::new(BufReader::new(
            File::open(file).with_context(|| format!("cannot read {}", file.display()))?,
        )),
    };
    let shown = config.place.to_string();
    let archive = settings::open_archive(config, node_dir)?;
    let imported = archive.import(&mut input, &mut |_| ())?;
    report(format, shown, imported.stored, Some(imported.duplicates));
    Ok(())
}

fn report(format: Format, archive: String, messages: u64, there_before: Option<u64>) {
    let moved = Moved {
        archive,
        messages,
        there_before,
    };
    output::data(format, &moved, |moved| match moved.there_before {
        None => format!("{}: {} messages are in the file.", moved.archive, moved.messages),
        Some(before) => format!(
            "{}: {} messages were stored, {before} were there already.",
            moved.archive, moved.messages
        ),
    });
}
