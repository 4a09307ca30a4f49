//! The live page.

use axum::Router;

use crate::state::Shared;

pub(crate) struct Pages;

impl Pages {
    pub(crate) fn new() -> Self {
        Self
    }
}

pub(crate) fn routes(_: &Shared) -> Router<Shared> {
    Router::new()
}
