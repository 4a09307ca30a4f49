//! `/`: what burns now, what waits for who looks, who is on call, which clocks run out, what was.

pub(crate) mod now;
mod page;
mod view;

pub(super) use page::{fragment, page, stream};
