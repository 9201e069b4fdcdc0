//! An archive in a place of its own, and messages to put into it.

use std::path::PathBuf;

use tempfile::TempDir;
use waku_proto::store::{Direction, Entry, SUCCESS};
use waku_proto::{ContentTopic, PubsubTopic};

use super::server::Server;
use crate::archive::*;

/// Where the archives of a case are made.
pub(super) enum Home {
    /// Each in a folder of its own.
    Folder,
    /// Each in a database of its own.
    Server(Server),
}

/// An archive in a place of its own.
pub(super) struct Lab {
    pub(super) archive: Archive,
    pub(super) config: ArchiveConfig,
    _folder: TempDir,
}

impl Lab {
    pub(super) fn open(home: &mut Home, retention: Retention) -> Lab {
        let folder = TempDir::new().unwrap();
        let place = match home {
            Home::Folder => Place::File(folder.path().join("archive.db")),
            Home::Server(server) => server.database().parse().unwrap(),
        };
        Lab {
            _folder: folder,
            ..Lab::of(ArchiveConfig {
                place,
                retention,
                connections: CONNECTIONS,
            })
        }
    }

    pub(super) fn of(config: ArchiveConfig) -> Lab {
        Lab {
            archive: Archive::open(config.clone()).unwrap(),
            config,
            _folder: TempDir::new().unwrap(),
        }
    }

    pub(super) fn reopen(self) -> Lab {
        self.reopen_after(|_| ())
    }

    pub(super) fn reopen_with(mut self, retention: Retention) -> Lab {
        self.config.retention = retention;
        self.reopen_after(|_| ())
    }

    pub(super) fn reopen_after(self, prepare: impl FnOnce(&sqlite::Database)) -> Lab {
        drop(self.archive);
        let (database, readers) = database::open(&self.config).unwrap();
        if let Database::Sqlite(database) = &database {
            prepare(database);
        }
        let archive = Archive::start(database, readers, self.config.clone()).unwrap();
        Lab { archive, ..self }
    }

    /// The database file.
    pub(super) fn file(&self) -> PathBuf {
        match &self.config.place {
            Place::File(path) => path.clone(),
            Place::Server(_) => panic!("there is no file"),
        }
    }

    pub(super) async fn insert(&self, envelope: &Envelope) -> Result<Inserted, ArchiveError> {
        let received_at = envelope.message.timestamp.unwrap();
        self.archive
            .insert(envelope.clone(), envelope.hash(), received_at)
            .await
    }

    /// Inserts envelopes on two shards, all at once.
    pub(super) async fn fill(&self, count: u32) -> Vec<Envelope> {
        let envelopes: Vec<Envelope> = (0..count).map(|number| envelope(number, number % 2, 30)).collect();
        self.insert_all(&envelopes).await;
        envelopes
    }

    pub(super) async fn insert_all(&self, envelopes: &[Envelope]) {
        let inserts = envelopes.iter().map(|envelope| self.insert(envelope));
        for outcome in futures::future::join_all(inserts).await {
            assert_eq!(outcome, Ok(Inserted::Stored));
        }
    }

    pub(super) fn walk(&self, query: Query) -> Vec<MessageHash> {
        walk(&self.archive, query)
    }
}

pub(super) fn at(url: &str, policy: &str) -> ArchiveConfig {
    ArchiveConfig {
        place: url.parse().unwrap(),
        retention: policy.parse().unwrap(),
        connections: CONNECTIONS,
    }
}

/// Follows the cursors to the end. Every page is checked; the result is in store order.
pub(super) fn walk(archive: &Archive, mut query: Query) -> Vec<MessageHash> {
    let mut pages: Vec<Vec<MessageHash>> = Vec::new();
    loop {
        let page = archive.query_blocking(&query);
        assert_eq!(page.status, SUCCESS, "{}", page.description);
        assert!(page.entries.iter().all(Entry::is_consistent));
        assert!(page.entries.len() <= query.page_size());
        pages.push(page.entries.iter().map(|entry| entry.hash).collect());
        match page.cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    if query.direction == Direction::Backward {
        pages.reverse();
    }
    pages.concat()
}

pub(super) fn sorted(envelopes: &[Envelope]) -> Vec<MessageHash> {
    let mut places: Vec<(i64, MessageHash)> = envelopes
        .iter()
        .map(|envelope| (envelope.message.timestamp.unwrap(), envelope.hash()))
        .collect();
    places.sort();
    places.into_iter().map(|(_, hash)| hash).collect()
}

/// Distinct by number; timestamps rise with the number, 2,000 of them within the 20 s of admission.
pub(super) fn envelope(number: u32, shard_number: u32, size: usize) -> Envelope {
    let mut payload = number.to_be_bytes().to_vec();
    payload.resize(size.max(4), 7);
    let message = WakuMessage {
        payload,
        content_topic: topic(number % 5),
        timestamp: Some(NOON + i64::from(number) * TICK),
        ..WakuMessage::default()
    };
    Envelope::new(shard(shard_number), message)
}

pub(super) fn shard(number: u32) -> PubsubTopic {
    PubsubTopic::new(format!("/waku/2/rs/16/{number}"))
}

pub(super) fn topic(number: u32) -> ContentTopic {
    ContentTopic::new(format!("/waku/1/0x{number:08x}/rfc26"))
}

pub(super) const TICK: i64 = 10_000;

pub(super) const SECOND: i64 = 1_000_000_000;
pub(super) const NOON: i64 = 1_790_000_000 * SECOND;
