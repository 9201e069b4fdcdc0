//! Emptying the write-ahead log so that nothing erased is left behind, in the log or in the database.
//!
//! `secure_delete` zeroes what a statement deletes where it stands. It does not zero the copies that balancing leaves: when
//! SQLite moves rows to a neighbouring page, it writes the rest of the old page anew but leaves the unused middle of that
//! page as it was. A row deleted later is zeroed where it stands then, and the stale copy survives. So before the log is
//! moved into the database, the unused middle of every page in the log is zeroed. The pages are known from the log itself;
//! that is why nothing else may ever empty it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::store::Checkpoint;
use crate::{Store, StoreError, file};

impl Store {
    /// Moves the write-ahead log into the database and cuts it to nothing, leaving no copy of anything that was erased
    /// or replaced. To be called within a minute of a commit whose [`Changes::erased`](crate::Changes::erased) is set,
    /// and before the profile is locked. Never waits for a reader: the answer then is [`Checkpoint::Busy`].
    pub fn checkpoint(&mut self) -> Result<Checkpoint, StoreError> {
        let Some(place) = &mut self.file else {
            return Ok(Checkpoint::Done);
        };
        let outcome = empty_log(&mut self.connection, &place.log())?;
        place.longest_log = match outcome {
            Checkpoint::Done => file::LONGEST_LOG,
            // Not at every commit again while a reader stays.
            Checkpoint::Busy => 2 * length(&place.log()).max(file::LONGEST_LOG),
        };
        Ok(outcome)
    }

    /// After a commit: empties the log when it has become long. A failure is not the commit's.
    pub(crate) fn keep_log_short(&mut self) {
        if self
            .file
            .as_ref()
            .is_some_and(|place| length(&place.log()) > place.longest_log)
        {
            let _ = self.checkpoint();
        }
    }
}

/// Scrubs the pages in the log, then moves them into the database and cuts the log.
pub(crate) fn empty_log(connection: &mut Connection, log: &Path) -> Result<Checkpoint, StoreError> {
    connection.busy_timeout(Duration::ZERO)?;
    let outcome = scrub(connection, log).and_then(|()| {
        let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(if busy == 0 { Checkpoint::Done } else { Checkpoint::Busy })
    });
    connection.busy_timeout(file::PATIENCE)?;
    match outcome {
        Err(error) if error.is_busy() => Ok(Checkpoint::Busy),
        outcome => outcome,
    }
}

/// Zeroes the unused middle of every page that stands in the log.
pub(crate) fn scrub(connection: &mut Connection, log: &Path) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut load = transaction.prepare_cached("SELECT data FROM sqlite_dbpage WHERE pgno = ?1")?;
        let mut save = transaction.prepare_cached("UPDATE sqlite_dbpage SET data = ?2 WHERE pgno = ?1")?;
        for number in pages_in_log(log)? {
            let page: Option<Vec<u8>> = load.query_row([number], |row| row.get(0)).optional()?;
            if let Some(mut page) = page
                && clear_gap(number, &mut page)
            {
                save.execute(params![number, page])?;
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Zeroes what lies between the cell pointers and the cells of a b-tree page; whether there was anything.
///
/// Overflow pages and trunks of the free list are told apart by their first byte: it is the highest of a page number, so it
/// is 0 in any database below 64 GiB, and 0 marks no kind of b-tree page.
fn clear_gap(number: u32, page: &mut [u8]) -> bool {
    let header = if number == 1 { DATABASE_HEADER } else { 0 };
    let Some(&[kind, _, _, cells_high, cells_low, content_high, content_low, _]) = page
        .get(header..header + 8)
        .and_then(|bytes| <&[u8; 8]>::try_from(bytes).ok())
    else {
        return false;
    };
    let header_length = match kind {
        LEAF_INDEX | LEAF_TABLE => 8,
        INTERIOR_INDEX | INTERIOR_TABLE => 12,
        _ => return false,
    };
    let cells = usize::from(u16::from_be_bytes([cells_high, cells_low]));
    let start = header + header_length + 2 * cells;
    let stop = usize::from(u16::from_be_bytes([content_high, content_low]));
    match page.get_mut(start..stop) {
        Some(gap) if gap.iter().any(|byte| *byte != 0) => {
            gap.fill(0);
            true
        }
        _ => false,
    }
}

/// The numbers of the pages that stand in a write-ahead log, also those of frames that no longer count.
fn pages_in_log(log: &Path) -> Result<BTreeSet<u32>, StoreError> {
    let mut pages = BTreeSet::new();
    let mut file = match File::open(log) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(pages),
        Err(error) => return Err(error.into()),
    };
    let length = file.metadata()?.len();
    let mut at = LOG_HEADER;
    while at + FRAME_HEADER + file::PAGE <= length {
        let mut number = [0; 4];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut number)?;
        pages.insert(u32::from_be_bytes(number));
        at += FRAME_HEADER + file::PAGE;
    }
    Ok(pages)
}

fn length(log: &Path) -> u64 {
    std::fs::metadata(log).map_or(0, |file| file.len())
}

/// The first page begins with the header of the database.
const DATABASE_HEADER: usize = 100;
const INTERIOR_INDEX: u8 = 2;
const INTERIOR_TABLE: u8 = 5;
const LEAF_INDEX: u8 = 10;
const LEAF_TABLE: u8 = 13;
/// Sizes in the format of the write-ahead log, in bytes.
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

#[cfg(test)]
mod tests;
