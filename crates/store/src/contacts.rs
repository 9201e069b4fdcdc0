//! People we know of, and both sides of the contact request between them and us.

use protocol::Timestamp;
use protocol::id::MessageId;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Code, Coded, Sql, coded, column, optional};
use crate::{PublicKeyBytes, StoreError};

/// Door to the contacts.
pub struct Contacts<'t>(pub(crate) Access<'t>);

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRow {
    /// Their chat key.
    pub identity: PublicKeyBytes,
    /// The name they gave themselves.
    pub display_name: String,
    /// The name we gave them.
    pub nickname: String,
    /// What they say of themselves.
    pub bio: String,
    /// Their colour, as the wire numbers it.
    pub colour: u32,
    /// Our side of the request.
    pub local: RequestSide,
    /// Their side of the request.
    pub remote: RequestSide,
    /// Clock of the newest contact update that was applied.
    pub updated_clock: u64,
    /// Clock of the newest chat identity that was applied.
    pub identity_clock: u64,
    /// Whether we want to hear nothing of them.
    pub blocked: bool,
    /// Whether we removed them.
    pub removed: bool,
    /// The message that carries the request that is open now, theirs or ours.
    pub request: Option<MessageId>,
    /// When the open request ends by itself.
    pub request_expires_at: Option<Timestamp>,
    /// What we think of them. They do not learn it.
    pub trust: Trust,
    /// When we made sure who they are, if we did.
    pub verified_at: Option<Timestamp>,
    /// When a request of theirs ended without an answer, if we know them from nothing else.
    pub request_ended_at: Option<Timestamp>,
}

/// What we think of a person, with the numbers of deployed clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// 0: nothing.
    #[default]
    Unknown,
    /// 1: they are who they say.
    Trusted,
    /// 2: they are not, or do harm.
    Untrusted,
}

/// One side of a contact request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestSide {
    /// Where it stands.
    pub state: RequestState,
    /// The clock of the event that brought it there.
    pub clock: u64,
}

/// State of one side of a contact request, with the wire's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestState {
    /// 0: nothing was asked.
    #[default]
    None,
    /// 2: this side asked or agreed.
    Sent,
    /// 3: this side's asking arrived here.
    Received,
    /// 4: this side declined.
    Dismissed,
}

impl ContactRow {
    /// Somebody of whom nothing is known but the key.
    pub fn new(identity: PublicKeyBytes) -> ContactRow {
        ContactRow {
            identity,
            display_name: String::new(),
            nickname: String::new(),
            bio: String::new(),
            colour: 0,
            local: RequestSide::default(),
            remote: RequestSide::default(),
            updated_clock: 0,
            identity_clock: 0,
            blocked: false,
            removed: false,
            request: None,
            request_expires_at: None,
            trust: Trust::Unknown,
            verified_at: None,
            request_ended_at: None,
        }
    }
}

impl Contacts<'_> {
    /// One person.
    pub fn load(&self, identity: &PublicKeyBytes) -> Result<Option<ContactRow>, StoreError> {
        self.0
            .one("SELECT * FROM contacts WHERE identity = ?1", [identity], read)
    }

    /// Saves a person, the first time or anew.
    pub fn save(&mut self, contact: &ContactRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO contacts
                 (identity, display_name, nickname, bio, colour, local_state, local_clock, remote_state, remote_clock,
                  updated_clock, identity_clock, blocked, removed, request, request_expires_at, trust, verified_at,
                  request_ended_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                 ?18)",
            params![
                contact.identity,
                contact.display_name,
                contact.nickname,
                contact.bio,
                contact.colour,
                Coded(contact.local.state),
                Sql(contact.local.clock),
                Coded(contact.remote.state),
                Sql(contact.remote.clock),
                Sql(contact.updated_clock),
                Sql(contact.identity_clock),
                contact.blocked,
                contact.removed,
                contact.request.as_ref().map(Sql),
                contact.request_expires_at.map(Sql),
                Coded(contact.trust),
                Sql(contact.verified_at.unwrap_or_default()),
                Sql(contact.request_ended_at.unwrap_or_default()),
            ],
        )?;
        self.touched(contact.identity);
        Ok(())
    }

    /// Forgets a person.
    pub fn remove(&mut self, identity: &PublicKeyBytes) -> Result<(), StoreError> {
        self.0.execute("DELETE FROM contacts WHERE identity = ?1", [identity])?;
        self.touched(*identity);
        Ok(())
    }

    /// Up to `limit` people in the order of their keys, from the one after `after`.
    pub fn list(&self, after: Option<&PublicKeyBytes>, limit: u32) -> Result<Vec<ContactRow>, StoreError> {
        self.0.all(
            "SELECT * FROM contacts WHERE identity > coalesce(?1, x'') ORDER BY identity LIMIT ?2",
            params![after, limit],
            read,
        )
    }

    /// People whose open request ends at `now` or has ended, the oldest first.
    pub fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<ContactRow>, StoreError> {
        self.0.all(
            "SELECT * FROM contacts WHERE request_expires_at IS NOT NULL AND request_expires_at <= ?1
             ORDER BY request_expires_at LIMIT ?2",
            params![Sql(now), limit],
            read,
        )
    }

    /// When the next open request ends by itself.
    pub fn next_expiry(&self) -> Result<Option<Timestamp>, StoreError> {
        self.0.one(
            "SELECT request_expires_at FROM contacts WHERE request_expires_at IS NOT NULL
             ORDER BY request_expires_at LIMIT 1",
            [],
            |row| column(row, "request_expires_at"),
        )
    }

    /// People whose request ended without an answer before `before`, the oldest first.
    pub fn ended(&self, before: Timestamp, limit: u32) -> Result<Vec<ContactRow>, StoreError> {
        self.0.all(
            "SELECT * FROM contacts WHERE request_ended_at > 0 AND request_ended_at < ?1
             ORDER BY request_ended_at LIMIT ?2",
            params![Sql(before), limit],
            read,
        )
    }

    /// How many requests of others wait for our answer.
    pub fn count_asking(&self) -> Result<u64, StoreError> {
        self.0.count(
            "SELECT count(*) FROM contacts
             WHERE request_expires_at IS NOT NULL AND remote_state = 3 AND local_state = 0",
            [],
        )
    }

    fn touched(&mut self, identity: PublicKeyBytes) {
        self.0.record(|changes| {
            changes.contacts.insert(identity);
        });
    }
}

