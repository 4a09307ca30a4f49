//! Incidents: lists, the whole record, and what people do with them.

mod acknowledge;
mod add_note;
mod add_task;
mod answer;
mod assign_role;
mod cancel;
mod complete_action_item;
mod complete_task;
mod decide;
mod declare;
mod files;
mod follow;
mod list;
mod merge;
mod post_update;
mod record;
mod reopen;
mod request_postmortem;
mod resolve;
mod set_kind;
mod set_severity;
mod show;
mod verdict;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use answer::written;
pub(crate) use list::filter_of;

use crate::state::Shared;

/// All routes below `/api/v1/incidents`.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/v1/incidents", get(list::list).post(declare::declare))
        .route("/api/v1/incidents/{id}", get(show::show))
        .route("/api/v1/incidents/{id}/record", get(record::record))
        .route("/api/v1/incidents/{id}/verdict", get(verdict::verdict))
        .route("/api/v1/incidents/{id}/events", get(follow::follow))
        .route("/api/v1/incidents/{id}/postmortem.md", get(files::markdown))
        .route("/api/v1/incidents/{id}/postmortem.html", get(files::html))
        .route("/api/v1/incidents/{id}/postmortem.ics", get(files::invitation))
        .route("/api/v1/incidents/{id}/bundle.tar.gz", get(files::bundle))
        .route("/api/v1/incidents/{id}/bundle/{*path}", get(files::bundle_file))
        .route("/api/v1/incidents/{id}/ack", post(acknowledge::acknowledge))
        .route("/api/v1/incidents/{id}/roles", post(assign_role::assign_role))
        .route("/api/v1/incidents/{id}/notes", post(add_note::add_note))
        .route("/api/v1/incidents/{id}/kind", post(set_kind::set_kind))
        .route("/api/v1/incidents/{id}/severity", post(set_severity::set_severity))
        .route("/api/v1/incidents/{id}/decisions", post(decide::decide))
        .route("/api/v1/incidents/{id}/resolve", post(resolve::resolve))
        .route("/api/v1/incidents/{id}/reopen", post(reopen::reopen))
        .route("/api/v1/incidents/{id}/cancel", post(cancel::cancel))
        .route("/api/v1/incidents/{id}/merge", post(merge::merge))
        .route("/api/v1/incidents/{id}/postmortem", post(request_postmortem::request_postmortem))
        .route("/api/v1/incidents/{id}/updates", post(post_update::post_update))
        .route("/api/v1/incidents/{id}/tasks", post(add_task::add_task))
        .route("/api/v1/incidents/{id}/tasks/{n}/done", post(complete_task::complete_task))
        .route(
            "/api/v1/incidents/{id}/action-items/{n}/done",
            post(complete_action_item::complete_action_item),
        )
}
