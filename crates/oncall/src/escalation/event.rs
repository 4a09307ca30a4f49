//! What happened to an escalation. Facts: they are never refused.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::state::{Call, Page};
use crate::model::{ContactKind, Policy, Urgency};

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It began, or began anew.
    Started {
        /// The policy that holds from now on.
        policy: Policy,
        /// How urgent.
        urgency: Urgency,
        /// Why.
        why: Why,
    },
    /// A step was entered, or others were called.
    Called {
        /// Whom, and by what.
        call: Call,
        /// When the next step comes, where this is one of them.
        until: Option<Timestamp>,
    },
    /// A channel is to be told. An effect.
    Announced {
        /// Id of the call.
        call: String,
        /// `KIND/NAME` of a notifier.
        channel: String,
    },
    /// A person is paged: the attempts are planned.
    Paged {
        /// Id of the call.
        call: String,
        /// The page.
        page: Page,
    },
    /// A person whom a call means is being paged already.
    Joined {
        /// Id of the call.
        call: String,
        /// Who.
        person: String,
    },
    /// A call no longer means a person.
    Left {
        /// Id of the call.
        call: String,
        /// Who.
        person: String,
        /// They were asked for in person and are not any more.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        excused: bool,
    },
    /// A page ended; attempts that were not made will not be.
    Withdrawn {
        /// Id of the page.
        page: String,
        /// Whose.
        person: String,
    },
    /// When a call is to be resolved again.
    Looked {
        /// Id of the call.
        call: String,
        /// When; never, where nothing that it means changes by itself.
        again: Option<Timestamp>,
    },
    /// A call is over.
    Closed {
        /// Id of the call.
        call: String,
    },
    /// A contact is to be tried now. An effect.
    Attempted {
        /// Id of the page.
        page: String,
        /// Which of its attempts.
        rule: u32,
        /// Whose.
        person: String,
        /// Name of the contact.
        contact: String,
        /// By what.
        kind: ContactKind,
        /// Where.
        address: String,
    },
    /// An attempt did not arrive.
    AttemptFailed {
        /// Id of the page.
        page: String,
        /// Which of its attempts.
        rule: u32,
    },
    /// Attempts have new times.
    Retimed {
        /// Id of the page.
        page: String,
        /// Attempts by number, with their times.
        attempts: Vec<(u32, Timestamp)>,
    },
    /// Somebody has it.
    Acknowledged {
        /// Who.
        person: String,
        /// As many as are demanded have.
        enough: bool,
        /// The acknowledgement holds until; for ever, where nothing is said.
        until: Option<Timestamp>,
    },
    /// It sleeps.
    Snoozed {
        /// Who said so.
        by: String,
        /// Until.
        until: Timestamp,
    },
    /// Somebody sent it on to the next step.
    Escalated {
        /// Who.
        by: String,
    },
    /// It is more urgent or less.
    UrgencySet {
        /// How urgent now.
        urgency: Urgency,
        /// The next step comes then, where it waited for the end of quiet hours.
        until: Option<Timestamp>,
    },
    /// All rounds are over and there is nobody to fall back to. For people to see.
    Exhausted,
    /// It is over.
    Resolved {
        /// Who said so.
        by: String,
    },
}

/// Why an escalation began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// For the first time.
    Start,
    /// It has slept.
    SnoozeEnded,
    /// The acknowledgement held no longer.
    AcknowledgementLapsed,
    /// It was handed over.
    HandedOver {
        /// By whom.
        by: String,
    },
}
