//! Private groups, for the API.

use messenger::groups::{self, EventType, Happening};
use messenger::{ChatId, MessageId, PublicKey};
use store::{GroupRequestRow, GroupRequestState, GroupStanding, PublicKeyBytes, StoreError};

use super::{Reading, key_text};

/// What the list of chats shows of a group.
#[derive(Default)]
pub(crate) struct Face {
    pub(crate) colour: Option<String>,
    pub(crate) picture: Option<String>,
    pub(crate) member_count: Option<u64>,
    pub(crate) left: bool,
}

impl Reading<'_> {
    /// One group; none if there is none, or we declined it.
    pub(crate) fn group(&self, chat: &ChatId) -> Result<Option<api::Group>, StoreError> {
        let Some(group) = groups::look(self.view, chat)? else {
            return Ok(None);
        };
        let standing = match group.standing {
            GroupStanding::In => api::GroupStanding::In,
            GroupStanding::Invited => api::GroupStanding::Invited,
            GroupStanding::Out => api::GroupStanding::Out,
            GroupStanding::Declined => return Ok(None),
        };
        let mut members = Vec::with_capacity(group.members.len());
        for (person, admin) in &group.members {
            members.push(self.member(person, *admin)?);
        }
        members.sort_by(|a, b| (!a.own, a.name.to_lowercase(), &a.key).cmp(&(!b.own, b.name.to_lowercase(), &b.key)));
        let inviter = group.inviter.as_ref().map(row_key);
        let requests = group.requests.iter();
        Ok(Some(api::Group {
            id: chat.to_string(),
            name: self.group_name(chat, &group.name),
            picture: self.group_picture_path(&group),
            colour: some(group.colour),
            standing,
            members,
            inviter_name: inviter.as_ref().map(|key| self.name_of(key)).transpose()?,
            inviter: inviter.as_ref().map(key_text),
            requests: requests.map(|row| self.group_request(row)).collect::<Result<_, _>>()?,
        }))
    }

    /// The groups into which strangers let us, and of which we have not said whether we want that.
    pub(crate) fn group_invitations(&self) -> Result<Vec<api::Group>, StoreError> {
        let invited = self.view.groups().in_standing(GroupStanding::Invited)?;
        let groups = invited.iter().filter_map(|chat| self.group(chat).transpose());
        groups.collect()
    }

    /// Who asks to be let into groups of ours, and what we ask for ourselves.
    pub(crate) fn group_requests(&self) -> Result<Vec<api::GroupRequest>, StoreError> {
        let rows = self.view.groups().open_requests(MOST_REQUESTS)?;
        rows.iter().map(|row| self.group_request(row)).collect()
    }

    /// What happened to a group since it was founded, in order.
    pub(crate) fn group_events(&self, chat: &ChatId) -> Result<Vec<api::GroupEvent>, StoreError> {
        let happenings = groups::happening(self.view, chat)?;
        let events = happenings.iter().filter_map(|one| self.group_event(one).transpose());
        events.collect()
    }

    /// The bytes of a group's picture, as a member made them.
    pub(crate) fn group_picture(&self, chat: &ChatId) -> Result<Option<Vec<u8>>, StoreError> {
        let group = groups::look(self.view, chat)?;
        Ok(group.map(|group| group.picture).filter(|picture| !picture.is_empty()))
    }

    /// How far a message of ours got, per member of its group.
    pub(crate) fn receipts(&self, message: &MessageId) -> Result<Vec<api::Receipt>, StoreError> {
        let rows = self.view.groups().receipts(message)?;
        let mut receipts = Vec::with_capacity(rows.len());
        for row in rows {
            receipts.push(api::Receipt {
                person: key_text(&row.person),
                person_name: self.name_of(&row.person)?,
                delivered_at: row.delivered_at.map(|at| at.0),
            });
        }
        receipts
            .sort_by(|a, b| (a.person_name.to_lowercase(), &a.person).cmp(&(b.person_name.to_lowercase(), &b.person)));
        Ok(receipts)
    }

    /// The same in two numbers; none of a message that went to no group.
    pub(crate) fn reach(&self, message: &MessageId) -> Result<Option<api::Reach>, StoreError> {
        let rows = self.view.groups().receipts(message)?;
        let delivered = rows.iter().filter(|row| row.delivered_at.is_some()).count() as u64;
        let members = rows.len() as u64;
        Ok((members > 0).then_some(api::Reach { members, delivered }))
    }

    /// What the list of chats shows of a group.
    pub(crate) fn face(&self, chat: &ChatId) -> Result<Face, StoreError> {
        let Some(group) = groups::look(self.view, chat)? else {
            return Ok(Face::default());
        };
        Ok(Face {
            picture: self.group_picture_path(&group),
            colour: some(group.colour),
            member_count: Some(group.members.len() as u64),
            left: group.standing == GroupStanding::Out,
        })
    }

    fn member(&self, person: &PublicKey, admin: bool) -> Result<api::GroupMember, StoreError> {
        let key = row_key(person);
        Ok(api::GroupMember {
            name: self.name_of(&key)?,
            role: match admin {
                true => api::GroupRole::Admin,
                false => api::GroupRole::Member,
            },
            own: key == self.own.key,
            key: key_text(&key),
        })
    }

    fn group_request(&self, row: &GroupRequestRow) -> Result<api::GroupRequest, StoreError> {
        Ok(api::GroupRequest {
            group: row.chat.to_string(),
            person: key_text(&row.person),
            person_name: self.name_of(&row.person)?,
            own: row.person == self.own.key,
            admin: key_text(&row.admin),
            introduction: row.introduction.clone(),
            state: match row.state {
                GroupRequestState::Asked => api::GroupRequestState::Asked,
                GroupRequestState::Rejected => api::GroupRequestState::Rejected,
                GroupRequestState::Approved => api::GroupRequestState::Approved,
            },
            at: row.at.0,
        })
    }

    fn group_event(&self, one: &Happening) -> Result<Option<api::GroupEvent>, StoreError> {
        let Some(kind) = kind(one) else { return Ok(None) };
        let author = row_key(&one.author);
        let people = one.people.iter().map(row_key).filter(|key| *key != author);
        let people = people.map(|key| self.name_of(&key)).collect::<Result<_, _>>()?;
        Ok(Some(api::GroupEvent {
            clock: one.clock,
            author_name: self.name_of(&author)?,
            author: key_text(&author),
            kind,
            text: one.text.clone(),
            people,
        }))
    }

    /// A group whose name cannot be shown is called by its id, as other chats are.
    fn group_name(&self, chat: &ChatId, shown: &str) -> String {
        match shown.is_empty() {
            true => chat.as_str().to_owned(),
            false => shown.to_owned(),
        }
    }

    fn group_picture_path(&self, group: &groups::Group) -> Option<String> {
        let clock = group.picture_clock?;
        Some(format!(
            "/v1/profiles/{}/groups/{}/picture?at={clock}",
            self.own.profile, group.chat
        ))
    }
}

fn kind(one: &Happening) -> Option<api::GroupEventKind> {
    use api::GroupEventKind as Kind;
    Some(match one.kind {
        EventType::ChatCreated => Kind::Created,
        EventType::NameChanged => Kind::Renamed,
        EventType::ColorChanged => Kind::Recoloured,
        EventType::ImageChanged => Kind::Picture,
        EventType::MembersAdded => Kind::Added,
        EventType::MemberRemoved if one.people.first() == Some(&one.author) => Kind::Left,
        EventType::MemberRemoved => Kind::Removed,
        EventType::MemberJoined => Kind::Joined,
        EventType::AdminsAdded => Kind::Promoted,
        EventType::AdminRemoved => Kind::SteppedDown,
        EventType::Unknown => return None,
    })
}

fn row_key(person: &PublicKey) -> PublicKeyBytes {
    PublicKeyBytes::from(person.to_compressed())
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Open requests that are listed: as many as one group keeps.
const MOST_REQUESTS: u32 = 100;
