//! Stops a build whose SQLite could not be scrubbed, with a sentence that says what to do.

fn main() {
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let flags = std::env::var(VARIABLE).unwrap_or_default();
    if std::env::var_os("CARGO_FEATURE_SQLCIPHER").is_some() && !flags.split_whitespace().any(|flag| flag == FLAG) {
        println!(
            "cargo::error=SQLite must be built with {FLAG}: run cargo inside the repository, whose .cargo/config.toml sets \
             it, or add it to the variable {VARIABLE}"
        );
    }
}

const VARIABLE: &str = "LIBSQLITE3_FLAGS";
const FLAG: &str = "-DSQLITE_ENABLE_DBPAGE_VTAB";
