//! What is wrong with rooms: names of chats, bridges and people that are not there.

use std::collections::BTreeSet;

use firebell_integrations::{backends, bridge};

use super::file::File;

/// All complaints; each begins with its field.
pub(super) fn problems(file: &File) -> Vec<String> {
    let rule = &file.war_room;
    let mut all: Vec<String> =
        rule.problems().into_iter().map(|(field, why)| format!("war_room.{field}: {why}")).collect();
    let mut bridges = BTreeSet::from([bridge::DEFAULT.to_owned()]);
    for config in &file.bridges {
        match bridge::build(config) {
            Ok(bridge) if bridges.contains(bridge.name()) => {
                all.push(format!("bridges: {} is there twice", bridge.name()))
            }
            Ok(bridge) => drop(bridges.insert(bridge.name().to_owned())),
            Err(error) => all.push(format!("bridges: {error}")),
        }
    }
    let named = [("bridge", rule.bridge()), ("bridge_fallback", rule.fallback(""))];
    for (field, name) in named {
        if let Some(name) = name.filter(|name| !bridges.contains(*name)) {
            let known = bridges.iter().cloned().collect::<Vec<_>>().join(", ");
            all.push(format!("war_room.{field}: {name:?} is not under [[bridges]]; there: {known}, none"));
        }
    }
    let people: BTreeSet<&str> = file
        .people
        .iter()
        .map(|p| p.name.as_str())
        .chain(file.roster.people.iter().map(|p| p.name.as_str()))
        .collect();
    // What cannot be built is told where it is built.
    let rooms = file.notifiers.iter().filter_map(|c| backends::build_rooms(c).ok().flatten());
    let chats: BTreeSet<String> = rooms.map(|r| r.name().to_owned()).collect();
    for chat in &rule.chats {
        if !chats.contains(&chat.chat) {
            let known: Vec<&str> = chats.iter().map(String::as_str).collect();
            let known = if known.is_empty() { "none can".to_owned() } else { known.join(", ") };
            all.push(format!(
                "war_room.chats: {:?} is no [[notifiers]] entry that can open rooms; those that can: {known}",
                chat.chat
            ));
        }
        for name in chat.invite.iter().filter(|name| !people.contains(name.as_str())) {
            all.push(format!("war_room.chats: {}: invite: there is no person {name:?}", chat.chat));
        }
    }
    all
}
