//! A story: one incident, its pending effects, and the words to move it on.

use std::collections::BTreeMap;
use std::sync::Arc;

use firebell_oncall::{Roster, Rota};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::*;
use crate::agent::{AgentReport, AgentTask, Recovery};
use crate::comms::{Audience, Update};
use crate::cx::Cx;
use crate::effect::{Effect, Outcome as EffectOutcome};
use crate::ids::{EffectKey, Fingerprint, IncidentId, RunId};
use crate::mitigation::{Inverse, Plan, Risk, Step};
use crate::policy::{Person, Policy, Service};
use crate::severity::Severity;
use crate::verdict::{self, Hypothesis, Outcome, Stats, Verdict};

pub(super) const SEV1: &str = "revenue has stopped: customers cannot complete purchases";

pub(super) fn policy() -> Policy {
    let person = |name: &str, roles: &[&str]| Person {
        name: name.to_owned(),
        email: String::new(),
        roles: roles.iter().map(|r| (*r).to_owned()).collect(),
    };
    let mut policy = Policy {
        services: vec![Service {
            name: "checkout".to_owned(),
            owner: "ada".to_owned(),
            customer_facing: true,
            ..Service::default()
        }],
        people: vec![
            person("ada", &["on_call", "incident_commander", "technical_lead"]),
            person("grace", &["on_call", "communications_lead"]),
            person("linus", &["technical_lead", "scribe"]),
            person("edsger", &["senior_engineer", "facilitator"]),
            person("barbara", &["team_lead"]),
        ],
        page_channels: vec!["phone".to_owned()],
        channels: Audience::ALL.iter().map(|a| (*a, vec![format!("mail/{}", a.as_str())])).collect(),
        ..Policy::default()
    };
    // Stories begin where the impact is old enough to be looked into.
    policy.times.gather_s = 0;
    policy
}

pub(super) struct Story {
    pub(super) policy: Policy,
    pub(super) roster: Roster,
    pub(super) now: Timestamp,
    pub(super) state: Option<Incident>,
    pub(super) records: Vec<EventRecord>,
    pub(super) pending: BTreeMap<(u64, usize), Effect>,
    pub(super) outcome: Outcome,
    pub(super) recovers: Vec<bool>,
    pub(super) plans: Vec<Plan>,
    pub(super) facts: Option<crate::severity::Facts>,
    /// Whether a verdict without a cause still ranks what is likely.
    pub(super) rivals: bool,
}

impl Story {
    pub(super) fn opened(title: &str, severity: Option<Severity>) -> Self {
        Self::opened_with(title, severity, Roster::default())
    }

    pub(super) fn opened_with(title: &str, severity: Option<Severity>, roster: Roster) -> Self {
        Self::opened_in(policy(), title, severity, roster)
    }

    pub(super) fn opened_under(policy: Policy, title: &str, severity: Option<Severity>) -> Self {
        Self::opened_in(policy, title, severity, Roster::default())
    }

    fn opened_in(policy: Policy, title: &str, severity: Option<Severity>, roster: Roster) -> Self {
        let mut story = Self {
            policy,
            roster,
            now: Timestamp::from_second(1_800_000_000).expect("in range"),
            state: None,
            records: Vec::new(),
            pending: BTreeMap::new(),
            outcome: Outcome::Cause,
            recovers: Vec::new(),
            plans: Vec::new(),
            facts: None,
            rivals: false,
        };
        story.plans = vec![story.plan("larger pool", 1), story.plan("roll back", 1)];
        let opening = Opening {
            title: title.to_owned(),
            services: vec!["checkout".to_owned()],
            severity,
            why: "declared".to_owned(),
            ..Opening::default()
        };
        story.by("ada", &Command::Open(opening)).expect("opens");
        story
    }

    pub(super) fn i(&self) -> &Incident {
        self.state.as_ref().expect("is open")
    }

