//! Rooms in the timeline.

use super::RoomEvent;

/// Kind and text of an entry.
pub(in super::super) fn words(event: &RoomEvent) -> (&'static str, String) {
    match event {
        RoomEvent::Said(said) => {
            let files: Vec<&str> = said.attachments.iter().map(|f| f.name.as_str()).collect();
            let files =
                if files.is_empty() { String::new() } else { format!(" [attached: {}]", files.join(", ")) };
            ("said", format!("{} in {}: {}{files}", said.author, said.chat, said.text))
        }
        RoomEvent::Reworded { chat, text, .. } => ("said", format!("edited in {chat}: {text}")),
        RoomEvent::Unsaid { chat, id, .. } => {
            ("said", format!("deleted or unmarked in {chat}: {id}; what it said stays in the record"))
        }
    }
}
