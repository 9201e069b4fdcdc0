//! What a file costs on this machine: cutting and sealing, and putting together with a sixth of it lost. The network's
//! part is the pace, one chunk a second, and nobody can be faster than it. The floor beside each is one SHA-256 over the
//! file: no content-addressed transfer does with less.
//!
//! `cargo bench -p undertone-messenger --features sqlcipher --bench files`

#![allow(clippy::unwrap_used, missing_docs)]

extern crate undertone_messenger as messenger;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use crypto::file::{FileKey, sha256};
use messenger::files::{Announcement, MAX_SIZE, assemble, prepare};
use protocol::files::repair;

fn files(criterion: &mut Criterion) {
    let file: Vec<u8> = (0..MAX_SIZE)
        .map(|index| (index.wrapping_mul(31) % 251) as u8)
        .collect();
    let key = FileKey::from_bytes(&[7; 32]);
    let prepared = prepare(&file, &key).unwrap();
    let announced = Announcement {
        key: key.clone(),
        name: "file".into(),
        media_type: "a/b".into(),
        size: MAX_SIZE,
        content_hash: prepared.content_hash,
        shape: prepared.shape,
        hashes: prepared.hashes,
    };
    let lost = prepared.shape.parity as usize;
    let chunks: Vec<Option<Vec<u8>>> = prepared
        .sealed
        .into_iter()
        .enumerate()
        .map(|(place, chunk)| (place >= lost).then_some(chunk))
        .collect();

    let mut group = criterion.benchmark_group("file of 5 MB");
    group.throughput(Throughput::Bytes(MAX_SIZE)).sample_size(10);
    group.bench_function("floor: one hash", |bencher| bencher.iter(|| sha256(black_box(&file))));
    group.bench_function("cut, seal, parity, hashes", |bencher| {
        bencher.iter(|| prepare(black_box(&file), &key).unwrap());
    });
    group.bench_function("repair and put together", |bencher| {
        bencher.iter(|| {
            let data = repair(&announced.shape, chunks.clone()).unwrap();
            assemble(&announced, &data).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, files);
criterion_main!(benches);
