//! The activity centre, for the API and from it.

use api::{ActivityPage, ActivityQuery};
use messenger::PublicKey;
use messenger::activity::{ActivityFilter, ActivityId, ActivityKind, ActivityPlace, Answer};
use store::{ActivityRow, StoreError};

use super::{BadCursor, Reading, key_text};

impl Reading<'_> {
    /// A part of the activity centre.
    pub(crate) fn activity(
        &self,
        filter: &ActivityFilter,
        before: Option<ActivityPlace>,
        limit: u32,
    ) -> Result<ActivityPage, StoreError> {
        let rows = self.view.activity().list(filter, before, limit)?;
        let next = rows
            .last()
            .filter(|_| rows.len() == limit as usize)
            .map(|last| format!("{}.{}", last.at.0, last.id.0));
        let items = rows
            .iter()
            .map(|row| self.activity_from(row))
            .collect::<Result<_, _>>()?;
        let unread = self.view.activity().unread()?;
        Ok(ActivityPage { items, next, unread })
    }

    /// One entry.
    pub(crate) fn activity_entry(&self, id: ActivityId) -> Result<Option<api::Activity>, StoreError> {
        self.view
            .activity()
            .load(id)?
            .map(|row| self.activity_from(&row))
            .transpose()
    }

    fn activity_from(&self, row: &ActivityRow) -> Result<api::Activity, StoreError> {
        let chat = row.chat.as_ref().map(|id| self.view.chats().load(id)).transpose()?;
        let chat_name = chat.flatten().map(|chat| self.chat_name(&chat)).transpose()?;
        let message = row.message.as_ref().map(|id| self.message(id)).transpose()?;
        let community = row
            .community
            .and_then(|id| PublicKey::from_compressed(id.as_bytes()).ok())
            .map(|key| key.to_multibase());
        Ok(api::Activity {
            id: row.id.0.to_string(),
            kind: kind(row.kind),
            at: row.at.0,
            read: row.read,
            answer: answer(row.answer),
            person: row.person.as_ref().map(key_text),
            person_name: row.person.as_ref().map(|key| self.name_of(key)).transpose()?,
            chat: row.chat.as_ref().map(ToString::to_string),
            chat_name,
            message: message.flatten().map(Box::new),
            community,
            detail: row.detail.clone(),
        })
    }
}

/// The filter and the place of a query.
pub(crate) fn filter(query: &ActivityQuery) -> Result<(ActivityFilter, Option<ActivityPlace>), BadCursor> {
    let before = query.before.as_deref().map(place).transpose()?;
    let kinds = query.kinds.as_deref().unwrap_or_default();
    let kinds = kinds
        .split(',')
        .filter(|name| !name.is_empty())
        .map(kind_named)
        .collect::<Result<_, _>>()?;
    let filter = ActivityFilter {
        kinds,
        read: query.read,
    };
    Ok((filter, before))
}

/// The name of an entry.
pub(crate) fn parse_id(text: &str) -> Option<ActivityId> {
    text.parse().ok().map(ActivityId)
}

fn place(text: &str) -> Result<ActivityPlace, BadCursor> {
    let (at, id) = text.split_once('.').ok_or(BadCursor)?;
    Ok(ActivityPlace {
        at: messenger::Timestamp(at.parse().map_err(|_| BadCursor)?),
        id: parse_id(id).ok_or(BadCursor)?,
    })
}

fn kind_named(name: &str) -> Result<ActivityKind, BadCursor> {
    let named = |found: &ActivityKind| serde_json::to_value(kind(*found)).is_ok_and(|value| value == name);
    ActivityKind::all().find(named).ok_or(BadCursor)
}

fn kind(kind: ActivityKind) -> api::ActivityKind {
    match kind {
        ActivityKind::ContactRequest => api::ActivityKind::ContactRequest,
        ActivityKind::ContactAccepted => api::ActivityKind::ContactAccepted,
        ActivityKind::ContactRemoved => api::ActivityKind::ContactRemoved,
        ActivityKind::Verification => api::ActivityKind::Verification,
        ActivityKind::Mention => api::ActivityKind::Mention,
        ActivityKind::Reply => api::ActivityKind::Reply,
        ActivityKind::NewChat => api::ActivityKind::NewChat,
        ActivityKind::GroupInvitation => api::ActivityKind::GroupInvitation,
        ActivityKind::GroupChange => api::ActivityKind::GroupChange,
        ActivityKind::GroupJoinRequest => api::ActivityKind::GroupJoinRequest,
        ActivityKind::GroupJoinAnswer => api::ActivityKind::GroupJoinAnswer,
        ActivityKind::CommunityInvitation => api::ActivityKind::CommunityInvitation,
        ActivityKind::CommunityRequest => api::ActivityKind::CommunityRequest,
        ActivityKind::CommunityJoinRequest => api::ActivityKind::CommunityJoinRequest,
        ActivityKind::CommunityKicked => api::ActivityKind::CommunityKicked,
        ActivityKind::CommunityBanned => api::ActivityKind::CommunityBanned,
        ActivityKind::CommunityUnbanned => api::ActivityKind::CommunityUnbanned,
        ActivityKind::NewDevice => api::ActivityKind::NewDevice,
        ActivityKind::DevicePaired => api::ActivityKind::DevicePaired,
        ActivityKind::File => api::ActivityKind::File,
    }
}

fn answer(answer: Answer) -> Option<api::ActivityAnswer> {
    match answer {
        Answer::None => None,
        Answer::Pending => Some(api::ActivityAnswer::Pending),
        Answer::Accepted => Some(api::ActivityAnswer::Accepted),
        Answer::Dismissed => Some(api::ActivityAnswer::Dismissed),
        Answer::Over => Some(api::ActivityAnswer::Over),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_asked_for_by_the_names_that_they_are_shown_with() {
        let query = ActivityQuery {
            kinds: Some("mention,contact-request".into()),
            before: Some("17.4".into()),
            ..ActivityQuery::default()
        };
        let (filter, before) = filter(&query).unwrap();
        assert_eq!(filter.kinds, [ActivityKind::Mention, ActivityKind::ContactRequest]);
        assert_eq!(before.unwrap().id, ActivityId(4));
        for bad in ["mentions", "mention;reply"] {
            let query = ActivityQuery {
                kinds: Some(bad.into()),
                ..ActivityQuery::default()
            };
            assert!(super::filter(&query).is_err());
        }
    }
}
