//! Large files on the disk: sealed chunks one after the other, beside the database that holds their keys.
//!
//! ```text
//! files/<id>          all chunks, 256 KiB and the seal each      files/<id>.list   the SHA-256 of each, for the author
//! files/<id>.part     one that is coming: whole chunks, in order
//! ```
//!
//! Nothing here can be read without the database. A file whose row is gone is removed at the next look.

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use messenger::files::{
    Announcement, FileId, FileKey, Hasher, MAX_DIRECT_SIZE, Shape, SymmetricKey, clean_name, list_hash, open_data,
    seal_padded, sha256,
};

use crate::home::{self, HomeError};

/// Where the large files of a profile are.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// In a profile's directory; made when something is put into it.
    pub(crate) fn of(profile: &Path) -> Folder {
        Folder(profile.join(FOLDER))
    }

    /// All chunks of a file.
    pub(crate) fn whole(&self, id: &FileId) -> PathBuf {
        self.0.join(id.to_string())
    }

    /// Those that have come.
    pub(super) fn part(&self, id: &FileId) -> PathBuf {
        self.0.join(format!("{id}{PART}"))
    }

    /// The hashes of the chunks.
    pub(super) fn list(&self, id: &FileId) -> PathBuf {
        self.0.join(format!("{id}{LIST}"))
    }

    /// Makes the folder.
    pub(super) fn make(&self) -> Result<(), HomeError> {
        home::make_private_dir(&self.0)
    }

    /// The files of which something is here.
    pub(super) fn ids(&self) -> io::Result<Vec<FileId>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let digits = name.to_string_lossy();
            let digits = digits.split('.').next().unwrap_or_default();
            if let Some(id) = hex::decode(digits).ok().and_then(|bytes| bytes.try_into().ok()) {
                ids.push(FileId(id));
            }
        }
        ids.dedup();
        Ok(ids)
    }

    /// Whether a file was touched a moment ago: it may be on its way to a row.
    pub(super) fn is_young(&self, id: &FileId) -> bool {
        let touched = fs::metadata(self.whole(id)).and_then(|metadata| metadata.modified());
        touched.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < WAITS_TO_BE_SENT))
    }

    /// Whether the disk has room for what is missing of a file, and some more.
    pub(super) fn has_room_for(&self, announced: &Announcement, id: &FileId) -> bool {
        let needed = u64::from(announced.shape.data) * announced.shape.sealed_len() as u64;
        let here = fs::metadata(self.part(id)).map_or(0, |metadata| metadata.len());
        match room(&self.0) {
            Some(room) => room >= needed.saturating_sub(here).saturating_add(SPARE),
            // The disk will say so itself.
            None => true,
        }
    }

    /// Removes what is here of a file.
    pub(super) fn remove(&self, id: &FileId) {
        for path in [self.whole(id), self.part(id), self.list(id)] {
            // What cannot be removed now is tried again at the next look.
            let _ = fs::remove_file(path);
        }
    }
}

/// Why a file could not be sealed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// Too large.
    #[error("files of at most 1 GB can be sent")]
    TooLarge,
    /// The disk's fault.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// A file that is being sealed as it comes from its author.
pub(crate) struct Sealing {
    folder: Folder,
    key: FileKey,
    chunk_key: SymmetricKey,
    file: File,
    plain: Vec<u8>,
    size: u64,
    hashes: Vec<[u8; 32]>,
    content: Hasher,
    shape: Shape,
}

/// A file that was sealed. Dropped before [`keep`](Self::keep), it is removed.
pub(crate) struct Sealed {
    folder: Folder,
    /// What is to be said of it.
    pub(crate) announced: Announcement,
    kept: bool,
}

