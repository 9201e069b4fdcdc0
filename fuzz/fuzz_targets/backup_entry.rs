#![no_main]

// What is read of a record can be written and read again; whatever else it is, it is refused.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    use messenger::backup::Entry;
    if let Ok(entry) = Entry::decode(bytes)
        && entry != Entry::Unknown
    {
        assert!(Entry::decode(&entry.encode()).as_ref() == Ok(&entry), "what is accepted survives the file");
    }
});
