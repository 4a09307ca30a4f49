//! `POST …/drafts {audience, subject, body, confirm?}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, parts, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/drafts", "editDraft", edit_draft)
        .needs(Permission::PostUpdate)
        .summary("Change the draft of an update that is due soon")
        .about("It goes out at its time as it is then. Drafts are ready two minutes before; before that, and for audiences that are not due, there is nothing to edit: post an update. A text to the public that breaks a rule of tone is refused with the reason, unless `confirm` is true. Of a text to others `remarks` says what breaks one; it is kept.")
        .body(schema::object(&[
            schema::need("audience", schema::one_of(&parts::AUDIENCES)),
            schema::need("subject", schema::filled(32 * 1024)),
            schema::need("body", schema::filled(32 * 1024)),
            schema::may("confirm", schema::flag()),
        ]))
        .writes_incident()
        .tells()
}

/// Changes it.
pub(crate) async fn edit_draft(target: Target, mut fields: Fields) -> Written {
    let audience = fields.choose("audience", "internal, public, support, executives")?;
    let (subject, body) = (fields.need("subject")?, fields.need("body")?);
    let confirm = fields.flag("confirm")?.unwrap_or(false);
    fields.end()?;
    target.say(Command::EditDraft { audience, subject, body }, confirm).await
}
