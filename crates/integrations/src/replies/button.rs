//! What buttons carry: `ack:REFERENCE`, `esc:REFERENCE`, `res:REFERENCE`, at most 44 bytes, below pages; `do:COMMAND`,
//! `ok:COMMAND` (at the second press) and `ask:COMMAND` below posts in rooms and below plans that wait.

use firebell_core::ports::chat::{Control, Does};
use firebell_core::ports::notifier::Ack;

use super::{Reference, Said};
use crate::notice::text::Unit;

/// What a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Press {
    Acknowledge,
    Escalate,
    Resolve,
}

/// The buttons below a page, with what they are called.
pub(crate) const PAGE: [(Press, &str); 2] =
    [(Press::Acknowledge, "Acknowledge"), (Press::Escalate, "Escalate")];

impl Press {
    fn word(self) -> &'static str {
        match self {
            Self::Acknowledge => "ack",
            Self::Escalate => "esc",
            Self::Resolve => "res",
        }
    }

    pub(crate) fn said(self) -> Said {
        match self {
            Self::Acknowledge => Said::Acknowledge,
            Self::Escalate => Said::Escalate,
            Self::Resolve => Said::Resolve,
        }
    }
}

/// What a button carries.
pub(crate) fn value(press: Press, reference: &str) -> String {
    format!("{}:{reference}", press.word())
}

/// Longest command of a button, bytes; within what menus of chats carry.
const COMMAND: usize = 140;

/// What gives a command.
pub(crate) fn gives(command: &str) -> String {
    format!("do:{command}")
}

/// What gives a command at the second press.
fn gives_twice(command: &str) -> String {
    format!("ok:{command}")
}

/// What asks for a command's text.
pub(crate) fn asks(command: &str) -> String {
    format!("ask:{command}")
}

/// How to write what cannot be pressed, one line; `sign` is what commands begin with.
pub(crate) fn written(controls: &[Control], sign: &str) -> Option<String> {
    let all: Vec<String> = controls.iter().filter_map(|c| c.written(sign)).collect();
    (!all.is_empty()).then(|| format!("Write {}", all.join(" \u{b7} ")))
}

/// What one control carries where the chat asks "are you sure?" itself; none where it is a choice, whose options do.
pub(crate) fn carried(control: &Control) -> Option<String> {
    match &control.does {
        Does::Give(command) => Some(gives(command)),
        Does::Ask(command) => Some(asks(command)),
        Does::Choose(_) => None,
    }
}

/// The same where the chat cannot ask: what is not to be done by mistake is done by a second press.
pub(crate) fn carried_twice(control: &Control) -> Option<String> {
    match &control.does {
        Does::Give(command) if control.confirm.is_some() => Some(gives_twice(command)),
        _ => carried(control),
    }
}

/// Controls that presses give or ask for, with what each carries where a button of the chat has room for it.
pub(crate) fn pressable(
    controls: &[Control],
    most: usize,
    unit: Unit,
) -> impl Iterator<Item = (&Control, String)> {
    controls
        .iter()
        .filter_map(|c| Some((c, carried_twice(c)?)))
        .filter(move |(_, data)| unit.of(data) <= most)
}

/// What a button that was pressed means; none if it is no button of ours.
pub(crate) fn pressed(value: &str) -> Option<(Said, Reference)> {
    let (word, reference) = value.split_once(':')?;
    let command = || {
        let fits = (1..=COMMAND).contains(&reference.len()) && !reference.chars().any(char::is_control);
        fits.then(|| reference.to_owned())
    };
    match word {
        "do" => return Some((Said::Command(command()?), Reference::None)),
        "ok" => return Some((Said::Twice(command()?), Reference::None)),
        "ask" => return Some((Said::Ask(command()?), Reference::None)),
        _ => {}
    }
    let press =
        [Press::Acknowledge, Press::Escalate, Press::Resolve].into_iter().find(|p| p.word() == word)?;
    let ack = Ack { reference: reference.to_owned(), ..Ack::default() };
    ack.button()?;
    Some((press.said(), Reference::Button(ack.reference)))
}
