//! `/incidents`: all incidents, and declaring one.

mod declare;
mod page;
mod row;
mod view;

pub(super) use declare::declare;
pub(super) use page::page;
pub(super) use row::{Row, row};
