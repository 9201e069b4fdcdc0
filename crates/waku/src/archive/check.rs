//! Looks for damage in an archive, without changing it and beside a node that uses it.
//!
//! Every message is read through the index that queries use, and its hash is calculated again; beside
//! that, each database looks at what only it can see.

use std::sync::Arc;

use waku_proto::MessageHash;

use super::database::{Files, Readers};
use super::{ArchiveError, Place, ServerUrl, postgres, sqlite};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Messages that were read and are whole.
    pub whole: u64,
    /// What is wrong, a sentence each; at most [`MAX_FINDINGS`].
    pub findings: Vec<String>,
    /// What is wrong beyond these.
    pub more: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_well(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, finding: String) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}

/// Reads the whole archive; `progress` is told the number of messages now and then. An error when it cannot
/// be opened at all, or is not an archive.
pub fn check(place: &Place, progress: &mut dyn FnMut(u64)) -> Result<Report, ArchiveError> {
    let mut report = Report::default();
    let readers = match place {
        Place::File(path) => {
            let files = Files::of(path.clone());
            files
                .read(|connection| sqlite::faults(connection))?
                .into_iter()
                .for_each(|fault| report.add(fault));
            Readers::Sqlite(Arc::new(files))
        }
        Place::Server(url) => server(url, &mut report)?,
    };
    let mut place: Option<(i64, MessageHash)> = None;
    loop {
        let entries = match readers.after(place, PAGE) {
            Ok(entries) => entries,
            Err(error @ (ArchiveError::Away | ArchiveError::Busy | ArchiveError::NotLetIn | ArchiveError::Tls(_))) => {
                return Err(error);
            }
            Err(error) => {
                report.add(format!(
                    "after {} messages nothing more can be read: {error}",
                    report.whole
                ));
                return Ok(report);
            }
        };
        let Some(last) = entries.last() else {
            return Ok(report);
        };
        for entry in &entries {
            if entry.is_consistent() {
                report.whole += 1;
            } else {
                report.add(format!("the message {} is not what was stored", entry.hash));
            }
        }
        let timestamp = last.envelope.as_ref().and_then(|envelope| envelope.message.timestamp);
        let next = (timestamp.unwrap_or(i64::MAX), last.hash);
        if place.is_some_and(|place| next <= place) {
            report.add("the messages are not in order".to_owned());
            return Ok(report);
        }
        place = Some(next);
        progress(report.whole);
    }
}

fn server(url: &ServerUrl, report: &mut Report) -> Result<Readers, ArchiveError> {
    let link = Arc::new(postgres::Link::new(url, super::CONNECTIONS)?);
    link.faults()?.into_iter().for_each(|fault| report.add(fault));
    Ok(Readers::Postgres(link))
}

/// More sentences than this help nobody.
pub const MAX_FINDINGS: usize = 20;
/// Messages that are read at once.
const PAGE: usize = 500;
