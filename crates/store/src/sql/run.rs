//! Running statements: cached, with errors that say what was being done.

use firebell_core::ports::store::{StoreError, StoreResult};
use jiff::Timestamp;
use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};
use serde::de::DeserializeOwned;

use crate::codec;

/// Turns a database error into the store's.
pub(crate) fn failed(doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| StoreError::Database { doing, detail: error.to_string() }
}

/// Runs a statement that gives no rows; answers how many it changed.
pub(crate) fn exec(
    conn: &Connection,
    doing: &'static str,
    sql: &str,
    params: impl Params,
) -> StoreResult<usize> {
    let mut statement = conn.prepare_cached(sql).map_err(failed(doing))?;
    statement.execute(params).map_err(failed(doing))
}

/// Reads all rows.
pub(crate) fn collect<T>(
    conn: &Connection,
    doing: &'static str,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> StoreResult<T>,
) -> StoreResult<Vec<T>> {
    let mut statement = conn.prepare_cached(sql).map_err(failed(doing))?;
    let mut rows = statement.query(params).map_err(failed(doing))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed(doing))? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Reads the first row, if any.
pub(crate) fn one<T>(
    conn: &Connection,
    doing: &'static str,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> StoreResult<T>,
) -> StoreResult<Option<T>> {
    let mut statement = conn.prepare_cached(sql).map_err(failed(doing))?;
    let mut rows = statement.query(params).map_err(failed(doing))?;
    match rows.next().map_err(failed(doing))? {
        Some(row) => read(row).map(Some),
        None => Ok(None),
    }
}

/// One column.
pub(crate) fn col<T: FromSql>(row: &Row<'_>, index: usize) -> StoreResult<T> {
    row.get(index).map_err(|e| StoreError::Corrupt { what: column(row, index), detail: e.to_string() })
}

/// One column that holds JSON, decoded where it lies.
pub(crate) fn json_col<T: DeserializeOwned>(row: &Row<'_>, index: usize, what: &str) -> StoreResult<T> {
    let corrupt = |detail: String| StoreError::Corrupt { what: what.to_owned(), detail };
    let text = row.get_ref(index).map_err(|e| corrupt(e.to_string()))?;
    let text = text.as_str().map_err(|e| corrupt(e.to_string()))?;
    codec::from_json(text, || what.to_owned())
}

/// One column that holds a time.
pub(crate) fn time_col(row: &Row<'_>, index: usize) -> StoreResult<Timestamp> {
    Timestamp::from_microsecond(col(row, index)?)
        .map_err(|e| StoreError::Corrupt { what: column(row, index), detail: e.to_string() })
}

/// A limit as SQL takes it.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn column(row: &Row<'_>, index: usize) -> String {
    format!("column {}", row.as_ref().column_name(index).unwrap_or("?"))
}