impl Sealing {
    /// Begins.
    pub(crate) fn begin(folder: &Folder, key: FileKey) -> Result<Sealing, SealError> {
        folder.make()?;
        let file = home::new_private_file(&folder.whole(&FileId(key.id())))?;
        // All large files are cut alike.
        let shape = Shape::of(MAX_DIRECT_SIZE).expect("the largest file has a shape");
        Ok(Sealing {
            folder: folder.clone(),
            chunk_key: key.chunk_key(),
            key,
            file,
            plain: Vec::with_capacity(shape.chunk_size as usize),
            size: 0,
            hashes: Vec::new(),
            content: Hasher::default(),
            shape,
        })
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), SealError> {
        self.size += bytes.len() as u64;
        if self.size > MAX_DIRECT_SIZE {
            return Err(SealError::TooLarge);
        }
        self.content.push(bytes);
        while !bytes.is_empty() {
            let room = self.shape.chunk_size as usize - self.plain.len();
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.plain.extend_from_slice(now);
            bytes = later;
            if self.plain.len() == self.shape.chunk_size as usize {
                self.chunk()?;
            }
        }
        Ok(())
    }

    /// Ends; the file is on the disk then.
    pub(crate) fn finish(mut self, name: &str, media_type: &str) -> Result<Sealed, SealError> {
        if !self.plain.is_empty() {
            self.chunk()?;
        }
        let id = FileId(self.key.id());
        let path = self.folder.list(&id);
        let list = |e| home::trouble(&path, e);
        self.file.sync_all().map_err(list)?;
        let mut file = home::new_private_file(&path)?;
        file.write_all(self.hashes.as_flattened()).map_err(list)?;
        file.sync_all().map_err(list)?;
        let shape = Shape::of(self.size).map_err(|_| SealError::TooLarge)?;
        Ok(Sealed {
            announced: Announcement {
                name: clean_name(name),
                media_type: media_type.to_owned(),
                size: self.size,
                content_hash: std::mem::take(&mut self.content).finish(),
                shape,
                hashes: vec![list_hash(&self.hashes)],
                key: self.key.clone(),
            },
            folder: self.folder.clone(),
            kept: false,
        })
    }

    fn chunk(&mut self) -> Result<(), SealError> {
        let index = self.hashes.len() as u32;
        let sealed = seal_padded(&self.chunk_key, index, &self.plain, &self.shape);
        self.hashes.push(sha256(&sealed));
        self.plain.clear();
        let path = self.folder.whole(&FileId(self.key.id()));
        Ok(self.file.write_all(&sealed).map_err(|e| home::trouble(&path, e))?)
    }
}

impl Sealed {
    /// It was sent: its row keeps it from now on.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        if !self.kept {
            self.folder.remove(&self.announced.id());
        }
    }
}

/// The bytes of a file that is here, piece by piece.
pub(crate) struct Opened {
    file: BufReader<File>,
    chunk_key: SymmetricKey,
    announced: Announcement,
    index: u32,
}

impl Opened {
    /// Opens it.
    pub(crate) fn open(folder: &Folder, announced: Announcement) -> io::Result<Opened> {
        Opened::at(&folder.whole(&announced.id()), announced)
    }

    fn at(path: &Path, announced: Announcement) -> io::Result<Opened> {
        Ok(Opened {
            file: BufReader::new(File::open(path)?),
            chunk_key: announced.key.chunk_key(),
            announced,
            index: 0,
        })
    }

    fn piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        let shape = self.announced.shape;
        if self.index == shape.data {
            return Ok(None);
        }
        let mut sealed = vec![0; shape.sealed_len()];
        self.file.read_exact(&mut sealed)?;
        let plain = open_data(&self.chunk_key, self.index, &sealed, &shape, self.announced.size);
        self.index += 1;
        plain.map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

impl Iterator for Opened {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().transpose()
    }
}

/// Whether all chunks at a path make the file that was announced.
pub(super) fn is_whole(path: &Path, announced: &Announcement) -> bool {
    let check = || -> io::Result<bool> {
        let mut content = Hasher::default();
        for piece in Opened::at(path, announced.clone())? {
            content.push(&piece?);
        }
        Ok(content.finish() == announced.content_hash)
    };
    check().unwrap_or(false)
}

