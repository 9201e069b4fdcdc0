//! The file that holds memberships (72/WAKU2-RLN-KEYSTORE): JSON of nwaku and js-waku, each membership encrypted by itself
//! with a password.
//!
//! The key of an entry is a hash of the contract and the leaf as text, and implementations write that text differently. So
//! entries are chosen by what is in them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sha3::Keccak256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::identity::Identity;

/// A membership with its secrets.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Who.
    pub identity: Identity,
    /// Where it is registered.
    pub membership: Membership,
}

/// Where a member is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The chain, as its owner writes it: decimal, or hexadecimal with `0x`.
    pub chain_id: String,
    /// The contract, as its owner writes it.
    pub contract: String,
    /// Its leaf.
    pub index: u32,
    /// Messages in an epoch; absent in files of older versions.
    pub limit: Option<u64>,
}

impl Membership {
    /// The key under which it stands in a file.
    pub fn key(&self) -> String {
        let text = format!("{}{}{}", self.chain_id, self.contract, self.index);
        hex::encode_upper(Sha256::digest(text))
    }

    /// The chain as a number.
    pub fn chain(&self) -> Option<u64> {
        match self.chain_id.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => self.chain_id.parse().ok(),
        }
    }
}

/// Which entry of a file is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The only one.
    Only,
    /// The one with this leaf.
    Index(u32),
}

/// A file of memberships as it is on disk: nothing is decrypted yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Keystore {
    application: String,
    app_identifier: String,
    version: String,
    credentials: BTreeMap<String, Entry>,
}

impl Default for Keystore {
    /// An empty one, in the names that nwaku wants to see.
    fn default() -> Self {
        Self {
            application: APPLICATION.into(),
            app_identifier: APP_IDENTIFIER.into(),
            version: VERSION.into(),
            credentials: BTreeMap::new(),
        }
    }
}

impl Keystore {
    /// Reads the text of a file. Older programs append a line for each change; the last one that is readable counts.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        let whole = serde_json::from_str(text).ok();
        let lines = || text.lines().rev().find_map(|line| serde_json::from_str(line).ok());
        let keystore: Self = whole.or_else(lines).ok_or(KeystoreError::Form)?;
        let names = (
            &keystore.application[..],
            &keystore.app_identifier[..],
            &keystore.version[..],
        );
        if names != (APPLICATION, APP_IDENTIFIER, VERSION) {
            return Err(KeystoreError::Form);
        }
        Ok(keystore)
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, KeystoreError> {
        let text = std::fs::read_to_string(path).map_err(|error| KeystoreError::Unreadable(error.kind()))?;
        Self::parse(&text)
    }

    /// Writes the file anew, for its owner alone.
    pub fn write(&self, path: &Path) -> Result<(), KeystoreError> {
        let unwritable = |error: std::io::Error| KeystoreError::Unwritable(error.kind());
        let mut text = serde_json::to_string(self).map_err(|_| KeystoreError::Form)?;
        text.push('\n');
        let new = path.with_extension("new");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&new).map_err(unwritable)?;
        file.write_all(text.as_bytes()).map_err(unwritable)?;
        file.sync_all().map_err(unwritable)?;
        std::fs::rename(&new, path).map_err(unwritable)
    }

    /// Decrypts the entry that is meant. Takes a second for each that is tried.
    pub fn open(&self, password: &[u8], pick: Pick) -> Result<Credential, KeystoreError> {
        match pick {
            Pick::Only if self.credentials.len() > 1 => Err(KeystoreError::Several),
            Pick::Only => self
                .credentials
                .values()
                .next()
                .ok_or(KeystoreError::NotThere)?
                .open(password),
            Pick::Index(_) if self.credentials.len() > MAX_ENTRIES => Err(KeystoreError::Several),
            Pick::Index(index) => {
                let mut outcome = KeystoreError::NotThere;
                for entry in self.credentials.values() {
                    match entry.open(password) {
                        Ok(credential) if credential.membership.index == index => return Ok(credential),
                        Ok(_) => {}
                        Err(error) => outcome = error,
                    }
                }
                Err(outcome)
            }
        }
    }

    /// Adds a membership, encrypted as nwaku does. Answers its key.
    pub fn add(&mut self, credential: &Credential, password: &[u8]) -> Result<String, KeystoreError> {
        let key = credential.membership.key();
        if self.credentials.contains_key(&key) {
            return Err(KeystoreError::There);
        }
        let entry = Entry::seal(credential, password)?;
        self.credentials.insert(key.clone(), entry);
        Ok(key)
    }
}

