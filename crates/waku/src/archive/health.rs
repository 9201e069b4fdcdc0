//! What the writer last found out, for those who ask how the archive is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::ArchiveError;

/// Shared between the handle and the writer.
#[derive(Clone, Default)]
pub(super) struct Health(Arc<State>);

#[derive(Default)]
struct State {
    trouble: Mutex<Option<ArchiveError>>,
    is_closing: AtomicBool,
}

impl Health {
    pub(super) fn trouble(&self) -> Option<ArchiveError> {
        *self.lock()
    }

    pub(super) fn report<T>(&self, outcome: &Result<T, ArchiveError>) {
        *self.lock() = outcome.as_ref().err().copied();
    }

    /// Nobody holds the archive any more.
    pub(super) fn close(&self) {
        self.0.is_closing.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.0.is_closing.load(Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<ArchiveError>> {
        self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
