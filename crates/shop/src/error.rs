//! What can stop the shop from starting. What goes wrong inside it later is its daily business, and is measured.

use std::path::PathBuf;

/// Why the shop could not start or keep its state.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A port is taken or the address is not ours.
    #[error("could not listen on {address} for {service}; free the port or give another one")]
    Bind {
        /// Which service.
        service: String,
        /// Address asked for.
        address: String,
        /// From the system.
        source: std::io::Error,
    },
    /// A file or folder could not be read or written.
    #[error("could not read or write {path}; check that the folder exists and is writable")]
    File {
        /// Which path.
        path: PathBuf,
        /// From the system.
        source: std::io::Error,
    },
    /// The stored state is not ours.
    #[error("could not read the stored state in {path}; remove the folder to start afresh")]
    State {
        /// Which file.
        path: PathBuf,
        /// From the parser.
        source: serde_json::Error,
    },
    /// A database of a service could not be opened or filled.
    #[error("could not open or fill the database of {service}")]
    Database {
        /// Which service.
        service: String,
        /// From SQLite.
        source: rusqlite::Error,
    },
    /// The HTTP client could not be built.
    #[error("could not build an HTTP client")]
    Client(#[from] reqwest::Error),
    /// No such fault.
    #[error("there is no fault named {0}; `GET /control/v1/faults` lists them")]
    UnknownFault(String),
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn database(service: &str) -> impl FnOnce(rusqlite::Error) -> Self {
        let service = service.to_owned();
        move |source| Self::Database { service, source }
    }
}
