//! What a history of signed membership events makes of a private group.
//!
//! | Module | What it says |
//! | --- | --- |
//! | [`state`] | who may do what: the deployed rules, one event at a time |
//! | [`history`] | events as one whole: judged, united, and told to those who lack them |
//! | [`change`] | events of our own, which no rule and no order of arrival can break |
//! | [`look`] | names and colours as they may be shown |
//!
//! Deployed clients replay all events they know by their clocks, and refuse the whole set if one of them breaks a rule. So
//! a set that breaks a rule is refused here as well, whole: whoever passed it on would be refused from then on. Two sets
//! that are valid each for itself, but not together, come from changes made at the same time; deployed members part ways
//! then. Here the later of two events that exclude each other is set aside, on every member alike, see
//! [`History::merge`]. What is set aside is never passed on, so that everything we send is valid by the deployed rules.

pub mod change;
pub mod history;
pub mod look;
pub mod state;

pub use change::{Change, ChangeError};
pub use history::{History, HistoryError};
pub use state::{Breach, State};

/// Members that a group of ours has at most, its creator included. Each message is encrypted for each of them.
pub const MAX_MEMBERS: usize = 50;

#[cfg(test)]
mod tests;
