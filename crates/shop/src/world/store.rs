//! Reading and replacing the state file.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::Error;

/// The stored state, if there is one.
pub(crate) fn load<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| Error::State { path: path.into(), source }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File { path: path.into(), source }),
    }
}

/// Replaces the stored state; a crash leaves the old or the new one.
pub(crate) fn save<T: Serialize>(path: &Path, state: &T) -> Result<(), Error> {
    let bytes =
        serde_json::to_vec_pretty(state).map_err(|source| Error::State { path: path.into(), source })?;
    let fresh = path.with_extension("tmp");
    let mut file = File::create(&fresh).map_err(Error::file(&fresh))?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(Error::file(&fresh))?;
    fs::rename(&fresh, path).map_err(Error::file(path))?;
    // The folder must be on disk as well for the rename to survive a crash of the machine.
    if let Some(dir) = path.parent() {
        File::open(dir).and_then(|d| d.sync_all()).map_err(Error::file(dir))?;
    }
    Ok(())
}
