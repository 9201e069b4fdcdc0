//! StatusUpdate: whether a person is there.

use std::fmt;

use crate::Timestamp;
use crate::content::Rule;
use crate::wire::presence as wire;
use crate::wire::presence::status_update::StatusType;

/// A person's presence. The newest one counts.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusUpdate {
    /// The author's wall time, in whole seconds on the wire.
    pub clock: Timestamp,
    /// What the person chose.
    pub presence: Presence,
    /// Some words about it.
    pub custom_text: String,
}

/// What a person chose to tell about being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// There for five minutes from the update.
    Automatic,
    /// There, but not to be disturbed.
    DoNotDisturb,
    /// There for two weeks from the update.
    AlwaysOnline,
    /// Away.
    Inactive,
    /// A number without meaning.
    Unknown,
}

impl StatusUpdate {
    /// Checks time, presence and text.
    pub fn validate(&self) -> Result<(), Rule> {
        if self.clock.0 == 0 {
            return Err(Rule::Clock);
        }
        if self.presence == Presence::Unknown {
            return Err(Rule::Presence);
        }
        if self.custom_text.chars().nth(MAX_TEXT_CHARACTERS).is_some() {
            Err(Rule::PresenceTooLong)
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for StatusUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusUpdate({:?}, clock {})", self.presence, self.clock.0)
    }
}

impl From<wire::StatusUpdate> for StatusUpdate {
    fn from(wire: wire::StatusUpdate) -> StatusUpdate {
        StatusUpdate {
            clock: Timestamp::from_seconds(wire.clock),
            presence: match StatusType::try_from(wire.status_type) {
                Ok(StatusType::Automatic) => Presence::Automatic,
                Ok(StatusType::DoNotDisturb) => Presence::DoNotDisturb,
                Ok(StatusType::AlwaysOnline) => Presence::AlwaysOnline,
                Ok(StatusType::Inactive) => Presence::Inactive,
                Ok(StatusType::UnknownStatusType) | Err(_) => Presence::Unknown,
            },
            custom_text: wire.custom_text,
        }
    }
}

impl From<&StatusUpdate> for wire::StatusUpdate {
    fn from(update: &StatusUpdate) -> wire::StatusUpdate {
        let status_type = match update.presence {
            Presence::Automatic => StatusType::Automatic,
            Presence::DoNotDisturb => StatusType::DoNotDisturb,
            Presence::AlwaysOnline => StatusType::AlwaysOnline,
            Presence::Inactive => StatusType::Inactive,
            Presence::Unknown => StatusType::UnknownStatusType,
        };
        wire::StatusUpdate {
            clock: update.clock.as_seconds(),
            status_type: status_type as i32,
            custom_text: update.custom_text.clone(),
        }
    }
}

/// The longest text, in Unicode code points.
const MAX_TEXT_CHARACTERS: usize = 128;
