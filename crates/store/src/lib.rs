//! The durable store behind `core::ports::store`: SQLite for real use, memory for simulation, and a wrapper that
//! fails on purpose. What a store must do is written down once, as tests, in [`contracts`].

mod codec;
pub mod contracts;
mod faulty;
mod filter;
mod memory;
mod micros;
mod retention;
mod sql;
mod sqlite;

pub use faulty::{Fault, Faults, FaultyStore, Slow};
pub use memory::{MemoryBlobs, MemoryReader, MemoryStore};
pub use sqlite::{DATABASE_FILE, Durability, LOCK_FILE, Options, SqliteBlobs, SqliteReader, SqliteStore};
