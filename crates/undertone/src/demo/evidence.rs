//! What the five nodes hold after the encryption of the links is off: every envelope that passed them, every row of their
//! archives, and the archives' files byte for byte.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use waku::archive::Archive;
use waku::{Envelope, MessageHash, Query};

use super::search::{Form, Search};

/// An envelope that passed a node.
pub(crate) struct Sighting {
    /// Which of the five, from 0.
    pub(crate) node: usize,
    pub(crate) at: Instant,
    pub(crate) hash: MessageHash,
    pub(crate) envelope: Envelope,
}

/// A row of an archive.
pub(crate) type Row = (MessageHash, Envelope);

/// A pile of bytes to look through.
#[derive(Default)]
pub(crate) struct Pile {
    records: Vec<Vec<u8>>,
}

/// What a search brought to light.
#[derive(Default)]
pub(crate) struct Light {
    /// Secret and form, how often.
    found: BTreeMap<(String, Form), usize>,
}

impl Pile {
    /// The envelopes as a node sees them: topic and message.
    pub(crate) fn of_envelopes<'e>(envelopes: impl IntoIterator<Item = &'e Envelope>) -> Self {
        let record = |envelope: &Envelope| {
            [
                envelope.pubsub_topic.as_str().as_bytes(),
                b"\n",
                &envelope.message.encode(),
            ]
            .concat()
        };
        Self {
            records: envelopes.into_iter().map(record).collect(),
        }
    }

    /// The files of an archive: the database and its log.
    pub(crate) fn of_files(archive: &Path) -> Result<Self> {
        let mut records = Vec::new();
        for ending in ["", "-wal"] {
            let mut path = archive.as_os_str().to_owned();
            path.push(ending);
            match std::fs::read(&path) {
                Ok(bytes) => records.push(bytes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).context("reading an archive's file"),
            }
        }
        Ok(Self { records })
    }

    /// Puts another pile on top.
    pub(crate) fn add(&mut self, other: Self) {
        self.records.extend(other.records);
    }

    /// How many records there are.
    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }

    /// How many bytes there are.
    pub(crate) fn bytes(&self) -> usize {
        self.records.iter().map(Vec::len).sum()
    }

    /// Looks through all of it.
    pub(crate) fn search(&self, search: &Search, light: &mut Light) {
        for record in &self.records {
            for finding in search.find(record) {
                *light.found.entry((finding.name.to_owned(), finding.form)).or_default() += 1;
            }
        }
    }
}

impl Light {
    /// The forms in which a secret was found.
    pub(crate) fn forms_of(&self, name: &str) -> Vec<Form> {
        self.found
            .keys()
            .filter(|(found, _)| found == name)
            .map(|(_, form)| *form)
            .collect()
    }

    /// Everything else that was found, in words.
    pub(crate) fn others_than(&self, name: &str) -> Vec<String> {
        let others = self.found.iter().filter(|((found, _), _)| found != name);
        others
            .map(|((found, form), count)| format!("{found} as {} ({count} times)", form.name()))
            .collect()
    }
}

/// Every row of an archive, in store order. Reads on the calling thread.
pub(crate) fn rows(archive: &Archive) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut query = Query {
        limit: Some(PAGE),
        ..Query::default()
    };
    loop {
        let page = archive.query_blocking(&query);
        if !page.is_success() {
            bail!("an archive did not answer: {}", page.description);
        }
        for entry in page.entries {
            rows.push((entry.hash, entry.envelope.context("a row without its message")?));
        }
        match page.cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => return Ok(rows),
        }
    }
}

/// The largest page of a store.
const PAGE: u64 = 100;
