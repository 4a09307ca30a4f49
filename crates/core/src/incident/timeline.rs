//! The timeline: every event in words.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::{Event, EventRecord};
use crate::comms::Audience;

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Version of the event: its provenance.
    pub version: u64,
    /// Who.
    pub who: String,
    /// `alert`, `severity`, `people`, `agent`, `finding`, `verdict`, `mitigation`, `update`, `clock`, `note`, `detail` (what only who looks closely wants to see), `said`,
    /// `state`.
    pub kind: String,
    /// What, in a sentence; may hold outside text.
    pub text: String,
}

/// Puts an event into words.
pub fn describe(record: &EventRecord) -> Entry {
    let (kind, text) = words(&record.event);
    Entry {
        at: record.at,
        version: record.version,
        who: record.actor.display().to_owned(),
        kind: kind.to_owned(),
        text,
    }
}

fn words(event: &Event) -> (&'static str, String) {
    match event {
        Event::Opened { title, severity, why, .. } => (
            "state",
            format!(
                "opened as {} ({}: {}): {title}. {why}",
                severity.severity, severity.rule, severity.because
            ),
        ),
        Event::AlertsAttached { alerts } => {
            let list: Vec<String> = alerts
                .iter()
                .take(5)
                .map(|a| {
                    format!(
                        "{}{} ({})",
                        a.name,
                        a.service.as_ref().map(|s| format!(" on {s}")).unwrap_or_default(),
                        a.why
                    )
                })
                .collect();
            let more =
                if alerts.len() > 5 { format!(" and {} more", alerts.len() - 5) } else { String::new() };
            ("alert", format!("{} joined: {}{more}", count(alerts.len(), "alert"), list.join("; ")))
        }
        Event::AlertsTurned { turns } => {
            let firing = turns.iter().filter(|t| t.firing).count();
            let text = match (firing, turns.len() - firing) {
                (0, resolved) => format!("{} resolved", count(resolved, "alert")),
                (firing, 0) => format!("{} fired again", count(firing, "alert")),
                (firing, resolved) => format!("{} fired again, {resolved} resolved", count(firing, "alert")),
            };
            ("alert", text)
        }
        Event::ReportAttached { title, reporter, why, .. } => {
            ("alert", format!("report by {reporter}: {title} ({why})"))
        }
        Event::FactsMeasured { facts } => {
            let list: Vec<String> = facts.provenance.iter().map(|(k, v)| format!("{k}: {v}")).collect();
            (
                "severity",
                format!(
                    "measured {}",
                    if list.is_empty() { "nothing new".to_owned() } else { list.join("; ") }
                ),
            )
        }
        Event::SeverityChanged { from, to, .. } if from.severity == to.severity => {
            ("severity", format!("{} confirmed by {}: {}", to.severity, to.rule, to.because))
        }
        Event::SeverityChanged { from, to, .. } => {
            ("severity", format!("{} to {} by {}: {}", from.severity, to.severity, to.rule, to.because))
        }
        Event::KindChanged { kind, restricted } => (
            "severity",
            format!(
                "kind is {}{}",
                kind.as_str(),
                if *restricted { "; restricted to its members" } else { "" }
            ),
        ),
        Event::ImpactDescribed { text } => ("severity", format!("impact: {text}")),
        Event::ImpactStartFound { at } => {
            ("severity", format!("telemetry shows that it began at {}", moment(*at)))
        }
        Event::PhaseEntered { phase, deadline } => {
            ("state", format!("phase {}: {} (until {})", phase.number(), phase.title(), moment(*deadline)))
        }
        Event::DeadlineMissed { what, due } => {
            ("clock", format!("{} was due at {}", deadline(what), moment(*due)))
        }
        Event::RoleAssigned { role, person } => {
            let role = role.replace('_', " ");
            (
                "people",
                person.as_ref().map_or_else(|| format!("nobody can be {role}"), |p| format!("{p} is {role}")),
            )
        }
        Event::RoleReleased { role } => {
            ("people", format!("{} is not needed any more", role.replace('_', " ")))
        }
        Event::Acknowledged { by, .. } => ("people", format!("{by} acknowledged")),
        Event::Paged { person, text, .. } => ("people", format!("paged {person}: {text}")),
        Event::OnCall { event } => super::oncall::words(event),
        Event::PageReported { person, contact, arrived, detail, .. } => {
            let what = if *arrived { "reached" } else { "did not reach" };
            let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
            ("people", format!("the page {what} {person} by {contact}{detail}"))
        }
        Event::PagedTogether { person, all, .. } => {
            ("detail", format!("{person} was told in one call about {}", count(*all, "incident")))
        }
        Event::RoleDeclined { role, by, reason } => {
            let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            ("people", format!("{by} cannot be {}{why}", role.replace('_', " ")))
        }
        Event::DeputyNamed { role, person } => {
            ("people", format!("{person} is deputy {}", role.replace('_', " ")))
        }
        Event::HandOverDue { role, person, to, insisted, .. } => {
            let to = to.as_ref().map(|t| format!(" to {t}")).unwrap_or_default();
            let must = if *insisted { "must be handed over now" } else { "should be handed over" };
            ("clock", format!("{person} has been {} for long; it {must}{to}", role.replace('_', " ")))
        }
        Event::Escalated { to, people, why, .. } => {
            let whom = if people.is_empty() { "nobody is configured".to_owned() } else { people.join(", ") };
            ("people", format!("escalated to {} ({whom}): {why}", to.replace('_', " ")))
        }
        Event::WarRoomOpened { link } => ("people", format!("war room: {link}")),
        Event::Room(event) => super::rooms::words(event),
        Event::TaskAdded { text, role, .. } => {
            ("people", format!("task for {}: {text}", role.replace('_', " ")))
        }
        Event::TaskDone { id } => ("people", format!("task {id} done")),
        Event::NoteAdded { text } => ("note", text.clone()),
        Event::AgentRequested { run, deadline, .. } => {
            ("agent", format!("{run} asked, to report by {}", moment(*deadline)))
        }
        Event::AgentReported { run, report } => {
            let claims: Vec<String> =
                report.findings.iter().map(|f| format!("{} [{}]", f.claim, strength(f.strength))).collect();
            let text = if claims.is_empty() { "reported".to_owned() } else { claims.join("; ") };
            ("finding", format!("{run}: {text}"))
        }
        Event::AgentFailed { run, reason, .. } => ("agent", format!("{run} failed: {reason}")),
        Event::VerdictReached { round, verdict } => {
            let leader = verdict.hypotheses.first().map(|h| {
                format!(" {} at {} ({:.0} %): {}", h.cause, h.component, h.confidence * 100.0, h.mechanism)
            });
            let word = match verdict.verdict {
                crate::verdict::Outcome::Cause => "cause found:",
                crate::verdict::Outcome::Healthy => "healthy: nothing is wrong",
                crate::verdict::Outcome::Recovered => "recovered by itself",
                crate::verdict::Outcome::InsufficientEvidence => "insufficient evidence",
            };
            let named = verdict.verdict == crate::verdict::Outcome::Cause;
            ("verdict", format!("round {round}: {word}{}", leader.filter(|_| named).unwrap_or_default()))
        }
        Event::PlansProposed { plans, .. } => {
            let list: Vec<String> = plans
                .iter()
                .enumerate()
                .map(|(n, p)| {
                    format!(
                        "{}. {} [{}, needs {}]",
                        n + 1,
                        p.plan.title,
                        p.hash,
                        count(usize::from(p.approvals_needed), "approval")
                    )
                })
                .collect();
            (
                "mitigation",
                if list.is_empty() {
                    "no option could be prepared".to_owned()
                } else {
                    format!("options: {}", list.join(" "))
                },
            )
        }
        Event::ApprovalsNeededChanged { plan, needed } => {
            ("mitigation", format!("plan {plan} now needs {}", count(usize::from(*needed), "approval")))
        }
        Event::Decided { plan, go, by, reason } => {
            let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            ("mitigation", format!("{} by {by} on plan {plan}{why}", if *go { "go" } else { "no-go" }))
        }
        Event::PlanExpired { plan } => ("mitigation", format!("plan {plan} lapsed")),
        Event::StepStarted { plan, step, inverse } => (
            "mitigation",
            format!("{} step {} of plan {plan}", if *inverse { "undoing" } else { "carrying out" }, step + 1),
        ),
        Event::StepFinished { plan, step, inverse, ok, output, .. } => {
            let what = if *inverse { "undone" } else { "step" };
            (
                "mitigation",
                format!(
                    "{what} {} of plan {plan} {}: {output}",
                    step + 1,
                    if *ok { "done" } else { "failed" }
                ),
            )
        }
        Event::RecoveryWatched { plan, helped, recovery } => (
            "mitigation",
            format!("plan {plan} {}: {}", if *helped { "helped" } else { "did not help" }, recovery.reading),
        ),
        Event::PlanUndone { plan } => ("mitigation", format!("plan {plan} was undone as far as it can be")),
        Event::UpdateRequested { audience, reason } => {
            ("update", format!("{} update due ({})", audience.as_str(), reason.as_str().replace('_', " ")))
        }
        Event::DraftRequested { audience, .. } => {
            ("update", format!("a draft of the {} update is being made", audience.as_str()))
        }
        Event::UpdateDrafted { audience, edited, .. } => {
            let done = if *edited { "edited" } else { "ready" };
            ("update", format!("the draft of the {} update is {done}", audience.as_str()))
        }
        Event::UpdatePosted { update } => {
            ("update", format!("{} update: {}", update.audience.as_str(), update.subject))
        }
        Event::UpdateDelivered { channel, .. } => ("update", format!("delivered through {channel}")),
        Event::ClockSet { audience, due, .. } => (
            "clock",
            due.map_or_else(
                || {
                    let name = audience.as_str();
                    match audience {
                        Audience::Internal => format!("no {name} updates by the clock"),
                        _ => format!("{name} updates go with the internal ones or when something changes"),
                    }
                },
                |due| format!("next {} update by {}", audience.as_str(), moment(due)),
            ),
        ),
        Event::LookAgainAt { at, why } => ("state", format!("{why}; again at {}", moment(*at))),
        Event::LookedAgain => ("state", "looking again".to_owned()),
        Event::SoakStarted { until } => ("state", format!("soaking until {}", moment(*until))),
        Event::SoakEnded => ("state", "soak is over".to_owned()),
        Event::Verified { attempt, recovery } => (
            "state",
            format!(
                "verification {attempt} {}: {}",
                if recovery.ok { "passed" } else { "did not pass" },
                recovery.reading
            ),
        ),
        Event::Regressed { why } => ("state", format!("regression: {why}")),
        Event::Resolved { verified, summary } => {
            ("state", format!("resolved{}: {summary}", if *verified { " and verified" } else { "" }))
        }
        Event::Reopened { why, .. } => ("state", format!("reopened: {why}")),
        Event::ClosedHealthy { why } => ("state", format!("closed, nothing was wrong: {why}")),
        Event::Cancelled { reason } => ("state", format!("cancelled as a false alarm: {reason}")),
        Event::MergedInto { into } => ("state", format!("merged into {into}")),
        Event::Absorbed { from, title, .. } => ("state", format!("took over {from}: {title}")),
        Event::PostmortemRequested { due, facilitator, meeting } => (
            "state",
            format!(
                "postmortem due{}{}, facilitated by {}",
                due.map(|d| format!(" by {}", moment(d))).unwrap_or_default(),
                meeting.map(|m| format!(", scheduled for {}", moment(m))).unwrap_or_default(),
                facilitator.as_deref().unwrap_or("nobody yet")
            ),
        ),
        Event::ActionItemAdded { id, item, owner, due, .. } => {
            let owner = if owner.is_empty() { "nobody yet" } else { owner };
            (
                "people",
                format!("action item {id} for {owner}, due {}: {}", due.strftime("%Y-%m-%d"), item.title),
            )
        }
        Event::PostmortemEdited { text } => {
            ("people", format!("postmortem edited, {} words", text.split_whitespace().count()))
        }
        Event::ActionItemDone { id } => ("people", format!("action item {id} done")),
        Event::ActionItemTracked { id, tracker, key, .. } => {
            ("people", format!("action item {id} is {key} in {tracker}"))
        }
        Event::Issue(event) => super::trackers::words(event),
        Event::ArchiveRequested => ("state", "archiving the evidence".to_owned()),
        Event::BundleArchived { path } => ("state", format!("evidence archived in {path}")),
        Event::WritingRequested => ("state", "writing the postmortem".to_owned()),
        Event::PostmortemWritten { markdown, .. } => ("state", format!("postmortem written: {markdown}")),
        Event::Closed => ("state", "closed".to_owned()),
        Event::EffectDied { key, effect, reason, .. } => {
            ("note", format!("{} {key} was given up and needs a person: {reason}", effect.replace('_', " ")))
        }
        Event::EffectRevived { key } => ("note", format!("{key} is tried again")),
    }
}

