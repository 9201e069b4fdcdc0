//! Our own identity. There is exactly one per database.

use protocol::Timestamp;
use protocol::content::Presence;
use protocol::id::InstallationId;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Coded, Sql, coded, column};
use crate::{PublicKeyBytes, Secret, StoreError};

/// Door to our own identity.
pub struct Account<'t>(pub(crate) Access<'t>);

/// Our own identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// What the profile is called on this machine.
    pub name: String,
    /// What others see.
    pub display_name: String,
    /// The chat key's public half.
    pub public_key: PublicKeyBytes,
    /// The chat key's secret half, 32 bytes.
    pub chat_key: Secret,
    /// This installation.
    pub installation: InstallationId,
    /// The recovery words, in whatever form the caller protects them; gone once the person asked for that.
    pub mnemonic: Option<Secret>,
    /// When the profile was made or restored here.
    pub created_at: Timestamp,
    /// What we say of ourselves.
    pub bio: String,
    /// Our colour, as the wire numbers it.
    pub colour: u32,
    /// What we tell of being there; `Unknown`: nothing.
    pub presence: Presence,
    /// Some words about it.
    pub presence_text: String,
}

impl Account<'_> {
    /// Saves the identity, the first time or anew.
    pub fn save(&mut self, account: &AccountRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO account
                 (one, name, display_name, public_key, chat_key, installation, mnemonic, created_at, bio, colour, presence,
                  presence_text)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                account.name,
                account.display_name,
                account.public_key,
                account.chat_key,
                Sql(&account.installation),
                account.mnemonic,
                Sql(account.created_at),
                account.bio,
                account.colour,
                Coded(account.presence),
                account.presence_text,
            ],
        )?;
        self.0.record(|changes| {
            changes.account = true;
            changes.erased = true;
        });
        Ok(())
    }

    /// The identity, once it was saved.
    pub fn load(&self) -> Result<Option<AccountRow>, StoreError> {
        self.0.one("SELECT * FROM account", [], read)
    }

    /// Keeps a further secret key of the identity under a word that says what it is for.
    pub fn set_key(&mut self, purpose: &str, secret: &Secret) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO account_keys (purpose, secret) VALUES (?1, ?2)",
            params![purpose, secret],
        )?;
        self.0.record(|changes| {
            changes.account = true;
            changes.erased = true;
        });
        Ok(())
    }

    /// The secret key kept under this word.
    pub fn key(&self, purpose: &str) -> Result<Option<Secret>, StoreError> {
        self.0
            .one("SELECT secret FROM account_keys WHERE purpose = ?1", [purpose], |row| {
                row.get(0)
            })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
        name: row.get("name")?,
        display_name: row.get("display_name")?,
        public_key: row.get("public_key")?,
        chat_key: row.get("chat_key")?,
        installation: column(row, "installation")?,
        mnemonic: row.get("mnemonic")?,
        created_at: column(row, "created_at")?,
        bio: row.get("bio")?,
        colour: row.get("colour")?,
        presence: coded(row, "presence")?,
        presence_text: row.get("presence_text")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, device, person};

    #[test]
    fn the_identity_reads_back_and_is_one() {
        let mut store = Store::in_memory().unwrap();
        assert_eq!(store.read(|view| view.account().load()).unwrap(), None);
        let row = AccountRow {
            name: "profile".into(),
            display_name: "display".into(),
            public_key: person(1),
            chat_key: vec![5; 32].into(),
            installation: device(1),
            mnemonic: Some(b"twelve words".as_slice().into()),
            created_at: NOW,
            bio: "climbs".into(),
            colour: 7,
            presence: Presence::DoNotDisturb,
            presence_text: "on a wall".into(),
        };
        let ((), changes) = store.write(|tx| tx.account().save(&row)).unwrap();
        assert!(changes.account);
        assert!(!format!("{row:?}").contains("twelve"));
        let row = AccountRow { mnemonic: None, ..row };
        let ((), changes) = store.write(|tx| tx.account().save(&row)).unwrap();
        assert!(changes.erased, "the words are gone");
        assert_eq!(store.read(|view| view.account().load()).unwrap(), Some(row));
    }

    #[test]
    fn further_keys_are_kept_by_purpose() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| tx.account().set_key("encryption", &vec![6; 32].into()))
            .unwrap();
        let key = |purpose: &str| store.read(|view| view.account().key(purpose)).unwrap();
        assert_eq!(key("encryption").as_deref(), Some([6; 32].as_slice()));
        assert_eq!(key("wallet"), None);
    }
}
