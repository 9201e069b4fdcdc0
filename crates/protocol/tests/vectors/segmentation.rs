//! `segmentation`: segments as others write them, and the whole from any of them that suffice.

use prost::Message as _;
use undertone_protocol::layers::segmentation::{Place, Segment, assemble, parse, split};
use undertone_protocol::wire::segment::SegmentMessage;

use crate::load::{array, bytes, cases, list, number};

#[test]
fn segmentation() {
    let cases = cases("segmentation", "vectors");
    let mut segments_read = 0;
    for case in &cases {
        let whole = bytes(&case["payload"]);
        let recorded = list(&case["segments"]);
        let written = split(&whole, number(&case["segment_size"]) as usize);
        assert_eq!(written.len(), recorded.len());
        if recorded.len() == 1 {
            assert_eq!(written, [bytes(&recorded[0]["bytes"])]);
            continue;
        }
        for (written, recorded) in written.iter().zip(recorded) {
            // These clients did not say the length of the whole yet; everything else is byte for byte the same.
            let mut wire = SegmentMessage::decode(&written[..]).unwrap();
            assert_eq!(wire.original_payload_length, whole.len() as u64);
            wire.original_payload_length = 0;
            assert_eq!(wire.encode_to_vec(), bytes(&recorded["bytes"]));
        }
        let segments: Vec<Segment> = recorded
            .iter()
            .map(|segment| parse(&bytes(&segment["bytes"])).unwrap())
            .collect();
        segments_read += segments.len();
        for (segment, recorded) in segments.iter().zip(recorded) {
            assert_eq!(segment.whole, array(&case["entire_message_hash"]));
            assert_eq!(segment.payload.len() as u64, number(&recorded["payload_len"]));
            let expected = match number(&recorded["segments_count"]) {
                0 => (
                    number(&recorded["parity_segment_index"]),
                    number(&recorded["parity_segments_count"]),
                ),
                count => (number(&recorded["index"]), count),
            };
            let (Place::Data { index, count } | Place::Parity { index, count }) = segment.place;
            assert_eq!((u64::from(index), u64::from(count)), expected);
        }
        lose_and_assemble(&whole, segments);
    }
    println!("segmentation: {} cases, {segments_read} segments", cases.len());
}

/// As many lost as there is parity: from the front, from the back of the data, and spread.
fn lose_and_assemble(whole: &[u8], segments: Vec<Segment>) {
    let data = segments
        .iter()
        .filter(|segment| matches!(segment.place, Place::Data { .. }))
        .count();
    let parity = segments.len() - data;
    assert_eq!(assemble(&segments).unwrap().as_deref(), Some(whole));
    if parity == 0 {
        assert_eq!(assemble(&segments[1..]), Ok(None));
        return;
    }
    let lost: [Vec<usize>; 3] = [
        (0..parity).collect(),
        (data - parity..data).collect(),
        (0..parity).map(|n| n * data / parity).collect(),
    ];
    for lost in lost {
        let left: Vec<Segment> = segments
            .iter()
            .enumerate()
            .filter(|(index, _)| !lost.contains(index))
            .map(|(_, segment)| segment.clone())
            .collect();
        assert_eq!(assemble(&left).unwrap().as_deref(), Some(whole), "without {lost:?}");
        assert_eq!(assemble(&left[1..]), Ok(None), "one too few");
    }
}
