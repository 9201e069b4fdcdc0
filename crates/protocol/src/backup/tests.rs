use crypto::SecretKey;
use proptest::prelude::*;

use super::*;

fn key(byte: u8) -> BackupKey {
    BackupKey::of(&SecretKey::from_bytes(&[byte; 32]).unwrap())
}

fn write(records: &[Vec<u8>]) -> Vec<u8> {
    let (mut sealer, header) = Sealer::begin(&key(1), &[7; 32]);
    let mut file = header.to_vec();
    for record in records {
        file.extend(sealer.push(record).unwrap());
    }
    file.extend(sealer.finish());
    file
}

fn read(file: &[u8], key: &BackupKey) -> Result<Vec<Vec<u8>>, BackupError> {
    let (header, rest) = file.split_first_chunk::<HEADER>().ok_or(BackupError::NotABackup)?;
    let mut opener = Opener::begin(key, header)?;
    let mut records = Vec::new();
    let mut chunks = rest.chunks(SEALED_CHUNK).peekable();
    while let Some(chunk) = chunks.next() {
        let position = if chunks.peek().is_some() {
            Position::Inner
        } else {
            Position::Last
        };
        opener.chunk(chunk, position)?;
        while let Some(record) = opener.record()? {
            records.push(record);
        }
    }
    match opener.is_over() {
        true => Ok(records),
        false => Err(BackupError::Damaged),
    }
}

#[test]
fn a_file_says_whose_it_is_and_hides_its_length() {
    let file = write(&[vec![1; 10]]);
    assert_eq!(file.len(), HEADER + SEALED_CHUNK);
    assert_eq!(write(&vec![vec![2; 100]; 500]).len(), file.len());
    assert_eq!(read(&file, &key(2)), Err(BackupError::OtherProfile));
    assert_eq!(
        read(b"something else that is long enough for a header, is it?", &key(1)),
        Err(BackupError::NotABackup)
    );
    let mut newer = file.clone();
    newer[8] = 2;
    assert_eq!(read(&newer, &key(1)), Err(BackupError::Version));
    let mut other = file;
    other[20] ^= 1;
    assert_eq!(read(&other, &key(1)), Err(BackupError::OtherProfile));
}

#[test]
fn a_file_that_was_cut_swapped_or_lengthened_is_damaged() {
    let file = write(&vec![vec![3; 60_000]; 4]);
    let chunks = (file.len() - HEADER) / SEALED_CHUNK;
    assert_eq!(chunks, 4);
    for cut in (HEADER..file.len()).step_by(SEALED_CHUNK / 3) {
        assert!(read(&file[..cut], &key(1)).is_err(), "{cut}");
    }
    let place = |number: usize| HEADER + number * SEALED_CHUNK;
    let swapped = [
        &file[..place(1)],
        &file[place(2)..place(3)],
        &file[place(1)..place(2)],
        &file[place(3)..],
    ];
    assert_eq!(read(&swapped.concat(), &key(1)), Err(BackupError::Damaged));
    let longer = [&file[..], &file[place(3)..]].concat();
    assert_eq!(read(&longer, &key(1)), Err(BackupError::Damaged));
    assert_eq!(read(&[&file[..], &[0]].concat(), &key(1)), Err(BackupError::Damaged));
}

#[test]
fn what_no_reader_would_take_is_not_written() {
    let (mut sealer, _) = Sealer::begin(&key(1), &[0; 32]);
    assert_eq!(sealer.push(&[]), Err(RecordTooLarge));
    assert_eq!(sealer.push(&vec![0; MAX_RECORD + 1]), Err(RecordTooLarge));
    sealer.push(&vec![1; MAX_RECORD]).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn records_come_back_whatever_their_lengths(lengths in proptest::collection::vec(1..200_000_usize, 0..8)) {
        let records: Vec<Vec<u8>> = lengths.iter().map(|length| vec![(length % 251) as u8; *length]).collect();
        prop_assert_eq!(read(&write(&records), &key(1)), Ok(records));
    }

    /// Also where lengths and padding meet the edge of a chunk.
    #[test]
    fn edges_of_chunks_are_no_edges(before in 0..12_usize) {
        let records = vec![vec![5; CHUNK - 4 - before], vec![6; 9], vec![7; CHUNK]];
        prop_assert_eq!(read(&write(&records), &key(1)), Ok(records));
    }

    #[test]
    fn any_altered_byte_is_found(at in 0..1_000_000_usize, bit in 0..8_u8) {
        let mut file = write(&[vec![1; 1_000], vec![2; 70_000]]);
        let at = at % file.len();
        file[at] ^= 1 << bit;
        prop_assert!(read(&file, &key(1)).is_err());
    }
}
