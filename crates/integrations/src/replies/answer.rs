//! What was answered, in the same words for all channels.

use serde::{Deserialize, Serialize};

/// One answer of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The account, as the channel names it: a telephone number, `U0123`, `@ann:example.org`. Whose it is, and what that
    /// person may do, has to be looked up. Empty where the channel does not tell.
    pub account: String,
    /// What the channel calls the account; for showing only, anybody may call themselves anything.
    pub name: String,
    /// What was said.
    pub what: Said,
    /// What it is about.
    pub reference: Reference,
    /// The same for every repetition of this request: act on it once. Unique within the channel.
    pub id: String,
    /// Where it was said: id of the chat's channel or room. Empty where there is none.
    pub place: String,
    /// Where a later answer can be posted to (Slack's and Mattermost's `response_url`); the host has been checked.
    pub later: Option<String>,
    /// By what a form can be shown to who pressed a button, for a few seconds.
    #[serde(default)]
    pub trigger: Option<String>,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// I take it.
    Acknowledge,
    /// Ask the next one.
    Escalate,
    /// It is over.
    Resolve,
    /// For the timeline.
    Note(String),
    /// A command's text, without the command's own name: `declare checkout is down`.
    Command(String),
    /// A command that wants a text first: `update INC-2026-0042`.
    Ask(String),
    /// A command that is given by a second press only: this is one of the two.
    Twice(String),
    /// A message was deleted: the one that the answer is about.
    Deleted,
    /// Something written in a room, for the timeline of that room's incident.
    Message(String),
    /// A reaction to a message, put there or taken away.
    Reaction {
        /// `white_check_mark`, or the character.
        name: String,
        /// Taken away.
        removed: bool,
    },
    /// How a message fared on its way.
    Delivery {
        /// How far it got.
        state: Delivery,
        /// In the provider's words.
        detail: String,
    },
}

/// How far a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// On its way.
    Sent,
    /// It reached the device, or the call was answered.
    Delivered,
    /// It did not: another channel has to do it.
    Failed,
}

/// What an answer is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// Nothing in particular: the account's latest page, or the place's incident.
    None,
    /// The digits of [`Ack::code`](firebell_core::ports::notifier::Ack::code).
    Code(String),
    /// What a button carried: [`Ack::reference`](firebell_core::ports::notifier::Ack::reference).
    Button(String),
    /// The provider's id of the message that was sent, as in the outcome's data.
    Sent(String),
}

/// What a request turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// Somebody answered.
    Answer(Box<Answer>),
    /// The provider asks whether anybody is there: answer with this and do nothing.
    Respond(super::Body),
    /// Genuine and of no interest; why.
    Nothing(&'static str),
}

impl Answer {
    /// An answer about nothing in particular.
    pub(crate) fn new(account: &str, what: Said, id: String) -> Self {
        Self {
            account: account.to_owned(),
            name: String::new(),
            what,
            reference: Reference::None,
            id,
            place: String::new(),
            later: None,
            trigger: None,
        }
    }

    /// As it is handed back.
    pub(crate) fn received(self) -> Received {
        Received::Answer(Box::new(self))
    }
}