    pub(super) fn plan(&self, title: &str, inverses: usize) -> Plan {
        Plan {
            title: title.to_owned(),
            steps: vec![Step {
                action: "scale_pool".to_owned(),
                target: "service/checkout".to_owned(),
                params: json!({ "size": 40 }),
                inverse: (inverses > 0)
                    .then(|| Inverse { action: "scale_pool".to_owned(), params: json!({ "size": 10 }) }),
            }],
            preconditions: Vec::new(),
            expected_effect: "connections are free".to_owned(),
            blast_radius: Vec::new(),
            reversible: inverses > 0,
            risk: Risk::Medium,
            verification: "error rate".to_owned(),
            answers: "saturation.connection_pool@service/checkout".to_owned(),
            expires_at: self.now.checked_add(SignedDuration::from_hours(1)).expect("in range"),
            prepared_by: "database-admin".to_owned(),
        }
    }

    /// A command by anybody.
    pub(super) fn say(&mut self, actor: &Actor, command: &Command) -> Result<Vec<Event>, Rejection> {
        let id = IncidentId::new("INC-2027-0001");
        let rota = Rota::new(Arc::new(self.roster.clone()));
        let cx = Cx::new(self.now, &self.policy).with_roster(&rota);
        let records = decide(&id, self.state.as_ref(), command, actor, &cx)?;
        for record in &records {
            apply(&mut self.state, record);
            let after = self.state.as_ref().expect("is open");
            for (ordinal, effect) in effects(after, record).into_iter().enumerate() {
                self.pending.insert((record.version, ordinal), effect);
            }
        }
        self.records.extend(records.iter().cloned());
        assert_eq!(fold(&self.records).as_ref(), self.state.as_ref(), "the state is the fold");
        Ok(records.into_iter().map(|r| r.event).collect())
    }

    pub(super) fn by(&mut self, person: &str, command: &Command) -> Result<Vec<Event>, Rejection> {
        self.say(&Actor::person(person), command)
    }

    pub(super) fn go(&mut self, person: &str, plan: usize, go: bool) -> Result<Vec<Event>, Rejection> {
        let plan = self.i().plans[plan].hash.clone();
        self.by(person, &Command::Decide { plan, go, reason: String::new() })
    }

    /// Time passes; what is due fires, in order.
    pub(super) fn pass(&mut self, seconds: i64) -> Vec<Event> {
        let end = self.now.checked_add(SignedDuration::from_secs(seconds)).expect("in range");
        let mut events = Vec::new();
        loop {
            let next = timers(self.i(), &self.policy).into_iter().min_by_key(|(_, due)| *due);
            let Some((key, due)) = next.filter(|(_, due)| *due <= end) else { break };
            self.now = self.now.max(due);
            let fired = self.fire(&key);
            assert!(!fired.is_empty(), "{key} is due for ever");
            events.extend(fired);
        }
        self.now = end;
        events
    }

    pub(super) fn fire(&mut self, key: &str) -> Vec<Event> {
        self.say(&Actor::System, &Command::FireTimer { key: key.to_owned() })
            .expect("timers are never rejected")
    }

    /// Carries out all that is pending but acts, until nothing is.
    pub(super) fn work(&mut self) {
        self.work_where(|_| true);
    }

    pub(super) fn work_where(&mut self, pick: impl Fn(&Effect) -> bool) {
        while let Some(at) = self.pending.iter().find(|(_, e)| pick(e)).map(|(at, _)| *at) {
            let effect = self.pending.remove(&at).expect("is there");
            self.carry_out(at, &effect);
        }
    }

    pub(super) fn carry_out(&mut self, at: (u64, usize), effect: &Effect) {
        if let Some((actor, command)) = self.answers(effect) {
            self.say(&actor, &command).expect("is taken in");
        }
        self.finish(at, effect, done(effect, at));
    }

    pub(super) fn finish(&mut self, at: (u64, usize), effect: &Effect, outcome: EffectOutcome) -> Vec<Event> {
        let key = EffectKey::of(&self.i().id, at.0, at.1);
        let command = Command::FinishEffect { key, effect: effect.clone(), outcome };
        self.say(&Actor::System, &command).expect("outcomes are never rejected")
    }

