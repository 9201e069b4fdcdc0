//! Gaps of the domain in the words of the API.

use api::{Gap, GapState};
use messenger::ChatId;
use store::{Absence, GapRow, StoreError};

use super::Reading;

impl Reading<'_> {
    /// All gaps of a chat, the earliest first.
    pub(crate) fn gaps(&self, chat: &ChatId) -> Result<Vec<Gap>, StoreError> {
        Ok(self.view.repair().gaps(chat)?.iter().map(gap).collect())
    }
}

fn gap(row: &GapRow) -> Gap {
    Gap {
        before: row.named_by.to_string(),
        clock: row.clock,
        count: row.count,
        since: row.since.0,
        state: match row.state {
            Absence::Expected | Absence::Searching => GapState::Searching,
            Absence::Gone => GapState::Gone,
            Absence::GivenUp => GapState::GivenUp,
        },
        asked: row.asked,
    }
}
