//! The events of one unlocked profile: a bounded ring that readers pull from.
//!
//! Every frame is turned into text once, when it is appended. A reader keeps its own position and asks for what came
//! after; when the ring no longer reaches back that far, it is told so and reloads. A slow reader therefore costs
//! nothing, and nobody waits for one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::{Event, Frame, Item, Signal};
use tokio::sync::{broadcast, watch};

/// The events since a profile was unlocked.
#[derive(Debug)]
pub(crate) struct EventLog {
    epoch: String,
    ring: Mutex<Ring>,
    latest: watch::Sender<u64>,
    signals: broadcast::Sender<Signal>,
}

/// What came after a position.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Everything, as WebSocket texts, and the position after it.
    Frames(Vec<Arc<str>>, u64),
    /// Some of it is gone; go on from this position.
    Lost(u64),
}

#[derive(Debug, Default)]
struct Ring {
    /// The number of the newest frame; 0 before the first.
    latest: u64,
    /// The newest frames, without gaps, oldest first.
    frames: VecDeque<Arc<str>>,
    bytes: usize,
}

impl EventLog {
    /// An empty log of a new epoch.
    pub(crate) fn new(epoch: String) -> Self {
        Self {
            epoch,
            ring: Mutex::default(),
            latest: watch::Sender::new(0),
            signals: broadcast::Sender::new(SIGNALS),
        }
    }

    /// Names this run of the profile.
    pub(crate) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Appends what one commit changed; nothing, if nothing did.
    pub(crate) fn append(&self, items: Vec<Item>) {
        if items.is_empty() {
            return;
        }
        let mut ring = self.ring();
        let seq = ring.latest + 1;
        let event = Frame::Event(Event {
            epoch: self.epoch.clone(),
            seq,
            items,
        });
        let text: Arc<str> = serde_json::to_string(&event)
            .expect("plain data with string keys")
            .into();
        ring.push(text);
        // While the ring is held, so that positions are published in order.
        self.latest.send_replace(seq);
    }

    /// Tells those who listen now.
    pub(crate) fn signal(&self, signal: Signal) {
        // Nobody listening is the usual case.
        let _ = self.signals.send(signal);
    }

    /// What came after a position.
    pub(crate) fn after(&self, seq: u64) -> After {
        let ring = self.ring();
        let kept = ring.frames.len() as u64;
        match ring.latest.checked_sub(seq) {
            Some(missed) if missed <= kept => {
                let skip = (kept - missed) as usize;
                After::Frames(ring.frames.iter().skip(skip).cloned().collect(), ring.latest)
            }
            _ => After::Lost(ring.latest),
        }
    }

    /// The position of the newest frame, and a wake-up when it moves.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    /// Signals from now on.
    pub(crate) fn signals(&self) -> broadcast::Receiver<Signal> {
        self.signals.subscribe()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // A panic between two lines above leaves a ring that is whole.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn push(&mut self, text: Arc<str>) {
        self.latest += 1;
        self.bytes += text.len();
        self.frames.push_back(text);
        while self.frames.len() > FRAMES || (self.bytes > BYTES && self.frames.len() > 1) {
            if let Some(oldest) = self.frames.pop_front() {
                self.bytes -= oldest.len();
            }
        }
    }
}

/// Frames kept: minutes of a lively chat, so that a page that was reloaded resumes.
const FRAMES: usize = 1024;
/// Bytes kept: a burst of long messages must not grow the process.
const BYTES: usize = 4 << 20;
/// Signals waiting for one reader; older ones are dropped, they are lossy by definition.
const SIGNALS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn log_with(count: u64) -> EventLog {
        let log = EventLog::new("e".into());
        for n in 0..count {
            log.append(vec![Item::ChatRemoved(n.to_string())]);
        }
        log
    }

    fn seqs(after: After) -> Vec<u64> {
        let After::Frames(frames, _) = after else {
            panic!("{after:?}")
        };
        frames
            .iter()
            .map(|text| match serde_json::from_str(text).unwrap() {
                Frame::Event(event) => event.seq,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn resumes_without_gap_or_repetition() {
        let log = log_with(5);
        assert_eq!(seqs(log.after(0)), [1, 2, 3, 4, 5]);
        assert_eq!(seqs(log.after(3)), [4, 5]);
        assert_eq!(log.after(5), After::Frames(vec![], 5));
    }

    #[test]
    fn a_position_from_the_future_or_too_far_back_is_lost() {
        let log = log_with(FRAMES as u64 + 10);
        let latest = FRAMES as u64 + 10;
        assert_eq!(log.after(latest + 1), After::Lost(latest));
        assert_eq!(log.after(9), After::Lost(latest));
        assert_eq!(seqs(log.after(10)).len(), FRAMES);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let log = EventLog::new("e".into());
        for _ in 0..10 {
            log.append(vec![Item::ChatRemoved("x".repeat(1 << 20))]);
        }
        let ring = log.ring();
        assert!(ring.bytes <= BYTES, "{}", ring.bytes);
        assert_eq!(ring.frames.len(), 3);
    }

    #[test]
    fn an_empty_commit_is_no_event() {
        let log = log_with(1);
        log.append(vec![]);
        assert_eq!(*log.watch().borrow(), 1);
    }
}
