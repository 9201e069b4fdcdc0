use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;

use super::*;

/// The schema as text: every statement that made a table, index or trigger, sorted by name. The tables that the text index
/// keeps for itself are its own business.
fn dump(connection: &Connection) -> String {
    let mut statement = connection
        .prepare(
            "SELECT sql FROM sqlite_schema
             WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'message_text_*'
             ORDER BY tbl_name, type = 'index', type = 'trigger', name",
        )
        .unwrap();
    let parts: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    parts
        .iter()
        .map(|sql| format!("{sql};\n\n"))
        .collect::<String>()
        .trim_end()
        .to_owned()
        + "\n"
}

fn connection_at(version: usize) -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate_to(&mut connection, version).unwrap();
    connection
}

/// Compares with a file beside this one; with the variable `UPDATE` set it writes the file instead.
fn compare(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, actual).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == actual,
        "{name} is not what the migrations make; look at the difference after UPDATE=1"
    );
}

fn dump_name(version: usize) -> String {
    format!("migrations/dumps/{version:04}.sql")
}

#[test]
fn the_schema_file_is_what_the_migrations_make() {
    compare("schema.sql", &dump(&connection_at(MIGRATIONS.len())));
}

#[test]
fn each_database_in_memory_is_what_the_migrations_make_and_one_of_its_own() {
    let first = crate::Store::in_memory().unwrap();
    first.connection.execute("DROP TABLE reactions", []).unwrap();
    let second = crate::Store::in_memory().unwrap();
    assert_eq!(version(&second.connection).unwrap(), MIGRATIONS.len());
    assert_eq!(dump(&second.connection), dump(&connection_at(MIGRATIONS.len())));
}

#[test]
fn migrations_are_appended_never_edited() {
    for version in 1..=MIGRATIONS.len() {
        compare(&dump_name(version), &dump(&connection_at(version)));
    }
}

#[test]
fn a_database_of_every_earlier_version_becomes_the_newest() {
    for version in 1..=MIGRATIONS.len() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("src")
            .join(dump_name(version));
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&fs::read_to_string(path).unwrap()).unwrap();
        connection.pragma_update(None, "user_version", version as i64).unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(
            dump(&connection),
            dump(&connection_at(MIGRATIONS.len())),
            "from version {version}"
        );
        assert_eq!(super::version(&connection).unwrap(), MIGRATIONS.len());
    }
}

#[test]
fn a_database_of_a_later_version_is_left_alone() {
    let mut connection = connection_at(MIGRATIONS.len());
    connection
        .pragma_update(None, "user_version", MIGRATIONS.len() as i64 + 1)
        .unwrap();
    assert!(migrate(&mut connection).unwrap_err().is_newer());
}

#[test]
fn every_table_is_strict() {
    let connection = connection_at(MIGRATIONS.len());
    let mut statement = connection
        .prepare(
            "SELECT name FROM pragma_table_list
             WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT GLOB 'sqlite_*'",
        )
        .unwrap();
    let loose: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(loose, Vec::<String>::new());
}

#[test]
fn every_foreign_key_has_an_index_on_both_sides() {
    let connection = connection_at(MIGRATIONS.len());
    let mut statement = connection
        .prepare(
            "SELECT t.name, k.\"from\", k.\"table\", k.\"to\"
             FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) k WHERE t.schema = 'main'",
        )
        .unwrap();
    let keys: Vec<[String; 4]> = statement
        .query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(!keys.is_empty());
    for [table, column, parent, parent_column] in keys {
        for (table, column) in [(&table, &column), (&parent, &parent_column)] {
            let plan: String = connection
                .query_row(
                    &format!("EXPLAIN QUERY PLAN SELECT 1 FROM \"{table}\" WHERE \"{column}\" = 1"),
                    [],
                    |row| row.get("detail"),
                )
                .unwrap();
            assert!(plan.starts_with("SEARCH"), "{table}.{column}: {plan}");
        }
    }
}
