//! What burns now and what waits for the person who asks.

mod show;

pub(super) use show::operation;
