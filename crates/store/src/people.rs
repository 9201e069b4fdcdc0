//! What people show of themselves: pictures, links, presence. Of ourselves too, under our own key.

use protocol::Timestamp;
use protocol::content::{ImageFormat, Presence};
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Code, Coded, Sql, coded, column};
use crate::{PublicKeyBytes, StoreError};

/// Door to what people show of themselves.
pub struct People<'t>(pub(crate) Access<'t>);

/// A picture of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct PictureRow {
    /// Whose.
    pub identity: PublicKeyBytes,
    /// Which of the two.
    pub size: PictureSize,
    /// The file's format, as its sender says.
    pub format: ImageFormat,
    /// The file, as received.
    pub bytes: Vec<u8>,
    /// Wall time of the identity that brought it.
    pub clock: Timestamp,
}

/// Which picture of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PictureSize {
    /// For lists.
    Thumbnail,
    /// For the profile.
    Large,
}

/// A link that a person shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// What it is called.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

/// What a person last said about being there.
#[derive(Clone, PartialEq, Eq)]
pub struct PresenceRow {
    /// Who.
    pub identity: PublicKeyBytes,
    /// What they said.
    pub presence: Presence,
    /// When, by their clock.
    pub clock: Timestamp,
    /// Some words about it.
    pub text: String,
}

impl std::fmt::Debug for PictureRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PictureRow({:?}, {} bytes)", self.size, self.bytes.len())
    }
}

impl std::fmt::Debug for PresenceRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PresenceRow({:?}, {})", self.presence, self.clock.0)
    }
}

/// Pictures.
impl People<'_> {
    /// Saves a picture; one of the same person and size is replaced.
    pub fn save_picture(&mut self, picture: &PictureRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO pictures (identity, size, format, bytes, clock) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                picture.identity,
                Coded(picture.size),
                picture.format as i32,
                picture.bytes,
                Sql(picture.clock),
            ],
        )?;
        self.touched(picture.identity);
        Ok(())
    }

    /// A picture of a person.
    pub fn picture(&self, identity: &PublicKeyBytes, size: PictureSize) -> Result<Option<PictureRow>, StoreError> {
        self.0.one(
            "SELECT * FROM pictures WHERE identity = ?1 AND size = ?2",
            params![identity, Coded(size)],
            read_picture,
        )
    }

    /// The time of a picture, without the picture.
    pub fn picture_clock(&self, identity: &PublicKeyBytes, size: PictureSize) -> Result<Option<Timestamp>, StoreError> {
        self.0.one(
            "SELECT clock FROM pictures WHERE identity = ?1 AND size = ?2",
            params![identity, Coded(size)],
            |row| column(row, "clock"),
        )
    }

    /// Removes a picture of a person.
    pub fn remove_picture(&mut self, identity: &PublicKeyBytes, size: PictureSize) -> Result<(), StoreError> {
        let gone = self.0.execute(
            "DELETE FROM pictures WHERE identity = ?1 AND size = ?2",
            params![identity, Coded(size)],
        )?;
        if gone > 0 {
            self.touched(*identity);
        }
        Ok(())
    }
}

/// Names that people give themselves where we hear them, as long as they are no contacts.
impl People<'_> {
    /// Remembers a name. The longest unheard are forgotten beyond `most`.
    pub fn hear_name(
        &mut self,
        identity: &PublicKeyBytes,
        name: &str,
        at: Timestamp,
        most: u32,
    ) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO heard_names (identity, name, heard_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (identity) DO UPDATE SET name = excluded.name, heard_at = max(heard_at, excluded.heard_at)",
            params![identity, name, Sql(at)],
        )?;
        self.0.execute(
            "DELETE FROM heard_names WHERE identity IN (
                 SELECT identity FROM heard_names ORDER BY heard_at DESC LIMIT -1 OFFSET ?1
             )",
            [most],
        )?;
        Ok(())
    }

    /// The name that somebody gave themselves, and when we heard it last.
    pub fn heard_name(&self, identity: &PublicKeyBytes) -> Result<Option<(String, Timestamp)>, StoreError> {
        self.0.one(
            "SELECT name, heard_at FROM heard_names WHERE identity = ?1",
            [identity],
            |row| Ok((row.get("name")?, column(row, "heard_at")?)),
        )
    }
}

/// Links.
impl People<'_> {
    /// The links of a person, in their order.
    pub fn links(&self, identity: &PublicKeyBytes) -> Result<Vec<LinkRow>, StoreError> {
        self.0.all(
            "SELECT label, url FROM profile_links WHERE identity = ?1 ORDER BY position",
            [identity],
            |row| {
                Ok(LinkRow {
                    label: row.get("label")?,
                    url: row.get("url")?,
                })
            },
        )
    }

    /// Replaces the links of a person.
    pub fn set_links(&mut self, identity: &PublicKeyBytes, links: &[LinkRow]) -> Result<(), StoreError> {
        self.0
            .execute("DELETE FROM profile_links WHERE identity = ?1", [identity])?;
        for (position, link) in (0_i64..).zip(links) {
            self.0.execute(
                "INSERT INTO profile_links (identity, position, label, url) VALUES (?1, ?2, ?3, ?4)",
                params![identity, position, link.label, link.url],
            )?;
        }
        self.touched(*identity);
        Ok(())
    }
}

