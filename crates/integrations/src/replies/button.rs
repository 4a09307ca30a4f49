//! What buttons carry: `ack:REFERENCE`, `esc:REFERENCE`, `res:REFERENCE`; at most 44 bytes.

use firebell_core::ports::notifier::Ack;

use super::{Reference, Said};

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

/// What a button that was pressed means; none if it is no button of ours.
pub(crate) fn pressed(value: &str) -> Option<(Said, Reference)> {
    let (word, reference) = value.split_once(':')?;
    let press =
        [Press::Acknowledge, Press::Escalate, Press::Resolve].into_iter().find(|p| p.word() == word)?;
    let ack = Ack { reference: reference.to_owned(), ..Ack::default() };
    ack.button()?;
    Some((press.said(), Reference::Button(ack.reference)))
}
