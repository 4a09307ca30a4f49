//! Folds one event into the state. Total: an event in the log is a fact. Reads no policy and no clock.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::event::{Actor, AttachedAlert, Carried, Event, EventRecord};
use super::rooms::Rooms;
use super::state::{
    Act, ActionItem, AgentRun, Ahead, Approval, Awaiting, Clock, Draft, Incident, Phase, PlanState,
    PlanStatus, PostmortemEdit, Proven, RoleHolder, RunStatus, Status, Task, sha256,
};
use super::trackers::Issue;
use crate::comms::Audience;
use crate::evidence::EvidenceRecord;
use crate::verdict::Outcome;

/// Folds all events of an incident; `None` if there are none, or the first is not its opening.
pub fn fold<'a>(records: impl IntoIterator<Item = &'a EventRecord>) -> Option<Incident> {
    let mut state = None;
    for record in records {
        apply(&mut state, record);
    }
    state
}

/// Folds one event.
pub fn apply(state: &mut Option<Incident>, record: &EventRecord) {
    match (&mut *state, &record.event) {
        (None, Event::Opened { .. }) => *state = Some(open(record)),
        (Some(incident), event) => {
            change(incident, event, record.at, &record.actor);
            super::rooms::follow(incident, record);
            incident.version = record.version;
            incident.last_at = incident.last_at.max(record.at);
        }
        // A stream that does not begin with its opening has no state; replay reports it.
        (None, _) => {}
    }
}

fn open(record: &EventRecord) -> Incident {
    let Event::Opened {
        title,
        report,
        severity,
        facts,
        kind,
        services,
        customer_facing,
        impact_started_at,
        first_report_at,
        restricted,
        drill,
        resolve_by,
        policy_sha256,
        why: _,
    } = &record.event
    else {
        unreachable!("called for the opening only");
    };
    let mut incident = Incident {
        id: record.incident.clone(),
        version: record.version,
        policy_sha256: policy_sha256.clone(),
        title: title.clone(),
        report: report.clone(),
        kind: *kind,
        severity: severity.clone(),
        facts: facts.clone(),
        worst: facts.clone(),
        impact: None,
        customer_facing: *customer_facing,
        services: services.iter().cloned().collect(),
        restricted: *restricted,
        drill: *drill,
        phase: Phase::Assess,
        phase_deadline: record.at,
        status: Status::Investigating,
        impact_started_at: *impact_started_at,
        first_report_at: *first_report_at,
        opened_at: record.at,
        acknowledged_at: None,
        paged_at: None,
        awaiting: BTreeMap::new(),
        heard_by: BTreeSet::new(),
        escalation: None,
        called: BTreeSet::new(),
        deputies: BTreeMap::new(),
        declined: BTreeMap::new(),
        reported: BTreeSet::new(),
        resolve_by: *resolve_by,
        mitigated_at: None,
        resolved_at: None,
        verified: false,
        closed_at: None,
        first_update_at: None,
        alerts: BTreeMap::new(),
        alerts_beyond: 0,
        reports: Vec::new(),
        roles: BTreeMap::new(),
        responders: Vec::new(),
        war_room: None,
        rooms: Rooms::default(),
        tasks: BTreeMap::new(),
        checklists: BTreeSet::new(),
        runs: BTreeMap::new(),
        round: 0,
        next_round: 1,
        evidence: Vec::new(),
        gaps: Vec::new(),
        verdict: None,
        verdict_round: 0,
        judged: None,
        proven: None,
        healthy_in_a_row: 0,
        plans: Vec::new(),
        clocks: BTreeMap::new(),
        ahead: BTreeMap::new(),
        updates: Vec::new(),
        soak_until: None,
        verify_attempts: 0,
        last_verification: None,
        all_clear_asked: false,
        look_again_at: None,
        fired: BTreeSet::new(),
        postmortem_due: None,
        meeting: None,
        postmortem_wanted: false,
        facilitator: None,
        postmortem: None,
        postmortem_edits: Vec::new(),
        archive_asked: false,
        bundle: None,
        writing_asked: false,
        action_items: BTreeMap::new(),
        dead_effects: BTreeMap::new(),
        merged_into: None,
        reopened: 0,
        ending: None,
        open_since: record.at,
        severity_since: record.at,
        kind_by_person: false,
        stays: 0,
        verdict_opening: 0,
        last_at: record.at,
        last_signal_at: record.at,
    };
    if let Actor::Person { name } = &record.actor {
        take_part(&mut incident, name);
    }
    incident
}

