//! `POST …/rooms {chat, private}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/rooms", "openRoom", open_room)
        .needs(Permission::Acknowledge)
        .summary("Open rooms in the chats that are configured, and the bridge")
        .about(
            "`chat`: one of them, as `slack/ops`; without it all, with the bridge. What stands already stays; \
             `bridge` asks for another bridge. `private`: \
             only who is invited sees it; `false` opens a channel though the incident is restricted, which takes a commander.",
        )
        .body(schema::object(&[
            schema::may("chat", schema::filled(200)),
            schema::may("private", schema::flag()),
        ]))
        .writes_incident()
}

/// Asks for rooms.
pub(crate) async fn open_room(target: Target, mut fields: Fields) -> Written {
    let (chat, private) = (fields.text("chat")?, fields.flag("private")?);
    fields.end()?;
    target.act(Command::OpenRoom { chat, private }).await
}
