//! The store in memory, for simulation: the same behaviour as the database, undo logs instead of a journal.

mod blobs;
mod office;
mod reader;
mod state;
mod store;
mod table;
mod tx;

pub use blobs::MemoryBlobs;
pub use reader::MemoryReader;
pub use store::MemoryStore;
