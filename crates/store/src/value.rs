//! The plain values that rows are made of, and their form in the database.

use std::fmt;
use std::ops::Deref;

use protocol::Timestamp;
use protocol::id::{ChatId, InstallationId, MessageId};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use zeroize::Zeroizing;

/// A public key in its compressed form, 33 bytes. Whether the point is on the curve is not checked here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKeyBytes([u8; 33]);

impl PublicKeyBytes {
    /// The 33 bytes.
    pub const fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }
}

impl From<[u8; 33]> for PublicKeyBytes {
    fn from(bytes: [u8; 33]) -> PublicKeyBytes {
        PublicKeyBytes(bytes)
    }
}

impl fmt::Debug for PublicKeyBytes {
    /// The first four digits after the sign byte.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKeyBytes({:02x}{:02x}…)", self.0[1], self.0[2])
    }
}

/// Bytes that nobody may see: keys, ratchet states, recovery words. Erased from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl From<&[u8]> for Secret {
    fn from(bytes: &[u8]) -> Secret {
        Secret(Zeroizing::new(bytes.to_vec()))
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Secret {
        Secret(Zeroizing::new(bytes))
    }
}

impl From<Zeroizing<Vec<u8>>> for Secret {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Secret {
        Secret(bytes)
    }
}

impl Deref for Secret {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Carries a value of another crate into and out of SQL.
pub(crate) struct Sql<T>(pub(crate) T);

/// An enum that stands as a small number in its column.
pub(crate) trait Code: Copy + PartialEq + 'static {
    const CODES: &'static [(Self, i64)];

    fn code(self) -> i64 {
        Self::CODES
            .iter()
            .find(|(value, _)| *value == self)
            .map_or(-1, |(_, code)| *code)
    }
}

/// Carries a [`Code`] into and out of SQL.
pub(crate) struct Coded<T>(pub(crate) T);

impl<T: Code> ToSql for Coded<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.code().into())
    }
}

impl<T: Code> FromSql for Coded<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let code = value.as_i64()?;
        let found = T::CODES.iter().find(|(_, known)| *known == code);
        found
            .map(|(value, _)| Coded(*value))
            .ok_or(FromSqlError::OutOfRange(code))
    }
}

impl ToSql for PublicKeyBytes {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_slice().into())
    }
}

impl FromSql for PublicKeyBytes {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 33]>::column_result(value).map(PublicKeyBytes)
    }
}

impl ToSql for Secret {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_slice().into())
    }
}

impl FromSql for Secret {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_blob().map(Secret::from)
    }
}

impl ToSql for Sql<&MessageId> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_bytes().as_slice().into())
    }
}

impl FromSql for Sql<MessageId> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(|bytes| Sql(MessageId::from_bytes(bytes)))
    }
}

impl ToSql for Sql<&ChatId> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_str().into())
    }
}

impl FromSql for Sql<ChatId> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        ChatId::new(value.as_str()?).map(Sql).map_err(FromSqlError::other)
    }
}

impl ToSql for Sql<&InstallationId> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_str().into())
    }
}

impl FromSql for Sql<InstallationId> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        InstallationId::new(value.as_str()?)
            .map(Sql)
            .map_err(FromSqlError::other)
    }
}

impl ToSql for Sql<Timestamp> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(saturated(self.0.0).into())
    }
}

impl FromSql for Sql<Timestamp> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        unsigned(value).map(|millis| Sql(Timestamp(millis)))
    }
}

impl ToSql for Sql<u64> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(saturated(self.0).into())
    }
}

impl FromSql for Sql<u64> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        unsigned(value).map(Sql)
    }
}

/// The value in a column of a row.
pub(crate) fn column<T>(row: &Row<'_>, name: &str) -> rusqlite::Result<T>
where
    Sql<T>: FromSql,
{
    row.get::<_, Sql<T>>(name).map(|value| value.0)
}

/// The value in a column of a row, or none if it is NULL.
pub(crate) fn optional<T>(row: &Row<'_>, name: &str) -> rusqlite::Result<Option<T>>
where
    Sql<T>: FromSql,
{
    row.get::<_, Option<Sql<T>>>(name)
        .map(|value| value.map(|value| value.0))
}

/// The enum whose number stands in a column of a row.
pub(crate) fn coded<T: Code>(row: &Row<'_>, name: &str) -> rusqlite::Result<T> {
    row.get::<_, Coded<T>>(name).map(|value| value.0)
}

/// SQLite's integers end at 2^63 - 1. Clocks beyond it (nobody honest has one) are kept as that number.
fn saturated(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: ValueRef<'_>) -> FromSqlResult<u64> {
    let value = value.as_i64()?;
    u64::try_from(value).map_err(|_| FromSqlError::OutOfRange(value))
}
