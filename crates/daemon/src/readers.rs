//! The readers of an unlocked profile: a few read-only connections beside the engine's, for lists.

use std::sync::{Arc, Mutex, PoisonError};

use store::{Reader, StoreError};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::convert::{Own, Reading};
use crate::engine::Stopped;

/// A small pool; whoever finds it empty waits.
#[derive(Clone)]
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Reader>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    /// A pool of these.
    pub(crate) fn new(readers: [Reader; READERS]) -> Self {
        Self {
            places: Arc::new(Semaphore::new(READERS)),
            idle: Arc::new(Mutex::new(readers.into())),
        }
    }

    /// Runs a look at one snapshot of the database, away from the threads that serve the network.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        own: Own,
        look: impl FnOnce(&Reading<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Result<T, StoreError>, Stopped> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| Stopped)?;
        let idle = Arc::clone(&self.idle);
        let looked = spawn_blocking(move || {
            let reader = lock(&idle).pop().ok_or(Stopped)?;
            let value = reader.read(|view| look(&Reading { view, own: &own }));
            lock(&idle).push(reader);
            drop(place);
            Ok(value)
        });
        // A panic in the look lost the reader; nobody else is served by it either.
        looked.await.map_err(|_| Stopped)?
    }

    /// Refuses further looks, waits for those under way, and closes the connections.
    pub(crate) async fn close(&self) {
        let all = self.places.acquire_many(READERS as u32).await;
        self.places.close();
        drop(all);
        lock(&self.idle).clear();
    }
}

fn lock(idle: &Mutex<Vec<Reader>>) -> std::sync::MutexGuard<'_, Vec<Reader>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connections of a profile's pool: a page of messages must not wait for a search.
pub(crate) const READERS: usize = 2;
