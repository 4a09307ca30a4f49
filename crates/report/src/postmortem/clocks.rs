//! Measured times, and what went well and poorly as the clocks tell it.

use firebell_core::incident::{Event, Incident, PlanStatus, RunStatus, Status};

use super::write::Record;
use crate::{text, words};

pub(super) fn times(record: &Record<'_>) -> String {
    let t = record.times;
    let rows = [
        ("Time to detect", t.detect_s, "start of impact", "opened"),
        ("Time to acknowledge", t.acknowledge_s, "first page", "first acknowledgement"),
        ("Time to mitigate", t.mitigate_s, "opened", "mitigation verified"),
        ("Time to recovery", t.recover_s, "opened", "resolved"),
        ("Customer impact", t.customer_impact_s, "first customer report, else start of impact", "all-clear"),
        ("Communication latency", t.communication_latency_s, "opened", "first public or internal update"),
    ];
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(name, s, from, to)| {
            let value = s.map_or_else(|| "not measured".to_owned(), words::span);
            vec![name.to_owned(), value, from.to_owned(), to.to_owned()]
        })
        .collect();
    let mut out = text::table(&["Time", "Measured", "From", "To"], &rows);
    if !t.flagged.is_empty() {
        out.push_str("\nNot measured, and why:\n\n");
        out.extend(t.flagged.iter().map(|f| format!("- {}\n", text::markdown(f, 200))));
    }
    out
}

pub(super) fn well(record: &Record<'_>) -> String {
    let i = record.incident;
    let mut all = Vec::new();
    if let Some((name, version)) = i.acknowledged_at.and_then(|_| first_acknowledgement(record))
        && let Some(s) = record.times.acknowledge_s
    {
        all.push(format!(
            "The first page was acknowledged after {} (by {name}, v{version}).",
            words::span(s)
        ));
    }
    if let (Some(by), Some(end)) = (i.resolve_by, i.resolved_at)
        && i.status == Status::Resolved
        && end <= by
    {
        let spare = by.duration_since(end).as_secs_f64();
        all.push(format!(
            "It was resolved {} before its deadline of {}.",
            words::span(spare),
            words::instant(by)
        ));
    }
    let late = missed(record).iter().filter(|(what, ..)| what.starts_with("update_late")).count();
    if !i.updates.is_empty() && late == 0 {
        all.push(delivered(i));
    }
    if let Some(s) = record.times.communication_latency_s {
        all.push(format!("The first update was out {} after the opening.", words::span(s)));
    }
    let tried: Vec<_> = i.plans.iter().filter(|p| p.steps_done > 0).collect();
    if let [only] = tried.as_slice()
        && only.status == PlanStatus::Helped
    {
        all.push(format!(
            "The first mitigation that was carried out helped: {}.",
            text::markdown(&only.plan.title, 200)
        ));
    }
    let two_person = tried.iter().filter(|p| p.approvals_needed > 1).count();
    if two_person > 0
        && tried
            .iter()
            .all(|p| p.approvals.iter().filter(|a| a.go).count() >= usize::from(p.approvals_needed))
    {
        all.push("Every mitigation had all approvals that its severity asks for before it ran.".to_owned());
    }
    if i.verified {
        all.push("Recovery was verified after the soak, before the all-clear.".to_owned());
    }
    if !i.runs.is_empty() && i.runs.values().all(|r| r.status == RunStatus::Reported) {
        all.push(format!("All {} agent runs reported within their deadlines.", i.runs.len()));
    }
    bullets(&all, "The measured clocks show nothing that stands out.")
}

/// How many updates were on time, and how many of those that had somewhere to go arrived there.
fn delivered(i: &Incident) -> String {
    let posted = text::count(i.updates.len() as u64, "update");
    let sent: Vec<_> = i.updates.iter().filter(|u| !u.channels.is_empty()).collect();
    let arrived = sent.iter().filter(|u| u.channels.iter().all(|c| u.delivered.contains(c))).count();
    match sent.len() {
        0 => format!("{posted} posted on time on the page; no channel carries them further."),
        n if n == arrived => {
            format!("{posted} posted on time; every channel confirmed the {n} that go out.")
        }
        n => format!(
            "{posted} posted on time; of {n} that go out, {arrived} were confirmed by every channel when this was written."
        ),
    }
}