fn take_part(incident: &mut Incident, name: &str) {
    if !incident.responders.iter().any(|r| r == name) {
        incident.responders.push(name.to_owned());
    }
}

fn change(i: &mut Incident, event: &Event, at: Timestamp, actor: &Actor) {
    if let Actor::Person { name } = actor {
        take_part(i, name);
    }
    if matches!(
        event,
        Event::AlertsAttached { .. } | Event::AlertsTurned { .. } | Event::ReportAttached { .. }
    ) {
        i.last_signal_at = i.last_signal_at.max(at);
    }
    match event {
        Event::Opened { .. } => {}
        Event::AlertsAttached { alerts } => alerts.iter().for_each(|a| attach(i, a)),
        Event::AlertsTurned { turns } => {
            for turn in turns {
                if let Some(alert) = i.alerts.get_mut(&turn.fingerprint) {
                    alert.firing = turn.firing;
                }
            }
        }
        Event::ReportAttached { title, text, reported_at, .. } => {
            if i.reports.len() < Incident::MAX_REPORTS {
                i.reports.push((title.clone(), text.clone()));
            }
            i.first_report_at = Some(i.first_report_at.map_or(*reported_at, |t| t.min(*reported_at)));
        }
        Event::FactsMeasured { facts } => {
            i.facts.absorb(facts);
            i.worst.absorb_worst(facts);
            i.services.extend(facts.services.iter().cloned());
            if let Some(facing) = facts.customer_facing {
                i.customer_facing = facing;
            }
        }
        Event::SeverityChanged { to, resolve_by, .. } => {
            if i.severity.severity != to.severity {
                i.severity_since = at;
            }
            i.severity = to.clone();
            i.resolve_by = *resolve_by;
        }
        Event::KindChanged { kind, restricted } => {
            i.kind = *kind;
            i.restricted = *restricted;
            i.kind_by_person |= matches!(actor, Actor::Person { .. });
            if i.is_secret() {
                i.ahead.remove(&Audience::Public);
            }
            if i.is_secret()
                && let Some(clock) = i.clocks.get_mut(&Audience::Public)
            {
                // What was asked for will not be posted.
                clock.asked_at = None;
            }
        }
        Event::ImpactDescribed { text } => i.impact = Some(text.clone()),
        Event::ImpactStartFound { at } => i.impact_started_at = Some(*at),
        Event::PhaseEntered { phase, deadline } => enter(i, *phase, *deadline),
        Event::DeadlineMissed { what, .. } => {
            i.fired.insert(what.clone());
        }
        Event::RoleAssigned { role, person } => {
            i.roles.insert(role.clone(), RoleHolder { person: person.clone(), since: at });
            i.awaiting.remove(role);
            if let Some(person) = person {
                take_part(i, person);
                // Who takes a role has answered, and so has who acknowledged before.
                let answered = matches!(actor, Actor::Person { name } if name == person);
                if !answered && !i.heard_by.contains(person) {
                    call(i, role, person, at);
                }
            }
        }
        Event::RoleReleased { role } => {
            i.roles.remove(role);
            i.awaiting.remove(role);
        }
        Event::Acknowledged { by, roles } => {
            i.acknowledged_at.get_or_insert(at);
            let answered = roles.clone().unwrap_or_else(|| super::commands::people::answered_by(i, by));
            i.awaiting.retain(|role, _| !answered.contains(role));
            i.heard_by.insert(by.clone());
            take_part(i, by);
        }
        Event::Paged { .. } => {
            i.paged_at.get_or_insert(at);
        }
        Event::OnCall { event } => super::oncall::apply(i, event, at),
        Event::PageReported { key, .. } => {
            i.reported.insert(key.clone());
        }
        Event::PagedTogether { .. } => {}
        Event::RoleDeclined { role, by, .. } => {
            i.declined.entry(role.clone()).or_default().insert(by.clone());
        }
        Event::DeputyNamed { role, person } => {
            i.deputies.insert(role.clone(), person.clone());
        }
        Event::HandOverDue { key, .. } => {
            i.fired.insert(key.clone());
        }
        Event::Escalated { people, role, .. } => {
            let waiting = role.as_ref().and_then(|role| i.awaiting.get_mut(role));
            if let Some(waiting) = waiting {
                waiting.since = at;
                waiting.unheard += 1;
                waiting.people.extend(people.iter().cloned());
            }
        }
        Event::WarRoomOpened { link } => i.war_room = Some(link.clone()),
        Event::Room(event) => super::rooms::apply(i, event, at),
        Event::TaskAdded { id, text, role, checklist } => {
            if *checklist {
                i.checklists.insert(role.clone());
            }
            i.tasks.insert(*id, Task { text: text.clone(), role: role.clone(), done_at: None });
        }
        Event::TaskDone { id } => {
            if let Some(task) = i.tasks.get_mut(id) {
                task.done_at.get_or_insert(at);
            }
        }
        Event::NoteAdded { .. } => {}
        Event::AgentRequested { run, agent, task, deadline } => {
            let entry = AgentRun {
                agent: agent.clone(),
                task: task.clone(),
                requested_at: at,
                deadline: *deadline,
                ended_at: None,
                status: RunStatus::Running,
                findings: Vec::new(),
                reason: None,
                artifacts: Vec::new(),
                journal: Vec::new(),
            };
            if let crate::agent::AgentTask::Investigate { round } = task {
                i.round = *round;
            }
            i.runs.insert(run.clone(), entry);
        }
        Event::AgentReported { run, report } => {
            if let Some(entry) = i.runs.get_mut(run) {
                entry.status = RunStatus::Reported;
                entry.ended_at = Some(at);
                entry.findings = report.findings.clone();
                entry.artifacts = report.artifacts.clone();
                entry.journal = report.journal.clone();
            }
            keep_evidence(i, &report.evidence);
            for gap in &report.gaps {
                if !i.gaps.contains(gap) {
                    i.gaps.push(gap.clone());
                }
            }
        }
        Event::AgentFailed { run, reason, journal, evidence } => {
            if let Some(entry) = i.runs.get_mut(run) {
                entry.status = RunStatus::Failed;
                entry.ended_at = Some(at);
                entry.reason = Some(reason.clone());
                // A report that gave no verdict has left its journal already.
                if !journal.is_empty() {
                    entry.journal = journal.clone();
                }
            }
            keep_evidence(i, evidence);
        }
        Event::VerdictReached { round, verdict } => {
            i.healthy_in_a_row = if verdict.verdict == Outcome::Healthy { i.healthy_in_a_row + 1 } else { 0 };
            if verdict.verdict == Outcome::Cause && i.status == Status::Investigating {
                i.status = Status::Identified;
            }
            i.judged = Some((*round, verdict.verdict));
            i.verdict_opening = i.reopened;
            let well = matches!(verdict.verdict, Outcome::Healthy | Outcome::Recovered);
            let newer = i.verdict.as_ref().is_some_and(|v| v.verdict == Outcome::Cause)
                && i.proven.as_ref().is_some_and(|p| i.verdict_round > p.round);
            match i.proven.as_ref().filter(|_| well) {
                // Another cause was found since, and it is well now without a plan that helped against it.
                Some(_) if newer => i.mitigated_at = i.mitigated_at.or(Some(at)),
                // That all is well now is what the plan was for: it takes nothing from the cause that it answered, and
                // what called for this look was no regression.
                Some(proven) => {
                    i.verdict = Some(proven.verdict.clone());
                    i.verdict_round = proven.round;
                    i.mitigated_at = i.mitigated_at.or(Some(proven.at));
                }
                None => {
                    i.verdict = Some(verdict.clone());
                    i.verdict_round = *round;
                }
            }
        }
        Event::PlansProposed { round, plans } => {
            for plan in &mut i.plans {
                if matches!(plan.status, PlanStatus::Proposed | PlanStatus::Approved) {
                    plan.status = PlanStatus::Superseded;
                }
            }
            i.plans.extend(plans.iter().map(|p| PlanState {
                plan: p.plan.clone(),
                hash: p.hash.clone(),
                round: *round,
                approvals_needed: p.approvals_needed,
                approvals: Vec::new(),
                status: PlanStatus::Proposed,
                steps_done: 0,
                steps_undone: 0,
                step_running: false,
                undo: BTreeMap::new(),
                outputs: Vec::new(),
                acts: Vec::new(),
                recovery: None,
                lowered: BTreeMap::new(),
            }));
        }
        Event::ApprovalsNeededChanged { plan, needed } => with_plan(i, plan, |p| {
            if let Actor::Person { name } = actor
                && *needed < p.approvals_needed
            {
                p.lowered.insert(name.clone(), p.approvals_needed);
            }
            p.approvals_needed = *needed;
            settle_approval(p);
        }),
        Event::Decided { plan, go, by, reason } => {
            if matches!(actor, Actor::Person { .. }) {
                take_part(i, by);
            }
            with_plan(i, plan, |p| {
                p.approvals.retain(|a| a.by != *by);
                p.approvals.push(Approval { by: by.clone(), at, go: *go, reason: reason.clone() });
                settle_approval(p);
            });
        }
        Event::PlanExpired { plan } => with_plan(i, plan, |p| p.status = PlanStatus::Expired),
        Event::StepStarted { plan, step, inverse } => {
            with_plan(i, plan, |p| {
                p.step_running = true;
                p.acts.push(Act { step: *step, inverse: *inverse, from: at, until: None });
                p.status = if *inverse { PlanStatus::Undoing } else { PlanStatus::Running };
            });
            i.status = Status::Mitigating;
        }
        Event::StepFinished { plan, step, inverse, ok, output, undo } => with_plan(i, plan, |p| {
            p.step_running = false;
            p.outputs.push(output.clone());
            if let Some(act) = p.acts.iter_mut().rfind(|a| a.step == *step && a.inverse == *inverse) {
                act.until = Some(at);
            }
            if *inverse {
                p.steps_undone += 1;
            } else if *ok {
                p.steps_done += 1;
                if let Some(undo) = undo {
                    p.undo.insert(*step, undo.clone());
                }
                if p.steps_done == p.plan.steps.len() {
                    p.status = PlanStatus::Watching;
                }
            } else {
                p.status = PlanStatus::Undoing;
            }
        }),
        Event::RecoveryWatched { plan, helped, recovery } => {
            with_plan(i, plan, |p| {
                p.recovery = Some(recovery.clone());
                p.status = if *helped { PlanStatus::Helped } else { PlanStatus::Undoing };
            });
            if *helped {
                // What else was proposed or waits for its turn is not needed any more: after a regression it runs only
                // if somebody says go again.
                let waits =
                    |p: &&mut PlanState| matches!(p.status, PlanStatus::Proposed | PlanStatus::Approved);
                i.plans.iter_mut().filter(waits).for_each(|p| p.status = PlanStatus::Superseded);
                i.mitigated_at = Some(at);
                let (round, verdict) = (i.verdict_round, i.verdict.clone());
                i.proven = verdict.map(|verdict| Proven { verdict, round, at });
                i.status = Status::Monitoring;
                i.verify_attempts = 0;
                i.last_verification = None;
            } else {
                i.status = Status::Identified;
            }
        }
        Event::PlanUndone { plan } => {
            with_plan(i, plan, |p| {
                p.status = if p.steps_undone > 0 { PlanStatus::Undone } else { PlanStatus::Failed }
            });
            i.status = Status::Identified;
        }
        Event::UpdateRequested { audience, reason } => {
            i.all_clear_asked |= reason.is_last();
            let clock =
                i.clocks.entry(*audience).or_insert(Clock { due: None, every_s: None, asked_at: None });
            clock.asked_at.get_or_insert(at);
        }
        Event::DraftRequested { audience, due } => {
            let draft = i.ahead.remove(audience).and_then(|a| a.draft).filter(|d| d.edited);
            i.ahead.insert(*audience, Ahead { due: *due, draft });
        }
        Event::UpdateDrafted { audience, due, subject, body, edited } => {
            let draft = Draft {
                subject: subject.clone(),
                body: body.clone(),
                by: actor.display().to_owned(),
                at,
                edited: *edited,
            };
            i.ahead.insert(*audience, Ahead { due: *due, draft: Some(draft) });
        }
        Event::UpdatePosted { update } => {
            // What is told between is not what the draft is for.
            if i.ahead.get(&update.audience).is_some_and(|a| update.by_person || a.due <= at) {
                i.ahead.remove(&update.audience);
            }
            if let Some(clock) = i.clocks.get_mut(&update.audience) {
                clock.asked_at = None;
            }
            i.first_update_at.get_or_insert(at);
            i.updates.push(update.clone());
        }
        Event::UpdateDelivered { update, channel } => {
            if let Some(update) = i.updates.get_mut(*update)
                && !update.delivered.contains(channel)
            {
                update.delivered.push(channel.clone());
            }
        }
        Event::ClockSet { audience, due, every_s } => {
            let clock =
                i.clocks.entry(*audience).or_insert(Clock { due: None, every_s: None, asked_at: None });
            let before = std::mem::replace(&mut clock.due, *due);
            clock.every_s = *every_s;
            // Drafts go with the clock that they were made for; what a person wrote waits for its next turn.
            i.ahead.retain(|_, ahead| {
                let moved = Some(ahead.due) == before && before != *due;
                if moved && let Some(due) = *due {
                    ahead.due = due;
                }
                !moved || (due.is_some() && ahead.edited().is_some())
            });
        }
        Event::LookAgainAt { at, .. } => i.look_again_at = Some(*at),
        Event::LookedAgain => {
            i.look_again_at = None;
            // What is verified is verified once more; it has not come back yet.
            if i.phase != Phase::Verify {
                i.next_round = i.round + 1;
            }
        }
        Event::SoakStarted { until } => {
            i.soak_until = Some(*until);
            // What was verified before the soak says nothing of what comes after it.
            i.last_verification = None;
        }
        Event::SoakEnded => i.soak_until = None,
        Event::Verified { attempt, recovery } => {
            i.verify_attempts = *attempt;
            i.last_verification = Some(recovery.clone());
        }
        Event::Regressed { .. } => {
            i.next_round = i.round + 1;
            i.last_verification = None;
            i.soak_until = None;
            i.mitigated_at = None;
            // One that seemed to recover by itself has no cause yet.
            i.status =
                if i.status == Status::Monitoring { Status::Identified } else { Status::Investigating };
        }
        Event::Resolved { verified, summary } => {
            end(i, Status::Resolved, at, summary);
            i.verified = *verified;
        }
        Event::Reopened { resolve_by, .. } => {
            i.status = Status::Investigating;
            i.open_since = at;
            i.resolve_by = resolve_by.or(i.resolve_by);
            // Its clocks run anew, so what rang before may ring again.
            i.fired.clear();
            i.postmortem_due = None;
            i.heard_by.clear();
            i.awaiting.clear();
            super::oncall::begin_again(i);
            if let Some((role, person)) = i.lead() {
                let (role, person) = (role.to_owned(), person.to_owned());
                call(i, &role, &person, at);
            }
            i.resolved_at = None;
            i.closed_at = None;
            i.verified = false;
            i.mitigated_at = None;
            i.reopened += 1;
            i.next_round = i.round + 1;
            i.last_verification = None;
            i.all_clear_asked = false;
            i.postmortem = None;
            i.meeting = None;
            i.bundle = None;
            i.healthy_in_a_row = 0;
            i.proven = None;
            i.archive_asked = false;
            i.writing_asked = false;
            i.ending = None;
            for plan in &mut i.plans {
                if plan.status == PlanStatus::Watching {
                    plan.status = PlanStatus::Superseded;
                }
            }
            for clock in i.clocks.values_mut() {
                clock.asked_at = None;
                clock.due = clock.every_s.map(|s| super::timers::after(at, s));
            }
        }
        Event::ClosedHealthy { why } => end(i, Status::ClosedHealthy, at, why),
        Event::Cancelled { reason } => end(i, Status::Cancelled, at, reason),
        Event::MergedInto { into } => {
            end(i, Status::Merged, at, &format!("goes on in {into}"));
            i.merged_into = Some(into.clone());
        }
        Event::Absorbed { carried, .. } => absorb(i, carried),
        Event::PostmortemEdited { text } => i.postmortem_edits.push(PostmortemEdit {
            // Versions have no gaps.
            version: i.version + 1,
            by: actor.display().to_owned(),
            at,
            sha256: sha256(text),
        }),
        Event::PostmortemRequested { due, facilitator, meeting } => {
            i.postmortem_wanted = true;
            i.postmortem_due = *due;
            i.facilitator = facilitator.clone();
            i.meeting = *meeting;
        }
        Event::ActionItemAdded { id, item, owner, due, priority } => {
            let entry = ActionItem {
                item: item.clone(),
                owner: owner.clone(),
                due: *due,
                priority: if *priority == 0 { item.priority() } else { *priority },
                created_at: at,
                done_at: None,
                tracking: None,
            };
            i.action_items.insert(*id, entry);
        }
        Event::ActionItemDone { id } => {
            if let Some(item) = i.action_items.get_mut(id) {
                item.done_at.get_or_insert(at);
            }
        }
        Event::ActionItemTracked { id, external, key, url, .. } => {
            if let Some(tracking) = i.action_items.get_mut(id).and_then(|item| item.tracking.as_mut()) {
                let (id, key, url) = (external.clone(), key.clone(), url.clone());
                tracking.issue = Some(Issue { id, key, url });
            }
        }
        Event::Issue(event) => super::trackers::apply(i, event, at),
        Event::ArchiveRequested => {
            i.archive_asked = true;
            i.bundle = None;
        }
        Event::BundleArchived { path } => i.bundle = Some(path.clone()),
        Event::WritingRequested => i.writing_asked = true,
        Event::PostmortemWritten { markdown, html } => i.postmortem = Some((markdown.clone(), html.clone())),
        Event::Closed => i.closed_at = Some(at),
        Event::EffectDied { key, reason, audience, .. } => {
            i.dead_effects.insert(key.clone(), reason.clone());
            // The audience is asked for again by its clock; it must not wait for a draft that never comes.
            if let Some(clock) = audience.and_then(|a| i.clocks.get_mut(&a)) {
                clock.asked_at = None;
            }
        }
        Event::EffectRevived { key } => {
            i.dead_effects.remove(key);
        }
    }
}

