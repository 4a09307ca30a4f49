//! `PUT …/postmortem {text, base}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;
use crate::problem::Problem;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::put("/api/v1/incidents/{id}/postmortem", "editPostmortem", edit_postmortem)
        .needs(Permission::Postmortem)
        .summary("Write the postmortem anew, as Markdown")
        .about(
            "`base` is the `version` of the last of the incident's `postmortem_edits`, 0 before the first: an edit that \
             was made from an older text is refused with 409. Every text stays in the record.",
        )
        .body(schema::object(&[
            schema::need("text", schema::filled(262_144)),
            schema::need("base", schema::whole(0, i64::MAX)),
        ]))
        .writes_incident()
}

/// Keeps the text.
pub(crate) async fn edit_postmortem(target: Target, mut fields: Fields) -> Written {
    let text = fields.need("text")?;
    let base = fields.whole("base")?.and_then(|base| u64::try_from(base).ok());
    let base = base.ok_or_else(|| Problem::invalid("base", "is required: a version, 0 or more"))?;
    fields.end()?;
    target.act(Command::EditPostmortem { text, base }).await
}
