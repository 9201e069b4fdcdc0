//! The schema and its history: migrations are appended, never edited.
//!
//! `PRAGMA user_version` counts the migrations that a database has behind it. `schema.sql` beside this file is what all of
//! them together make; a test compares.

use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;
use crate::error::Kind;

/// Brings a database to the newest schema, each migration in a transaction of its own.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_to(connection, MIGRATIONS.len())
}

/// Brings a database to the schema after the first `target` migrations, if it is not there yet.
pub(crate) fn migrate_to(connection: &mut Connection, target: usize) -> Result<(), StoreError> {
    let done = version(connection)?;
    if done > MIGRATIONS.len() {
        return Err(StoreError::new(Kind::Newer));
    }
    for (behind, sql) in MIGRATIONS.iter().enumerate().take(target).skip(done) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", behind as i64 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

/// How many migrations a database has behind it.
pub(crate) fn version(connection: &Connection) -> Result<usize, StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    usize::try_from(version).map_err(|_| StoreError::new(Kind::Damaged))
}

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0002_activity.sql"),
    include_str!("migrations/0003_repair.sql"),
    include_str!("migrations/0004_people.sql"),
    include_str!("migrations/0005_files.sql"),
    include_str!("migrations/0006_groups.sql"),
    include_str!("migrations/0007_group_requests.sql"),
    include_str!("migrations/0008_traces.sql"),
    include_str!("migrations/0009_edits.sql"),
    include_str!("migrations/0010_public.sql"),
    include_str!("migrations/0011_direct_files.sql"),
    include_str!("migrations/0012_pending.sql"),
    include_str!("migrations/0013_drafts.sql"),
];

#[cfg(test)]
mod tests;
