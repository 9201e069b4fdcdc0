//! How two states of one thing become one: what is newer stays, and merging twice is merging once. Pure.
//!
//! Most facts carry a clock, and the later one wins. Choices that carry none (who is blocked, what a chat is muted for) are
//! believed to be newer here when this profile is older than the backup: then they were made on this very device, and
//! perhaps unmade since. A profile that was made after the backup has nothing to lose.

use store::{ChatNotificationsRow, ChatRow, ContactRow, Deletion, Delivery, MessageRow, RequestSide, Trust};

/// Whether this profile was here before the backup was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It was made after the backup: on a new device, or anew.
    Younger,
    /// It was here already.
    Older,
}

/// A person.
pub fn contact(ours: Option<&ContactRow>, theirs: &ContactRow, age: Age) -> ContactRow {
    let Some(ours) = ours else {
        return ContactRow {
            // So that the next picture and description of theirs are taken, however old they are.
            identity_clock: 0,
            request_ended_at: None,
            ..theirs.clone()
        };
    };
    let fresh = age == Age::Younger;
    let (local, remote) = (newer(ours.local, theirs.local), newer(ours.remote, theirs.remote));
    let same = (local, remote) == (ours.local, ours.remote);
    let theirs_is_later = theirs.updated_clock > ours.updated_clock.max(ours.identity_clock);
    let said = |ours: &String, theirs: &String| match ours.is_empty() || theirs_is_later {
        true if !theirs.is_empty() => theirs.clone(),
        _ => ours.clone(),
    };
    ContactRow {
        identity: ours.identity,
        display_name: said(&ours.display_name, &theirs.display_name),
        nickname: match ours.nickname.is_empty() && fresh {
            true => theirs.nickname.clone(),
            false => ours.nickname.clone(),
        },
        bio: said(&ours.bio, &theirs.bio),
        colour: if theirs_is_later { theirs.colour } else { ours.colour },
        local,
        remote,
        updated_clock: ours.updated_clock.max(theirs.updated_clock),
        identity_clock: ours.identity_clock,
        blocked: ours.blocked || fresh && theirs.blocked,
        removed: if same { ours.removed } else { theirs.removed },
        request: if same { ours.request } else { theirs.request },
        request_expires_at: if same {
            ours.request_expires_at
        } else {
            theirs.request_expires_at
        },
        trust: match ours.trust {
            Trust::Unknown if fresh => theirs.trust,
            trust => trust,
        },
        verified_at: ours.verified_at.or(theirs.verified_at.filter(|_| fresh)),
        request_ended_at: if same { ours.request_ended_at } else { None },
    }
}

/// A chat.
pub fn chat(ours: Option<&ChatRow>, theirs: &ChatRow, age: Age) -> ChatRow {
    let Some(ours) = ours else {
        return theirs.clone();
    };
    let fresh = age == Age::Younger;
    ChatRow {
        id: ours.id.clone(),
        name: match ours.name.is_empty() {
            true => theirs.name.clone(),
            false => ours.name.clone(),
        },
        active: ours.active || fresh && theirs.active,
        muted_until: ours.muted_until.or(theirs.muted_until.filter(|_| fresh)),
        clock: ours.clock.max(theirs.clock),
        deleted_at_clock: ours.deleted_at_clock.max(theirs.deleted_at_clock),
        read_at_clock: ours.read_at_clock.max(theirs.read_at_clock),
        draft: ours.draft.clone(),
        created_at: ours.created_at.min(theirs.created_at),
    }
}

/// What was chosen about the notifications of a chat.
pub fn notifications(ours: ChatNotificationsRow, theirs: ChatNotificationsRow, age: Age) -> ChatNotificationsRow {
    let nothing = ours == ChatNotificationsRow::default();
    match nothing && age == Age::Younger {
        true => theirs,
        false => ours,
    }
}

/// A message that is not here, as it is kept. One that waited to be sent does not wait here: it counts as given up, and
/// its person may send it again.
pub fn new_message(theirs: &MessageRow) -> MessageRow {
    MessageRow {
        delivery: match theirs.delivery {
            Some(Delivery::Queued) => Some(Delivery::Failed),
            delivery => delivery,
        },
        ..theirs.clone()
    }
}

/// A message that is here; `None` if the backup has nothing newer about it.
pub fn known_message(ours: &MessageRow, theirs: &MessageRow) -> Option<MessageRow> {
    if ours.chat != theirs.chat || ours.author != theirs.author || ours.deletion != Deletion::None {
        return None;
    }
    let deleted = theirs.deletion != Deletion::None;
    (deleted || theirs.edited_clock > ours.edited_clock).then(|| MessageRow {
        text: theirs.text.clone(),
        payload: theirs.payload.clone(),
        edited_clock: theirs.edited_clock.max(ours.edited_clock),
        deletion: theirs.deletion,
        deleted_by: theirs.deleted_by,
        ..ours.clone()
    })
}

fn newer(ours: RequestSide, theirs: RequestSide) -> RequestSide {
    match theirs.clock > ours.clock {
        true => theirs,
        false => ours,
    }
}

#[cfg(test)]
mod tests;
