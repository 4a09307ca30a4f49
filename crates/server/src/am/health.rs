//! `GET /-/healthy` and `GET /-/ready`, as Alertmanager has them: open to all, and telling nothing.

use axum::extract::State;

use crate::problem::Problem;
use crate::state::Shared;

/// The process answers.
pub(crate) async fn healthy() -> &'static str {
    "OK"
}

/// The store answers too.
pub(crate) async fn ready(State(app): State<Shared>) -> Result<&'static str, Problem> {
    app.read(|reader| reader.position()).await?;
    Ok("OK")
}
