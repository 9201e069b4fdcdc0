//! What became of a received envelope. None of these is an error: it is the normal life of an open network.

/// The outcome of one envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inbound {
    /// At least one thing in it was applied.
    Applied,
    /// Kept, and tried again when what it lacks arrives.
    Waiting(Missing),
    /// Nothing of it was kept, for this reason.
    Dropped(Reason),
}

/// What an envelope or a message lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// More segments of the same message.
    Segments,
    /// The hash-ratchet key it names.
    GroupKey,
    /// The ratchet session, or the pre-key that begins it.
    Session,
    /// The chat it belongs to, or the contact who may write to us.
    Chat,
    /// The message it speaks about.
    Target,
    /// The community it belongs to.
    Community,
}

/// Why an envelope or a message came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Seen before.
    Duplicate,
    /// Our own envelope came back.
    OwnEcho,
    /// None of our keys opens it, or it addresses another device.
    NotForUs,
    /// A layer cannot be read.
    Undecodable,
    /// A signature does not fit.
    BadSignature,
    /// The sender is blocked.
    Blocked,
    /// More than one sender may have waiting here, or may say in a public chat.
    OverQuota,
    /// It breaks a rule of the protocol.
    RuleBroken(Rule),
    /// A kind of content that this version does not use; its number.
    Unsupported(u32),
}

/// The rules that received content can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// One of those that every client applies to the content alone.
    Content(protocol::content::Rule),
    /// Older than what is known, so it changes nothing.
    Outdated,
    /// The sender may not do this.
    NotAllowed,
    /// A chunk that is not the one announced.
    WrongChunk,
    /// The history of a group that cannot be taken.
    Group(protocol::group::HistoryError),
}

impl From<protocol::content::Rule> for Rule {
    fn from(rule: protocol::content::Rule) -> Rule {
        Rule::Content(rule)
    }
}

impl Reason {
    /// A word for logs and counters, without identifiers.
    pub fn name(&self) -> &'static str {
        match self {
            Reason::Duplicate => "duplicate",
            Reason::OwnEcho => "own_echo",
            Reason::NotForUs => "not_for_us",
            Reason::Undecodable => "undecodable",
            Reason::BadSignature => "bad_signature",
            Reason::Blocked => "blocked",
            Reason::OverQuota => "over_quota",
            Reason::RuleBroken(_) => "rule_broken",
            Reason::Unsupported(_) => "unsupported",
        }
    }
}

impl From<Missing> for store::Missing {
    fn from(missing: Missing) -> store::Missing {
        match missing {
            // Segments are kept as segments; nothing of them is ever parked.
            Missing::Segments | Missing::Session => store::Missing::Session,
            Missing::GroupKey => store::Missing::GroupKey,
            Missing::Chat => store::Missing::Chat,
            Missing::Target => store::Missing::Target,
            Missing::Community => store::Missing::Community,
        }
    }
}

impl From<Rule> for Reason {
    fn from(rule: Rule) -> Reason {
        Reason::RuleBroken(rule)
    }
}

impl From<Reason> for Inbound {
    fn from(reason: Reason) -> Inbound {
        Inbound::Dropped(reason)
    }
}
