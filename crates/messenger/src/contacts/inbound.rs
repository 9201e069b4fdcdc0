//! What people tell us about being contacts.

use protocol::content::contact::{AcceptContactRequest, ContactUpdate, PropagatedState, RetractContactRequest};
use protocol::content::name;
use protocol::id::MessageId;
use protocol::layers::application::Signed;
use store::{ContactRow, RequestProgress, StoreError};

use super::rules::{Effect, Local, Relation};
use super::{MAX_OPEN_REQUESTS, REQUEST_LIFETIME_MS, befriend, close_request, load, relation, set_relation};
use crate::activity::{self, ActivityKind, Note};
use crate::inbound::{Reason, Rule};
use crate::profile::publish;
use crate::receive::{Done, Halt, Origin};
use crate::settings::RequestsFrom;
use crate::turn::Turn;

/// A request, by the chat message that carries it. Answers how it stands then, and whether the message is to be kept.
pub(crate) fn requested(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    id: MessageId,
    clock: u64,
    propagated: Option<&PropagatedState>,
) -> Result<RequestProgress, Halt> {
    let person = origin.sender.key;
    let mut contact = load(turn, &person)?;
    let mut relation = relation(&contact);
    let before = relation;
    if relation.mutual() || relation.local == Local::Dismissed {
        return Err(Rule::Outdated.into());
    }
    may_ask(turn, &contact)?;
    has_room(turn, &contact)?;
    let told = propagated.map_or(Effect::default(), |theirs| relation.told(theirs));
    let asked = relation.asked(clock);
    // What came ahead of it, on another message, may have told already that they ask.
    let news = asked.changed || told.changed || relation.remote_clock == clock;
    if !news || !relation.has_added_us() {
        return Err(Rule::Outdated.into());
    }
    set_relation(&mut contact, relation);
    let ends_at = origin.sent_at.plus(REQUEST_LIFETIME_MS);
    note_change(turn, origin, before, relation)?;
    let progress = if relation.mutual() {
        befriend(turn, &mut contact, &person)?;
        publish::introduce(turn, &person)?;
        RequestProgress::Accepted
    } else if ends_at <= turn.now {
        RequestProgress::Withdrawn
    } else {
        close_request(turn, &mut contact, RequestProgress::Withdrawn)?;
        contact.request = Some(id);
        contact.request_expires_at = Some(ends_at);
        contact.request_ended_at = None;
        note_request(turn, origin, &contact)?;
        RequestProgress::Pending
    };
    turn.tx.contacts().save(&contact)?;
    Ok(progress)
}

/// They accepted a request of ours.
pub(crate) fn accepted(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    accept: &AcceptContactRequest,
) -> Result<Done, Halt> {
    origin.must_be_personal(&signed.author)?;
    accept.validate(origin.sent_at)?;
    let mut contact = load(turn, &signed.author)?;
    may_ask(turn, &contact)?;
    let mut relation = relation(&contact);
    let effect = relation.asked(accept.clock);
    set_relation(&mut contact, relation);
    follow(turn, origin, &mut contact, effect)?;
    Ok(Done::Applied)
}

/// They took a request back, or ended the contact.
pub(crate) fn retracted(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    retract: &RetractContactRequest,
) -> Result<Done, Halt> {
    origin.must_be_personal(&signed.author)?;
    retract.validate(origin.sent_at)?;
    let mut contact = load(turn, &signed.author)?;
    let mut relation = relation(&contact);
    let effect = relation.withdrawn(retract.clock);
    set_relation(&mut contact, relation);
    follow(turn, origin, &mut contact, effect)?;
    Ok(Done::Applied)
}

/// Their name, and possibly a request.
pub(crate) fn update(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    update: &ContactUpdate,
) -> Result<Done, Halt> {
    if signed.author == turn.me.public {
        return Err(Halt::Drop(Reason::Unsupported(signed.kind)));
    }
    origin.must_be_personal(&signed.author)?;
    update.validate(origin.sent_at)?;
    let mut contact = load(turn, &signed.author)?;
    may_ask(turn, &contact)?;
    let mut relation = relation(&contact);
    let mut effect = update
        .contact_request
        .as_ref()
        .map_or(Effect::default(), |theirs| relation.told(theirs));
    if update.clock > contact.updated_clock {
        contact.updated_clock = update.clock;
        contact.colour = update.customization_color;
        take_name(&mut contact, &update.display_name);
        let asked = relation.asked(update.contact_request_clock);
        effect.new_request |= asked.new_request;
        effect.changed = true;
    }
    set_relation(&mut contact, relation);
    follow(turn, origin, &mut contact, effect)?;
    Ok(Done::Applied)
}

