//! What can be set of a webhook, as a body.

use firebell_core::severity::Severity;
use serde_json::{Value, json};

use crate::api::Fields;
use crate::api::spec::schema;
use crate::post::webhooks::HookFields;
use crate::problem::Problem;

/// The body's schema.
pub(super) fn body() -> Value {
    let texts = |most: usize| json!({"type": "array", "items": schema::filled(200), "maxItems": most});
    let events = json!({"type": "array", "items": schema::filled(64), "minItems": 1, "maxItems": 100});
    let severity = schema::one_of(&Severity::ALL.map(Severity::as_str));
    schema::object(&[
        schema::need("name", schema::filled(100)),
        schema::need("url", schema::filled(1024)),
        schema::need("events", events),
        schema::may("severities", json!({"type": "array", "items": severity, "maxItems": 4})),
        schema::may("services", texts(100)),
        schema::may("restricted", schema::flag()),
        schema::may("enabled", schema::flag()),
    ])
}

/// Reads it whole.
pub(super) fn read(mut fields: Fields) -> Result<HookFields, Problem> {
    let severities = fields
        .texts("severities", 4)?
        .iter()
        .map(|text| text.parse().map_err(|why: String| Problem::invalid("severities", why)))
        .collect::<Result<Vec<_>, _>>()?;
    let read = HookFields {
        name: fields.need("name")?,
        url: fields.need("url")?,
        events: fields.texts("events", 100)?,
        severities,
        services: fields.texts("services", 100)?,
        restricted: fields.flag("restricted")?.unwrap_or(false),
        enabled: fields.flag("enabled")?.unwrap_or(true),
    };
    fields.end()?;
    Ok(read)
}