    pub(super) fn answers(&mut self, effect: &Effect) -> Option<(Actor, Command)> {
        match effect {
            Effect::RunAgent { run, agent, task } => {
                let report = self.report(task);
                let actor = Actor::Agent { name: agent.clone() };
                Some((actor, Command::ReportAgent { run: RunId::new(run.as_str()), report }))
            }
            Effect::DraftUpdate { audience, ahead: Some(due), .. } => {
                let (subject, body) = (format!("soon to {}", audience.as_str()), "text".to_owned());
                let actor = Actor::Agent { name: "incident-responder".to_owned() };
                Some((actor, Command::RecordDraft { audience: *audience, due: *due, subject, body }))
            }
            Effect::DraftUpdate { audience, reason, ahead: None } => {
                let update = Update {
                    audience: *audience,
                    reason: *reason,
                    subject: format!("{} to {}", reason.as_str(), audience.as_str()),
                    body: "text".to_owned(),
                    at: self.now,
                    by: "incident-responder".to_owned(),
                    channels: channels_for(self.i(), *audience, &self.policy),
                    by_person: false,
                    delivered: Vec::new(),
                };
                let actor = Actor::Agent { name: "incident-responder".to_owned() };
                Some((actor, Command::RecordUpdate { update }))
            }
            _ => None,
        }
    }

    fn report(&mut self, task: &AgentTask) -> AgentReport {
        let mut report = AgentReport::default();
        match task {
            AgentTask::Assess => report.facts = self.facts.clone(),
            AgentTask::Synthesise { .. } => {
                let mut reached = verdict(self.outcome);
                if self.rivals && reached.hypotheses.is_empty() {
                    reached.hypotheses = verdict(Outcome::Cause).hypotheses;
                }
                report.verdict = Some(reached);
            }
            AgentTask::Prepare { round } => {
                report.plans = self.plans.clone();
                // A later round finds options of its own.
                for plan in report.plans.iter_mut().filter(|_| *round > 1) {
                    plan.title = format!("{} (round {round})", plan.title);
                    plan.expires_at = self.now.checked_add(SignedDuration::from_hours(1)).expect("in range");
                }
            }
            AgentTask::WatchRecovery { .. } | AgentTask::Verify { .. } => {
                let ok = if self.recovers.is_empty() { true } else { self.recovers.remove(0) };
                report.recovery = Some(Recovery { ok, reading: format!("ok: {ok}"), checks: Vec::new() });
            }
            _ => {}
        }
        report
    }

    pub(super) fn said(&self, event: impl Fn(&Event) -> bool) -> usize {
        self.records.iter().filter(|r| event(&r.event)).count()
    }
}

pub(super) fn done(effect: &Effect, at: (u64, usize)) -> EffectOutcome {
    let data = match effect {
        Effect::ArchiveBundle => json!({ "path": "bundle" }),
        Effect::WritePostmortem => json!({ "markdown": format!("{}.md", at.0), "html": "p.html" }),
        _ => Value::Null,
    };
    EffectOutcome::Done { detail: "done".to_owned(), data }
}

pub(super) fn verdict(outcome: Outcome) -> Verdict {
    let cause = Hypothesis {
        rank: 1,
        component: "service/checkout".to_owned(),
        cause: "saturation.connection_pool".to_owned(),
        indicator: None,
        change: None,
        mechanism: "all connections are taken".to_owned(),
        confidence: 0.9,
        path: Vec::new(),
        evidence: Vec::new(),
        against: Vec::new(),
        expected_but_absent: Vec::new(),
        mitigations: Vec::new(),
    };
    Verdict {
        format: verdict::FORMAT.to_owned(),
        verdict: outcome,
        onset: None,
        hypotheses: if outcome == Outcome::Cause { vec![cause] } else { Vec::new() },
        gaps: Vec::new(),
        challenge: None,
        stats: Stats::default(),
    }
}

pub(super) fn alert(name: &str, firing: bool, at: Timestamp) -> AttachedAlert {
    AttachedAlert {
        fingerprint: Fingerprint::new(name),
        name: name.to_owned(),
        service: Some("checkout".to_owned()),
        firing,
        starts_at: at,
        summary: String::new(),
        labels: BTreeMap::new(),
        why: "same service".to_owned(),
    }
}
