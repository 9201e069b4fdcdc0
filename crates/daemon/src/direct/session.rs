//! One file over one stream, from its author to its receiver.
//!
//! ```text
//! receiver → author    the file's id (32 bytes)
//! author → receiver    1 ‖ the SHA-256 of every chunk, in order; or 0: it is not here any more
//! receiver → author    the first chunk that is missing (4 bytes, little-endian)
//! author → receiver    the sealed chunks from there on
//! receiver → author    1: all of it is here, and it is what was announced
//! ```
//!
//! All lengths follow from the announcement. Nothing is written that is not the chunk that was announced, and no more of
//! them than were.

use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use messenger::files::{Announcement, Trouble, list_hash, sha256};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::sealed::{self, Folder};

/// What both sides speak.
pub(super) const PROTOCOL: &str = "/undertone/file/1";

/// Why a session ended before its file was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The connection broke: there may be another.
    Broken,
    /// There is no use in another.
    Failed(Trouble),
}

impl From<io::Error> for End {
    /// A broken stream; the disk's errors are told apart where they happen.
    fn from(_: io::Error) -> End {
        End::Broken
    }
}

/// Fetches a file, or what is missing of it; `done` has the number of chunks that are there.
pub(super) async fn fetch<S>(
    folder: &Folder,
    announced: &Announcement,
    stream: &mut S,
    done: &watch::Sender<u32>,
) -> Result<(), End>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let part = folder.part(&announced.id());
    let shape = announced.shape;
    // The list is needed to know what is here already, so it comes first; what is wanted is said behind that.
    stream.write_all(&announced.id().0).await?;
    stream.flush().await?;
    let mut word = [0];
    in_time(stream.read_exact(&mut word)).await?;
    if word != [1] {
        return Err(End::Failed(Trouble::Gone));
    }
    let mut list = vec![[0; 32]; shape.data as usize];
    in_time(stream.read_exact(list.as_flattened_mut())).await?;
    if list_hash(&list) != announced.hashes[0] {
        return Err(End::Failed(Trouble::Wrong));
    }
    let (resume_part, resume_announced, resume_list) = (part.clone(), announced.clone(), list.clone());
    let resumed = spawn_blocking(move || sealed::resume(&resume_part, &resume_announced, &resume_list)).await;
    let (file, here) = resumed.map_err(|_| End::Broken)?.map_err(disk)?;
    let mut file = tokio::fs::File::from_std(file);
    stream.write_all(&here.to_le_bytes()).await?;
    stream.flush().await?;
    done.send_replace(here);
    let mut chunk = vec![0; shape.sealed_len()];
    for index in here..shape.data {
        in_time(stream.read_exact(&mut chunk)).await?;
        if sha256(&chunk) != list[index as usize] {
            return Err(End::Failed(Trouble::Wrong));
        }
        file.write_all(&chunk).await.map_err(disk)?;
        done.send_replace(index + 1);
    }
    file.flush().await.map_err(disk)?;
    file.sync_all().await.map_err(disk)?;
    drop(file);
    settle(folder, announced).await?;
    // They need not hear it: what is here is here.
    let said = async {
        stream.write_all(&[1]).await?;
        stream.close().await?;
        // The node goes with this session: not before they have read it, and closed.
        stream.read(&mut word).await
    };
    let _ = timeout(HEARD_IN_TIME, said).await;
    Ok(())
}

/// Makes a file of what has come, if it is what was announced.
async fn settle(folder: &Folder, announced: &Announcement) -> Result<(), End> {
    let (folder, announced) = (folder.clone(), announced.clone());
    let settled = spawn_blocking(move || {
        let id = announced.id();
        if !sealed::is_whole(&folder.part(&id), &announced) {
            return Err(End::Failed(Trouble::Wrong));
        }
        std::fs::rename(folder.part(&id), folder.whole(&id)).map_err(disk)
    });
    settled.await.map_err(|_| End::Broken)?
}

/// Gives a file to whoever was let in for it; `done` has the number of chunks that they have.
pub(super) async fn serve<S>(
    folder: &Folder,
    announced: &Announcement,
    stream: &mut S,
    done: &watch::Sender<u32>,
) -> Result<(), End>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let id = announced.id();
    let shape = announced.shape;
    let mut asked = [0; 32];
    in_time(stream.read_exact(&mut asked)).await?;
    let list = tokio::fs::read(folder.list(&id)).await;
    let file = tokio::fs::File::open(folder.whole(&id)).await;
    let (Ok(list), Ok(mut file)) = (list, file) else {
        stream.write_all(&[0]).await?;
        stream.close().await?;
        return Err(End::Failed(Trouble::Gone));
    };
    if asked != id.0 || list.len() != 32 * shape.data as usize {
        return Err(End::Broken);
    }
    stream.write_all(&[1]).await?;
    stream.write_all(&list).await?;
    stream.flush().await?;
    let mut from = [0; 4];
    timeout(RESUME_IN_TIME, stream.read_exact(&mut from))
        .await
        .map_err(|_| End::Broken)??;
    let from = u32::from_le_bytes(from).min(shape.data);
    let begin = u64::from(from) * shape.sealed_len() as u64;
    file.seek(io::SeekFrom::Start(begin)).await.map_err(disk)?;
    done.send_replace(from);
    let mut chunk = vec![0; shape.sealed_len()];
    for index in from..shape.data {
        file.read_exact(&mut chunk).await.map_err(disk)?;
        in_time(stream.write_all(&chunk)).await?;
        done.send_replace(index + 1);
    }
    stream.flush().await?;
    let mut word = [0];
    timeout(RESUME_IN_TIME, stream.read_exact(&mut word))
        .await
        .map_err(|_| End::Broken)??;
    match word {
        [1] => {
            let _ = stream.close().await;
            Ok(())
        }
        _ => Err(End::Broken),
    }
}

async fn in_time<T>(work: impl Future<Output = io::Result<T>>) -> Result<T, End> {
    Ok(timeout(IN_TIME, work).await.map_err(|_| End::Broken)??)
}

/// What our own disk says.
fn disk(error: io::Error) -> End {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            End::Failed(Trouble::DiskFull)
        }
        _ => End::Broken,
    }
}

/// For one chunk: 256 KiB in this time is 9 kB/s.
const IN_TIME: Duration = Duration::from_secs(30);
/// Until the author has heard that all of it is there.
const HEARD_IN_TIME: Duration = Duration::from_secs(5);
/// Until the other side has read through what it has of a gigabyte.
const RESUME_IN_TIME: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests;
