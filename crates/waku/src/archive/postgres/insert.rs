//! Batches of messages into PostgreSQL, whichever other nodes insert the same at the same time.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use tokio_postgres::error::SqlState;
use waku_proto::{Envelope, MessageHash};

use super::super::writer;
use super::{ArchiveError, Database, schema};

/// One durable transaction; answers for each message whether it is new.
pub(super) async fn batch(
    database: &mut Database,
    batch: &[(&Envelope, MessageHash)],
) -> Result<Vec<bool>, ArchiveError> {
    learn_shards(database, batch).await?;
    for _ in 0..TRIES {
        make_parts(database, batch).await?;
        match insert(database, batch).await {
            // Another node has dropped the partition since we looked.
            Err(error) if error.code() == Some(&SqlState::CHECK_VIOLATION) => database.parts.clear(),
            outcome => return Ok(outcome?),
        }
    }
    Err(ArchiveError::Busy)
}

async fn insert(
    database: &mut Database,
    batch: &[(&Envelope, MessageHash)],
) -> Result<Vec<bool>, tokio_postgres::Error> {
    let columns = Columns::of(batch, database);
    let width = database.width;
    let Some(client) = database.client.as_mut() else {
        return Ok(Vec::new());
    };
    let statement = client.prepare(INSERT).await?;
    let transaction = client.transaction().await?;
    let rows = transaction
        .query(
            &statement,
            &[
                &columns.timestamps,
                &columns.hashes,
                &columns.shards,
                &columns.topic_keys,
                &columns.sizes,
                &columns.versions,
                &columns.content_topics,
                &columns.metas,
                &columns.payloads,
            ],
        )
        .await?;
    let mut new = BTreeSet::new();
    let mut tally = std::collections::BTreeMap::<i64, (i64, i64)>::new();
    for row in rows {
        let (hash, timestamp, size): (&[u8], i64, i32) = (row.get(0), row.get(1), row.get(2));
        new.extend(MessageHash::from_slice(hash));
        let (messages, bytes) = tally.entry(schema::part_of(timestamp, width)).or_default();
        *messages += 1;
        *bytes += i64::from(size) + ROW_BYTES;
    }
    for (part, (messages, bytes)) in tally {
        transaction
            .execute(
                "INSERT INTO undertone.tally (part, messages, bytes) VALUES ($1, $2, $3)",
                &[&part, &messages, &bytes],
            )
            .await?;
    }
    transaction.commit().await?;
    // Of two equal messages in a batch the first is the new one.
    Ok(batch.iter().map(|(_, hash)| new.remove(hash)).collect())
}

/// The partitions of the messages, and the ones after them and after this moment.
async fn make_parts(database: &mut Database, batch: &[(&Envelope, MessageHash)]) -> Result<(), ArchiveError> {
    let width = database.width;
    let mut wanted: BTreeSet<i64> = batch
        .iter()
        .map(|(envelope, _)| schema::part_of(timestamp(envelope), width))
        .collect();
    let now = schema::part_of(writer::now(), width);
    if wanted.contains(&now) {
        wanted.extend(now + 1..=now + PARTS_AHEAD);
    }
    if wanted.is_subset(&database.parts) {
        return Ok(());
    }
    let parts = schema::make(database.client()?, &wanted, width).await?;
    database.parts = parts;
    Ok(())
}

async fn learn_shards(database: &mut Database, batch: &[(&Envelope, MessageHash)]) -> Result<(), ArchiveError> {
    let names: BTreeSet<&[u8]> = batch
        .iter()
        .map(|(envelope, _)| envelope.pubsub_topic.as_str().as_bytes())
        .filter(|name| !database.shards.contains_key(*name))
        .collect();
    for name in names {
        let client = database.client()?;
        client
            .execute(
                "INSERT INTO undertone.shard (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
                &[&name],
            )
            .await?;
        let row = client
            .query_one("SELECT id FROM undertone.shard WHERE name = $1", &[&name])
            .await?;
        database.shards.insert(name.to_vec(), row.get(0));
    }
    Ok(())
}

/// The batch by columns, in store order: two nodes that insert the same messages in different orders would
/// wait for each other.
#[derive(Default)]
struct Columns<'a> {
    timestamps: Vec<i64>,
    hashes: Vec<&'a [u8]>,
    shards: Vec<i32>,
    topic_keys: Vec<Vec<u8>>,
    sizes: Vec<i32>,
    versions: Vec<i64>,
    content_topics: Vec<&'a [u8]>,
    metas: Vec<&'a [u8]>,
    payloads: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a [(&'a Envelope, MessageHash)], database: &Database) -> Columns<'a> {
        let mut columns = Columns::default();
        let mut sorted: Vec<&(&Envelope, MessageHash)> = batch.iter().collect();
        sorted.sort_by_key(|(envelope, hash)| (timestamp(envelope), *hash));
        for (envelope, hash) in sorted {
            let message = &envelope.message;
            let shard = envelope.pubsub_topic.as_str().as_bytes();
            columns.timestamps.push(timestamp(envelope));
            columns.hashes.push(hash.as_bytes());
            columns.shards.push(database.shards.get(shard).copied().unwrap_or(0));
            columns.topic_keys.push(topic_key(message.content_topic.as_str()));
            columns
                .sizes
                .push(i32::try_from(message.encoded_len()).unwrap_or(i32::MAX));
            columns.versions.push(i64::from(message.version));
            columns.content_topics.push(message.content_topic.as_str().as_bytes());
            columns.metas.push(&message.meta);
            columns.payloads.push(&message.payload);
        }
        columns
    }
}

/// What stands for a content topic in the index.
pub(super) fn topic_key(topic: &str) -> Vec<u8> {
    Sha256::digest(topic.as_bytes())[..16].to_vec()
}

fn timestamp(envelope: &Envelope) -> i64 {
    envelope.message.timestamp.unwrap_or(0)
}

/// What a row and its entries in three indexes take beside the encoded message, as measured.
pub(super) const ROW_BYTES: i64 = 480;
/// Partitions that are made before their time comes.
const PARTS_AHEAD: i64 = 2;
/// A partition may be dropped again and again while we insert; not for ever.
const TRIES: usize = 5;

const INSERT: &str = "
INSERT INTO undertone.message
    (timestamp, hash, shard, topic_key, size, version, content_topic, meta, payload)
SELECT * FROM unnest(
    $1::int8[], $2::bytea[], $3::int4[], $4::bytea[], $5::int4[], $6::int8[], $7::bytea[], $8::bytea[], $9::bytea[])
ON CONFLICT (hash, timestamp) DO NOTHING
RETURNING hash, timestamp, size";
