//! `/alerts`: what fires, why it belongs together, what keeps an alert from its incident, and silences.

mod page;
mod silences;
mod view;

pub(super) use page::{fragment, page};
pub(super) use silences::{create, expire, form};
