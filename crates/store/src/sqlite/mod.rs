//! The store in one SQLite file: one writing connection, a few that only read, a background checkpointer.

mod backup;
mod blobs;
mod checkpoint;
mod lock;
mod migrate;
mod office;
mod open;
mod reader;
mod store;
mod tx;

pub use blobs::SqliteBlobs;
pub use lock::LOCK_FILE;
pub use open::{DATABASE_FILE, Durability, Options};
pub use reader::SqliteReader;
pub use store::SqliteStore;