/// The file, or the password, or the choice is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// It is not there, or not to be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
    /// It is not to be written.
    #[error("the file cannot be written: {0}")]
    Unwritable(std::io::ErrorKind),
    /// It is something else.
    #[error("the file is no keystore of RLN memberships")]
    Form,
    /// It is encrypted in a way that is not known, or at a cost that nobody would pay.
    #[error("the keystore is encrypted in an unknown way")]
    Unknown,
    /// The password opens nothing.
    #[error("the password does not open the keystore")]
    Password,
    /// There are several, and none was chosen.
    #[error("the keystore holds several memberships; choose one by its leaf")]
    Several,
    /// The one that was chosen, or any, is missing.
    #[error("the keystore does not hold the membership")]
    NotThere,
    /// It is in it already.
    #[error("the keystore holds this membership already")]
    There,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Randomness,
}

/// One encrypted membership.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    crypto: Crypto,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: String,
    kdf: String,
    kdfparams: KdfParams,
    mac: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct CipherParams {
    iv: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum KdfParams {
    Pbkdf2 {
        dklen: usize,
        c: u32,
        prf: String,
        salt: String,
    },
    Scrypt {
        dklen: usize,
        n: u32,
        r: u32,
        p: u32,
        salt: String,
    },
}

impl Entry {
    fn open(&self, password: &[u8]) -> Result<Credential, KeystoreError> {
        let crypto = &self.crypto;
        let unhex = |text: &str| hex::decode(text).map_err(|_| KeystoreError::Form);
        let iv: [u8; 16] = unhex(&crypto.cipherparams.iv)?
            .try_into()
            .map_err(|_| KeystoreError::Form)?;
        let mut bytes = Zeroizing::new(unhex(&crypto.ciphertext)?);
        let key = crypto.derive(password)?;
        let is_right = mac(&key, &bytes).ct_eq(&unhex(&crypto.mac)?);
        if !bool::from(is_right) {
            return Err(KeystoreError::Password);
        }
        apply(&key, &iv, &mut bytes);
        let plain: Plain = serde_json::from_slice(&bytes).map_err(|_| KeystoreError::Form)?;
        plain.try_into()
    }

    fn seal(credential: &Credential, password: &[u8]) -> Result<Self, KeystoreError> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|_| KeystoreError::Randomness)?;
        let (salt, iv) = random.split_at(16);
        let mut crypto = Crypto {
            cipher: CIPHER.into(),
            cipherparams: CipherParams { iv: hex::encode(iv) },
            ciphertext: String::new(),
            kdf: "pbkdf2".into(),
            kdfparams: KdfParams::Pbkdf2 {
                dklen: DERIVED,
                c: ROUNDS,
                prf: PRF.into(),
                salt: hex::encode(salt),
            },
            mac: String::new(),
        };
        let key = crypto.derive(password)?;
        let plain = Plain::from(credential);
        let mut bytes = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| KeystoreError::Form)?);
        apply(&key, iv.try_into().expect("half of the random bytes"), &mut bytes);
        crypto.mac = hex::encode(mac(&key, &bytes));
        crypto.ciphertext = hex::encode(&bytes[..]);
        Ok(Self { crypto })
    }
}

impl Crypto {
    fn derive(&self, password: &[u8]) -> Result<Zeroizing<[u8; DERIVED]>, KeystoreError> {
        let mut key = Zeroizing::new([0; DERIVED]);
        let salt_of = |salt: &str| hex::decode(salt).map_err(|_| KeystoreError::Form);
        match (&self.kdf[..], &self.kdfparams) {
            _ if self.cipher != CIPHER => return Err(KeystoreError::Unknown),
            ("pbkdf2", KdfParams::Pbkdf2 { dklen, c, prf, salt }) => {
                if *dklen != DERIVED || prf != PRF || !(1..=MAX_ROUNDS).contains(c) {
                    return Err(KeystoreError::Unknown);
                }
                pbkdf2::pbkdf2_hmac::<Sha256>(password, &salt_of(salt)?, *c, &mut key[..]);
            }
            ("scrypt", KdfParams::Scrypt { dklen, n, r, p, salt }) => {
                let is_bearable = n.is_power_of_two() && (2..=MAX_N).contains(n) && *r <= 8 && *p <= 16;
                if *dklen != DERIVED || !is_bearable {
                    return Err(KeystoreError::Unknown);
                }
                let params = scrypt::Params::new(n.ilog2() as u8, *r, *p).map_err(|_| KeystoreError::Unknown)?;
                scrypt::scrypt(password, &salt_of(salt)?, &params, &mut key[..]).map_err(|_| KeystoreError::Unknown)?;
            }
            _ => return Err(KeystoreError::Unknown),
        }
        Ok(key)
    }
}