/// Opens what has come of a file, cut behind the last chunk that is one of the list; answers how many there are.
pub(super) fn resume(path: &Path, announced: &Announcement, list: &[[u8; 32]]) -> io::Result<(File, u32)> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let length = announced.shape.sealed_len();
    let mut sealed = vec![0; length];
    let mut here = 0_u32;
    for expected in list {
        // The end of the file, or a chunk that a crash has torn.
        if file.read_exact(&mut sealed).is_err() || sha256(&sealed) != *expected {
            break;
        }
        here += 1;
    }
    let end = u64::from(here) * length as u64;
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    Ok((file, here))
}

/// Bytes that the disk of a folder has left for us.
#[cfg(unix)]
fn room(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn room(_: &Path) -> Option<u64> {
    None
}

/// Uploads wait for ten minutes, and a large one takes a while.
const WAITS_TO_BE_SENT: Duration = Duration::from_secs(20 * 60);
/// What is left to the database and to everything else.
const SPARE: u64 = 50_000_000;
const FOLDER: &str = "files";
const PART: &str = ".part";
const LIST: &str = ".list";

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|index| (index * 31 % 251) as u8).collect()
    }

    fn seal(folder: &Folder, number: u8, bytes: &[u8]) -> Sealed {
        let mut sealing = Sealing::begin(folder, FileKey::from_bytes(&[number; 32])).unwrap();
        for part in bytes.chunks(100_000) {
            sealing.push(part).unwrap();
        }
        sealing.finish("../film.mp4", "video/mp4").unwrap()
    }

    #[test]
    fn what_was_sealed_is_read_again_and_stands_nowhere_in_the_clear() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::of(dir.path());
        let file = bytes(6_000_001);
        let sealed = seal(&folder, 1, &file);
        let announced = sealed.announced.clone();
        assert_eq!((announced.size, &announced.name[..]), (6_000_001, "film.mp4"));
        let path = folder.whole(&announced.id());
        let on_disk = fs::read(&path).unwrap();
        assert_eq!(
            on_disk.len(),
            announced.shape.data as usize * announced.shape.sealed_len()
        );
        assert!(!on_disk.windows(64).any(|part| part == &file[1_000..1_064]));
        assert!(is_whole(&path, &announced));
        let read: Vec<u8> = Opened::open(&folder, announced.clone())
            .unwrap()
            .flat_map(Result::unwrap)
            .collect();
        assert!(read == file);
        drop(sealed);
        assert!(folder.ids().unwrap().is_empty(), "what is not sent is not kept");
        seal(&folder, 1, &file).keep();
        assert_eq!(folder.ids().unwrap(), [announced.id()]);
    }

    #[test]
    fn what_came_is_resumed_behind_its_last_good_chunk() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::of(dir.path());
        let sealed = seal(&folder, 2, &bytes(5_500_000));
        let announced = sealed.announced.clone();
        let whole = fs::read(folder.whole(&announced.id())).unwrap();
        let list = fs::read(folder.list(&announced.id())).unwrap();
        let list = list.as_chunks::<32>().0;
        assert_eq!(list_hash(list), announced.hashes[0]);
        let length = announced.shape.sealed_len();
        let part = dir.path().join("part");
        let here = |bytes: &[u8]| {
            fs::write(&part, bytes).unwrap();
            let here = resume(&part, &announced, list).unwrap().1;
            assert_eq!(fs::metadata(&part).unwrap().len(), u64::from(here) * length as u64);
            here
        };
        assert_eq!(here(b""), 0);
        assert_eq!(here(&whole[..length * 3 + 17]), 3);
        let mut torn = whole.clone();
        torn[length * 5 + 9] ^= 1;
        assert_eq!(here(&torn), 5);
        assert_eq!(
            here(&[&whole[..], b"more than was announced"].concat()),
            announced.shape.data
        );
        assert!(!is_whole(
            &part,
            &Announcement {
                content_hash: [0; 32],
                ..announced.clone()
            }
        ));
    }
}