/// An instant for people: to the second, with its zone. The record keeps it in full.
pub(super) fn moment(at: Timestamp) -> String {
    format!("{} UTC", at.strftime("%Y-%m-%d %H:%M:%S"))
}

/// A timer's key in words.
fn deadline(key: &str) -> String {
    let mut parts = key.split(':');
    let kind = parts.next().unwrap_or(key);
    let rest = parts.next().unwrap_or_default().replace('_', " ");
    match kind {
        "phase" => format!("the end of phase {rest}"),
        "ack" if rest.is_empty() || rest.bytes().all(|b| b.is_ascii_digit()) => {
            "the acknowledgement".to_owned()
        }
        "ack" => format!("the acknowledgement of the {rest}"),
        "public_first" => "the first status page post".to_owned(),
        "update_late" => format!("the {rest} update"),
        "untold" => format!("the {rest} update through all its channels"),
        "uncommanded" => "somebody in command".to_owned(),
        "unclear" => "a clear cause".to_owned(),
        "escalate" => "the escalation".to_owned(),
        "executives_again" => "another word to the executives".to_owned(),
        "resolve_by" => format!("the resolution of a {rest}"),
        "postmortem" => "the postmortem".to_owned(),
        other => other.replace('_', " "),
    }
}

fn strength(strength: crate::evidence::Strength) -> &'static str {
    match strength {
        crate::evidence::Strength::Inconclusive => "inconclusive",
        crate::evidence::Strength::Weak => "weak",
        crate::evidence::Strength::Moderate => "moderate",
        crate::evidence::Strength::Strong => "strong",
    }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