fn keep_evidence(i: &mut Incident, records: &[EvidenceRecord]) {
    for record in records {
        if !i.evidence.iter().any(|e| e.id == record.id) {
            i.evidence.push(record.clone());
        }
    }
}

fn attach(i: &mut Incident, alert: &AttachedAlert) {
    if let Some(service) = &alert.service {
        i.services.insert(service.clone());
    }
    if i.alerts.contains_key(&alert.fingerprint) || i.alerts.len() < Incident::MAX_ALERTS {
        i.alerts.insert(alert.fingerprint.clone(), alert.clone());
    } else {
        i.alerts_beyond += 1;
    }
}

/// The other's facts fill what is not known here; a figure of this one stands.
fn absorb(i: &mut Incident, carried: &Carried) {
    let own = std::mem::replace(&mut i.facts, carried.facts.clone());
    i.facts.absorb(&own);
    i.services.extend(carried.services.iter().cloned());
    let room = Incident::MAX_REPORTS.saturating_sub(i.reports.len());
    i.reports.extend(carried.reports.iter().take(room).cloned());
    i.first_report_at = i.first_report_at.into_iter().chain(carried.first_report_at).min();
    i.impact_started_at = i.impact_started_at.into_iter().chain(carried.impact_started_at).min();
    for name in &carried.responders {
        take_part(i, name);
    }
}

