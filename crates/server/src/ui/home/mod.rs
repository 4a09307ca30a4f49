//! `/`: what burns now, what waits for who looks, who is on call, which clocks run out, what was.

mod page;
mod view;

pub(super) use page::{fragment, page, stream};
