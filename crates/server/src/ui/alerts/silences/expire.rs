//! `POST /alerts/silences/{id}/expire`.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use firebell_integrations::alertmanager::api;

use crate::auth::Permission;
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::guard::{self, Visitor};

/// Ends a silence now.
pub(crate) async fn expire(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, form.get("csrf").map_or("", String::as_str))?;
    visitor.person.allowed(Permission::Silence)?;
    let silences = app.read(|reader| reader.silences()).await?;
    match silences.into_iter().find(|s| s.id == id) {
        Some(silence) => {
            app.state.handle.put_silence(api::expire(&silence, app.now())).await?;
            visitor.tell(&app, true, "The silence has ended.".to_owned());
        }
        None => visitor.tell(&app, false, "There is no such silence any more.".to_owned()),
    }
    Ok(Redirect::to("/alerts#silences").into_response())
}
