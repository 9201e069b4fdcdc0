//! SQLCipher 4, read without SQLCipher: AES-256-CBC per page, HMAC-SHA512 over ciphertext, IV and page number.
//!
//! For tests that look for what must be gone; also those of the messenger, which include this file.

use std::fs;
use std::path::Path;

use aes::Aes256;
use aes::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::NoPadding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;

/// Every page of a database and of its write-ahead log, in the clear. Fails if one does not verify.
pub(crate) fn pages(directory: &Path, key: &[u8; 32]) -> Vec<Vec<u8>> {
    let database = fs::read(directory.join("profile.db")).unwrap();
    let log = fs::read(directory.join("profile.db-wal")).unwrap_or_default();
    assert_eq!(database.len() % PAGE, 0);
    let salt: [u8; 16] = match database.first_chunk().or_else(|| log.get(56..)?.first_chunk()) {
        Some(salt) => *salt,
        None => return Vec::new(),
    };
    let keys = Keys::new(key, salt);
    let stored = database
        .chunks(PAGE)
        .enumerate()
        .map(|(at, page)| (at as u32 + 1, page));
    let frames = log.get(32..).unwrap_or_default().chunks_exact(24 + PAGE);
    let logged = frames.map(|frame| (u32::from_be_bytes(*frame.first_chunk().unwrap()), &frame[24..]));
    stored
        .chain(logged)
        .map(|(number, page)| keys.open(number, page))
        .collect()
}

struct Keys {
    encryption: [u8; 32],
    authentication: [u8; 32],
}

impl Keys {
    fn new(key: &[u8; 32], salt: [u8; 16]) -> Keys {
        let mut authentication = [0; 32];
        pbkdf2::pbkdf2_hmac::<Sha512>(key, &salt.map(|byte| byte ^ 0x3a), 2, &mut authentication);
        Keys {
            encryption: *key,
            authentication,
        }
    }

    fn open(&self, number: u32, page: &[u8]) -> Vec<u8> {
        let start = if number == 1 { 16 } else { 0 };
        let (body, tag) = page[start..].split_at(PAGE - start - 64);
        let mut mac = Hmac::<Sha512>::new_from_slice(&self.authentication).unwrap();
        mac.update(body);
        mac.update(&number.to_le_bytes());
        mac.verify_slice(tag).unwrap();
        let (ciphertext, iv) = body.split_at(body.len() - 16);
        let decryptor = cbc::Decryptor::<Aes256>::new_from_slices(&self.encryption, iv).unwrap();
        let mut plain = ciphertext.to_vec();
        decryptor.decrypt_padded::<NoPadding>(&mut plain).unwrap();
        plain
    }
}

const PAGE: usize = 4096;
