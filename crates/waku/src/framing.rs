//! Length-prefixed messages on a stream, with a limit in bytes and in time for each.

use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use waku_proto::codec::{FrameError, LengthReader, frame};

use crate::limits::ByteBudget;

/// Reads one message. Waits for its first byte as long as `patience` says, for the rest as long as
/// [`IN_TIME`] says. `Ok(None)`: the stream ended before a message began.
pub(crate) async fn read<S>(stream: &mut S, limit: usize, patience: Duration) -> Result<Option<Vec<u8>>, ReadError>
where
    S: AsyncRead + Unpin,
{
    let Some(first) = first_byte(stream, patience).await? else {
        return Ok(None);
    };
    let rest = async {
        let length = read_length(stream, first, limit).await?;
        read_body(stream, length).await
    };
    timeout(IN_TIME, rest).await.map_err(|_| ReadError::TooSlow)?.map(Some)
}

/// As [`read`], for large messages: the bytes are taken from a budget before they are read.
pub(crate) async fn read_within<S>(
    stream: &mut S,
    limit: usize,
    patience: Duration,
    budget: &ByteBudget,
) -> Result<Option<(Vec<u8>, OwnedSemaphorePermit)>, ReadError>
where
    S: AsyncRead + Unpin,
{
    let Some(first) = first_byte(stream, patience).await? else {
        return Ok(None);
    };
    let rest = async {
        let length = read_length(stream, first, limit).await?;
        let permit = budget.take(length).await.ok_or(ReadError::TooSlow)?;
        Ok((read_body(stream, length).await?, permit))
    };
    timeout(IN_TIME, rest).await.map_err(|_| ReadError::TooSlow)?.map(Some)
}

/// Writes one message and flushes.
pub(crate) async fn write<S>(stream: &mut S, message: &[u8]) -> Result<(), WriteError>
where
    S: AsyncWrite + Unpin,
{
    write_framed(stream, &frame(message)).await
}

/// Writes bytes that carry their length already.
pub(crate) async fn write_framed<S>(stream: &mut S, framed: &[u8]) -> Result<(), WriteError>
where
    S: AsyncWrite + Unpin,
{
    let write = async {
        stream.write_all(framed).await?;
        stream.flush().await
    };
    Ok(timeout(IN_TIME, write).await.map_err(|_| WriteError::TooSlow)??)
}

/// Closes our half and reads the other to its end, so that nothing is reset: browser clients close a
/// connection on which frames arrive for streams that they have finished with.
pub(crate) async fn finish<S>(stream: &mut S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let drain = async {
        stream.close().await?;
        let mut rest = [0; 1024];
        let mut total = 0;
        loop {
            match stream.read(&mut rest).await? {
                0 => return Ok::<(), std::io::Error>(()),
                count => total += count,
            }
            if total > MAX_REST {
                return Ok(());
            }
        }
    };
    // Whoever does not close in time gets the reset.
    let _ = timeout(IN_TIME, drain).await;
}

/// The other side's fault, or the connection's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the peer took too long")]
    TooSlow,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the stream broke")]
    Io(#[from] std::io::Error),
}

/// The other side's fault, or the connection's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error("the peer took too long")]
    TooSlow,
    #[error("the stream broke")]
    Io(#[from] std::io::Error),
}

async fn first_byte<S: AsyncRead + Unpin>(stream: &mut S, patience: Duration) -> Result<Option<u8>, ReadError> {
    let mut byte = [0];
    let count = timeout(patience, stream.read(&mut byte))
        .await
        .map_err(|_| ReadError::TooSlow)??;
    Ok((count > 0).then_some(byte[0]))
}

async fn read_length<S: AsyncRead + Unpin>(stream: &mut S, first: u8, limit: usize) -> Result<usize, ReadError> {
    let mut reader = LengthReader::default();
    let mut byte = [first];
    loop {
        if let Some(length) = reader.push(byte[0], limit)? {
            return Ok(length);
        }
        stream.read_exact(&mut byte).await?;
    }
}

async fn read_body<S: AsyncRead + Unpin>(stream: &mut S, length: usize) -> Result<Vec<u8>, ReadError> {
    // Grows with what arrives, not with what was announced.
    let mut message = Vec::with_capacity(length.min(CHUNK));
    let read = stream.take(length as u64).read_to_end(&mut message).await?;
    if read < length {
        return Err(ReadError::Io(std::io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(message)
}

/// For one message: 1 MiB in this time is 50 kB/s.
pub(crate) const IN_TIME: Duration = Duration::from_secs(20);

/// Bytes after the message that are read and thrown away.
const MAX_REST: usize = 64 * 1024;
/// Reserved before the first byte arrives.
const CHUNK: usize = 64 * 1024;
