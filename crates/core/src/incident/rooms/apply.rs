//! Folds what happened to rooms.

use super::super::state::{Incident, sha256};
use super::{RoomEvent, SaidMark};

/// Folds one event. `i.version` is that of the event before it.
pub(in super::super) fn apply(i: &mut Incident, event: &RoomEvent) {
    let version = i.version + 1;
    match event {
        RoomEvent::Said(said) => {
            let mark = SaidMark { version, text_sha256: sha256(&said.text), gone: false };
            i.rooms.said.entry(said.chat.clone()).or_default().insert(said.id.clone(), mark);
        }
        RoomEvent::Reworded { chat, id, text, .. } => {
            if let Some(mark) = i.rooms.said.get_mut(chat).and_then(|all| all.get_mut(id)) {
                mark.text_sha256 = sha256(text);
                mark.gone = false;
            }
        }
        RoomEvent::Unsaid { chat, id, .. } => {
            if let Some(mark) = i.rooms.said.get_mut(chat).and_then(|all| all.get_mut(id)) {
                mark.gone = true;
            }
        }
    }
}