/// The holder of a role is called and has not answered yet.
fn call(i: &mut Incident, role: &str, person: &str, at: Timestamp) {
    i.paged_at.get_or_insert(at);
    let waiting = Awaiting { since: at, unheard: 0, people: vec![person.to_owned()] };
    i.awaiting.insert(role.to_owned(), waiting);
}

fn enter(i: &mut Incident, phase: Phase, deadline: Timestamp) {
    i.stays += 1;
    i.phase = phase;
    i.phase_deadline = deadline;
}

fn end(i: &mut Incident, status: Status, at: Timestamp, why: &str) {
    i.status = status;
    i.resolved_at = Some(at);
    i.ending = Some(why.to_owned());
    i.awaiting.clear();
    if let Some(escalation) = &mut i.escalation {
        escalation.end();
    }
    i.ahead.clear();
    i.soak_until = None;
    i.look_again_at = None;
    for clock in i.clocks.values_mut() {
        clock.due = None;
        clock.asked_at = None;
    }
    for plan in &mut i.plans {
        if matches!(plan.status, PlanStatus::Proposed | PlanStatus::Approved) {
            plan.status = PlanStatus::Superseded;
        }
    }
}

fn with_plan(i: &mut Incident, hash: &str, change: impl FnOnce(&mut PlanState)) {
    if let Some(plan) = i.plans.iter_mut().find(|p| p.hash == hash) {
        change(plan);
    }
}

/// A no-go of anybody rejects; enough go of different people approve.
fn settle_approval(plan: &mut PlanState) {
    if !matches!(plan.status, PlanStatus::Proposed | PlanStatus::Approved) {
        return;
    }
    let gos = plan.approvals.iter().filter(|a| a.go).count();
    plan.status = if plan.approvals.iter().any(|a| !a.go) {
        PlanStatus::Rejected
    } else if gos >= usize::from(plan.approvals_needed) && gos > 0 {
        PlanStatus::Approved
    } else {
        PlanStatus::Proposed
    };
}