/// Keccak-256 of the second half of the key and what is encrypted, as Ethereum's key files have it.
fn mac(key: &[u8; DERIVED], encrypted: &[u8]) -> [u8; 32] {
    let digest = Keccak256::new().chain_update(&key[16..]).chain_update(encrypted);
    digest.finalize().into()
}

fn apply(key: &[u8; DERIVED], iv: &[u8; 16], bytes: &mut [u8]) {
    let key: &[u8; 16] = key[..16].try_into().expect("half of the key");
    Ctr128BE::<Aes128>::new(key.into(), iv.into()).apply_keystream(bytes);
}

/// What is encrypted.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plain {
    #[serde(alias = "membership")]
    membership_contract: Contract,
    tree_index: u32,
    #[serde(alias = "identity")]
    identity_credential: Secrets,
    #[serde(default, alias = "rateLimit", skip_serializing_if = "Option::is_none")]
    user_message_limit: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    chain_id: Chain,
    address: String,
}

/// Some write it as a number.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Chain {
    Text(String),
    Number(u64),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secrets {
    id_trapdoor: Zeroizing<Vec<u8>>,
    id_nullifier: Zeroizing<Vec<u8>>,
    id_secret_hash: Zeroizing<Vec<u8>>,
    id_commitment: Vec<u8>,
}

impl TryFrom<Plain> for Credential {
    type Error = KeystoreError;

    fn try_from(plain: Plain) -> Result<Self, KeystoreError> {
        let secrets = plain.identity_credential;
        let array = |bytes: &[u8]| -> Result<Zeroizing<[u8; 32]>, KeystoreError> {
            bytes.try_into().map(Zeroizing::new).map_err(|_| KeystoreError::Form)
        };
        let identity = Identity::new(array(&secrets.id_trapdoor)?, array(&secrets.id_nullifier)?);
        let identity = identity.ok_or(KeystoreError::Form)?;
        let is_whole = identity.secret_hash()[..].ct_eq(&secrets.id_secret_hash);
        if !bool::from(is_whole) || identity.commitment()[..] != secrets.id_commitment[..] {
            return Err(KeystoreError::Form);
        }
        Ok(Self {
            identity,
            membership: Membership {
                chain_id: match plain.membership_contract.chain_id {
                    Chain::Text(text) => text,
                    Chain::Number(number) => number.to_string(),
                },
                contract: plain.membership_contract.address,
                index: plain.tree_index,
                limit: plain.user_message_limit,
            },
        })
    }
}

impl From<&Credential> for Plain {
    fn from(credential: &Credential) -> Self {
        let Credential { identity, membership } = credential;
        let (trapdoor, nullifier) = identity.parts();
        Self {
            membership_contract: Contract {
                chain_id: Chain::Text(membership.chain_id.clone()),
                address: membership.contract.clone(),
            },
            tree_index: membership.index,
            identity_credential: Secrets {
                id_trapdoor: Zeroizing::new(trapdoor.to_vec()),
                id_nullifier: Zeroizing::new(nullifier.to_vec()),
                id_secret_hash: Zeroizing::new(identity.secret_hash().to_vec()),
                id_commitment: identity.commitment().to_vec(),
            },
            user_message_limit: membership.limit,
        }
    }
}

const APPLICATION: &str = "waku-rln-relay";
const APP_IDENTIFIER: &str = "01234567890abcdef";
const VERSION: &str = "0.2";
const CIPHER: &str = "aes-128-ctr";
const PRF: &str = "hmac-sha256";
/// Bytes of the derived key: half for the cipher, half for the checksum.
const DERIVED: usize = 32;
/// nwaku's rounds.
const ROUNDS: u32 = 1_000_000;
/// Ten seconds of work.
const MAX_ROUNDS: u32 = 10_000_000;
/// With `r` = 8, 256 MiB.
const MAX_N: u32 = 1 << 18;
/// Entries that are tried one after the other, at a second each.
const MAX_ENTRIES: usize = 32;
