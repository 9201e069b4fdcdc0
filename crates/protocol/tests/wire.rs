//! The generated wire types in `src/wire` are what the `.proto` files in `proto` say.
//!
//! The code is committed, so that nothing but this test needs the generator. To write it anew:
//! `cargo xtask codegen`, which runs this test with `UNDERTONE_WRITE_WIRE` set. The crate must compile for that: write a
//! new message's definition before the code that uses it, and remove the code before the definition.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn committed_code_is_current() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wire");
    let generated = generate();
    if std::env::var_os("UNDERTONE_WRITE_WIRE").is_some() {
        for (name, code) in &generated {
            fs::write(committed.join(name), code).unwrap();
        }
    }
    for (name, code) in &generated {
        let present = fs::read_to_string(committed.join(name)).unwrap_or_default();
        assert!(
            &present == code,
            "src/wire/{name} is not current; run `cargo xtask codegen`"
        );
    }
    for entry in fs::read_dir(&committed).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(generated.contains_key(&name), "src/wire/{name} has no .proto file");
    }
}

/// File name and code of every package.
fn generate() -> BTreeMap<String, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let mut files: Vec<PathBuf> = fs::read_dir(&source)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let descriptors = protox::compile(&files, [&source]).unwrap();
    let out = std::env::temp_dir().join(format!("undertone-wire-{}", std::process::id()));
    fs::create_dir_all(&out).unwrap();
    prost_build::Config::new()
        .btree_map(["."])
        .out_dir(&out)
        .compile_fds(descriptors)
        .unwrap();
    let code = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read_to_string(entry.path()).unwrap(),
            )
        })
        .collect();
    fs::remove_dir_all(&out).unwrap();
    code
}
