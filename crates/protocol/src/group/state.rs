//! Who is in a group and may do what: the rules of the deployed clients, one event at a time.
//!
//! Members are named in events by the text form of their keys. The rules compare these texts and nothing else, as the
//! deployed ones do, so that a name which is no key has the same consequences everywhere.

use std::collections::BTreeSet;
use std::fmt;

use crate::content::membership::{EventType, MembershipEvent};
use crate::id::{PublicKey, parse_public_key_text, public_key_text};

/// What a group is after some events.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The name as its members wrote it; see [`super::look::name`] before it is shown.
    pub name: String,
    /// The colour as its members wrote it; see [`super::look::colour`].
    pub colour: String,
    /// The picture, in the format in which a member made it; empty if there is none.
    pub picture: Vec<u8>,
    members: BTreeSet<String>,
    admins: BTreeSet<String>,
}

/// The rule that an event breaks. Its author is at fault, or somebody did something else at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Breach {
    /// A group is created once.
    #[error("the group exists already")]
    CreatedTwice,
    /// Its author is no member.
    #[error("only members may do this")]
    NotAMember,
    /// Its author is no admin.
    #[error("only admins may do this")]
    NotAnAdmin,
    /// Nobody but an admin themselves ends their being one.
    #[error("an admin can be neither removed nor demoted by others")]
    Admin,
    /// It does not name exactly one member.
    #[error("exactly one member has to be named")]
    NotOne,
    /// Nobody who becomes an admin is a member.
    #[error("only members can become admins")]
    NobodyKnown,
    /// It sets a name, colour or picture, and to nothing.
    #[error("the new value is empty")]
    Empty,
    /// A kind of event that nobody knows.
    #[error("the kind of event is unknown")]
    UnknownType,
}

impl State {
    /// The members, in the order of their keys. Names that are no keys are left out: nothing can be sent to them.
    pub fn members(&self) -> BTreeSet<PublicKey> {
        keys(&self.members)
    }

    /// The admins, in the order of their keys.
    pub fn admins(&self) -> BTreeSet<PublicKey> {
        keys(&self.admins)
    }

    /// How many members there are.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// Whether a person is in the group.
    pub fn is_member(&self, person: &PublicKey) -> bool {
        self.members.contains(&public_key_text(person))
    }

    /// Whether a person is an admin of the group.
    pub fn is_admin(&self, person: &PublicKey) -> bool {
        self.admins.contains(&public_key_text(person))
    }

    /// Applies an event, or says which rule it breaks, in which case nothing changes.
    pub fn apply(&mut self, event: &MembershipEvent) -> Result<(), Breach> {
        let author = public_key_text(&event.author);
        self.allows(&author, event)?;
        let event = &event.event;
        let named = event.members.iter().cloned();
        match event.r#type() {
            EventType::ChatCreated => {
                self.name.clone_from(&event.name);
                self.colour.clone_from(&event.color);
                self.members.insert(author.clone());
                self.admins.insert(author);
            }
            EventType::NameChanged => self.name.clone_from(&event.name),
            EventType::ColorChanged => self.colour.clone_from(&event.color),
            EventType::ImageChanged => self.picture.clone_from(&event.image),
            EventType::MembersAdded => self.members.extend(named),
            EventType::AdminsAdded => self.admins.extend(named),
            EventType::AdminRemoved => named.for_each(|name| {
                self.admins.remove(&name);
            }),
            EventType::MemberRemoved => named.for_each(|name| {
                self.admins.remove(&name);
                self.members.remove(&name);
            }),
            EventType::MemberJoined | EventType::Unknown => {}
        }
        Ok(())
    }

    fn allows(&self, author: &str, event: &MembershipEvent) -> Result<(), Breach> {
        let event = &event.event;
        let named = &event.members;
        match event.r#type() {
            EventType::ChatCreated if self.members.is_empty() && self.admins.is_empty() => Ok(()),
            EventType::ChatCreated => Err(Breach::CreatedTwice),
            EventType::NameChanged => self.member_sets(author, !event.name.is_empty()),
            EventType::ColorChanged => self.member_sets(author, !event.color.is_empty()),
            EventType::ImageChanged => self.member_sets(author, !event.image.is_empty()),
            EventType::MembersAdded => self.member_sets(author, true),
            EventType::MemberJoined if self.members.contains(author) => Ok(()),
            EventType::MemberJoined => Err(Breach::NotAMember),
            EventType::MemberRemoved => match &named[..] {
                // Also of somebody who is none: two may leave, or be removed, at the same time.
                [one] if one == author => Ok(()),
                [_] if !self.admins.contains(author) => Err(Breach::NotAnAdmin),
                [one] if self.admins.contains(one) => Err(Breach::Admin),
                [_] => Ok(()),
                _ => Err(Breach::NotOne),
            },
            EventType::AdminsAdded if !self.admins.contains(author) => Err(Breach::NotAnAdmin),
            // Deployed clients are content with one; we name nobody else than members.
            EventType::AdminsAdded if !named.iter().any(|name| self.members.contains(name)) => Err(Breach::NobodyKnown),
            EventType::AdminsAdded => Ok(()),
            EventType::AdminRemoved => match &named[..] {
                [one] if one != author => Err(Breach::Admin),
                [_] if self.admins.contains(author) => Ok(()),
                [_] => Err(Breach::NotAnAdmin),
                _ => Err(Breach::NotOne),
            },
            EventType::Unknown => Err(Breach::UnknownType),
        }
    }

    fn member_sets(&self, author: &str, something: bool) -> Result<(), Breach> {
        match something {
            // An admin need not be a member.
            true if self.members.contains(author) || self.admins.contains(author) => Ok(()),
            true => Err(Breach::NotAMember),
            false => Err(Breach::Empty),
        }
    }
}

impl fmt::Debug for State {
    /// Numbers only; never a name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "State({} members, {} admins)", self.members.len(), self.admins.len())
    }
}

fn keys(names: &BTreeSet<String>) -> BTreeSet<PublicKey> {
    names
        .iter()
        .filter_map(|name| parse_public_key_text(name).ok())
        .collect()
}
