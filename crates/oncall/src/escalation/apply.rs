//! Folding.

use super::event::{Event, Why};
use super::state::{AttemptState, CallKind, Escalation, Page, Phase};
use crate::model::Target;

impl Escalation {
    /// Takes one fact in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Started { policy, urgency, .. } => {
                self.policy = Some(policy.clone());
                self.urgency = *urgency;
                self.phase = Phase::Paging;
                self.cycle += 1;
                self.round = 0;
                self.next_step = 0;
                self.fall_backs = 0;
                self.demanded = 1;
                self.forget_acknowledgements();
                self.until = None;
            }
            Event::Called { call, until } => {
                self.calls_made += 1;
                match call.kind {
                    CallKind::Step { round, step } => {
                        self.phase = Phase::Paging;
                        self.round = round;
                        self.next_step = step + 1;
                        self.demanded = self.demanded.max(call.acknowledgements);
                        self.until = *until;
                    }
                    CallKind::FallBack { time } => {
                        self.phase = Phase::FallingBack;
                        self.fall_backs = time;
                        self.demanded = 1;
                        self.until = *until;
                    }
                    CallKind::HandOver { .. } => self.until = *until,
                    CallKind::Request { .. } => {}
                }
                self.calls.push(call.clone());
            }
            Event::Paged { call, page } => {
                self.pages_made += 1;
                self.pages.retain(|p| p.person != page.person);
                self.pages.push(page.clone());
                self.join(call, &page.person);
            }
            Event::Joined { call, person } => self.join(call, person),
            Event::Left { call, person, excused } => {
                for call in self.calls.iter_mut().filter(|c| c.id == *call) {
                    call.paged.remove(person);
                    call.targets.retain(|t| !excused || *t != Target::Person(person.clone()));
                }
            }
            Event::Withdrawn { page, .. } => self.pages.retain(|p| p.id != *page),
            Event::Looked { call, again } => {
                for call in self.calls.iter_mut().filter(|c| c.id == *call) {
                    call.look_again = *again;
                }
            }
            Event::Closed { call } => self.calls.retain(|c| c.id != *call),
            Event::Attempted { page, rule, .. } => self.became(page, *rule, AttemptState::Sent),
            Event::AttemptFailed { page, rule } => self.became(page, *rule, AttemptState::Failed),
            Event::Retimed { page, attempts } => {
                if let Some(page) = self.page_mut(page) {
                    page.held_until = None;
                    for (rule, at) in attempts {
                        page.attempts.iter_mut().filter(|a| a.rule == *rule).for_each(|a| a.at = *at);
                    }
                    page.attempts.sort_by_key(|a| (a.at, a.rule));
                }
            }
            Event::Acknowledged { person, enough, until } => {
                self.acknowledged_by.insert(person.clone());
                if *enough {
                    self.phase = Phase::Acknowledged;
                    self.until = *until;
                }
            }
            Event::Snoozed { until, .. } => {
                self.phase = Phase::Snoozed;
                self.until = Some(*until);
            }
            Event::Escalated { .. } => {
                self.phase = Phase::Paging;
                self.forget_acknowledgements();
                self.until = None;
            }
            Event::UrgencySet { urgency, until } => {
                self.urgency = *urgency;
                self.until = until.or(self.until);
            }
            Event::Exhausted => {
                self.phase = Phase::Exhausted;
                self.until = None;
            }
            Event::Resolved { .. } => {
                self.phase = Phase::Resolved;
                self.until = None;
            }
            Event::Announced { .. } => {}
        }
    }

    /// What was acknowledged holds no longer: whom a call means that stays open is asked again.
    fn forget_acknowledgements(&mut self) {
        let answered = std::mem::take(&mut self.acknowledged_by);
        for call in &mut self.calls {
            call.paged.retain(|p| !answered.contains(p));
        }
    }

    fn join(&mut self, call: &str, person: &str) {
        for call in self.calls.iter_mut().filter(|c| c.id == call) {
            call.paged.insert(person.to_owned());
        }
    }

    fn page_mut(&mut self, id: &str) -> Option<&mut Page> {
        self.pages.iter_mut().find(|p| p.id == id)
    }

    fn became(&mut self, page: &str, rule: u32, state: AttemptState) {
        if let Some(page) = self.page_mut(page) {
            page.attempts.iter_mut().filter(|a| a.rule == rule).for_each(|a| a.state = state);
        }
    }
}

impl Why {
    /// In a few words, for people.
    pub fn shown(&self) -> String {
        match self {
            Self::Start => "it began".to_owned(),
            Self::SnoozeEnded => "it has slept".to_owned(),
            Self::AcknowledgementLapsed => "the acknowledgement held no longer".to_owned(),
            Self::HandedOver { by } => format!("{by} handed it over"),
        }
    }
}