/// The state that rides on a chat message of theirs, and the name in it.
pub(crate) fn propagated(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    theirs: Option<&PropagatedState>,
    display_name: &str,
) -> Result<ContactRow, Halt> {
    let mut contact = load(turn, &origin.sender.key)?;
    let mut relation = relation(&contact);
    let mut effect = theirs.map_or(Effect::default(), |theirs| relation.told(theirs));
    effect.changed |= take_name(&mut contact, display_name);
    if effect != Effect::default() {
        set_relation(&mut contact, relation);
        follow(turn, origin, &mut contact, effect)?;
    }
    Ok(contact)
}

/// Takes a valid name that is not empty and not the one we know.
pub(crate) fn take_name(contact: &mut ContactRow, display_name: &str) -> bool {
    match name::display_name(display_name) {
        Ok(name) if !name.is_empty() && name != contact.display_name => {
            contact.display_name = name.to_owned();
            true
        }
        _ => false,
    }
}

/// Tells that they ask.
fn note_request(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, contact: &ContactRow) -> Result<(), StoreError> {
    let note = Note::new(ActivityKind::ContactRequest, contact.identity.as_bytes())
        .by(&origin.sender.key)
        .at(origin.sent_at)
        .asks();
    match &contact.request {
        Some(message) => activity::note(turn, &note.message(message)),
        None => activity::note(turn, &note),
    }
}

/// Tells how a relation that we began has changed.
fn note_change(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    before: Relation,
    after: Relation,
) -> Result<(), StoreError> {
    let kind = match () {
        () if after.mutual() && before.added() && !before.mutual() => ActivityKind::ContactAccepted,
        () if before.mutual() && !after.mutual() => ActivityKind::ContactRemoved,
        () => return Ok(()),
    };
    let person = origin.sender.key;
    let note = Note::new(kind, origin.sender.row.as_bytes())
        .by(&person)
        .at(origin.sent_at);
    activity::note(turn, &note)
}

/// Draws the consequences of a changed relation, and saves it.
fn follow(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, contact: &mut ContactRow, effect: Effect) -> Result<(), Halt> {
    let person = origin.sender.key;
    let before = super::relation(&load(turn, &person)?);
    let relation = relation(contact);
    note_change(turn, origin, before, relation)?;
    if !effect.changed && !effect.answer_with_state {
        return Err(Rule::Outdated.into());
    }
    if relation.mutual() {
        befriend(turn, contact, &person)?;
        if !before.mutual() {
            publish::introduce(turn, &person)?;
        }
    } else if effect.new_request && relation.awaits_our_answer() {
        has_room(turn, contact)?;
        contact.request_ended_at = None;
        // A request without a message: only that they ask is known.
        contact.request_expires_at = Some(origin.sent_at.plus(REQUEST_LIFETIME_MS));
        note_request(turn, origin, contact)?;
    } else if !relation.has_added_us() && !relation.added() {
        close_request(turn, contact, RequestProgress::Withdrawn)?;
    }
    turn.tx.contacts().save(contact)?;
    if effect.answer_with_state {
        publish::update(turn, &person, contact)?;
    }
    Ok(())
}

/// Whether somebody may make themselves known to us.
fn may_ask(turn: &mut Turn<'_, '_>, contact: &ContactRow) -> Result<(), Halt> {
    let known = relation(contact).added();
    let allowed = match turn.me.settings.requests_from {
        RequestsFrom::Everyone => true,
        RequestsFrom::GroupMembers => known || !turn.tx.groups().shared_with(&contact.identity)?.is_empty(),
        RequestsFrom::Nobody => known,
    };
    match allowed {
        true => Ok(()),
        false => Err(Rule::NotAllowed.into()),
    }
}

/// Whether one more request may wait for our answer.
fn has_room(turn: &mut Turn<'_, '_>, contact: &ContactRow) -> Result<(), Halt> {
    let waits = contact.request_expires_at.is_some() && relation(contact).awaits_our_answer();
    if waits || relation(contact).added() || turn.tx.contacts().count_asking()? < MAX_OPEN_REQUESTS {
        return Ok(());
    }
    Err(Reason::OverQuota.into())
}