impl Code for Trust {
    const CODES: &'static [(Trust, i64)] = &[(Trust::Unknown, 0), (Trust::Trusted, 1), (Trust::Untrusted, 2)];
}

impl Code for RequestState {
    const CODES: &'static [(RequestState, i64)] = &[
        (RequestState::None, 0),
        (RequestState::Sent, 2),
        (RequestState::Received, 3),
        (RequestState::Dismissed, 4),
    ];
}

/// 0 stands for "not yet" in columns of times that have no NULL.
fn set(at: Timestamp) -> Option<Timestamp> {
    (at.0 > 0).then_some(at)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ContactRow> {
    Ok(ContactRow {
        identity: row.get("identity")?,
        display_name: row.get("display_name")?,
        nickname: row.get("nickname")?,
        bio: row.get("bio")?,
        colour: row.get("colour")?,
        local: RequestSide {
            state: coded(row, "local_state")?,
            clock: column(row, "local_clock")?,
        },
        remote: RequestSide {
            state: coded(row, "remote_state")?,
            clock: column(row, "remote_clock")?,
        },
        updated_clock: column(row, "updated_clock")?,
        identity_clock: column(row, "identity_clock")?,
        blocked: row.get("blocked")?,
        removed: row.get("removed")?,
        request: optional(row, "request")?,
        request_expires_at: optional(row, "request_expires_at")?,
        trust: coded(row, "trust")?,
        verified_at: column(row, "verified_at").map(set)?,
        request_ended_at: column(row, "request_ended_at").map(set)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, message_id, person};

    #[test]
    fn every_column_reads_back() {
        let mut store = Store::in_memory().unwrap();
        let row = ContactRow {
            display_name: "display".into(),
            nickname: "nick".into(),
            bio: "bio".into(),
            colour: 7,
            local: RequestSide {
                state: RequestState::Sent,
                clock: 1,
            },
            remote: RequestSide {
                state: RequestState::Received,
                clock: 2,
            },
            updated_clock: 3,
            identity_clock: 4,
            blocked: true,
            removed: true,
            request: Some(message_id(1)),
            request_expires_at: Some(NOW),
            trust: Trust::Untrusted,
            verified_at: Some(NOW.plus(1)),
            request_ended_at: Some(NOW.plus(2)),
            ..ContactRow::new(person(1))
        };
        let ((), changes) = store.write(|tx| tx.contacts().save(&row)).unwrap();
        assert_eq!(changes.contacts, [row.identity].into());
        assert_eq!(
            store.read(|view| view.contacts().load(&row.identity)).unwrap(),
            Some(row)
        );
        store.write(|tx| tx.contacts().remove(&person(1))).unwrap();
        assert_eq!(store.read(|view| view.contacts().load(&person(1))).unwrap(), None);
    }

    #[test]
    fn lists_page_and_open_requests_are_found_when_they_end() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                for number in 1..=5_u8 {
                    let ends = (number % 2 == 1).then(|| NOW.plus(u64::from(number)));
                    tx.contacts().save(&ContactRow {
                        request_expires_at: ends,
                        ..ContactRow::new(person(number))
                    })?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        store
            .read(|view| {
                let keys = |rows: Vec<ContactRow>| rows.into_iter().map(|row| row.identity).collect::<Vec<_>>();
                let contacts = view.contacts();
                let first = keys(contacts.list(None, 3)?);
                let rest = keys(contacts.list(first.last(), 3)?);
                let mut expected = [1, 2, 3, 4, 5].map(person);
                expected.sort();
                assert_eq!([first, rest].concat(), expected);
                assert_eq!(contacts.next_expiry()?, Some(NOW.plus(1)));
                assert_eq!(keys(contacts.expired(NOW.plus(3), 9)?), [person(1), person(3)]);
                assert!(contacts.expired(NOW, 9)?.is_empty());
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
