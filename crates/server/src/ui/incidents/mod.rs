//! `/`: all incidents.

mod declare;
mod page;
mod view;

pub(super) use declare::declare;
pub(super) use page::{fragment, page, stream};
