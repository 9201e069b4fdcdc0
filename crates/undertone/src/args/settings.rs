//! What a person can choose: `undertone settings`.

use clap::{Args, ValueEnum};

use super::{AudienceArg, PreviewArg};

/// Settings to change.
#[derive(Args, Clone, Debug)]
pub(crate) struct SettingsArgs {
    /// Lock after so many minutes without a command; "never" switches it off
    #[arg(long, value_name = "MINUTES")]
    pub(crate) auto_lock: Option<String>,
    /// How to take part in the network, from the next unlocking on
    #[arg(long)]
    pub(crate) mode: Option<ModeArg>,
    /// In relay mode, keep at most so many megabytes of others' messages (0: none)
    #[arg(long, value_name = "MB")]
    pub(crate) share_megabytes: Option<u32>,
    /// Keep them for so many hours
    #[arg(long, value_name = "HOURS")]
    pub(crate) share_hours: Option<u32>,
    /// Whose contact requests are shown
    #[arg(long, value_name = "WHO")]
    pub(crate) requests_from: Option<RequestsArg>,
    /// Whose groups you may be put into
    #[arg(long, value_name = "WHO")]
    pub(crate) group_invitations_from: Option<InvitationsArg>,
    /// Who gets your description, colour and links
    #[arg(long, value_name = "WHO")]
    pub(crate) profile_for: Option<AudienceArg>,
    /// Who of those gets your picture
    #[arg(long, value_name = "WHO")]
    pub(crate) picture_for: Option<AudienceArg>,
    /// Whose pictures are kept and shown
    #[arg(long, value_name = "WHO")]
    pub(crate) pictures_of: Option<PicturesArg>,
    /// Whether to make previews of links you send; making one asks the page, from your address
    #[arg(long, value_name = "WHEN")]
    pub(crate) link_previews: Option<LinkPreviewsArg>,
    /// Allow files above 5 MB to go directly between your device and a contact's; the other person then sees your internet
    /// address (IP)
    #[arg(long, value_name = "BOOL")]
    pub(crate) direct_files: Option<bool>,
    /// How much notifications say
    #[arg(long, value_name = "HOW")]
    pub(crate) preview: Option<PreviewArg>,
    /// Show no notifications now
    #[arg(long, value_name = "BOOL")]
    pub(crate) do_not_disturb: Option<bool>,
    /// How loudly a kind is told: one-to-one, group, mention, everyone, other, requests or events, as in mention=quiet; can
    /// be repeated
    #[arg(long, value_name = "KIND=HOW")]
    pub(crate) notify: Vec<String>,
}

/// How to take part in the network.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ModeArg {
    /// Pass everybody's messages on
    Relay,
    /// Ask for our own only
    Light,
}

/// Whose contact requests are shown.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RequestsArg {
    /// Everybody's
    Everyone,
    /// Those of people who share a private group with you
    GroupMembers,
    /// Nobody's
    Nobody,
}

/// Whose groups one may be put into.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum InvitationsArg {
    /// Contacts'
    Contacts,
    /// Everybody's
    Everyone,
}

/// When previews are made.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LinkPreviewsArg {
    /// When you want one
    Ask,
    /// Always
    Always,
    /// Never
    Never,
}

/// Whose pictures are kept.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PicturesArg {
    /// Those of people you accepted
    Contacts,
    /// Nobody's
    Nobody,
}
