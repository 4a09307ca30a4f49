//! `GET /api/v2/receivers`.

use axum::Json;
use firebell_integrations::alertmanager::api::{Receiver, receivers};

use super::sender::Sender;

/// The one receiver.
pub(crate) async fn list(Sender(_): Sender) -> Json<Vec<Receiver>> {
    Json(receivers())
}
