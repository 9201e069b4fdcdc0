//! Key files as Ethereum wallets and the deployed clients write them (Web3
//! Secret Storage, version 3): a secret key under a password, as JSON.
//!
//! ```text
//! derived     scrypt or PBKDF2-HMAC-SHA256 of the password, 32 bytes
//! ciphertext  AES-128-CTR(derived[0..16], iv, secret key)
//! mac         keccak256(derived[16..32] || ciphertext)
//! ```
//!
//! For exchange with other programs. What Undertone itself stores is in an
//! encrypted database whose key lies in a [`vault`](crate::vault).

use aes::Aes128;
use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::keccak256_parts;
use crate::keys::SecretKey;
use crate::secret::Secret;

/// What one guess at the password costs (scrypt).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Logarithm of scrypt's `n`; memory is `128 * r * 2^log_n` bytes.
    pub log_n: u8,
    /// Block size.
    pub r: u32,
    /// Repetitions.
    pub p: u32,
}

impl Cost {
    /// 256 MiB, about a second: go-ethereum's standard.
    pub const STANDARD: Self = Self { log_n: 18, r: 8, p: 1 };

    /// 4 MiB, a tenth of a second: go-ethereum's light form, which phones write.
    pub const LIGHT: Self = Self { log_n: 12, r: 8, p: 6 };

    fn params(self) -> Option<scrypt::Params> {
        let cells = 1u64.checked_shl(self.log_n.into())?;
        let memory = u64::from(self.r).checked_mul(128)?.checked_mul(cells)?;
        let work = memory.checked_mul(self.p.into())?;
        if memory > MAX_MEMORY || work > MAX_WORK {
            return None;
        }
        scrypt::Params::new(self.log_n, self.r, self.p).ok()
    }
}

/// The program asks for a cost that is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cost of the key file is out of bounds")]
pub struct SealError;

/// Why a key file did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Or the file was altered: the format cannot tell.
    #[error("wrong password, or the key file is damaged")]
    WrongPassword,
    /// Not JSON of this shape.
    #[error("not a key file")]
    Malformed,
    /// Another version, cipher or key derivation.
    #[error("the key file uses a version or method that is not supported")]
    Unsupported,
    /// Opening would take more memory or time than a key file may ask for.
    #[error("the key file asks for more memory or time than is allowed")]
    TooCostly,
}

/// Writes `key` under `password` as JSON.
pub fn seal(password: &str, cost: Cost, key: &SecretKey, rng: &mut dyn CryptoRng) -> Result<String, SealError> {
    let params = cost.params().ok_or(SealError)?;
    let mut salt = [0; 32];
    let mut iv = [0; 16];
    let mut id = [0; 16];
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut iv);
    rng.fill_bytes(&mut id);

    let derived = scrypt_derive(password, &salt, &params);
    let mut ciphertext = Secret::copy_of(key.expose());
    apply(&derived, &iv, ciphertext.as_mut_slice());
    let file = File {
        version: 3,
        id: uuid(id),
        address: hex::encode(key.public_key().address().0),
        crypto: Crypto {
            cipher: CIPHER.to_owned(),
            cipherparams: CipherParams { iv: hex::encode(iv) },
            ciphertext: hex::encode(ciphertext.as_slice()),
            mac: hex::encode(mac(&derived, ciphertext.as_slice())),
            kdf: SCRYPT.to_owned(),
            kdfparams: serde_json::json!({
                "dklen": DERIVED,
                "n": 1u64 << cost.log_n,
                "r": cost.r,
                "p": cost.p,
                "salt": hex::encode(salt),
            }),
        },
    };
    Ok(serde_json::to_string(&file).expect("strings and numbers always serialise"))
}

/// Reads a key file of any version 3 writer. Takes the time and memory it was written with.
pub fn open(password: &str, json: &str) -> Result<SecretKey, OpenError> {
    let version: VersionOnly = serde_json::from_str(json).map_err(|_| OpenError::Malformed)?;
    if version.version != 3 {
        return Err(OpenError::Unsupported);
    }
    let file: File = serde_json::from_str(json).map_err(|_| OpenError::Malformed)?;
    if file.crypto.cipher != CIPHER {
        return Err(OpenError::Unsupported);
    }
    let ciphertext: [u8; 32] = bytes(&file.crypto.ciphertext)?;
    let iv: [u8; 16] = bytes(&file.crypto.cipherparams.iv)?;
    let expected: [u8; 32] = bytes(&file.crypto.mac)?;

    let derived = file.crypto.derive(password)?;
    if !bool::from(mac(&derived, &ciphertext).ct_eq(&expected)) {
        return Err(OpenError::WrongPassword);
    }
    let mut key = Secret::copy_of(&ciphertext);
    apply(&derived, &iv, key.as_mut_slice());
    SecretKey::from_bytes(&key).map_err(|_| OpenError::Malformed)
}

