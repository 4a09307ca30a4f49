//! `/oncall`: who is on now, a month with its layers, what was agreed beside the rotations, calendars by subscription.

mod act;
mod feed;
mod month;
mod page;

use axum::Router;
use axum::routing::{get, post};

use crate::state::Shared;

/// All routes below `/oncall`.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/oncall", get(page::page))
        .route("/oncall/overrides", post(act::create))
        .route("/oncall/overrides/{id}/remove", post(act::remove))
        .route("/oncall/feeds", post(act::make_feed))
        .route("/oncall/feeds/{id}/remove", post(act::remove_feed))
        .route("/oncall/feed/{token}", get(feed::feed))
}