pub(super) fn poorly(record: &Record<'_>) -> String {
    bullets(&lapses(record), "No clock was missed, no effect was given up, no agent failed.")
}

/// Everything that ran late, failed or had to be undone, each with the event that says so.
pub(super) fn lapses(record: &Record<'_>) -> Vec<String> {
    let i = record.incident;
    let mut all: Vec<String> = missed(record)
        .into_iter()
        .map(|(what, due, version)| {
            format!("{} (due {}, v{version}).", late_words(&what), words::second(due))
        })
        .collect();
    for r in record.records {
        let line = match &r.event {
            Event::AgentFailed { run, reason, .. } => {
                format!(
                    "An agent run did not deliver: {} ({})",
                    text::code(run.as_str(), 80),
                    text::markdown(reason, 160)
                )
            }
            Event::EffectDied { effect, reason, .. } => format!(
                "An outside effect was given up: {} ({})",
                text::markdown(&effect.replace('_', " "), 60),
                text::markdown(reason, 160)
            ),
            Event::PlanExpired { plan } => {
                format!("A plan lapsed before it was approved: {}", text::code(plan, 40))
            }
            Event::RecoveryWatched { plan, helped: false, recovery } => format!(
                "A mitigation did not help: {} ({})",
                i.plan(plan).map_or_else(|| text::code(plan, 40), |p| text::markdown(&p.plan.title, 120)),
                text::markdown(&recovery.reading, 160)
            ),
            Event::StepFinished { plan, step, ok: false, output, .. } => {
                format!(
                    "Step {} of plan {} failed ({})",
                    step + 1,
                    text::code(plan, 40),
                    text::markdown(output, 160)
                )
            }
            Event::Regressed { why } => {
                format!("It came back during the soak ({})", text::markdown(why, 160))
            }
            Event::Reopened { why, .. } => {
                format!("It had to be opened again ({})", text::markdown(why, 160))
            }
            Event::RoleAssigned { role, person: None } => {
                format!("Nobody could be found as {}", text::markdown(&role.replace('_', " "), 60))
            }
            _ => continue,
        };
        all.push(format!("{line}, v{}.", r.version));
    }
    if customers_first(record) {
        all.push("Customers noticed before any alert fired.".to_owned());
    }
    all
}

/// Whether the first customer report came before the first alert.
pub(super) fn customers_first(record: &Record<'_>) -> bool {
    let alert = record.incident.alerts.values().map(|a| a.starts_at).min();
    record.incident.first_report_at.is_some_and(|report| alert.is_none_or(|alert| report < alert))
}

fn missed(record: &Record<'_>) -> Vec<(String, jiff::Timestamp, u64)> {
    record
        .records
        .iter()
        .filter_map(|r| match &r.event {
            Event::DeadlineMissed { what, due } => Some((what.clone(), *due, r.version)),
            _ => None,
        })
        // A reminder that policy sends again is no lapse.
        .filter(|(what, ..)| !what.starts_with("executives_again"))
        .collect()
}

fn late_words(what: &str) -> String {
    let mut parts = what.splitn(3, ':');
    let (kind, detail) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let detail = text::markdown(detail, 60);
    match kind {
        "phase" => format!("Phase {detail} of the workflow ran past its deadline"),
        "update_late" => format!("The {detail} update was late"),
        "untold" => format!("The {detail} update did not get through a channel"),
        "ack" => "A page was not acknowledged in time".to_owned(),
        "public_first" => "The first status page post was late".to_owned(),
        "unclear" => "The cause was still unclear at its deadline; a senior engineer was called".to_owned(),
        "escalate" => "It was open for long enough to be escalated".to_owned(),
        "resolve_by" => "The resolve-by deadline passed".to_owned(),
        "postmortem" => "The postmortem's deadline passed".to_owned(),
        other => format!("{} passed", text::markdown(&other.replace('_', " "), 60)),
    }
}

fn first_acknowledgement(record: &Record<'_>) -> Option<(String, u64)> {
    record.records.iter().find_map(|r| match &r.event {
        Event::Acknowledged { by, .. } => Some((text::markdown(by, 80), r.version)),
        _ => None,
    })
}

fn bullets(all: &[String], none: &str) -> String {
    if all.is_empty() { none.to_owned() } else { all.iter().map(|l| format!("- {l}\n")).collect() }
}
