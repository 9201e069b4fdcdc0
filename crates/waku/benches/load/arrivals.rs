//! What has come so far, and how long each took.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// The milliseconds that messages took, in the order in which they came.
pub(crate) struct Arrivals {
    ages: Mutex<Vec<f64>>,
    count: watch::Sender<usize>,
}

impl Arrivals {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            ages: Mutex::default(),
            count: watch::Sender::new(0),
        })
    }

    pub(crate) fn add(&self, age: f64) {
        self.ages.lock().unwrap().push(age);
        self.count.send_modify(|count| *count += 1);
    }

    /// Waits until so many have come, or none for so long. Answers how many have.
    pub(crate) async fn until(&self, wanted: usize, patience: Duration) -> usize {
        let mut count = self.count.subscribe();
        while *count.borrow_and_update() < wanted && timeout(patience, count.changed()).await.is_ok() {}
        *count.borrow()
    }

    pub(crate) fn ages(&self) -> Vec<f64> {
        self.ages.lock().unwrap().clone()
    }
}
