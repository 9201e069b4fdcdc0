//! What a person can choose, per profile: one document, kept as named numbers.
//!
//! Everything here is a choice among a few; names of choices that a database does not hold, or holds with a number
//! nobody knows, are as they are by default.

use std::collections::BTreeMap;

use store::{Loudness, StoreError};

use crate::notifications::rules::{Notifications, Peace, Preview};

/// How the node of this profile takes part in the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Passes everybody's envelopes on and keeps them for a while.
    #[default]
    Relay,
    /// Asks other nodes for its own envelopes only.
    Light,
}

/// Whose contact requests are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestsFrom {
    /// Everybody's.
    #[default]
    Everyone,
    /// Those of people who share a private group with us.
    GroupMembers,
    /// Nobody's: strangers are dropped.
    Nobody,
}

/// Whose groups we may be put into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvitationsFrom {
    /// Contacts' only.
    #[default]
    Contacts,
    /// Everybody's.
    Everyone,
}

/// For whom something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Everybody who knows the key.
    Everyone,
    /// Contacts.
    #[default]
    Contacts,
    /// Nobody.
    Nobody,
}

/// Whose pictures are kept and shown. Those of people we have not accepted never are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PicturesOf {
    /// Those of people we have accepted.
    #[default]
    Contacts,
    /// None at all.
    Nobody,
}

/// Whether backups are made by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoBackup {
    /// No.
    Off,
    /// Every day, without messages.
    #[default]
    WithoutMessages,
    /// Every day, with messages.
    WithMessages,
}

/// Whether previews are made of links that we send. Making one asks the page, from our address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkPreviews {
    /// When the person wants one.
    #[default]
    Ask,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The settings of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Lock after so many minutes without a request; `None`: never. The daemon's business.
    pub auto_lock_minutes: Option<u32>,
    /// How the node takes part in the network. The daemon's business.
    pub mode: Mode,
    /// Keep at most so many megabytes of other people's envelopes. The daemon's business.
    pub share_megabytes: u32,
    /// Keep them for so many hours. The daemon's business.
    pub share_hours: u32,
    /// Whose contact requests are shown.
    pub requests_from: RequestsFrom,
    /// Whose groups we may be put into.
    pub group_invitations_from: InvitationsFrom,
    /// Who gets our name, description, colour and links without our writing to them.
    pub profile_for: Audience,
    /// Who of those gets our picture.
    pub picture_for: Audience,
    /// Whose pictures are kept and shown.
    pub pictures_of: PicturesOf,
    /// Whether backups are made by themselves. The daemon's business.
    pub auto_backup: AutoBackup,
    /// Whether previews are made of links that we send. The daemon's business.
    pub link_previews: LinkPreviews,
    /// Whether large files may go directly between our device and a contact's, who then sees our IP address.
    pub direct_files: bool,
    /// What is shown, and how loudly.
    pub notifications: Notifications,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_lock_minutes: None,
            mode: Mode::default(),
            share_megabytes: 1_000,
            share_hours: 48,
            requests_from: RequestsFrom::default(),
            group_invitations_from: InvitationsFrom::default(),
            profile_for: Audience::default(),
            picture_for: Audience::default(),
            pictures_of: PicturesOf::default(),
            auto_backup: AutoBackup::default(),
            link_previews: LinkPreviews::default(),
            direct_files: false,
            notifications: Notifications::default(),
        }
    }
}

impl Settings {
    /// The document as named numbers.
    pub(crate) fn numbers(&self) -> Vec<(&'static str, u64)> {
        let told = &self.notifications;
        vec![
            (AUTO_LOCK_MINUTES, u64::from(self.auto_lock_minutes.unwrap_or(0))),
            (LIGHT_MODE, number(self.mode)),
            (SHARE_MEGABYTES, u64::from(self.share_megabytes)),
            (SHARE_HOURS, u64::from(self.share_hours)),
            (REQUESTS_FROM, number(self.requests_from)),
            (GROUP_INVITATIONS_FROM, number(self.group_invitations_from)),
            (PROFILE_FOR, number(self.profile_for)),
            (PICTURE_FOR, number(self.picture_for)),
            (PICTURES_OF, number(self.pictures_of)),
            (AUTO_BACKUP, number(self.auto_backup)),
            (LINK_PREVIEWS, number(self.link_previews)),
            (DIRECT_FILES, u64::from(self.direct_files)),
            (PEACE, number(told.peace)),
            (PREVIEW, number(told.preview)),
            (NOTIFY_ONE_TO_ONE, number(told.one_to_one)),
            (NOTIFY_GROUP, number(told.group)),
            (NOTIFY_MENTION, number(told.mention)),
            (NOTIFY_EVERYONE, number(told.everyone)),
            (NOTIFY_OTHER, number(told.other)),
            (NOTIFY_REQUESTS, number(told.requests)),
            (NOTIFY_EVENTS, number(told.events)),
        ]
    }

