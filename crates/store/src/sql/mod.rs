//! SQL, one file per table: its statements as constants and the functions that run them. In the portable subset that
//! PostgreSQL understands too (numbered placeholders aside): no JSON operators, no dialect.

pub(crate) mod alert;
pub(crate) mod audit;
pub(crate) mod blob;
pub(crate) mod change;
pub(crate) mod counter;
pub(crate) mod delivery;
pub(crate) mod document;
pub(crate) mod event;
pub(crate) mod inbox;
pub(crate) mod mark;
pub(crate) mod outbox;
mod run;
pub(crate) mod seen_key;
pub(crate) mod silence;
pub(crate) mod summary;
pub(crate) mod timer;

pub(crate) use run::{col, collect, exec, failed, json_col, limit, one, time_col};
