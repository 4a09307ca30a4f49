//! What may be written after `/incident`, and what is meant by it. Pure: text in, a wish or a sentence about what would
//! be right out.

mod read;
#[cfg(test)]
mod tests;

use firebell_core::ids::IncidentId;
use firebell_core::severity::Severity;

/// What somebody wants, and of which incident if they say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// What.
    pub(crate) wish: Wish,
    /// Which incident; else the one of the room, or the only one that is open.
    pub(crate) incident: Option<IncidentId>,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Open an incident.
    Declare {
        /// One line.
        title: String,
        /// Where it was said first: `declare SEV2 checkout is down`.
        severity: Option<Severity>,
    },
    /// I take it.
    Acknowledge,
    /// Ask the next one.
    Escalate,
    /// Give a role to somebody.
    Role {
        /// As the policy names it.
        role: String,
        /// To whom.
        to: Whom,
    },
    /// Take the role that one was given.
    Accept {
        /// As the policy names it.
        role: String,
    },
    /// Say who stands in for a role's holder.
    Deputy {
        /// As the policy names it.
        role: String,
        /// Who.
        to: Whom,
    },
    /// Change the severity.
    Severity {
        /// To which.
        severity: Severity,
        /// Why; empty where nothing was said.
        reason: String,
    },
    /// Tell colleagues.
    Update(String),
    /// Tell the public.
    Public(String),
    /// For the timeline.
    Note(String),
    /// Go or no-go.
    Decide {
        /// Beginning of the plan's hash; empty where only one waits.
        plan: String,
        /// Go.
        go: bool,
        /// Why.
        reason: String,
    },
    /// I cannot take a role.
    Decline {
        /// As the policy names it.
        role: String,
        /// Why; may be empty.
        reason: String,
    },
    /// It is over.
    Resolve(String),
    /// Archive the room where it is said, or all of them.
    Archive,
    /// How it stands.
    Status,
    /// What is open.
    List,
    /// Who is on call.
    Who,
    /// What can be written.
    Help,
}

/// A person, as somebody writes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Who writes.
    Me,
    /// By name.
    Name(String),
    /// By their account of the same channel, as it writes mentions.
    Account(String),
}

/// What can be written, one line each.
pub(crate) const HELP: [(&str, &str); 19] = [
    ("declare [SEV2] TEXT", "open an incident"),
    ("list", "what is open"),
    ("status [ID]", "how it stands"),
    ("who", "who is on call"),
    ("ack [ID or code]", "take it"),
    ("escalate [ID or code]", "ask the next one"),
    ("role ROLE @person [ID]", "give a role; `me` for yourself"),
    ("accept ROLE [ID]", "you take the role that you were given"),
    ("deputy ROLE @person [ID]", "who stands in for a role's holder"),
    ("decline ROLE [REASON]", "you cannot take it: the next one is asked"),
    ("severity SEV2 REASON", "change the severity; raising it needs no reason"),
    ("note TEXT", "write into the timeline"),
    ("update TEXT", "tell colleagues"),
    ("public TEXT", "tell the public"),
    ("approve PLAN [REASON]", "say go to a plan"),
    ("reject PLAN REASON", "say no-go"),
    ("resolve TEXT", "it is over, in your words"),
    ("archive [ID]", "archive the incident's rooms now"),
    ("help", "this list"),
];

/// Reads what was written.
///
/// # Errors
/// A sentence that says what would be right.
pub(crate) fn read(text: &str) -> Result<Asked, String> {
    read::asked(text)
}
