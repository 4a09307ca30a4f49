//! `POST …/rooms/archive {chat}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/rooms/archive", "archiveRooms", archive_rooms)
        .needs(Permission::End)
        .summary("Archive rooms in chats now")
        .about(
            "`chat`: the room of one of them, as `slack/ops`; without it those of all. What is said of the incident after \
             that is on its page only; another room can be asked for.",
        )
        .body(schema::object(&[schema::may("chat", schema::filled(200))]))
        .writes_incident()
}

/// Archives rooms.
pub(crate) async fn archive_rooms(target: Target, mut fields: Fields) -> Written {
    let chat = fields.text("chat")?;
    fields.end()?;
    target.act(Command::ArchiveRooms { chat }).await
}
