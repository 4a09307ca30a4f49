//! `POST …/updates {audience, subject, body, confirm?}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, parts, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/updates", "postUpdate", post_update)
        .needs(Permission::PostUpdate)
        .summary("Post an update to an audience")
        .body(schema::object(&[
            schema::need("audience", schema::one_of(&parts::AUDIENCES)),
            schema::need("subject", schema::filled(32 * 1024)),
            schema::need("body", schema::filled(32 * 1024)),
            schema::may("confirm", schema::flag()),
        ]))
        .about("A text to the public that breaks a rule of tone is refused with the reason, unless `confirm` is true. Of a text to others `remarks` says what breaks one; it is posted.")
        .writes_incident()
        .tells()
}

/// Posts an update in the person's own words.
pub(crate) async fn post_update(target: Target, mut fields: Fields) -> Written {
    let audience = fields.choose("audience", "internal, public, support, executives")?;
    let (subject, body) = (fields.need("subject")?, fields.need("body")?);
    let confirm = fields.flag("confirm")?.unwrap_or(false);
    fields.end()?;
    target.say(Command::PostUpdate { audience, subject, body }, confirm).await
}
