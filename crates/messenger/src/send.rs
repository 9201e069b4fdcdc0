//! The outbound pipeline, from a content to rows in the outbox.
//!
//! Sealed for the ratchet before the commit and published after it: the ratchet moves exactly once for a message, also
//! if the program ends in between. The outer seal is made later, anew for every attempt, see [`crate::outbox`].

use crypto::PublicKey;
use protocol::address;
use protocol::content::{Content, Kind};
use protocol::id::{ChatId, MessageId};
use protocol::layers::application::{self, Signed};
use protocol::layers::encryption::seal_public;
use protocol::layers::segmentation;
use protocol::layers::transport::{Route, RouteKey};
use store::{NewEntry, OutboxId, Secret, StoreError};

use crate::datasync;
use crate::devices::pre_keys;
use crate::devices::sessions::{self, Attach};
use crate::repair::{self, Conversation};
use crate::topics;
use crate::traces::{self, Going};
use crate::turn::{Turn, row_key};

/// Signs a content and hands it to data sync, which sends it to the person until they acknowledge it.
pub(crate) fn to_person(turn: &mut Turn<'_, '_>, person: &PublicKey, content: &Content) -> Result<Signed, StoreError> {
    let signed = match repair::between_us(turn, person, content)? {
        Some(conversation) => repair::sign(turn, &conversation, content)?,
        None => sign(turn, content),
    };
    datasync::offer(turn, person, &signed)?;
    Ok(signed)
}

/// Sends a data-sync payload to all installations of a person. With the message in it goes the length of its signed form.
pub(crate) fn payload(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    payload: &[u8],
    message: Option<(MessageId, usize)>,
    attach: Attach,
) -> Result<(), StoreError> {
    let sealed = sessions::seal(turn, person, payload, attach)?;
    // Whoever is not accepted gets no bundle, and no topic of their own is worked out for them.
    let address = match sealed.negotiated && attach == Attach::UntilKnown {
        true => address::negotiated(&turn.me.key.ecdh(person)),
        false => address::partitioned(person),
    };
    let route = topics::route_to(turn, &address, person)?;
    let going = message.map(|message| Going {
        message,
        person: Some(person),
        synced: payload.len(),
        keys: sealed.keys,
    });
    enqueue(turn, &route, &sealed.bytes, going.as_ref(), Priority::Normal)
}

/// Publishes a content for everybody who follows our contact code; our bundle goes with it.
pub(crate) fn to_followers(turn: &mut Turn<'_, '_>, content: &Content) -> Result<(), StoreError> {
    let signed = sign(turn, content);
    let bundle = pre_keys::bundle(turn)?;
    let bytes = seal_public(signed.bytes, &turn.me.installation, bundle);
    let own = turn.me.public;
    let route = topics::route_to(turn, &address::contact_code(&own), &own)?;
    enqueue(turn, &route, &bytes, None, Priority::Low)
}

/// Publishes a small content for everybody who follows our contact code now: nodes need not keep it.
pub(crate) fn to_followers_briefly(turn: &mut Turn<'_, '_>, content: &Content) -> Result<(), StoreError> {
    let signed = sign(turn, content);
    let bundle = pre_keys::bundle(turn)?;
    let payload = seal_public(signed.bytes, &turn.me.installation, bundle);
    let own = turn.me.public;
    let route = topics::route_to(turn, &address::contact_code(&own), &own)?;
    let RouteKey::Symmetric(key) = &route.key else {
        unreachable!("the contact code has a password");
    };
    turn.tx.outbox().insert(&NewEntry {
        message: None,
        pubsub_topic: route.pubsub_topic.as_str().to_owned(),
        content_topic: route.content_topic.as_str().to_owned(),
        key: store::RouteKey::Symmetric(Secret::from(&key.expose()[..])),
        payload,
        ephemeral: true,
        priority: Priority::Low as u8,
        due_at: turn.now,
        created_at: turn.now,
    })?;
    Ok(())
}

/// Queues one chunk of a file, behind everything else.
pub(crate) fn chunk(turn: &mut Turn<'_, '_>, route: &Route, payload: Vec<u8>) -> Result<OutboxId, StoreError> {
    let entry = new_entry(turn, route, payload, None, Priority::File);
    turn.tx.outbox().insert(&entry)
}

/// Publishes a content in a public chat; our bundle goes with it.
pub(crate) fn to_public_chat(turn: &mut Turn<'_, '_>, chat: &ChatId, content: &Content) -> Result<Signed, StoreError> {
    let signed = repair::sign(turn, &Conversation::public(chat), content)?;
    let bundle = pre_keys::bundle(turn)?;
    let bytes = seal_public(signed.bytes.clone(), &turn.me.installation, bundle);
    let route = topics::route_to_public_chat(turn, chat)?;
    let going = Going {
        message: (signed.id, signed.bytes.len()),
        person: None,
        synced: signed.bytes.len(),
        keys: vec![traces::clear()],
    };
    enqueue(turn, &route, &bytes, Some(&going), Priority::Normal)?;
    Ok(signed)
}

/// Which entries of the outbox go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Priority {
    File = 0,
    Low = 1,
    Normal = 2,
}

/// Signs a content that belongs to no conversation.
pub(crate) fn sign(turn: &Turn<'_, '_>, content: &Content) -> Signed {
    let (kind, body) = content.encode();
    let kind = i32::try_from(kind)
        .ok()
        .and_then(|number| Kind::try_from(number).ok())
        .unwrap_or(Kind::Unknown);
    application::sign(kind, body, &turn.me.key)
}

fn enqueue(
    turn: &mut Turn<'_, '_>,
    route: &Route,
    bytes: &[u8],
    going: Option<&Going<'_>>,
    priority: Priority,
) -> Result<(), StoreError> {
    let message = going.map(|going| going.message.0);
    let mut entries = Vec::new();
    for segment in segmentation::split(bytes, segmentation::SEGMENT_BYTES) {
        let entry = new_entry(turn, route, segment, message, priority);
        entries.push(turn.tx.outbox().insert(&entry)?);
    }
    let pieces = bytes.len().div_ceil(segmentation::SEGMENT_BYTES).max(1);
    match going {
        Some(going) => traces::went(turn, going, route, (bytes.len(), pieces), &entries),
        None => Ok(()),
    }
}

fn new_entry(
    turn: &Turn<'_, '_>,
    route: &Route,
    payload: Vec<u8>,
    message: Option<MessageId>,
    priority: Priority,
) -> NewEntry {
    let key = match &route.key {
        RouteKey::Symmetric(key) => store::RouteKey::Symmetric(Secret::from(&key.expose()[..])),
        RouteKey::Asymmetric(key) => store::RouteKey::Asymmetric(row_key(key)),
    };
    NewEntry {
        message,
        pubsub_topic: route.pubsub_topic.as_str().to_owned(),
        content_topic: route.content_topic.as_str().to_owned(),
        key,
        payload,
        ephemeral: false,
        priority: priority as u8,
        due_at: turn.now,
        created_at: turn.now,
    }
}
