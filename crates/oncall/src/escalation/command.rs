//! What can be asked of an escalation.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Policy, Target, Urgency};

/// What happened outside, or what somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Begin. Once only.
    Start {
        /// By which policy; a copy is kept, so that later changes of it do not reach into what runs.
        policy: Policy,
        /// How urgent.
        urgency: Urgency,
    },
    /// The deadline has come, or may have.
    Tick,
    /// Schedules, people or roles were changed.
    Look,
    /// Somebody has it.
    Acknowledge {
        /// Who; they need not have been paged.
        person: String,
    },
    /// Quiet until then; then everything begins again.
    Snooze {
        /// Who says so.
        by: String,
        /// Until; within a week.
        until: Timestamp,
    },
    /// Somebody else shall have it.
    HandOver {
        /// Who says so.
        by: String,
        /// Who shall.
        to: HandTo,
    },
    /// More people are needed. The escalation itself goes on as it was.
    Request {
        /// Who says so.
        by: String,
        /// Whom.
        targets: Vec<Target>,
    },
    /// Somebody is not needed for what they were asked for. Steps that mean them go on.
    Excuse {
        /// Who had asked for them.
        by: String,
        /// Whom.
        person: String,
    },
    /// The next step, now.
    EscalateNow {
        /// Who says so.
        by: String,
    },
    /// The severity was changed.
    SetUrgency {
        /// How urgent it is now.
        urgency: Urgency,
    },
    /// An attempt did not reach its contact.
    Failed {
        /// Id of the page.
        page: String,
        /// Which of its attempts.
        rule: u32,
    },
    /// It is over.
    Resolve {
        /// Who says so.
        by: String,
    },
}

/// To whom an escalation is handed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandTo {
    /// To a person, or to whoever is on call by a schedule. If they do not acknowledge, the policy begins again.
    Target(Target),
    /// To another policy, of that name, from its first step.
    Policy(String),
}

/// Why a command is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It was started before.
    #[error("the escalation {0} has begun already")]
    Begun(String),
    /// It was not started.
    #[error("the escalation {0} has not begun; start it first")]
    NotBegun(String),
    /// It is over.
    #[error("the escalation {0} is over; start another")]
    Over(String),
    /// There is nobody left.
    #[error("the escalation {0} has come to its end; hand it over, or request a person")]
    NobodyLeft(String),
    /// A moment that cannot be slept to.
    #[error("until: {0} is not within the next seven days")]
    Until(Timestamp),
    /// Nobody stands behind a target.
    #[error("{0} is nobody at the moment; name a person")]
    Nobody(String),
    /// There is no such policy.
    #[error("policy: there is no escalation policy `{0}`")]
    NoPolicy(String),
}
