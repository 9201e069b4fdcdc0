//! `undertone backup …`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use api::{AutoBackup, BackupJob, BackupState, CreateBackup};
use clap::{Subcommand, ValueEnum};
use indicatif::ProgressBar;

use crate::args::{Output, Who};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::session::Session;

/// What can be done about backups.
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Make an encrypted backup now; the recovery phrase opens it, the password is not needed
    #[command(after_help = "Examples:\n  undertone backup create\n  \
        undertone backup create --messages --to /media/stick/alice.undertone-backup")]
    Create {
        /// With all messages
        #[arg(long)]
        messages: bool,
        /// Copy it here, too
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Merge a backup into the unlocked profile it belongs to; what is newer here stays
    #[command(
        after_help = "Examples, on a new device:\n  undertone profile restore --name Alice      asks for the recovery phrase\n  \
        undertone start --profile Alice &\n  undertone backup restore ./alice.undertone-backup"
    )]
    Restore {
        /// A file, or a name from `undertone backup list`
        backup: PathBuf,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Show or choose whether a backup is made every day; the latest seven are kept
    #[command(after_help = "Examples:\n  undertone backup auto\n  undertone backup auto with-messages")]
    Auto {
        /// What to do every day
        choice: Option<AutoArg>,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// List the backups on this device, the latest first
    #[command(after_help = "Examples:\n  undertone backup list\n  undertone backup list --json | jq -r .folder")]
    List {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Delete a backup from this device
    #[command(after_help = "Example:\n  undertone backup remove backup-20261125-223000.undertone-backup")]
    Remove {
        /// Its name
        name: String,
        #[command(flatten)]
        who: Who,
    },
}

/// What is done every day.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AutoArg {
    /// Nothing
    Off,
    /// A backup of profile, settings, people and chats
    WithoutMessages,
    /// A backup of everything
    WithMessages,
}

/// Runs one of the commands.
pub(super) async fn run(command: BackupCommand) -> Result<()> {
    match command {
        BackupCommand::Create {
            messages,
            to,
            who,
            output,
        } => create(&who, messages, to.as_deref(), output.format()).await,
        BackupCommand::Restore { backup, who, output } => restore(&who, &backup, output.format()).await,
        BackupCommand::Auto { choice, who, output } => auto(&who, choice, output.format()).await,
        BackupCommand::List { who, output } => list(&who, output.format()).await,
        BackupCommand::Remove { name, who } => {
            let session = Session::open(&who).await?;
            session.client.remove_backup(&session.profile, &name).await?;
            output::text("The backup is deleted.");
            Ok(())
        }
    }
}

async fn create(who: &Who, messages: bool, to: Option<&Path>, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    if let Some(to) = to.filter(|to| to.exists()) {
        let sentence = format!("{} is there already; choose another name", to.display());
        return Err(Failure::new(Exit::Refused, sentence).into());
    }
    let begun = session
        .client
        .create_backup(&session.profile, &CreateBackup { messages })
        .await?;
    let job = follow(&session, begun).await?;
    let name = job.file.clone().unwrap_or_default();
    if let Some(to) = to {
        session.client.download_backup(&session.profile, &name, to).await?;
    }
    let folder = session.client.backups(&session.profile).await?.folder;
    output::data(format, &job, |_| match to {
        Some(to) => to.display().to_string(),
        None => Path::new(&folder).join(&name).display().to_string(),
    });
    Ok(())
}

async fn restore(who: &Who, backup: &Path, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let (client, profile) = (&session.client, &session.profile);
    let begun = match (backup.exists(), backup.to_str()) {
        (false, Some(name)) if !name.contains(std::path::is_separator) => client.restore_backup(profile, name).await?,
        _ => client.restore_backup_file(profile, backup).await?,
    };
    let job = follow(&session, begun).await?;
    output::data(format, &job, |job| {
        let restored = job.restored.unwrap_or_default();
        format!(
            "Restored: {} contacts, {} chats and {} messages that were not here.",
            restored.contacts, restored.chats, restored.messages
        )
    });
    Ok(())
}

/// Waits until a job is over.
async fn follow(session: &Session, begun: BackupJob) -> Result<BackupJob> {
    let bar = ProgressBar::new(begun.total);
    let mut job = begun;
    loop {
        match job.state {
            BackupState::Done => break,
            BackupState::Failed => {
                bar.finish_and_clear();
                let sentence = job.error.map_or_else(|| "it failed".to_owned(), |error| error.message);
                return Err(Failure::new(Exit::Refused, sentence).into());
            }
            BackupState::Running => {}
        }
        bar.set_length(job.total.max(job.done));
        bar.set_position(job.done);
        tokio::time::sleep(LOOK_EVERY).await;
        match session.client.backups(&session.profile).await?.job {
            Some(now) if now.number == job.number => job = now,
            _ => return Err(Failure::new(Exit::Refused, "the profile was locked meanwhile; do it again").into()),
        }
    }
    bar.finish_and_clear();
    Ok(job)
}

async fn auto(who: &Who, choice: Option<AutoArg>, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let mut settings = session.client.settings(&session.profile).await?;
    if let Some(choice) = choice {
        settings.auto_backup = match choice {
            AutoArg::Off => AutoBackup::Off,
            AutoArg::WithoutMessages => AutoBackup::WithoutMessages,
            AutoArg::WithMessages => AutoBackup::WithMessages,
        };
        settings = session.client.save_settings(&session.profile, &settings).await?;
    }
    output::data(format, &settings.auto_backup, |choice| {
        match choice {
            AutoBackup::Off => "No backup is made by itself.",
            AutoBackup::WithoutMessages => "Every day a backup of profile, settings, people and chats.",
            AutoBackup::WithMessages => "Every day a backup of everything, messages included.",
        }
        .into()
    });
    Ok(())
}

async fn list(who: &Who, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let backups = session.client.backups(&session.profile).await?;
    output::data(format, &backups, |backups| {
        let rows = backups.files.iter().map(|file| {
            let kilobytes = file.size.div_ceil(1_000);
            vec![file.name.clone(), format!("{kilobytes} kB")]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        format!("{}in {}", output::table(&rows), backups.folder)
    });
    Ok(())
}

const LOOK_EVERY: Duration = Duration::from_millis(100);
