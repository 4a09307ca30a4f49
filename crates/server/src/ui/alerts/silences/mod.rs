//! Silences, made and ended on the page.

mod expire;
mod form;
mod view;

pub(crate) use expire::expire;
pub(crate) use form::{create, form};
pub(super) use view::{SilenceView, silence_views};