/// Most memory a key file may ask for: 1 GiB.
pub const MAX_MEMORY: u64 = 1 << 30;

/// Most bytes that scrypt may go over: about 15 seconds.
const MAX_WORK: u64 = 4 << 30;

/// Most rounds of PBKDF2; the usual number is 262,144.
const MAX_ROUNDS: u32 = 10_000_000;

const SCRYPT: &str = "scrypt";
const PBKDF2: &str = "pbkdf2";
const CIPHER: &str = "aes-128-ctr";
const DERIVED: u32 = 32;

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    #[serde(default)]
    id: String,
    #[serde(default)]
    address: String,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
}

#[derive(Serialize, Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: String,
    mac: String,
    kdf: String,
    kdfparams: serde_json::Value,
}

#[derive(Serialize, Deserialize)]
struct CipherParams {
    iv: String,
}

#[derive(Deserialize)]
struct ScryptParams {
    dklen: u32,
    n: u64,
    r: u32,
    p: u32,
    salt: String,
}

#[derive(Deserialize)]
struct Pbkdf2Params {
    dklen: u32,
    c: u32,
    prf: String,
    salt: String,
}

impl Crypto {
    fn derive(&self, password: &str) -> Result<Secret<32>, OpenError> {
        match self.kdf.as_str() {
            SCRYPT => params::<ScryptParams>(&self.kdfparams)?.derive(password),
            PBKDF2 => params::<Pbkdf2Params>(&self.kdfparams)?.derive(password),
            _ => Err(OpenError::Unsupported),
        }
    }
}

impl ScryptParams {
    fn derive(&self, password: &str) -> Result<Secret<32>, OpenError> {
        if self.dklen != DERIVED || !self.n.is_power_of_two() {
            return Err(OpenError::Unsupported);
        }
        let cost = Cost {
            log_n: self.n.trailing_zeros() as u8,
            r: self.r,
            p: self.p,
        };
        let params = cost.params().ok_or(OpenError::TooCostly)?;
        Ok(scrypt_derive(password, &salt_bytes(&self.salt)?, &params))
    }
}

impl Pbkdf2Params {
    fn derive(&self, password: &str) -> Result<Secret<32>, OpenError> {
        if self.dklen != DERIVED || self.prf != "hmac-sha256" || self.c == 0 {
            return Err(OpenError::Unsupported);
        }
        if self.c > MAX_ROUNDS {
            return Err(OpenError::TooCostly);
        }
        let salt = salt_bytes(&self.salt)?;
        let mut derived = Secret::zeroed();
        pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt, self.c, derived.as_mut_slice());
        Ok(derived)
    }
}

fn params<'a, T: Deserialize<'a>>(value: &'a serde_json::Value) -> Result<T, OpenError> {
    T::deserialize(value).map_err(|_| OpenError::Malformed)
}

fn scrypt_derive(password: &str, salt: &[u8], params: &scrypt::Params) -> Secret<32> {
    let mut derived = Secret::zeroed();
    scrypt::scrypt(password.as_bytes(), salt, params, derived.as_mut_slice())
        .expect("32 bytes are a valid output length");
    derived
}

fn apply(derived: &Secret<32>, iv: &[u8; 16], bytes: &mut [u8]) {
    Ctr128BE::<Aes128>::new_from_slices(&derived[..16], iv)
        .expect("16 and 16 bytes")
        .apply_keystream(bytes);
}

fn mac(derived: &Secret<32>, ciphertext: &[u8]) -> [u8; 32] {
    keccak256_parts(&[&derived[16..], ciphertext])
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], OpenError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| OpenError::Malformed)?;
    Ok(bytes)
}

fn salt_bytes(text: &str) -> Result<Vec<u8>, OpenError> {
    hex::decode(text).map_err(|_| OpenError::Malformed)
}

/// A random (version 4) UUID.
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests;
