//! A copy of the database while it is in use.

use std::fs::File;
use std::path::Path;

use firebell_core::ports::store::{StoreError, StoreResult};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::reader::SqliteReader;

const DOING: &str = "make a backup";

impl SqliteReader {
    /// Writes a consistent, checked copy of the database to a new file. The writer goes on meanwhile; what it commits
    /// after the copy began is not in it. The file appears under its name only when it is whole.
    ///
    /// # Errors
    /// When the file exists, cannot be written, or the copy does not pass the database's check.
    pub fn backup(&self, to: &Path) -> StoreResult<()> {
        let failed = |detail: String| StoreError::Database {
            doing: DOING,
            detail: format!("{}: {detail}", to.display()),
        };
        if to.exists() {
            return Err(failed("the file exists already: name another, or remove it first".to_owned()));
        }
        let mut name = to.file_name().ok_or_else(|| failed("this is not a file name".to_owned()))?.to_owned();
        name.push(".part");
        let part = to.with_file_name(name);
        let made = self.copy(&part).map_err(failed).and_then(|()| {
            let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            std::fs::rename(&part, to)
                .and_then(|()| File::open(parent)?.sync_all())
                .map_err(|e| failed(e.to_string()))
        });
        if made.is_err() {
            // Best effort: the error that matters is the first one.
            let _ = std::fs::remove_file(&part);
        }
        made
    }

    fn copy(&self, part: &Path) -> Result<(), String> {
        // What an earlier attempt left behind would otherwise be taken for a database to be overwritten in part.
        match std::fs::remove_file(part) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.to_string()),
            _ => {}
        }
        let text = |e: rusqlite::Error| e.to_string();
        let from = self.connection().map_err(|e| e.to_string())?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut copy = Connection::open_with_flags(part, flags).map_err(text)?;
        {
            let backup = Backup::new(&from, &mut copy).map_err(text)?;
            // All pages in one step: a copy in several steps starts over whenever the writer commits.
            match backup.step(-1).map_err(text)? {
                StepResult::Done => {}
                _ => return Err("the database was busy: try again".to_owned()),
            }
        }
        // As one file, without a log beside it.
        let mode: String =
            copy.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0)).map_err(text)?;
        if mode != "delete" {
            return Err(format!("the copy stayed in journal mode {mode}"));
        }
        let check: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(text)?;
        if check != "ok" {
            return Err(format!("the copy does not pass the check: {check}"));
        }
        drop(copy);
        File::open(part).and_then(|file| file.sync_all()).map_err(|e| e.to_string())
    }
}
