//! Gaps of the domain in the words of the API.

use api::{Gap, GapState, MessagePage};
use messenger::ChatId;
use store::{Absence, Cursor, GapRow, StoreError};

use super::Reading;

impl Reading<'_> {
    /// All gaps of a chat, the earliest first.
    pub(crate) fn gaps(&self, chat: &ChatId) -> Result<Vec<Gap>, StoreError> {
        Ok(self.view.repair().gaps(chat)?.iter().map(gap).collect())
    }

    /// A part of a chat's messages with the gaps among them; none if there is no such chat.
    pub(crate) fn page(
        &self,
        chat: &ChatId,
        before: Option<&Cursor>,
        limit: u32,
    ) -> Result<Option<MessagePage>, StoreError> {
        let Some(page) = self.messages(chat, before, limit)? else {
            return Ok(None);
        };
        let newest = before.map_or(u64::MAX, |before| before.clock);
        let oldest = match &page.next {
            Some(_) => page.items.last().map_or(0, |message| message.clock),
            None => 0,
        };
        // The first message of a page brings the gap before it; what has the clock of the page before was on that one.
        let among = |gap: &GapRow| oldest <= gap.clock && (gap.clock < newest || before.is_none());
        let mut gaps: Vec<Gap> = self
            .view
            .repair()
            .gaps(chat)?
            .iter()
            .filter(|gap| among(gap))
            .map(gap)
            .collect();
        gaps.reverse();
        Ok(Some(MessagePage {
            items: page.items,
            next: page.next,
            gaps,
        }))
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
