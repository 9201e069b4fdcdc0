//! The contact-request state machine of the deployed protocol: two sides, each with a state and a clock.
//!
//! Pure. A transition whose clock is not strictly greater than the clock of the side it changes is ignored, so events may
//! arrive in any order and any number of times. What a transition *causes* (messages, notices, topics) is decided by the
//! callers in `commands.rs` and `inbound.rs`.

use protocol::content::contact::{PropagatedState, RequestSide, RequestState};

/// What we have said about the contact: our half of the relation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Local {
    /// Nothing, or taken back.
    #[default]
    None,
    /// We asked, or accepted.
    Sent,
    /// We declined. They are not told.
    Dismissed,
}

/// What they have said about us: their half of the relation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remote {
    /// Nothing, or taken back.
    #[default]
    None,
    /// They asked, or accepted.
    Received,
}

/// Where two people stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// Our half.
    pub local: Local,
    /// The clock of our last transition.
    pub local_clock: u64,
    /// Their half.
    pub remote: Remote,
    /// The clock of their last transition.
    pub remote_clock: u64,
    /// We want nothing from them, and show nothing.
    pub blocked: bool,
    /// We took the contact out of the list.
    pub removed: bool,
}

/// What a received event changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Something of the relation changed.
    pub changed: bool,
    /// They had no request open before: a new one is to be shown.
    pub new_request: bool,
    /// Their picture of our half is older than ours: answer with a contact update.
    pub answer_with_state: bool,
}

impl Relation {
    /// We have asked or accepted.
    pub fn added(&self) -> bool {
        self.local == Local::Sent
    }

    /// They have asked or accepted.
    pub fn has_added_us(&self) -> bool {
        self.remote == Remote::Received
    }

    /// Both have: messages may flow.
    pub fn mutual(&self) -> bool {
        self.added() && self.has_added_us()
    }

    /// They asked and we have not answered.
    pub fn awaits_our_answer(&self) -> bool {
        self.has_added_us() && self.local == Local::None
    }

    /// We ask, or accept.
    pub fn ask(&mut self, clock: u64) -> bool {
        let fresh = clock > self.local_clock;
        if fresh {
            self.local = Local::Sent;
            self.local_clock = clock;
            self.removed = false;
        }
        fresh
    }

    /// We take a request back, or end the contact, or unblock: everything both sides said before `clock` is void.
    pub fn withdraw(&mut self, clock: u64) -> bool {
        let fresh = clock > self.local_clock;
        if fresh {
            *self = Relation {
                local_clock: clock,
                remote_clock: clock,
                blocked: self.blocked,
                removed: true,
                ..Relation::default()
            };
        }
        fresh
    }

    /// We decline. Their half stays, they are not told.
    pub fn dismiss(&mut self, clock: u64) -> bool {
        let fresh = clock > self.local_clock;
        if fresh {
            self.local = Local::Dismissed;
            self.local_clock = clock;
        }
        fresh
    }

    /// We block. Returns whether they must be told a retraction, because they believe that we have added them.
    pub fn block(&mut self, clock: u64) -> bool {
        let told = self.added();
        self.blocked = true;
        self.dismiss(clock);
        self.removed = true;
        told
    }

    /// We unblock: nothing of the earlier relation comes back.
    pub fn unblock(&mut self, clock: u64) {
        self.blocked = false;
        self.withdraw(clock);
    }

    /// A request or an acceptance of theirs arrived.
    pub fn asked(&mut self, clock: u64) -> Effect {
        if clock <= self.remote_clock {
            return Effect::default();
        }
        let new_request = self.remote == Remote::None;
        self.remote = Remote::Received;
        self.remote_clock = clock;
        Effect {
            changed: true,
            new_request,
            answer_with_state: false,
        }
    }

    /// A retraction of theirs arrived.
    pub fn withdrawn(&mut self, clock: u64) -> Effect {
        if clock <= self.remote_clock {
            return Effect::default();
        }
        if self.local != Local::Dismissed {
            self.local = Local::None;
            self.local_clock = clock;
        }
        self.remote = Remote::None;
        self.remote_clock = clock;
        Effect {
            changed: true,
            ..Effect::default()
        }
    }

    /// The state that rides on each of their one-to-one messages and contact updates.
    ///
    /// Their word about their own half is always believed. About ours only a retraction is, because either side may end a
    /// contact; a dismissal of ours is never overruled.
    pub fn told(&mut self, theirs: &PropagatedState) -> Effect {
        let about_us = theirs.remote;
        let answer_with_state =
            about_us.clock < self.local_clock && about_us.state != self.local.state() && self.added();
        let mut effect = Effect::default();
        let overrules = about_us.clock > self.local_clock && self.local != Local::Dismissed;
        if overrules && about_us.state == RequestState::None {
            self.local = Local::None;
            self.local_clock = about_us.clock;
            self.remote = Remote::None;
            effect.changed = true;
        }
        if theirs.local.clock > self.remote_clock {
            let about_them = match theirs.local.state {
                RequestState::Sent => self.asked(theirs.local.clock),
                RequestState::None => self.withdrawn(theirs.local.clock),
                _ => Effect::default(),
            };
            effect.changed |= about_them.changed;
            effect.new_request = about_them.new_request;
        }
        Effect {
            answer_with_state,
            ..effect
        }
    }

    /// Our view of both halves, as it rides on our messages.
    pub fn propagated(&self) -> PropagatedState {
        let remote = match self.remote {
            Remote::None => RequestState::None,
            Remote::Received => RequestState::Received,
        };
        PropagatedState {
            local: RequestSide {
                state: self.local.state(),
                clock: self.local_clock,
            },
            remote: RequestSide {
                state: remote,
                clock: self.remote_clock,
            },
        }
    }
}

impl Local {
    /// The state as it is propagated.
    fn state(self) -> RequestState {
        match self {
            Local::None => RequestState::None,
            Local::Sent => RequestState::Sent,
            Local::Dismissed => RequestState::Dismissed,
        }
    }
}

#[cfg(test)]
mod tests;
