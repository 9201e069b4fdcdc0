//! What is shown, how loudly, and how much of it is said. One function, [`decide`], over plain values.
//!
//! Pure. What a thing is *called* is found elsewhere; here is only whether it may be said.

use protocol::id::ChatKind;

pub use store::{ChatNotificationsRow as Exception, Loudness};

/// How much a notification says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preview {
    /// That something came.
    #[default]
    Nothing,
    /// From whom, and where.
    Name,
    /// And what it says.
    All,
}

/// What a person chose for everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notifications {
    /// Whether the person wants peace now.
    pub peace: Peace,
    /// How much is said.
    pub preview: Preview,
    /// Messages in one-to-one chats.
    pub one_to_one: Loudness,
    /// Messages in private groups.
    pub group: Loudness,
    /// Messages that name us or answer us.
    pub mention: Loudness,
    /// Messages that name everybody in a chat.
    pub everyone: Loudness,
    /// Other messages: in public chats and communities.
    pub other: Loudness,
    /// Contact requests, and proofs of identity.
    pub requests: Loudness,
    /// The rest of the activity centre: invitations, changes of groups, devices.
    pub events: Loudness,
}

/// Whether the person wants peace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Peace {
    /// They are to be told.
    #[default]
    Reachable,
    /// Nothing is shown; everything is counted.
    DoNotDisturb,
}

impl Default for Notifications {
    /// Says as little as possible on a screen that others may see, and leaves crowds alone.
    fn default() -> Self {
        Self {
            peace: Peace::Reachable,
            preview: Preview::Nothing,
            one_to_one: Loudness::Alert,
            group: Loudness::Alert,
            mention: Loudness::Alert,
            everyone: Loudness::Quiet,
            other: Loudness::Off,
            requests: Loudness::Alert,
            events: Loudness::Quiet,
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A message arrived.
    Message {
        /// In which kind of chat.
        chat: Place,
        /// Whom it calls.
        call: Call,
        /// What was chosen for the chat.
        exception: Exception,
        /// Whether the chat is silent now.
        noise: Noise,
    },
    /// Somebody asks something of us: to become a contact, to prove who we are.
    Request,
    /// Something else in the activity centre.
    Event {
        /// Whether the chat it belongs to, if any, is silent now.
        noise: Noise,
    },
}

/// The kinds of chats that settings tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// With one person.
    OneToOne,
    /// A private group.
    Group,
    /// A public chat, or a channel of a community.
    Crowd,
}

/// Whom a message calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Nobody in particular.
    Nobody,
    /// Us: by name, or because it answers us.
    Us,
    /// Everybody in the chat.
    Everybody,
}

/// Whether a chat makes noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// It does.
    Normal,
    /// It was muted.
    Muted,
}

/// What is known about the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Whether what happened was seen already: written by us, or read on another device.
    pub seen: bool,
    /// Whether the chat it happened in is on a screen that somebody looks at.
    pub on_screen: bool,
}

/// How something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Showing {
    /// Quiet or with a sound; never off.
    pub loudness: Loudness,
    /// How much is said.
    pub preview: Preview,
}

/// Whether and how something is shown.
///
/// In this order: nothing of what was seen or is being looked at; nothing while the person wants peace; nothing from a
/// muted chat, whatever it says (a mention in it is counted, not shown); then what was chosen for the chat, then what was
/// chosen for the kind.
pub fn decide(settings: &Notifications, happening: &Happening, moment: Moment) -> Option<Showing> {
    if moment.seen || moment.on_screen || settings.peace == Peace::DoNotDisturb {
        return None;
    }
    let loudness = match happening {
        Happening::Message {
            noise: Noise::Muted, ..
        }
        | Happening::Event { noise: Noise::Muted } => Loudness::Off,
        Happening::Message {
            chat, call, exception, ..
        } => match call {
            // What is said to one is for that one, whether it names them or not.
            Call::Us => exception
                .mention
                .unwrap_or(settings.mention.max(of_place(settings, *chat))),
            Call::Everybody => exception.everyone.unwrap_or(settings.everyone),
            Call::Nobody => exception.other.unwrap_or(of_place(settings, *chat)),
        },
        Happening::Request => settings.requests,
        Happening::Event { .. } => settings.events,
    };
    (loudness > Loudness::Off).then_some(Showing {
        loudness,
        preview: settings.preview,
    })
}

/// The kind of chat, as far as settings tell it apart.
pub fn place(kind: &ChatKind) -> Place {
    match kind {
        ChatKind::OneToOne => Place::OneToOne,
        ChatKind::Group => Place::Group,
        ChatKind::Public | ChatKind::Channel { .. } => Place::Crowd,
    }
}

/// Whom a message calls. `is_for_us` is the mark that the message got when it arrived: it names us, answers us, or names
/// everybody.
pub fn call(is_for_us: bool, names_everybody: bool, names_or_answers_us: bool) -> Call {
    match (is_for_us, names_or_answers_us, names_everybody) {
        (false, ..) => Call::Nobody,
        (true, false, true) => Call::Everybody,
        (true, ..) => Call::Us,
    }
}

fn of_place(settings: &Notifications, place: Place) -> Loudness {
    match place {
        Place::OneToOne => settings.one_to_one,
        Place::Group => settings.group,
        Place::Crowd => settings.other,
    }
}

#[cfg(test)]
mod tests;