/// Presence.
impl People<'_> {
    /// What a person last said about being there.
    pub fn presence(&self, identity: &PublicKeyBytes) -> Result<Option<PresenceRow>, StoreError> {
        self.0
            .one("SELECT * FROM presences WHERE identity = ?1", [identity], read_presence)
    }

    /// Saves what a person said about being there.
    pub fn save_presence(&mut self, presence: &PresenceRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO presences (identity, presence, clock, text) VALUES (?1, ?2, ?3, ?4)",
            params![
                presence.identity,
                Coded(presence.presence),
                Sql(presence.clock),
                presence.text
            ],
        )?;
        self.touched(presence.identity);
        Ok(())
    }

    /// Forgets it.
    pub fn remove_presence(&mut self, identity: &PublicKeyBytes) -> Result<(), StoreError> {
        let gone = self
            .0
            .execute("DELETE FROM presences WHERE identity = ?1", [identity])?;
        if gone > 0 {
            self.touched(*identity);
        }
        Ok(())
    }
}

impl People<'_> {
    /// Forgets everything that a person showed of themselves.
    pub fn forget(&mut self, identity: &PublicKeyBytes) -> Result<(), StoreError> {
        self.0.execute("DELETE FROM pictures WHERE identity = ?1", [identity])?;
        self.0
            .execute("DELETE FROM heard_names WHERE identity = ?1", [identity])?;
        self.0
            .execute("DELETE FROM profile_links WHERE identity = ?1", [identity])?;
        self.0
            .execute("DELETE FROM presences WHERE identity = ?1", [identity])?;
        self.0.record(|changes| changes.erased = true);
        self.touched(*identity);
        Ok(())
    }

    fn touched(&mut self, identity: PublicKeyBytes) {
        self.0.record(|changes| {
            changes.contacts.insert(identity);
        });
    }
}

impl Code for PictureSize {
    const CODES: &'static [(PictureSize, i64)] = &[(PictureSize::Thumbnail, 1), (PictureSize::Large, 2)];
}

impl Code for Presence {
    const CODES: &'static [(Presence, i64)] = &[
        (Presence::Unknown, 0),
        (Presence::Automatic, 1),
        (Presence::DoNotDisturb, 2),
        (Presence::AlwaysOnline, 3),
        (Presence::Inactive, 4),
    ];
}

fn read_picture(row: &Row<'_>) -> rusqlite::Result<PictureRow> {
    Ok(PictureRow {
        identity: row.get("identity")?,
        size: coded(row, "size")?,
        format: ImageFormat::try_from(row.get::<_, i32>("format")?).unwrap_or(ImageFormat::UnknownImageFormat),
        bytes: row.get("bytes")?,
        clock: column(row, "clock")?,
    })
}

fn read_presence(row: &Row<'_>) -> rusqlite::Result<PresenceRow> {
    Ok(PresenceRow {
        identity: row.get("identity")?,
        presence: coded(row, "presence")?,
        clock: column(row, "clock")?,
        text: row.get("text")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, person};

    #[test]
    fn what_a_person_shows_reads_back_and_goes_together() {
        let mut store = Store::in_memory().unwrap();
        let (one, other) = (person(1), person(2));
        let picture = |identity, size, byte| PictureRow {
            identity,
            size,
            format: ImageFormat::Jpeg,
            bytes: vec![byte; 10],
            clock: NOW,
        };
        let presence = PresenceRow {
            identity: one,
            presence: Presence::DoNotDisturb,
            clock: NOW,
            text: "asleep".into(),
        };
        let link = |label: &str| LinkRow {
            label: label.into(),
            url: "https://example.org".into(),
        };
        let ((), changes) = store
            .write(|tx| {
                let mut people = tx.people();
                people.save_picture(&picture(one, PictureSize::Large, 1))?;
                people.save_picture(&picture(one, PictureSize::Large, 2))?;
                people.save_picture(&picture(other, PictureSize::Large, 3))?;
                people.save_picture(&picture(one, PictureSize::Thumbnail, 4))?;
                people.save_presence(&presence)?;
                people.set_links(&one, &[link("a"), link("b"), link("c")])?;
                people.set_links(&one, &[link("b"), link("a")])?;
                people.remove_picture(&one, PictureSize::Thumbnail)
            })
            .unwrap();
        assert_eq!(changes.contacts, [one, other].into());
        store
            .read(|view| {
                let people = view.people();
                let large = people.picture(&one, PictureSize::Large)?;
                assert_eq!(large, Some(picture(one, PictureSize::Large, 2)));
                assert_eq!(people.picture_clock(&one, PictureSize::Large)?, Some(NOW));
                assert_eq!(people.picture(&one, PictureSize::Thumbnail)?, None);
                assert_eq!(people.presence(&one)?, Some(presence));
                assert_eq!(people.links(&one)?, [link("b"), link("a")]);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        store.write(|tx| tx.people().forget(&one)).unwrap();
        store
            .read(|view| {
                let people = view.people();
                assert!(people.links(&one)?.is_empty() && people.presence(&one)?.is_none());
                assert_eq!(people.picture(&one, PictureSize::Large)?, None);
                assert!(people.picture(&other, PictureSize::Large)?.is_some());
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
