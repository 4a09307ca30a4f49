//! The schema: numbered SQL files, applied in order, each in one transaction, each recorded with its checksum.

use firebell_core::ports::store::{StoreError, StoreResult};
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::sql::{col, collect, failed};
use crate::{codec, micros};

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        /// Name and SQL, in order; the number of a migration is its position from 1.
        const MIGRATIONS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../migrations/", $name, ".sql")))),*];
    };
}

migrations![
    "0001_events",
    "0002_inbox",
    "0003_outbox",
    "0004_alerts",
    "0005_ledger",
    "0006_blobs",
    "0007_office",
    "0008_calls",
];

const DOING: &str = "bring the schema up to date";
const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (version BIGINT NOT NULL PRIMARY KEY, \
     name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";
const APPLIED: &str = "SELECT version, name, checksum FROM schema_migration ORDER BY version";
const RECORD: &str =
    "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)";

/// Applies what is missing.
///
/// # Errors
/// A schema that is newer than this program, or was applied from other files.
pub(super) fn migrate(conn: &mut Connection) -> StoreResult<()> {
    apply(conn, MIGRATIONS)
}

fn apply(conn: &mut Connection, migrations: &[(&str, &str)]) -> StoreResult<()> {
    conn.execute_batch(TABLE).map_err(failed(DOING))?;
    let applied: Vec<(u64, String, String)> =
        collect(conn, DOING, APPLIED, [], |row| Ok((col(row, 0)?, col(row, 1)?, col(row, 2)?)))?;
    for (index, (version, name, checksum)) in applied.iter().enumerate() {
        let Some((known, sql)) = migrations.get(index) else {
            let detail = format!(
                "the database has migration {version} ({name}), and this firebell knows {} only: start the newer \
                 firebell that wrote it, or restore the backup from before the upgrade",
                migrations.len()
            );
            return Err(StoreError::Database { doing: DOING, detail });
        };
        if *version != index as u64 + 1 || name != known || *checksum != codec::sha256(sql.as_bytes()) {
            return Err(StoreError::Corrupt {
                what: format!("migration {version} ({name})"),
                detail: format!(
                    "it is not what this firebell calls {known}: restore a backup, or start the firebell \
                     that wrote this database"
                ),
            });
        }
    }
    for (index, (name, sql)) in migrations.iter().enumerate().skip(applied.len()) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed(DOING))?;
        tx.execute_batch(sql).map_err(failed(DOING))?;
        let now = micros::floor(Timestamp::now());
        tx.execute(RECORD, params![index as u64 + 1, name, codec::sha256(sql.as_bytes()), now])
            .map_err(failed(DOING))?;
        tx.commit().map_err(failed(DOING))?;
        tracing::info!(migration = name, "schema migration applied");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(conn: &Connection) -> u64 {
        conn.query_row("SELECT count(*) FROM schema_migration", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn applies_what_is_missing_and_nothing_twice() {
        let mut conn = Connection::open_in_memory().unwrap();
        apply(&mut conn, &MIGRATIONS[..2]).unwrap();
        assert_eq!(count(&conn), 2);
        migrate(&mut conn).unwrap();
        migrate(&mut conn).unwrap();
        assert_eq!(count(&conn), MIGRATIONS.len() as u64);
    }

    #[test]
    fn names_are_numbered_in_order() {
        for (index, (name, _)) in MIGRATIONS.iter().enumerate() {
            assert!(name.starts_with(&format!("{:04}_", index + 1)), "{name} is out of order");
        }
    }

    #[test]
    fn refuses_a_newer_schema() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        conn.execute(RECORD, params![MIGRATIONS.len() as u64 + 1, "0099_future", "x", 0]).unwrap();
        let error = migrate(&mut conn).unwrap_err().to_string();
        assert!(error.contains("0099_future") && error.contains("newer firebell"), "{error}");
    }

    #[test]
    fn refuses_a_migration_that_was_changed_after_it_was_applied() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        conn.execute("UPDATE schema_migration SET checksum = 'x' WHERE version = 2", []).unwrap();
        let error = migrate(&mut conn).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }

    #[test]
    fn a_migration_that_fails_leaves_no_trace() {
        let mut conn = Connection::open_in_memory().unwrap();
        let bad = [("0001_bad", "CREATE TABLE half (x BIGINT); CREATE TABLE half (x BIGINT);")];
        apply(&mut conn, &bad).unwrap_err();
        assert_eq!(count(&conn), 0);
        assert!(!conn.table_exists(Some("main"), "half").unwrap());
    }
}
