//! Searches, for the API and from it.

use api::{MessageKind, Page, SearchQuery};
use messenger::Timestamp;
use store::{PublicKeyBytes, Search, SearchPlace, Sort, StoreError};

use super::{BadCursor, LAST_KIND, Reading, message_kind, parse_chat, parse_key};

impl Reading<'_> {
    /// Messages that fit, the latest first.
    pub(crate) fn search(
        &self,
        search: &Search,
        after: Option<SearchPlace>,
        limit: u32,
    ) -> Result<Page<api::Message>, StoreError> {
        let found = self.view.messages().search(search, after, limit)?;
        let items = found
            .rows
            .iter()
            .map(|row| self.message_from(row))
            .collect::<Result<_, _>>()?;
        let next = found.next.map(|place| format!("{}.{}", place.sent_at.0, place.row));
        Ok(Page { items, next })
    }
}

/// Why a search cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadSearch {
    /// Nothing to look for.
    Empty,
    /// Not the key of a person.
    Person,
    /// Not a chat.
    Chat,
    /// Not a kind of message.
    Kind,
    /// Not one of our cursors.
    Cursor,
}

/// What a query looks for, and from where on.
pub(crate) fn search(query: SearchQuery) -> Result<(Search, Option<SearchPlace>), BadSearch> {
    let chat = query
        .chat
        .as_deref()
        .map(|chat| parse_chat(chat).ok_or(BadSearch::Chat));
    let person = query
        .person
        .as_deref()
        .map(|person| parse_key(person).ok_or(BadSearch::Person));
    let kinds = query.kinds.as_deref().unwrap_or_default();
    let mut sorts = Vec::new();
    for name in kinds.split(',').filter(|name| !name.is_empty()) {
        let named = sorts_named(name);
        if named.is_empty() {
            return Err(BadSearch::Kind);
        }
        sorts.extend(named);
    }
    let after = query.before.as_deref().map(place).transpose();
    let search = Search {
        text: query.text,
        chat: chat.transpose()?,
        author: person
            .transpose()?
            .map(|person| PublicKeyBytes::from(person.to_compressed())),
        from: query.since.map(Timestamp),
        before: query.until.map(Timestamp),
        sorts,
    };
    if search.text.trim().is_empty() && !search.is_narrow() {
        return Err(BadSearch::Empty);
    }
    Ok((search, after.map_err(|BadCursor| BadSearch::Cursor)?))
}

/// The sorts of message that the API calls by this name.
fn sorts_named(name: &str) -> Vec<Sort> {
    let is_called = |kind: MessageKind| serde_json::to_value(kind).is_ok_and(|value| value == name);
    let content = (0..=LAST_KIND).filter(|number| is_called(message_kind(*number)));
    let mut sorts: Vec<Sort> = content.map(Sort::Content).collect();
    if is_called(MessageKind::File) {
        sorts.push(Sort::File);
    }
    sorts
}

fn place(text: &str) -> Result<SearchPlace, BadCursor> {
    let (at, row) = text.split_once('.').ok_or(BadCursor)?;
    Ok(SearchPlace {
        sent_at: Timestamp(at.parse().map_err(|_| BadCursor)?),
        row: row.parse().map_err(|_| BadCursor)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_what_to_look_for_or_what_is_wrong_with_it() {
        let query = SearchQuery {
            text: "station".into(),
            chat: Some("#Climbing".into()),
            since: Some(5),
            kinds: Some("text,file".into()),
            before: Some("17.4".into()),
            ..SearchQuery::default()
        };
        let (found, after) = search(query.clone()).unwrap();
        assert_eq!(found.chat.unwrap().as_str(), "climbing");
        assert_eq!(
            found.sorts,
            [1, 3, 4]
                .map(Sort::Content)
                .into_iter()
                .chain([Sort::File])
                .collect::<Vec<_>>()
        );
        assert_eq!(after.unwrap().row, 4);
        let bad = |change: fn(&mut SearchQuery)| {
            let mut query = query.clone();
            change(&mut query);
            search(query).unwrap_err()
        };
        assert_eq!(bad(|query| query.kinds = Some("texts".into())), BadSearch::Kind);
        assert_eq!(bad(|query| query.person = Some("bob".into())), BadSearch::Person);
        assert_eq!(bad(|query| query.chat = Some("#two words".into())), BadSearch::Chat);
        assert_eq!(bad(|query| query.before = Some("17".into())), BadSearch::Cursor);
        assert_eq!(search(SearchQuery::default()).unwrap_err(), BadSearch::Empty);
        let blank = SearchQuery {
            text: " ".into(),
            ..SearchQuery::default()
        };
        assert_eq!(search(blank).unwrap_err(), BadSearch::Empty);
    }
}
