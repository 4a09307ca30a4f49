//! What can go wrong with a bundle: an unusable folder ([`Error`]) or one broken file ([`Broken`]).

use std::path::PathBuf;

use serde::Serialize;

/// The folder is not a bundle, or cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder has no `bundle.json`.
    #[error("{path}: no bundle.json in this folder; point to the folder that holds it", path = .path.display())]
    NotABundle {
        /// The folder.
        path: PathBuf,
    },
    /// A file that everything depends on is wrong.
    #[error("{path}: {reason}", path = .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the field's name.
        reason: String,
    },
    /// The file system refused.
    #[error("{path}: cannot {what}", path = .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Too much to read.
    #[error("{path}: {reason}", path = .path.display())]
    TooLarge {
        /// Where.
        path: PathBuf,
        /// Which cap, and what to do.
        reason: String,
    },
}

/// A file, or a part of it, that was left out because it could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Broken {
    /// Path relative to the bundle.
    pub file: String,
    /// Line, from 1; 0 where the whole file is meant.
    pub line: u64,
    /// Why.
    pub reason: String,
}
