//! The contract between the daemon and every user interface: request, response and event types, and a small typed
//! client.
//!
//! All of it is plain data. Field names are camelCase on the wire, moments are Unix milliseconds, identifiers are opaque
//! strings: a user interface stores and returns them and never takes one apart. Lists page by cursor, writes answer with
//! the id, reads never change anything.
//!
//! This crate knows no rule, no key and no protocol. The daemon converts to and from its own types by hand.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod activity;
mod attachment;
mod backup;
mod chat;
pub mod client;
mod contact;
pub mod door;
mod error;
mod event;
pub mod export;
mod group;
mod links;
mod message;
mod node;
mod notification;
mod people;
pub mod place;
mod preview;
mod profile;
mod repair;
mod secret;
mod settings;
mod shown;
mod text;
mod trace;

pub use activity::{Activity, ActivityAnswer, ActivityKind, ActivityPage, ActivityQuery, Mute, MuteChat};
pub use attachment::{
    Attachment, AttachmentKind, AttachmentState, ChatStorage, FileTrouble, SendAttachments, StoredChat, Upload,
    UploadQuery,
};
pub use backup::{AutoBackup, BackupDoing, BackupFile, BackupJob, BackupState, Backups, CreateBackup, Restored};
pub use chat::{Chat, ChatAbilities, ChatKind, Draft, JoinPublic};
pub use contact::{Contact, ContactRequest, ContactState, Nickname};
pub use door::{Hello, Invitation, OpenBrowser, PageKey, Welcome};
pub use error::{ErrorBody, code};
pub use event::{Event, Frame, Item, Signal};
pub use group::{
    AddMembers, AskToJoin, ChangeGroup, CreateGroup, Group, GroupEvent, GroupEventKind, GroupMember, GroupRequest,
    GroupRequestState, GroupRole, GroupStanding, Reach, Receipt,
};
pub use links::{Link, LinkKind, LinkQuery, QrQuery, ReadLink};
pub use message::{
    Accepted, Created, DeleteFor, DeleteQuery, Delivery, EditText, Happening, Message, MessageKind, MessagesQuery,
    Page, PageQuery, Quote, Reaction, SearchQuery, SendText,
};
pub use node::{
    AddNode, AddedNode, Connectivity, DaemonStatus, MeshTopic, NodeStatus, Peer, Purpose, Sharing, Traffic, Transport,
};
pub use notification::{ChatNotifications, Loudness, Notification, NotificationPreview, Notifications, Screen};
pub use people::{
    ConfirmPhrase, DescribeProfile, PhraseQuestion, PhraseState, Presence, PresenceChoice, PresenceState, ProfileLink,
    SafetyNumber, SafetyPicture, SetPresence, SetTrust, SetVerified, Trust, Verification, VerificationState,
    VerificationText,
};
pub use preview::{LinkPreview, MadePreview, MakePreview};
pub use profile::{
    Account, ChangePassword, CreateProfile, ExportPhrase, Phrase, Profile, ProfileState, Rename, RestoreProfile, Unlock,
};
pub use repair::{Gap, GapState, MessagePage};
pub use secret::Secret;
pub use settings::{Audience, InvitationsFrom, LinkPreviews, Mode, PicturesOf, RequestsFrom, Settings};
pub use shown::{Brought, Card, Sticker};
pub use text::{Named, TextBlock, TextBlockKind, TextSpan, TextSpanKind, Written};
pub use trace::{
    Trace, TraceEnvelope, TraceFate, TraceField, TraceKey, TraceLock, TraceOutcome, TraceParcel, TracePlace,
    TraceScheme, TraceSighting, TraceWay,
};

/// The version that every path begins with: `/v1/…`.
pub const VERSION: &str = "v1";
