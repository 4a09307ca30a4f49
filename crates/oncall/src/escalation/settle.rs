//! What follows by itself: the next step, who came on and went off, attempts that are due.

use super::decide::{Draft, start};
use super::event::{Event, Why};
use super::paging::{self, later};
use super::state::{AttemptState, Call, CallKind, Phase};
use crate::model::Target;

/// Asked after every command.
pub(super) fn settle(draft: &mut Draft<'_>, look: bool) {
    if draft.e.until.is_some_and(|until| until <= draft.cx.now) {
        draft.move_on();
    }
    draft.reconcile(look);
    // Where nobody of the step can be reached there is nothing to wait for.
    let mut steps = draft.e.policy.as_ref().map_or(0, |p| p.steps.len() * p.rounds as usize) + 1;
    while draft.e.phase == Phase::Paging && steps > 0 && draft.is_in_vain() {
        draft.enter_next();
        steps -= 1;
    }
    draft.attempt();
    draft.close_answered_requests();
}

impl Draft<'_> {
    /// The phase has come to its time.
    fn move_on(&mut self) {
        match self.e.phase {
            Phase::Paging | Phase::FallingBack => self.enter_next(),
            Phase::Snoozed => self.begin_again(Why::SnoozeEnded),
            Phase::Acknowledged => self.begin_again(Why::AcknowledgementLapsed),
            Phase::New | Phase::Exhausted | Phase::Resolved => {}
        }
    }

    fn begin_again(&mut self, why: Why) {
        if let Some(policy) = self.e.policy.clone() {
            let urgency = self.e.urgency;
            start(self, policy, urgency, why);
            self.enter_next();
        }
    }

    /// Enters the next step that reaches somebody; those before it are entered, and left at once. After the last round
    /// the fall-back is called.
    pub(super) fn enter_next(&mut self) {
        let Some(policy) = self.e.policy.clone() else { return };
        let mut empty = 0;
        let steps = policy.steps.len();
        while self.e.phase != Phase::FallingBack && (empty < steps || self.e.next_step < steps) {
            let (round, number) = match (self.e.round, self.e.next_step) {
                (0, _) => (1, 0),
                (round, next) if next < steps => (round, next),
                (round, _) => (round + 1, 0),
            };
            let Some(step) = policy.steps.get(number).filter(|_| round <= policy.rounds.max(1)) else {
                break;
            };
            // A new round begins with its first step; what the last one called is over.
            let over = if number == 0 { self.own_calls() } else { Vec::new() };
            let kind = CallKind::Step { round, step: number };
            let delay = Some(step.delay_s.max(1));
            let reached = self.call(kind, step.targets.clone(), step.acknowledgements.max(1), delay);
            self.close_these(&over);
            if reached {
                return;
            }
            empty += 1;
        }
        self.fall_back(&policy.fall_back, policy.fall_back_again_s.max(60));
    }

    fn fall_back(&mut self, person: &str, again_s: i64) {
        if person.is_empty() {
            self.emit(Event::Exhausted);
            return;
        }
        let time = self.e.fall_backs + 1;
        let is_fall_back = |c: &&Call| matches!(c.kind, CallKind::FallBack { .. });
        let before: Vec<String> = self.e.calls.iter().filter(is_fall_back).map(|c| c.id.clone()).collect();
        let targets = vec![Target::Person(person.to_owned())];
        self.call(CallKind::FallBack { time }, targets, 1, Some(again_s));
        self.close_these(&before);
    }

    /// Calls these, pages whom they mean, and tells the channels among them. Answers whether there was anybody.
    pub(super) fn call(
        &mut self,
        kind: CallKind,
        targets: Vec<Target>,
        acknowledgements: u32,
        delay_s: Option<i64>,
    ) -> bool {
        let cx = self.cx;
        let people = cx.people(&targets);
        let channels: Vec<String> = targets
            .iter()
            .filter_map(|t| if let Target::Channel(name) = t { Some(name.clone()) } else { None })
            .collect();
        let id = format!("{}.{}", self.e.cycle, self.e.calls_made + 1);
        // Pages that quiet hours hold make the step wait as long.
        let begins = people.iter().filter(|p| !self.e.acknowledged_by.contains(*p)).map(|person| {
            let open = self.e.page_of(person).filter(|p| p.goes_on());
            open.map_or_else(|| paging::plan(&self.e, person, cx).held_until, |p| p.held_until)
                .unwrap_or(cx.now)
        });
        let begins = begins.min().unwrap_or(cx.now).max(cx.now);
        let call = Call {
            id: id.clone(),
            kind,
            look_again: cx.look_again(&targets),
            targets,
            acknowledgements,
            paged: Default::default(),
        };
        self.emit(Event::Called { call, until: delay_s.map(|s| later(begins, s)) });
        let reached = !people.is_empty() || !channels.is_empty();
        for channel in channels {
            self.emit(Event::Announced { call: id.clone(), channel });
        }
        for person in people {
            self.page(&id, &person);
        }
        reached
    }

    /// Pages a person for a call, unless they have acknowledged or are being paged.
    fn page(&mut self, call: &str, person: &str) {
        let kind = self.e.calls.iter().find(|c| c.id == call).map(|c| &c.kind);
        // Who is the last hope, or was handed it, is asked again.
        let is_step = matches!(kind, Some(CallKind::Step { .. } | CallKind::Request { .. }));
        let is_handed = matches!(kind, Some(CallKind::HandOver { .. }));
        if self.e.acknowledged_by.contains(person) && is_step {
            return;
        }
        let call = call.to_owned();
        match self.e.page_of(person) {
            // A phone that has just rung for it does not ring twice.
            Some(page) if page.goes_on() || (!is_handed && page.is_fresh(self.cx.now)) => {
                self.emit(Event::Joined { call, person: person.to_owned() })
            }
            _ => {
                let page = paging::plan(&self.e, person, self.cx);
                self.emit(Event::Paged { call, page });
            }
        }
    }

    /// Who came on call is paged, who went off is no longer.
    fn reconcile(&mut self, look: bool) {
        let calls = self.e.calls.clone();
        for call in &calls {
            let people = self.cx.people(&call.targets);
            for person in people.iter().filter(|p| !call.paged.contains(*p)) {
                self.page(&call.id, person);
            }
            for person in call.paged.iter().filter(|p| !people.contains(p)) {
                self.emit(Event::Left { call: call.id.clone(), person: person.clone(), excused: false });
            }
            if look || call.look_again.is_some_and(|at| at <= self.cx.now) {
                let again = self.cx.look_again(&call.targets);
                if again != call.look_again {
                    self.emit(Event::Looked { call: call.id.clone(), again });
                }
            }
        }
        self.withdraw();
    }

    /// Ends the pages of those whom no open call means.
    fn withdraw(&mut self) {
        let meant = |person: &str| self.e.calls.iter().any(|c| c.paged.contains(person));
        let over: Vec<(String, String)> = self
            .e
            .pages
            .iter()
            .filter(|p| !meant(&p.person))
            .map(|p| (p.id.clone(), p.person.clone()))
            .collect();
        for (page, person) in over {
            self.emit(Event::Withdrawn { page, person });
        }
    }

    /// Whether nobody whom the last call paged can be reached, and nobody of them has acknowledged.
    fn is_in_vain(&self) -> bool {
        let own = self.e.calls.iter().rev().find(|c| c.kind.is_own());
        own.is_some_and(|call| {
            let channel = call.targets.iter().any(|t| matches!(t, Target::Channel(_)));
            let lost = |person: &String| self.e.page_of(person).is_some_and(|p| p.is_unreachable());
            !channel && !call.paged.is_empty() && call.paged.iter().all(lost)
        })
    }

    /// Makes the attempts that are due.
    fn attempt(&mut self) {
        let now = self.cx.now;
        let due: Vec<Event> = self
            .e
            .pages
            .iter()
            .flat_map(|p| p.attempts.iter().map(move |a| (p, a)))
            .filter(|(_, a)| a.state == AttemptState::Waiting && a.at <= now)
            .map(|(p, a)| Event::Attempted {
                page: p.id.clone(),
                rule: a.rule,
                person: p.person.clone(),
                contact: a.contact.clone(),
                kind: a.kind,
                address: a.address.clone(),
            })
            .collect();
        for event in due {
            self.emit(event);
        }
    }

    /// A request is over once all whom it paged have acknowledged.
    fn close_answered_requests(&mut self) {
        let going = |c: &Call| c.paged.iter().any(|p| self.e.page_of(p).is_some());
        let over: Vec<String> =
            self.e.calls.iter().filter(|c| !c.kind.is_own() && !going(c)).map(|c| c.id.clone()).collect();
        self.close_these(&over);
    }

    /// Step, fall-back and hand-over calls that are open.
    pub(super) fn own_calls(&self) -> Vec<String> {
        self.e.calls.iter().filter(|c| c.kind.is_own()).map(|c| c.id.clone()).collect()
    }

    pub(super) fn close(&mut self, which: impl Fn(&CallKind) -> bool) {
        let over: Vec<String> =
            self.e.calls.iter().filter(|c| which(&c.kind)).map(|c| c.id.clone()).collect();
        self.close_these(&over);
    }

    pub(super) fn close_these(&mut self, calls: &[String]) {
        for call in calls {
            self.emit(Event::Closed { call: call.clone() });
        }
        if !calls.is_empty() {
            self.withdraw();
        }
    }
}
