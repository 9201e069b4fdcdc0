//! Events of our own.
//!
//! Stricter than what is accepted of others: whatever depends on something has a greater clock, nobody is named who is no
//! member, and names, colours, pictures and numbers keep to limits.

use crypto::{PublicKey, SecretKey};
use rand_core::CryptoRng;

use crate::clock::{self, Timestamp};
use crate::content::membership::{EventType, MembershipEvent, MembershipUpdateEvent};
use crate::group::history::{History, HistoryError};
use crate::group::state::Breach;
use crate::group::{MAX_MEMBERS, look};
use crate::id::{ChatId, public_key_text};

/// What a member does to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Gives it a name of 1 to 30 characters.
    Rename(String),
    /// Gives it a colour, `#` and six hex digits.
    Recolour(String),
    /// Gives it a picture of at most 16 KiB.
    Picture(Vec<u8>),
    /// Lets people in.
    Add(Vec<PublicKey>),
    /// Puts somebody out, or ourselves.
    Remove(PublicKey),
    /// Makes a member an admin.
    Promote(PublicKey),
    /// Ends our being an admin.
    StepDown,
}

/// We asked for something that cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Empty, longer than 30 characters, or with characters that cannot be shown.
    #[error("the name of a group has 1 to 30 characters that can be shown")]
    BadName,
    /// Not `#` and six hex digits.
    #[error("a colour is a # with six hexadecimal digits")]
    BadColour,
    /// Empty or too large.
    #[error("the picture of a group has at most 16 KiB")]
    BadPicture,
    /// The group would have more than 50 members.
    #[error("a group has at most 50 members")]
    TooMany,
    /// Nobody was named, or only people who are in the group already.
    #[error("nobody was named who is not in the group already")]
    NobodyNew,
    /// The person named is not in the group.
    #[error("this person is not in the group")]
    NotThere,
    /// The person named is an admin already.
    #[error("this person is an admin already")]
    AlreadyAdmin,
    /// The rules of the group forbid it.
    #[error(transparent)]
    Breach(#[from] Breach),
    /// The history cannot grow any more.
    #[error("the history of the group is too long")]
    Full,
}

impl History {
    /// Founds a group: two events, its creation and who is let in with it.
    pub fn found(
        creator: &SecretKey,
        (name, colour): (&str, &str),
        people: &[PublicKey],
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<History, ChangeError> {
        check_name(name)?;
        check_colour(colour)?;
        let chat = ChatId::new_group(&creator.public_key(), rng);
        let created = MembershipUpdateEvent {
            name: name.to_owned(),
            color: colour.to_owned(),
            ..event(EventType::ChatCreated, clock::next(0, now))
        };
        let created = MembershipEvent::sign(&chat, created, creator);
        let history = History::judge(&chat, vec![created]).map_err(refused)?;
        match people {
            [] => Ok(history),
            _ => history.with(Change::Add(people.to_vec()), creator, 0, now),
        }
    }

    /// Makes an event of ours. It comes after every event that we know, and after `last`, the clock of the chat.
    pub fn with(&self, change: Change, author: &SecretKey, last: u64, now: Timestamp) -> Result<History, ChangeError> {
        let clock = clock::next(self.last_clock().max(last), now);
        let wire = self.event_of(change, &author.public_key(), clock)?;
        let signed = MembershipEvent::sign(self.chat(), wire, author);
        self.state().clone().apply(&signed)?;
        let events = self.all().cloned().chain([signed]).collect();
        History::replay(self.chat(), events).map_err(refused)
    }

    fn event_of(&self, change: Change, author: &PublicKey, clock: u64) -> Result<MembershipUpdateEvent, ChangeError> {
        Ok(match change {
            Change::Rename(name) => {
                check_name(&name)?;
                MembershipUpdateEvent {
                    name,
                    ..event(EventType::NameChanged, clock)
                }
            }
            Change::Recolour(color) => {
                check_colour(&color)?;
                MembershipUpdateEvent {
                    color,
                    ..event(EventType::ColorChanged, clock)
                }
            }
            Change::Picture(image) => {
                if image.is_empty() || image.len() > look::MAX_PICTURE_BYTES {
                    return Err(ChangeError::BadPicture);
                }
                MembershipUpdateEvent {
                    image,
                    ..event(EventType::ImageChanged, clock)
                }
            }
            Change::Add(people) => named(EventType::MembersAdded, &self.newcomers(people)?, clock),
            Change::Remove(person) => {
                self.must_have(&person)?;
                named(EventType::MemberRemoved, &[person], clock)
            }
            Change::Promote(person) => {
                self.must_have(&person)?;
                if self.state().is_admin(&person) {
                    return Err(ChangeError::AlreadyAdmin);
                }
                named(EventType::AdminsAdded, &[person], clock)
            }
            Change::StepDown => named(EventType::AdminRemoved, &[*author], clock),
        })
    }

    fn newcomers(&self, people: Vec<PublicKey>) -> Result<Vec<PublicKey>, ChangeError> {
        let unique: std::collections::BTreeSet<PublicKey> = people.into_iter().collect();
        let new: Vec<PublicKey> = unique
            .into_iter()
            .filter(|person| !self.state().is_member(person))
            .collect();
        match new.len() {
            0 => Err(ChangeError::NobodyNew),
            new_ones if self.state().size() + new_ones > MAX_MEMBERS => Err(ChangeError::TooMany),
            _ => Ok(new),
        }
    }

    fn must_have(&self, person: &PublicKey) -> Result<(), ChangeError> {
        match self.state().is_member(person) {
            true => Ok(()),
            false => Err(ChangeError::NotThere),
        }
    }
}

fn check_name(name: &str) -> Result<(), ChangeError> {
    look::is_good_name(name).then_some(()).ok_or(ChangeError::BadName)
}

fn check_colour(colour: &str) -> Result<(), ChangeError> {
    look::colour(colour).map(drop).ok_or(ChangeError::BadColour)
}

fn event(r#type: EventType, clock: u64) -> MembershipUpdateEvent {
    MembershipUpdateEvent {
        clock,
        r#type: r#type as i32,
        ..MembershipUpdateEvent::default()
    }
}

fn named(r#type: EventType, people: &[PublicKey], clock: u64) -> MembershipUpdateEvent {
    MembershipUpdateEvent {
        members: people.iter().map(public_key_text).collect(),
        ..event(r#type, clock)
    }
}

/// What `History` says about an event that the rules allow: only its size can be wrong.
fn refused(error: HistoryError) -> ChangeError {
    match error {
        HistoryError::Breach(breach) => breach.into(),
        _ => ChangeError::Full,
    }
}
