//! Remembers: the encrypted local database of one profile.
//!
//! Everything the messenger knows stands here, in strict tables, and is changed only inside [`Store::write`]: one
//! transaction, whose [`Changes`] say what it touched. This crate decides nothing: it loads, saves and lists.
//!
//! The file is a SQLCipher 4 database under a raw 32-byte key ([`DatabaseKey`]); wrapping that key under a password is the
//! business of the caller, who hands the wrapped form to [`keyfile`] as opaque bytes. Without the feature `sqlcipher`
//! there are no files at all, only [`Store::in_memory`], so that an unencrypted one cannot be made by mistake.

pub use account::{Account, AccountRow};
pub use activity::{Activity, ActivityFilter, ActivityId, ActivityKind, ActivityPlace, ActivityRow, Answer};
pub use bundles::{Bundles, OwnPreKeyRow, PreKeyRow};
pub use changes::Changes;
pub use chats::{ChatRow, ChatSummary, Chats, DraftRow};
pub use contacts::{ContactRow, Contacts, RequestSide, RequestState, Trust};
pub use datasync::{Acknowledged, DataSync, DueMessage, OutgoingRow};
pub use edits::{EditRow, Edits};
pub use error::StoreError;
pub use files::{ChatBytes, FileChunkRow, FileRow, FileState, FileTrouble, Files};
pub use group_keys::{GroupKeyRow, GroupKeys};
pub use groups::{GroupEventRow, GroupRequestRow, GroupRequestState, GroupRow, GroupStanding, Groups, ReceiptRow};
pub use history::{History, Span};
pub use installations::{InstallationRow, Installations};
pub use marks::Marks;
pub use messages::{
    Cursor, Deletion, Delivery, Found, MessageRow, Messages, RequestProgress, Search, SearchPlace, Sort,
};
pub use notifications::{ChatNotifications, ChatNotificationsRow, Loudness};
pub use outbox::{NewEntry, Outbox, OutboxId, OutboxRow, RouteKey};
pub use people::{LinkRow, People, PictureRow, PictureSize, PresenceRow};
pub use pins::{PinRow, Pins};
pub use reactions::{ReactionRow, Reactions, Tally};
pub use repair::{Absence, AbsentRow, GapRow, LineRow, OriginalRow, OwnLineRow, Repair};
pub use seen::Seen;
pub use segments::{SegmentRow, Segments};
pub use sessions::{SessionRow, Sessions};
pub use settings::Settings;
pub use shared_secrets::SharedSecrets;
pub use store::{Checkpoint, Store};
pub use topics::{TopicRow, Topics};
pub use traces::{
    ParcelId, ParcelRow, SightingRow, TraceEnvelopeRow, TraceKeyRow, TraceLock, TraceOutcome, TraceScheme, TraceWay,
    TracedRow, Traces,
};
pub use tx::{ReadOnly, Tx, View};
pub use value::{PublicKeyBytes, Secret};
pub use verifications::{Asker, VerificationRow, VerificationState, Verifications};
pub use waiting::{Form, Missing, ParkedRow, Usage, Waiting};

#[cfg(feature = "sqlcipher")]
pub use file::{DatabaseKey, Reader};

#[cfg(feature = "sqlcipher")]
pub mod keyfile;
#[cfg(feature = "sqlcipher")]
pub mod rekey;

mod access;
mod account;
mod activity;
mod bundles;
mod changes;
mod chats;
mod contacts;
mod datasync;
mod edits;
mod error;
#[cfg(feature = "sqlcipher")]
mod file;
mod files;
mod group_keys;
mod groups;
mod history;
mod index;
mod installations;
mod marks;
mod messages;
mod migrations;
mod notifications;
mod outbox;
mod people;
mod pins;
mod reactions;
mod repair;
#[cfg(feature = "sqlcipher")]
mod scrub;
mod seen;
mod segments;
mod sessions;
mod settings;
mod shared_secrets;
mod store;
#[cfg(test)]
mod testing;
mod topics;
mod traces;
mod tx;
mod value;
mod verifications;
mod waiting;
