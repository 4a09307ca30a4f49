//! Where an escalation stands.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::{ContactKind, Policy, Target, Urgency};

/// Within so long after an attempt another call of the same person adds nothing: what a channel repeats, or what waits in a
/// storm, may have arrived a moment ago.
const JUST_NOW: SignedDuration = SignedDuration::from_secs(90);

/// An escalation: the fold of its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Id; that of the incident or alert that it is for, or made of it.
    pub id: String,
    /// Where it stands.
    pub phase: Phase,
    /// The policy, as it was when it began; nothing before that.
    pub policy: Option<Policy>,
    /// How urgent.
    pub urgency: Urgency,
    /// How often it began: 1, and one more after each sleep, hand-over and lapsed acknowledgement.
    pub cycle: u32,
    /// The round, from 1; 0 before the first step of a cycle.
    pub round: u32,
    /// Number of the step that is next, in its round, from 0.
    pub next_step: usize,
    /// How often the fall-back was paged in this cycle.
    pub fall_backs: u32,
    /// How many different people must acknowledge: the most that an entered step of this cycle demands.
    pub demanded: u32,
    /// Who acknowledged in this cycle.
    pub acknowledged_by: BTreeSet<String>,
    /// When the phase moves on by itself.
    pub until: Option<Timestamp>,
    /// Calls that are open.
    pub calls: Vec<Call>,
    /// Pages that are open.
    pub pages: Vec<Page>,
    /// How many calls there were.
    pub calls_made: u32,
    /// How many pages there were.
    pub pages_made: u32,
}

/// Where an escalation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not begun.
    New,
    /// Steps are gone through.
    Paging,
    /// All rounds are over; the fall-back is paged.
    FallingBack,
    /// All rounds are over and there is no fall-back. Who comes on call is paged still.
    Exhausted,
    /// Enough people have it.
    Acknowledged,
    /// It sleeps.
    Snoozed,
    /// Over.
    Resolved,
}

/// A step that was entered, or others who were called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Id, unique within the escalation.
    pub id: String,
    /// By what.
    pub kind: CallKind,
    /// Whom.
    pub targets: Vec<Target>,
    /// How many must acknowledge.
    pub acknowledgements: u32,
    /// Whom it paged, of those whom it means still.
    pub paged: BTreeSet<String>,
    /// When its schedules are to be looked at again.
    pub look_again: Option<Timestamp>,
}

/// By what people are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallKind {
    /// A step of the policy.
    Step {
        /// The round, from 1.
        round: u32,
        /// The step, from 0.
        step: usize,
    },
    /// The person who can always be reached.
    FallBack {
        /// For the how manyeth time, from 1.
        time: u32,
    },
    /// Somebody handed it over.
    HandOver {
        /// Who.
        by: String,
    },
    /// Somebody asked for more people.
    Request {
        /// Who.
        by: String,
    },
}

/// One person, being paged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Id, unique over all escalations: `ESCALATION/NUMBER`.
    pub id: String,
    /// Who.
    pub person: String,
    /// Quiet hours hold it until then.
    pub held_until: Option<Timestamp>,
    /// By what, in order of time. None at all where the person has no contact that works.
    pub attempts: Vec<Attempt>,
}

/// One attempt to reach a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its number within the page, from 0.
    pub rule: u32,
    /// Name of the contact.
    pub contact: String,
    /// By what.
    pub kind: ContactKind,
    /// Where, when the page began.
    pub address: String,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub state: AttemptState,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// Not yet made.
    Waiting,
    /// Made.
    Sent,
    /// Made, and did not arrive.
    Failed,
}

impl Attempt {
    /// The key under which it is sent: the same for every repetition, another for every other attempt.
    pub fn key(page: &str, contact: &str, rule: u32) -> String {
        format!("{page}/{contact}/{rule}")
    }
}

impl Page {
    /// Whether something of it is still to come.
    pub fn goes_on(&self) -> bool {
        self.attempts.iter().any(|a| a.state == AttemptState::Waiting)
    }

    /// Whether it began a moment ago, and reached somebody as far as is known.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let sent = |a: &&Attempt| a.state == AttemptState::Sent;
        self.attempts.iter().filter(sent).any(|a| now.duration_since(a.at) < JUST_NOW)
    }

    /// Whether all of it failed, or there was nothing to try.
    pub fn is_unreachable(&self) -> bool {
        self.attempts.iter().all(|a| a.state == AttemptState::Failed)
    }
}

impl CallKind {
    /// Whether it ends with the acknowledgement of the escalation; a request goes on.
    pub(super) fn is_own(&self) -> bool {
        !matches!(self, Self::Request { .. })
    }
}

impl Escalation {
    /// One that has not begun.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            phase: Phase::New,
            policy: None,
            urgency: Urgency::High,
            cycle: 0,
            round: 0,
            next_step: 0,
            fall_backs: 0,
            demanded: 1,
            acknowledged_by: BTreeSet::new(),
            until: None,
            calls: Vec::new(),
            pages: Vec::new(),
            calls_made: 0,
            pages_made: 0,
        }
    }

    /// When it is to be asked again, with [`super::Command::Tick`]; nothing where nothing comes by itself.
    pub fn deadline(&self) -> Option<Timestamp> {
        let waiting = |a: &&Attempt| a.state == AttemptState::Waiting;
        let attempts = self.pages.iter().flat_map(|p| &p.attempts).filter(waiting).map(|a| a.at);
        let looks = self.calls.iter().filter_map(|c| c.look_again);
        attempts.chain(looks).chain(self.until).min()
    }

    /// What it was for has ended: nobody is called any more.
    pub fn end(&mut self) {
        self.phase = Phase::Resolved;
        self.until = None;
        self.calls.clear();
        self.pages.clear();
    }

    /// Whether somebody is still to be found.
    pub fn runs(&self) -> bool {
        matches!(self.phase, Phase::Paging | Phase::FallingBack | Phase::Exhausted)
    }

    /// The open page of a person.
    pub fn page_of(&self, person: &str) -> Option<&Page> {
        self.pages.iter().find(|p| p.person == person)
    }
}
