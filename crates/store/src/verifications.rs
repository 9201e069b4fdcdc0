//! Proofs of identity between two people: a question that only one can answer, and the answer. One per person and
//! direction, the newest.

use protocol::Timestamp;
use protocol::id::MessageId;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Code, Coded, Sql, coded, column};
use crate::{PublicKeyBytes, StoreError};

/// Door to the proofs of identity.
pub struct Verifications<'t>(pub(crate) Access<'t>);

/// One proof of identity.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationRow {
    /// The id of the message that asked.
    pub id: MessageId,
    /// The other person.
    pub person: PublicKeyBytes,
    /// Who asked.
    pub asker: Asker,
    /// The question.
    pub challenge: String,
    /// The answer; empty until there is one.
    pub response: String,
    /// Where it stands.
    pub state: VerificationState,
    /// Clock of the question.
    pub requested_clock: u64,
    /// Clock of what ended or answered it; 0 until then.
    pub replied_clock: u64,
    /// When it last moved.
    pub at: Timestamp,
}

/// Who asked for a proof of identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asker {
    /// We did.
    We,
    /// They did.
    They,
}

/// Where a proof of identity stands, with the numbers of deployed clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VerificationState {
    /// 1: asked, not answered.
    Pending,
    /// 2: answered.
    Answered,
    /// 3: the answer was refused.
    Declined,
    /// 4: the question was taken back.
    Cancelled,
    /// 5: the asker believes the answer.
    Trusted,
    /// 6: the asker does not believe the answer.
    Untrusted,
}

impl std::fmt::Debug for VerificationRow {
    /// Not what people wrote.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerificationRow({:?}, {:?}, {:?})", self.id, self.asker, self.state)
    }
}

impl Verifications<'_> {
    /// Saves one; whatever there was of the same person and direction is replaced.
    pub fn save(&mut self, row: &VerificationRow) -> Result<(), StoreError> {
        self.0.execute(
            "DELETE FROM verifications WHERE person = ?1 AND asked_by_us = ?2",
            params![row.person, row.asker == Asker::We],
        )?;
        self.0.execute(
            "INSERT INTO verifications
                 (id, person, asked_by_us, challenge, response, state, requested_clock, replied_clock, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                Sql(&row.id),
                row.person,
                row.asker == Asker::We,
                row.challenge,
                row.response,
                Coded(row.state),
                Sql(row.requested_clock),
                Sql(row.replied_clock),
                Sql(row.at),
            ],
        )?;
        self.touched(row.person);
        Ok(())
    }

    /// The newest with a person that this side asked for.
    pub fn with(&self, person: &PublicKeyBytes, asker: Asker) -> Result<Option<VerificationRow>, StoreError> {
        self.0.one(
            "SELECT * FROM verifications WHERE person = ?1 AND asked_by_us = ?2",
            params![person, asker == Asker::We],
            read,
        )
    }

    /// Removes all with a person.
    pub fn remove(&mut self, person: &PublicKeyBytes) -> Result<(), StoreError> {
        let gone = self
            .0
            .execute("DELETE FROM verifications WHERE person = ?1", [person])?;
        if gone > 0 {
            self.touched(*person);
            self.0.record(|changes| changes.erased = true);
        }
        Ok(())
    }

    fn touched(&mut self, person: PublicKeyBytes) {
        self.0.record(|changes| {
            changes.contacts.insert(person);
        });
    }
}

impl Code for VerificationState {
    const CODES: &'static [(VerificationState, i64)] = &[
        (VerificationState::Pending, 1),
        (VerificationState::Answered, 2),
        (VerificationState::Declined, 3),
        (VerificationState::Cancelled, 4),
        (VerificationState::Trusted, 5),
        (VerificationState::Untrusted, 6),
    ];
}

fn read(row: &Row<'_>) -> rusqlite::Result<VerificationRow> {
    let asked_by_us: bool = row.get("asked_by_us")?;
    Ok(VerificationRow {
        id: column(row, "id")?,
        person: row.get("person")?,
        asker: if asked_by_us { Asker::We } else { Asker::They },
        challenge: row.get("challenge")?,
        response: row.get("response")?,
        state: coded(row, "state")?,
        requested_clock: column(row, "requested_clock")?,
        replied_clock: column(row, "replied_clock")?,
        at: column(row, "at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, message_id, person};

    #[test]
    fn one_per_person_and_direction() {
        let mut store = Store::in_memory().unwrap();
        let row = |id: u64, asker| VerificationRow {
            id: message_id(id),
            person: person(1),
            asker,
            challenge: "where did we meet?".into(),
            response: "on the train".into(),
            state: VerificationState::Answered,
            requested_clock: 3,
            replied_clock: 4,
            at: NOW,
        };
        let ((), changes) = store
            .write(|tx| {
                tx.verifications().save(&row(1, Asker::We))?;
                tx.verifications().save(&row(2, Asker::We))?;
                tx.verifications().save(&row(3, Asker::They))
            })
            .unwrap();
        assert_eq!(changes.contacts, [person(1)].into());
        let with = |asker| store.read(|view| view.verifications().with(&person(1), asker)).unwrap();
        assert_eq!(with(Asker::We), Some(row(2, Asker::We)));
        assert_eq!(with(Asker::They), Some(row(3, Asker::They)));
        assert!(!format!("{:?}", row(1, Asker::We)).contains("train"));
        store.write(|tx| tx.verifications().remove(&person(1))).unwrap();
        let left = store
            .read(|view| view.verifications().with(&person(1), Asker::We))
            .unwrap();
        assert_eq!(left, None);
    }
}