    /// The names that [`numbers`](Self::numbers) uses.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Settings::default().numbers().into_iter().map(|(name, _)| name)
    }

    /// Reads the document back from whatever of its numbers is kept.
    pub(crate) fn read(mut kept: impl FnMut(&str) -> Result<Option<u64>, StoreError>) -> Result<Settings, StoreError> {
        let mut numbers = BTreeMap::new();
        for name in Settings::names() {
            if let Some(number) = kept(name)? {
                numbers.insert(name, number);
            }
        }
        Ok(Settings::from_numbers(&numbers))
    }

    fn from_numbers(numbers: &BTreeMap<&str, u64>) -> Settings {
        let default = Settings::default();
        let told = default.notifications;
        let small = |name, default| numbers.get(name).map_or(default, |number| saturated(*number));
        Settings {
            auto_lock_minutes: numbers
                .get(AUTO_LOCK_MINUTES)
                .map(|minutes| saturated(*minutes))
                .filter(|minutes| *minutes > 0),
            mode: choice(numbers, LIGHT_MODE, default.mode),
            share_megabytes: small(SHARE_MEGABYTES, default.share_megabytes),
            share_hours: small(SHARE_HOURS, default.share_hours),
            requests_from: choice(numbers, REQUESTS_FROM, default.requests_from),
            group_invitations_from: choice(numbers, GROUP_INVITATIONS_FROM, default.group_invitations_from),
            profile_for: choice(numbers, PROFILE_FOR, default.profile_for),
            picture_for: choice(numbers, PICTURE_FOR, default.picture_for),
            pictures_of: choice(numbers, PICTURES_OF, default.pictures_of),
            auto_backup: choice(numbers, AUTO_BACKUP, default.auto_backup),
            link_previews: choice(numbers, LINK_PREVIEWS, default.link_previews),
            direct_files: numbers.get(DIRECT_FILES) == Some(&1),
            notifications: Notifications {
                peace: choice(numbers, PEACE, told.peace),
                preview: choice(numbers, PREVIEW, told.preview),
                one_to_one: choice(numbers, NOTIFY_ONE_TO_ONE, told.one_to_one),
                group: choice(numbers, NOTIFY_GROUP, told.group),
                mention: choice(numbers, NOTIFY_MENTION, told.mention),
                everyone: choice(numbers, NOTIFY_EVERYONE, told.everyone),
                other: choice(numbers, NOTIFY_OTHER, told.other),
                requests: choice(numbers, NOTIFY_REQUESTS, told.requests),
                events: choice(numbers, NOTIFY_EVENTS, told.events),
            },
        }
    }
}

/// A choice among a few, in the order of the numbers it is kept under.
trait Choice: Copy + PartialEq + 'static {
    const ALL: &'static [Self];
}

impl Choice for Mode {
    const ALL: &'static [Mode] = &[Mode::Relay, Mode::Light];
}

impl Choice for RequestsFrom {
    const ALL: &'static [RequestsFrom] = &[RequestsFrom::Everyone, RequestsFrom::Nobody, RequestsFrom::GroupMembers];
}

impl Choice for InvitationsFrom {
    const ALL: &'static [InvitationsFrom] = &[InvitationsFrom::Contacts, InvitationsFrom::Everyone];
}

impl Choice for Audience {
    const ALL: &'static [Audience] = &[Audience::Everyone, Audience::Contacts, Audience::Nobody];
}

impl Choice for PicturesOf {
    const ALL: &'static [PicturesOf] = &[PicturesOf::Contacts, PicturesOf::Nobody];
}

impl Choice for AutoBackup {
    const ALL: &'static [AutoBackup] = &[AutoBackup::Off, AutoBackup::WithoutMessages, AutoBackup::WithMessages];
}

impl Choice for LinkPreviews {
    const ALL: &'static [LinkPreviews] = &[LinkPreviews::Ask, LinkPreviews::Always, LinkPreviews::Never];
}

