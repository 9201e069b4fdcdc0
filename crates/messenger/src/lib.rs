//! Decides.
//!
//! The brain of an unlocked profile: commands of a person, received envelopes, results of publishing, pages of history
//! and deadlines go in; commits come out. Each input is one turn: one synchronous call, one transaction, with the time and
//! the randomness given from outside. What to publish are rows of the outbox, what a user interface must learn are the
//! ids in [`Commit::changes`], and what to listen to is [`Messenger::interests`].
//!
//! Start reading at `receive.rs`, then `send.rs`; the feature folders (`chats`, `contacts`, `profile`, `devices`) have
//! pure rules, what others tell (`inbound.rs`), and what a person does (`commands.rs`).
//!
//! Does not know how envelopes travel, reads no clock, and draws no randomness but from the seed it was given.

#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(feature = "sqlcipher")]
pub mod accounts;
pub mod activity;
pub mod backup;
mod broken;
pub mod chats;
mod command;
pub mod contacts;
mod datasync;
mod deadlines;
mod devices;
pub mod files;
pub mod groups;
mod history;
mod inbound;
pub mod media;
mod messenger;
pub mod notifications;
mod outbox;
pub mod presence;
pub mod previews;
pub mod profile;
mod receive;
pub mod repair;
mod send;
mod settings;
pub mod shown;
pub mod topics;
pub mod traces;
mod turn;
pub mod verification;
mod waiting;

pub use chats::commands::Mute;
pub use command::{Command, CommandError, Fault, Reply};
pub use crypto::{Mnemonic, PublicKey, SecretKey};
pub use history::{HistoryGap, HistoryPage};
pub use inbound::{Inbound, Missing, Reason, Rule};
pub use messenger::{AccountInfo, Commit, Messenger, NewProfile, Published, Receipt};
pub use profile::{Identity, ProfileError};
pub use protocol::Timestamp;
pub use protocol::content::Presence;
pub use protocol::id::{ChatId, ChatKind, CommunityId, InstallationId, MessageId};
pub use protocol::link;
pub use protocol::markup;
pub use protocol::mention;
pub use settings::{Audience, AutoBackup, InvitationsFrom, LinkPreviews, Mode, PicturesOf, RequestsFrom, Settings};
pub use store::OutboxId;
