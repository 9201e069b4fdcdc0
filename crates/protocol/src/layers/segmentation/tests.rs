use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

fn message(length: usize, seed: u64) -> Vec<u8> {
    (0..length as u64)
        .map(|at| ((at ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
        .collect()
}

fn segments(whole: &[u8], size: usize) -> Vec<Segment> {
    split(whole, size).iter().map(|bytes| parse(bytes).unwrap()).collect()
}

/// As written before 2026: without the length of the whole.
fn without_length(segments: Vec<Segment>) -> Vec<Segment> {
    segments
        .into_iter()
        .map(|segment| Segment {
            whole_length: None,
            ..segment
        })
        .collect()
}

#[test]
fn what_fits_is_left_alone() {
    let whole = message(100, 1);
    assert_eq!(split(&whole, 100), vec![whole.clone()]);
    assert_eq!(split(&whole, 99).len(), 2);
    assert_eq!(split(&[], 10), vec![Vec::<u8>::new()]);
}

#[test]
fn parity_begins_at_eight_pieces_and_ends_at_256() {
    let pieces = |count: usize| split(&message(count, 2), 1).len() - count;
    assert_eq!([2, 7, 8, 15, 16, 229, 300].map(pieces), [0, 0, 1, 1, 2, 0, 0]);
}

#[test]
fn a_lost_last_piece_is_cut_to_its_length_with_and_without_a_stated_length() {
    for zeros in [0, 1, 2, 19] {
        let mut whole = message(8 * 20 + 13, 3);
        let end = whole.len() - zeros.min(12);
        whole[end..].fill(0);
        let mut all = segments(&whole, 20);
        all.remove(8);
        assert_eq!(assemble(&all).unwrap().as_deref(), Some(&whole[..]));
        assert_eq!(assemble(&without_length(all)).unwrap().as_deref(), Some(&whole[..]));
    }
}

#[test]
fn pieces_that_contradict_each_other_are_refused() {
    let whole = message(1_000, 4);
    let all = segments(&whole, 100);
    let broken = |change: fn(&mut Segment)| {
        let mut all = all.clone();
        change(&mut all[3]);
        assemble(&all)
    };
    assert_eq!(broken(|s| s.whole = [0; 32]), Err(SegmentError::Contradiction));
    assert_eq!(broken(|s| s.whole_length = Some(5)), Err(SegmentError::Contradiction));
    assert_eq!(
        broken(|s| s.place = Place::Data { index: 3, count: 11 }),
        Err(SegmentError::Contradiction)
    );
    assert_eq!(
        broken(|s| s.place = Place::Data { index: 2, count: 10 }),
        Err(SegmentError::Contradiction)
    );
    assert_eq!(broken(|s| s.payload[0] ^= 1), Err(SegmentError::WrongHash));
    let mut short_parity = all.clone();
    short_parity.remove(0);
    short_parity.last_mut().unwrap().payload.pop();
    assert_eq!(assemble(&short_parity), Err(SegmentError::Contradiction));
    let mut wrong_parity = all.clone();
    wrong_parity.remove(0);
    wrong_parity.last_mut().unwrap().payload[0] ^= 1;
    assert_eq!(assemble(&wrong_parity), Err(SegmentError::WrongHash));
}

#[test]
fn hostile_counts_are_no_segments() {
    let good = SegmentMessage {
        entire_message_hash: vec![1; 32],
        index: 0,
        segments_count: 2,
        payload: vec![1],
        ..SegmentMessage::default()
    };
    assert!(parse(&good.encode_to_vec()).is_some());
    let bad = [
        SegmentMessage {
            segments_count: u32::MAX,
            ..good.clone()
        },
        SegmentMessage {
            segments_count: 1,
            ..good.clone()
        },
        SegmentMessage {
            segments_count: 0,
            ..good.clone()
        },
        SegmentMessage {
            index: 2,
            ..good.clone()
        },
        SegmentMessage {
            entire_message_hash: vec![1; 31],
            ..good.clone()
        },
        SegmentMessage {
            payload: vec![],
            ..good.clone()
        },
        SegmentMessage {
            original_payload_length: u64::MAX,
            ..good.clone()
        },
        SegmentMessage {
            segments_count: 0,
            parity_segments_count: 256,
            ..good.clone()
        },
        SegmentMessage {
            segments_count: 0,
            parity_segments_count: 2,
            parity_segment_index: 2,
            ..good
        },
    ];
    for segment in bad {
        assert_eq!(parse(&segment.encode_to_vec()), None, "{segment:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_parse_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(segment) = parse(&bytes) {
            let _ = assemble(&[segment]);
        }
    }

    #[test]
    fn any_d_of_all_pieces_make_the_whole(
        length in 2usize..2_000,
        size in 1usize..200,
        seed: u64,
        losses in proptest::collection::vec(any::<Index>(), 40),
        repeat in any::<Index>(),
        says_length: bool,
    ) {
        prop_assume!(length > size && length / size < 48); // inverting larger matrices is slow unoptimised
        let whole = message(length, seed);
        let mut all = segments(&whole, size);
        if !says_length {
            all = without_length(all);
        }
        let data = length.div_ceil(size);
        let spare = all.len() - data;
        for lost in losses.into_iter().take(spare) {
            all.remove(lost.index(all.len()));
        }
        all.push(all[repeat.index(all.len())].clone());
        all.reverse();
        prop_assert_eq!(assemble(&all), Ok(Some(whole)));
    }

    #[test]
    fn fewer_than_d_pieces_wait(length in 2usize..500, size in 1usize..100, lost in any::<Index>()) {
        prop_assume!(length > size && length / size < 48);
        let mut all = segments(&message(length, 7), size);
        let data = length.div_ceil(size);
        all.remove(lost.index(all.len()));
        all.truncate(data - 1);
        prop_assert_eq!(assemble(&all), Ok(None));
    }
}
