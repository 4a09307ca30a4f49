//! `/reports`: the week, by service and by cause, the trend over twelve weeks, and who was called.

mod charts;
pub(crate) mod figures;
mod page;

pub(super) use page::{markdown, page};
