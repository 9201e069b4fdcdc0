#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| undertone_fuzz::store_sync(bytes));
