//! Wires rooms: the chats that can open them, video bridges, and whose account is whose.

use std::collections::BTreeMap;
use std::sync::Arc;

use firebell_core::ports::agent::BlobStore;
use firebell_core::ports::chat::{Bridges, ChatRooms};
use firebell_engine::effects::{Accounts, RoomSystems};
use firebell_integrations::{backends, bridge};
use firebell_oncall::model::{Contact, ContactKind};
use firebell_server::Configured;

use crate::config::File;

/// What opens rooms and bridges, as configured. `key`: a secret by which built-in bridges have names that nobody guesses.
pub(crate) fn systems(
    file: &File,
    key: &str,
    blobs: Arc<dyn BlobStore>,
    roster: &Arc<Configured>,
) -> anyhow::Result<RoomSystems> {
    let mut bridges: BTreeMap<String, Arc<dyn Bridges>> = BTreeMap::new();
    let built_in = bridge::default(key)?;
    bridges.insert(built_in.name().to_owned(), built_in);
    for config in &file.bridges {
        let bridge = bridge::build(config)?;
        bridges.insert(bridge.name().to_owned(), bridge);
    }
    Ok(RoomSystems {
        chats: chats(file)?,
        bridges,
        accounts: Some(Arc::new(Contacts { roster: Arc::clone(roster) })),
        blobs: Some(blobs),
    })
}

/// The chats that can open rooms, by name.
pub(crate) fn chats(file: &File) -> anyhow::Result<BTreeMap<String, Arc<dyn ChatRooms>>> {
    let mut chats = BTreeMap::new();
    for config in &file.notifiers {
        if let Some(rooms) = backends::build_rooms(config)? {
            chats.insert(rooms.name().to_owned(), rooms);
        }
    }
    Ok(chats)
}

/// Those in which rooms are opened: that another could open some is nobody's concern.
pub(crate) fn used(file: &File, chats: &BTreeMap<String, Arc<dyn ChatRooms>>) -> Vec<Arc<dyn ChatRooms>> {
    let named = |name: &String| file.war_room.chats.iter().any(|c| c.chat == *name);
    chats.iter().filter(|(name, _)| named(name)).map(|(_, chat)| Arc::clone(chat)).collect()
}

/// Stands for the key of the built-in bridge where it is only asked how it is.
const NO_KEY: &str = "no room is opened by it";

/// Bridges that are configured, and the built-in one where it is named, to be asked how they are. What cannot be built is
/// among the configuration's problems.
pub(crate) fn bridges(file: &File) -> Vec<Arc<dyn Bridges>> {
    let mut all: Vec<Arc<dyn Bridges>> = file.bridges.iter().filter_map(|c| bridge::build(c).ok()).collect();
    if file.war_room.bridge() == Some(bridge::DEFAULT) && !all.iter().any(|b| b.name() == bridge::DEFAULT) {
        all.extend(bridge::default(NO_KEY).ok());
    }
    all
}

/// Accounts as the people on call have them among their contacts.
struct Contacts {
    roster: Arc<Configured>,
}

fn kind_of(chat: &str) -> Option<ContactKind> {
    backends::contacts_of(chat).first().copied()
}

impl Contacts {
    fn address(&self, person: &str, kind: ContactKind) -> Option<String> {
        let roster = self.roster.roster();
        let person = roster.person(person)?;
        let usable = |c: &&Contact| c.kind == kind && c.enabled && !c.address.is_empty();
        person.contacts.iter().find(usable).map(|c| c.address.clone())
    }
}

impl Accounts for Contacts {
    fn account(&self, person: &str, chat: &str) -> Option<String> {
        self.address(person, kind_of(chat)?)
    }

    fn email(&self, person: &str) -> Option<String> {
        self.address(person, ContactKind::Email)
    }

    fn person(&self, chat: &str, account: &str, name: &str) -> Option<String> {
        match backends::people_of(&self.roster.roster(), chat, account, name).as_slice() {
            [one] => Some(one.name.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use firebell_oncall::Roster;

    use super::*;

    #[test]
    fn accounts_are_found_by_each_chats_kind_of_contact() {
        let roster = "[[people]]\nname = \"ana\"\ncontacts = [{ kind = \"teams\", address = \"ana@example.org\" }, \
            { kind = \"slack\", address = \"U0ANA\" }, { kind = \"email\", address = \"a@example.org\" }]\n";
        let contacts =
            Contacts { roster: Arc::new(Configured::new(Roster::from_toml(roster).expect("a roster"))) };
        assert_eq!(contacts.account("ana", "msteams/ops").as_deref(), Some("ana@example.org"));
        assert_eq!(contacts.account("ana", "slack/ops").as_deref(), Some("U0ANA"));
        assert_eq!(contacts.account("ana", "matrix/ops"), None);
        assert_eq!(contacts.person("slack/ops", "U0ANA", "").as_deref(), Some("ana"));
        assert_eq!(contacts.email("ana").as_deref(), Some("a@example.org"));
    }
}
