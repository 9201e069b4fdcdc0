use std::fs;

use messenger::files::FileKey;
use tempfile::TempDir;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt as _};

use super::super::sealed::{Sealed, Sealing};
use super::*;

struct Side {
    _dir: TempDir,
    folder: Folder,
}

fn side() -> Side {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::of(dir.path());
    folder.make().unwrap();
    Side { _dir: dir, folder }
}

fn sealed(side: &Side) -> Sealed {
    let bytes: Vec<u8> = (0..5_500_000_u32)
        .map(|index| (index.wrapping_mul(31) >> 3) as u8)
        .collect();
    let mut sealing = Sealing::begin(&side.folder, FileKey::from_bytes(&[7; 32])).unwrap();
    sealing.push(&bytes).unwrap();
    sealing.finish("film.mp4", "video/mp4").unwrap()
}

fn pipe() -> (Stream, Stream) {
    let (one, other) = tokio::io::duplex(64 << 10);
    (one.compat(), other.compat())
}

type Stream = Compat<tokio::io::DuplexStream>;

async fn fetched(side: &Side, announced: &Announcement, stream: &mut Stream) -> Result<(), End> {
    fetch(&side.folder, announced, stream, &watch::Sender::new(0)).await
}

async fn served(side: &Side, announced: &Announcement, stream: &mut Stream) -> Result<(), End> {
    serve(&side.folder, announced, stream, &watch::Sender::new(0)).await
}

/// Gives a list and chunks as a server of evil intent would.
async fn give(stream: &mut Stream, list: &[u8], chunks: &[u8]) {
    let (mut id, mut from) = ([0; 32], [0; 4]);
    stream.read_exact(&mut id).await.unwrap();
    stream.write_all(&[1]).await.unwrap();
    stream.write_all(list).await.unwrap();
    if stream.read_exact(&mut from).await.is_ok() {
        let _ = stream.write_all(chunks).await;
    }
}

#[tokio::test]
async fn a_file_goes_over_and_goes_on_where_it_broke() {
    let (author, receiver) = (side(), side());
    let sealed = sealed(&author);
    let announced = sealed.announced.clone();
    let length = announced.shape.sealed_len();
    let whole = fs::read(author.folder.whole(&announced.id())).unwrap();
    let list = fs::read(author.folder.list(&announced.id())).unwrap();

    // The connection breaks in the middle of a chunk.
    let (mut here, mut there) = pipe();
    let broken = async {
        give(&mut there, &list, &whole[..length * 9 + 1_000]).await;
        drop(there);
    };
    let (end, ()) = tokio::join!(fetched(&receiver, &announced, &mut here), broken);
    assert_eq!(end, Err(End::Broken));
    assert!(!receiver.folder.whole(&announced.id()).exists());

    let (mut here, mut there) = pipe();
    let (done, given) = (watch::Sender::new(0), watch::Sender::new(0));
    let mut first = given.subscribe();
    let (fetched, served, begins) = tokio::join!(
        fetch(&receiver.folder, &announced, &mut here, &done),
        serve(&author.folder, &announced, &mut there, &given),
        async {
            first.changed().await.unwrap();
            *first.borrow()
        },
    );
    assert_eq!((fetched, served, begins), (Ok(()), Ok(()), 9));
    assert_eq!(
        (*done.borrow(), *given.borrow()),
        (announced.shape.data, announced.shape.data)
    );
    assert!(fs::read(receiver.folder.whole(&announced.id())).unwrap() == whole);
    assert!(!receiver.folder.part(&announced.id()).exists());
}

#[tokio::test]
async fn nothing_is_taken_but_what_was_announced() {
    let author = side();
    let sealed = sealed(&author);
    let announced = sealed.announced.clone();
    let length = announced.shape.sealed_len();
    let whole = fs::read(author.folder.whole(&announced.id())).unwrap();
    let list = fs::read(author.folder.list(&announced.id())).unwrap();
    let mut other_list = list.clone();
    other_list[40] ^= 1;
    let mut bad = whole.clone();
    bad[length * 4 + 5] ^= 1;
    for (list, chunks, kept) in [(&other_list, &whole, None), (&list, &bad, Some(4))] {
        let receiver = side();
        let (mut here, mut there) = pipe();
        let (end, ()) = tokio::join!(
            async {
                let end = fetched(&receiver, &announced, &mut here).await;
                drop(here);
                end
            },
            give(&mut there, list, chunks)
        );
        assert_eq!(end, Err(End::Failed(Trouble::Wrong)));
        let part = fs::metadata(receiver.folder.part(&announced.id())).ok();
        assert!(part.map_or(0, |part| part.len()) <= kept.unwrap_or(0) * length as u64);
    }

    // More than was announced is not read.
    let receiver = side();
    let (mut here, mut there) = pipe();
    let more = [&whole[..], &[0; 1_000]].concat();
    let (end, ()) = tokio::join!(
        async {
            let end = fetched(&receiver, &announced, &mut here).await;
            drop(here);
            end
        },
        give(&mut there, &list, &more)
    );
    assert_eq!(end, Ok(()));
    let kept = fs::metadata(receiver.folder.whole(&announced.id())).unwrap().len();
    assert_eq!(kept, whole.len() as u64);
}

#[tokio::test]
async fn who_does_not_have_it_any_more_says_so() {
    let (author, receiver) = (side(), side());
    let sealed = sealed(&author);
    let announced = sealed.announced.clone();
    drop(sealed);
    let (mut here, mut there) = pipe();
    let (fetched, served) = tokio::join!(
        fetched(&receiver, &announced, &mut here),
        served(&author, &announced, &mut there),
    );
    let gone = Err(End::Failed(Trouble::Gone));
    assert_eq!((fetched, served), (gone, gone));
}
