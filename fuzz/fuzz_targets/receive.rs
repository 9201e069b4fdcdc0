#![no_main]

#[allow(dead_code)] // seeds are for the test
#[path = "../src/door.rs"]
mod door;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| door::receive(bytes));
