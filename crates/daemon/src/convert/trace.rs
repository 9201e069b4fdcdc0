//! How a message travelled, for the API.

use messenger::MessageId;
use messenger::traces::{self, Fate, Key, Outcome, Parcel, Place, Sent, Sighting, Way};
use store::{StoreError, TraceLock, TraceScheme};

use super::{Reading, key_text};

impl Reading<'_> {
    /// How a message travelled; none if there is no such message.
    pub(crate) fn trace(&self, id: &MessageId) -> Result<Option<api::Trace>, StoreError> {
        let Some(row) = self.view.messages().load(id)? else {
            return Ok(None);
        };
        let trace = traces::of(self.view, id)?;
        Ok(Some(api::Trace {
            message: row.id.to_string(),
            chat: row.chat.to_string(),
            own: row.author == self.own.key,
            text: row.text.len() as u64,
            kept_until: trace.kept_until.map(|at| at.0),
            parcels: trace
                .parcels
                .into_iter()
                .map(|parcel| self.parcel(parcel))
                .collect::<Result<_, _>>()?,
        }))
    }

    fn parcel(&self, parcel: Parcel) -> Result<api::TraceParcel, StoreError> {
        let row = parcel.row;
        let envelopes = parcel.envelopes.into_iter();
        Ok(api::TraceParcel {
            person: row.person.as_ref().map(key_text),
            name: row.person.as_ref().map(|key| self.name_of(key)).transpose()?,
            at: row.at.0,
            signed: parcel.signed,
            synced: row.synced,
            encrypted: row.encrypted,
            place: match parcel.place {
                Place::Partitioned => api::TracePlace::Partitioned,
                Place::Negotiated => api::TracePlace::Negotiated,
                Place::Public => api::TracePlace::Public,
            },
            lock: match row.lock {
                TraceLock::Topic => api::TraceLock::Topic,
                TraceLock::Identity => api::TraceLock::Identity,
            },
            segments: row.segments,
            answered_at: parcel.answered_at.map(|at| at.0),
            keys: parcel.keys.into_iter().map(key).collect(),
            envelopes: envelopes.map(|sent| envelope(sent, &row.content_topic)).collect(),
            pubsub_topic: row.pubsub_topic,
            content_topic: row.content_topic,
        })
    }
}

fn key(Key { row, fate }: Key) -> api::TraceKey {
    api::TraceKey {
        installation: (!row.installation.is_empty()).then_some(row.installation),
        scheme: match row.scheme {
            TraceScheme::Ratchet => api::TraceScheme::Ratchet,
            TraceScheme::Founding => api::TraceScheme::Founding,
            TraceScheme::Identity => api::TraceScheme::Identity,
            TraceScheme::Clear => api::TraceScheme::Clear,
        },
        chain: row.chain.map(hex::encode),
        number: row.number,
        acknowledged_at: row.acknowledged_at.map(|at| at.0),
        fate: match fate {
            Fate::Erased => api::TraceFate::Erased,
            Fate::InPreKey(_) => api::TraceFate::InPreKey,
            Fate::InIdentity => api::TraceFate::InIdentity,
            Fate::Shared => api::TraceFate::Shared,
        },
        until: match fate {
            Fate::InPreKey(until) => until.map(|at| at.0),
            _ => None,
        },
    }
}

fn envelope(sent: Sent, content_topic: &str) -> api::TraceEnvelope {
    let row = sent.row;
    let value = |name: &str| match name {
        "payload" => Some(hex::encode(&row.start)),
        "contentTopic" => Some(content_topic.to_owned()),
        "version" => Some("1".to_owned()),
        "timestamp" => Some(row.stamped.as_nanoseconds().to_string()),
        _ => None,
    };
    let field = |(name, bytes): &(&'static str, u64)| api::TraceField {
        name: (*name).to_owned(),
        bytes: *bytes,
        value: value(name),
    };
    api::TraceEnvelope {
        hash: format!("0x{}", hex::encode(row.hash)),
        segment: row.segment,
        parity: row.parity,
        data: row.data,
        padded: sent.padded,
        sealed: row.sealed,
        wire: row.wire,
        outcome: match row.outcome {
            Outcome::Came => api::TraceOutcome::Came,
            Outcome::Taken => api::TraceOutcome::Taken,
            Outcome::NotTaken => api::TraceOutcome::NotTaken,
            Outcome::TooLarge => api::TraceOutcome::TooLarge,
        },
        at: row.at.0,
        peers: row.peers,
        seen: sent.seen.into_iter().map(sighting).collect(),
        fields: sent.fields.iter().map(field).collect(),
    }
}

fn sighting(sighting: Sighting) -> api::TraceSighting {
    api::TraceSighting {
        way: match sighting.way {
            Way::Handed => api::TraceWay::Handed,
            Way::Relay => api::TraceWay::Relay,
            Way::Filter => api::TraceWay::Filter,
            Way::Store => api::TraceWay::Store,
        },
        peer: (!sighting.peer.is_empty()).then_some(sighting.peer),
        at: sighting.at.0,
    }
}
