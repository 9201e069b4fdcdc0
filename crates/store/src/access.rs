//! What every accessor stands on: a connection inside a transaction, and the record of changes.

use std::ops::ControlFlow;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

use crate::index::Unindexed;
use crate::{Changes, StoreError};

pub(crate) struct Access<'t> {
    connection: &'t Connection,
    /// None where only reading is possible.
    record: Option<&'t mut Record>,
}

/// What a transaction gathers beside the rows it writes.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) changes: Changes,
    pub(crate) unindexed: Unindexed,
}

impl<'t> Access<'t> {
    pub(crate) fn reading(connection: &'t Connection) -> Access<'t> {
        Access {
            connection,
            record: None,
        }
    }

    pub(crate) fn writing(connection: &'t Connection, record: &'t mut Record) -> Access<'t> {
        Access {
            connection,
            record: Some(record),
        }
    }

    /// The record of what this transaction touches.
    pub(crate) fn record(&mut self, touch: impl FnOnce(&mut Changes)) {
        if let Some(record) = self.record.as_deref_mut() {
            touch(&mut record.changes);
        }
    }

    /// Notes the text that a row of messages had until now, see [`Unindexed::note`].
    pub(crate) fn note_text(&mut self, row: i64, text_before: Option<String>) {
        if let Some(record) = self.record.as_deref_mut() {
            record.unindexed.note(row, text_before);
        }
    }

    /// Runs a statement; answers how many rows it touched.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.prepare(sql)?.execute(params)?)
    }

    /// The one row a query finds, if any.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(sql)?
            .query_row(params, read)
            .optional()?)
    }

    /// All rows a query finds.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<Vec<T>>>()?)
    }

    /// Looks at the rows a query finds, one after the other, until told to stop.
    pub(crate) fn walk(
        &self,
        sql: &str,
        params: impl Params,
        mut look: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            if look(row)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// A number a query always finds.
    pub(crate) fn count(&self, sql: &str, params: impl Params) -> Result<u64, StoreError> {
        let number: i64 = self
            .connection
            .prepare_cached(sql)?
            .query_row(params, |row| row.get(0))?;
        Ok(number.try_into().unwrap_or(0))
    }

    /// Whether a query finds anything.
    pub(crate) fn exists(&self, sql: &str, params: impl Params) -> Result<bool, StoreError> {
        Ok(self.prepare(sql)?.exists(params)?)
    }

    /// The row id of what was inserted last.
    pub(crate) fn last_row(&self) -> i64 {
        self.connection.last_insert_rowid()
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'t>, StoreError> {
        #[cfg(test)]
        crate::testing::refuse_scans(self.connection, sql);
        Ok(self.connection.prepare_cached(sql)?)
    }
}
