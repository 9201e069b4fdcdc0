//! One profile's database: opening it, and the two ways to use it.

use std::sync::{Mutex, PoisonError};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use crate::{Changes, StoreError, Tx, View, migrations};

/// The database of one profile. Whoever holds it is the only writer.
pub struct Store {
    pub(crate) connection: Connection,
    /// Where the file is; none for a database in memory.
    #[cfg(feature = "sqlcipher")]
    pub(crate) file: Option<crate::file::Place>,
}

/// What [`Store::checkpoint`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoint {
    /// Nothing of what was erased is left in the files.
    Done,
    /// A reader still holds an older snapshot; to be tried again in a moment.
    Busy,
}

impl Store {
    /// A database in memory, for tests and simulations: the same tables, the same SQL, no file. Each is a copy of one that
    /// went through the migrations once in this process: they take longer than most tests.
    pub fn in_memory() -> Result<Store, StoreError> {
        static MIGRATED: Mutex<Option<Store>> = Mutex::new(None);
        let mut migrated = MIGRATED.lock().unwrap_or_else(PoisonError::into_inner);
        match &*migrated {
            Some(store) => store.copy_in_memory(),
            None => {
                let mut store = Store::blank()?;
                migrations::migrate(&mut store.connection)?;
                migrated.insert(store).copy_in_memory()
            }
        }
    }

    /// A copy of this database in memory, for tests and simulations.
    pub fn copy_in_memory(&self) -> Result<Store, StoreError> {
        let mut copy = Store::blank()?;
        let step = Backup::new(&self.connection, &mut copy.connection)?.step(-1)?;
        debug_assert_eq!(step, StepResult::Done, "nobody else writes either");
        Ok(copy)
    }

    /// A database in memory without tables.
    fn blank() -> Result<Store, StoreError> {
        let connection = Connection::open_in_memory()?;
        prepare(&connection)?;
        Ok(Store {
            connection,
            #[cfg(feature = "sqlcipher")]
            file: None,
        })
    }

    /// Runs one transaction that may change things. On `Ok` it is committed, durably, before this returns, and comes
    /// with the record of what it touched; on `Err`, of the closure or of the disk, nothing of it remains.
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        turn: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<(T, Changes), E> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let mut tx = Tx::new(&transaction);
        let value = turn(&mut tx)?;
        let changes = tx.finish()?;
        transaction.commit().map_err(StoreError::from)?;
        #[cfg(feature = "sqlcipher")]
        self.keep_log_short();
        Ok((value, changes))
    }

    /// Without files there is nothing to clean.
    #[cfg(not(feature = "sqlcipher"))]
    pub fn checkpoint(&mut self) -> Result<Checkpoint, StoreError> {
        Ok(Checkpoint::Done)
    }

    /// Runs one reading transaction: everything it sees is of the same moment.
    pub fn read<T, E: From<StoreError>>(&self, look: impl FnOnce(&View<'_>) -> Result<T, E>) -> Result<T, E> {
        read(&self.connection, look)
    }
}

/// Runs `look` on a snapshot of the connection's database.
pub(crate) fn read<T, E: From<StoreError>>(
    connection: &Connection,
    look: impl FnOnce(&View<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let transaction = connection.unchecked_transaction().map_err(StoreError::from)?;
    look(&View::new(&transaction))
}

/// What holds for every connection that may write.
pub(crate) fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without it, a statement that may use a partial index is compiled anew at every use, with the values bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(
        "PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -8000;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;",
    )?;
    Ok(())
}

/// More than there are different statements in this crate, so that each is compiled once.
const STATEMENTS: usize = 256;
