//! The lock that keeps two servers from sharing one data folder. The system drops it when the process ends, however
//! it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use firebell_core::ports::store::{StoreError, StoreResult};

/// Name of the lock file in the data folder. It stays there; only a held lock counts.
pub const LOCK_FILE: &str = "firebell.lock";

/// A held lock.
#[derive(Debug)]
pub(super) struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the lock of a data folder.
    pub(super) fn take(dir: &Path) -> StoreResult<Self> {
        let path = dir.join(LOCK_FILE);
        let failed = |detail: String| StoreError::Database { doing: "lock the data folder", detail };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| failed(format!("{}: {e}", path.display())))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let holder = match file.read_to_string(&mut holder) {
                    Ok(_) if !holder.trim().is_empty() => format!("process {}", holder.trim()),
                    _ => "another process".to_owned(),
                };
                return Err(failed(format!(
                    "{} is in use by {holder}: stop that server, or give this one another folder with --data",
                    dir.display()
                )));
            }
            Err(TryLockError::Error(e)) => return Err(failed(format!("{}: {e}", path.display()))),
        }
        // The number only makes the message above better; a failure to write it changes nothing.
        let noted = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = noted {
            tracing::debug!(%error, path = %path.display(), "the lock file could not be written");
        }
        Ok(Self { _file: file })
    }
}
