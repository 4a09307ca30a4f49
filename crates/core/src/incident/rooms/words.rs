//! Rooms in the timeline.

use super::RoomEvent;

/// Kind and text of an entry.
pub(in super::super) fn words(event: &RoomEvent) -> (&'static str, String) {
    let people = |text: String| ("people", text);
    match event {
        RoomEvent::Asked { chat, name, private, open_by_person, .. } => {
            let kind = if *private { "a private room" } else { "a room" };
            let by = if *open_by_person { ", open though the incident is restricted" } else { "" };
            people(format!("{kind} in {chat} was asked for: {name}{by}"))
        }
        RoomEvent::Opened { chat, name, link, .. } => people(format!("room in {chat}: {name} ({link})")),
        RoomEvent::Renamed { chat, name } => people(format!("the room in {chat} is called {name} now")),
        RoomEvent::Failed { chat, reason } => people(format!("no room in {chat}: {reason}")),
        RoomEvent::Lost { chat, reason } => {
            people(format!("the room in {chat} is lost: {reason}; ask for another if it is needed"))
        }
        RoomEvent::Left { chat, reason } => people(format!("the room in {chat} was left: {reason}")),
        RoomEvent::Strayed { chat, id } => {
            people(format!("a room in {chat} came too late and is archived: {id}"))
        }
        RoomEvent::TopicSet { chat, topic } => ("state", format!("topic in {chat}: {topic}")),
        RoomEvent::Invited { chat, people: present, unknown } => {
            let mut parts = Vec::new();
            if !present.is_empty() {
                parts.push(format!("invited to {chat}: {}", present.join(", ")));
            }
            let missing: Vec<String> = unknown.iter().map(|(name, why)| format!("{name} ({why})")).collect();
            if !missing.is_empty() {
                parts.push(format!("could not be invited to {chat}: {}", missing.join(", ")));
            }
            people(parts.join("; "))
        }
        RoomEvent::Posted { chat, upto, refused: Some(why), .. } => people(format!(
            "{chat} does not take what was to be told up to entry {upto}: {why}; it goes on after it"
        )),
        RoomEvent::Posted { chat, upto, unpinned, .. } => {
            let pin = unpinned.as_ref().map(|why| format!("; it is not pinned: {why}")).unwrap_or_default();
            ("state", format!("told in {chat} up to entry {upto}{pin}"))
        }
        RoomEvent::Unheard { chat, reason: Some(why) } => {
            people(format!("what is said in {chat} is not heard: {why}"))
        }
        RoomEvent::Unheard { chat, reason: None } => people(format!("what is said in {chat} is heard again")),
        RoomEvent::ArchiveAsked { chat } => ("state", format!("archiving the room in {chat}")),
        RoomEvent::Archived { chat } => people(format!("the room in {chat} was archived")),
        RoomEvent::BridgeAsked { bridge } => people(format!("a bridge was asked for: {bridge}")),
        RoomEvent::BridgeOpened { bridge, link, detail } => {
            let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
            people(format!("bridge by {bridge}: {link}{detail}"))
        }
        RoomEvent::BridgeFailed { bridge, reason } => people(format!("no bridge by {bridge}: {reason}")),
        RoomEvent::Said(said) => {
            let files: Vec<&str> = said.attachments.iter().map(|f| f.name.as_str()).collect();
            let files =
                if files.is_empty() { String::new() } else { format!(" [attached: {}]", files.join(", ")) };
            ("said", format!("{} in {}: {}{files}", said.author, said.chat, said.text))
        }
        RoomEvent::Kept { version, files, problems } => {
            let what =
                if problems.is_empty() { String::new() } else { format!("; not: {}", problems.join(", ")) };
            ("state", format!("{} of entry {version} kept as evidence{what}", files.len()))
        }
        RoomEvent::Reworded { chat, text, .. } => ("said", format!("edited in {chat}: {text}")),
        RoomEvent::Unsaid { chat, id, .. } => {
            ("said", format!("deleted or unmarked in {chat}: {id}; what it said stays in the record"))
        }
    }
}