impl Choice for Peace {
    const ALL: &'static [Peace] = &[Peace::Reachable, Peace::DoNotDisturb];
}

impl Choice for Preview {
    const ALL: &'static [Preview] = &[Preview::Nothing, Preview::Name, Preview::All];
}

impl Choice for Loudness {
    const ALL: &'static [Loudness] = &[Loudness::Off, Loudness::Quiet, Loudness::Alert];
}

fn number<C: Choice>(value: C) -> u64 {
    C::ALL.iter().position(|one| *one == value).unwrap_or(0) as u64
}

fn choice<C: Choice>(numbers: &BTreeMap<&str, u64>, name: &str, default: C) -> C {
    let number = numbers.get(name).and_then(|number| usize::try_from(*number).ok());
    number.and_then(|number| C::ALL.get(number)).copied().unwrap_or(default)
}

fn saturated(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

const AUTO_LOCK_MINUTES: &str = "auto-lock minutes";
const LIGHT_MODE: &str = "light mode";
const SHARE_MEGABYTES: &str = "share megabytes";
const SHARE_HOURS: &str = "share hours";
const REQUESTS_FROM: &str = "requests from";
const GROUP_INVITATIONS_FROM: &str = "group invitations from";
const PROFILE_FOR: &str = "profile for";
const PICTURE_FOR: &str = "picture for";
const PICTURES_OF: &str = "pictures of";
const AUTO_BACKUP: &str = "auto backup";
const LINK_PREVIEWS: &str = "link previews";
const DIRECT_FILES: &str = "direct files";
const PEACE: &str = "peace";
const PREVIEW: &str = "notification preview";
const NOTIFY_ONE_TO_ONE: &str = "notify one-to-one";
const NOTIFY_GROUP: &str = "notify group";
const NOTIFY_MENTION: &str = "notify mention";
const NOTIFY_EVERYONE: &str = "notify everyone";
const NOTIFY_OTHER: &str = "notify other";
const NOTIFY_REQUESTS: &str = "notify requests";
const NOTIFY_EVENTS: &str = "notify events";

#[cfg(test)]
mod tests {
    use super::*;

    fn all_unusual() -> Settings {
        Settings {
            auto_lock_minutes: Some(15),
            mode: Mode::Light,
            share_megabytes: 7,
            share_hours: 3,
            requests_from: RequestsFrom::GroupMembers,
            group_invitations_from: InvitationsFrom::Everyone,
            profile_for: Audience::Everyone,
            picture_for: Audience::Nobody,
            pictures_of: PicturesOf::Nobody,
            auto_backup: AutoBackup::Off,
            link_previews: LinkPreviews::Never,
            direct_files: true,
            notifications: Notifications {
                peace: Peace::DoNotDisturb,
                preview: Preview::All,
                one_to_one: Loudness::Quiet,
                group: Loudness::Off,
                mention: Loudness::Off,
                everyone: Loudness::Alert,
                other: Loudness::Quiet,
                requests: Loudness::Off,
                events: Loudness::Alert,
            },
        }
    }

    #[test]
    fn every_setting_is_kept_under_a_name_of_its_own() {
        let unusual = all_unusual();
        let numbers: BTreeMap<&str, u64> = unusual.numbers().into_iter().collect();
        assert_eq!(numbers.len(), unusual.numbers().len(), "no name twice");
        assert_eq!(Settings::from_numbers(&numbers), unusual);
        let default: BTreeMap<&str, u64> = Settings::default().numbers().into_iter().collect();
        for (name, number) in &numbers {
            assert_ne!(default[name], *number, "{name} is not covered by this test");
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_as_by_default() {
        assert_eq!(Settings::from_numbers(&BTreeMap::new()), Settings::default());
        let strange: BTreeMap<&str, u64> = Settings::names().map(|name| (name, u64::MAX)).collect();
        let read = Settings::from_numbers(&strange);
        assert_eq!(read.requests_from, RequestsFrom::default());
        assert_eq!(read.notifications, Notifications::default());
        assert_eq!(read.share_hours, u32::MAX);
    }

    #[test]
    fn the_defaults_tell_strangers_nothing() {
        let default = Settings::default();
        assert_eq!(
            (default.profile_for, default.picture_for),
            (Audience::Contacts, Audience::Contacts)
        );
        assert_eq!(default.group_invitations_from, InvitationsFrom::Contacts);
        assert_eq!(default.notifications.preview, Preview::Nothing);
    }
}
