//! What the page of an incident shows, ready for its template: words and figures, no logic left.

mod calling;
mod clocks;
mod comms;
mod graph;
mod people;
mod plans;
mod record;
mod rooms;
mod timeline;
mod verdict;

use firebell_core::incident::{EventRecord, Incident, Status};
use firebell_core::policy::Policy;
use firebell_core::telemetry::TopologyEdge;
use firebell_oncall::Roster;
use firebell_report::{Templates, measured};
use jiff::Timestamp;
use serde::Serialize;

pub(super) use record::Tone;
pub(super) use timeline::Filter;

use crate::access;
use crate::auth::{Permission, Person, Role};
use crate::ui::words;

/// The page.
#[derive(Debug, Serialize)]
pub(super) struct View {
    id: String,
    position: u64,
    version: u64,
    now: String,
    title: String,
    severity: &'static str,
    severity_word: &'static str,
    rule: String,
    because: String,
    kind: &'static str,
    status: String,
    status_key: &'static str,
    over: bool,
    restricted: bool,
    drill: bool,
    opened: String,
    opened_at: Timestamp,
    age: String,
    impact: Option<String>,
    report: String,
    services: Vec<String>,
    ending: Option<String>,
    merged_into: Option<String>,
    reopened: u32,
    phases: Vec<clocks::PhaseStep>,
    clocks: Vec<clocks::ClockView>,
    times: Vec<(&'static str, String)>,
    needs_ack: bool,
    may_respond: bool,
    may_command: bool,
    /// They may write updates, though they may not command.
    may_update: bool,
    closed: bool,
    people: people::People,
    calling: Option<calling::Calling>,
    rooms: rooms::Rooms,
    verdict: Option<verdict::VerdictView>,
    gaps: Vec<String>,
    plans: Vec<plans::PlanView>,
    older_plans: Vec<plans::PlanView>,
    runs: Vec<record::RunView>,
    alerts: record::Alerts,
    updates: Vec<record::UpdateView>,
    tasks: Vec<record::TaskView>,
    items: Vec<record::ItemView>,
    artifacts: Vec<record::ArtifactView>,
    dead: Vec<(String, String)>,
    timeline: timeline::Timeline,
    graph: Option<graph::GraphView>,
    audiences: Vec<comms::AudienceView>,
    ruled_out: Vec<String>,
    link: String,
    hold: bool,
    postmortem: bool,
    bundle: bool,
    meeting: Option<String>,
    wants_postmortem: bool,
}

/// What the page shows besides the incident's own record.
pub(super) struct Around<'a> {
    /// Position of the record that the stream goes on from.
    pub(super) position: u64,
    /// Call relations as evidence has them.
    pub(super) edges: &'a [TopologyEdge],
    /// Who can be called; nobody where none is configured.
    pub(super) roster: &'a Roster,
    /// Templates of updates.
    pub(super) templates: &'a Templates,
    /// What the rules of tone know, for each audience.
    pub(super) tone: &'a Tone,
    /// Which part of the timeline.
    pub(super) filter: &'a Filter,
    /// Address of the server for colleagues.
    pub(super) public_url: &'a str,
    /// Not to be reloaded while somebody writes without scripts.
    pub(super) hold: bool,
}

/// Makes it of the state and its record.
pub(super) fn of(
    i: &Incident,
    records: &[EventRecord],
    person: &Person,
    policy: &Policy,
    around: &Around<'_>,
    now: Timestamp,
) -> View {
    let over = i.status.is_over();
    let (plans, older_plans) = plans::of(i, person, now);
    View {
        id: i.id.to_string(),
        position: around.position,
        version: i.version,
        now: now.to_string(),
        title: i.title.clone(),
        severity: i.severity.severity.as_str(),
        severity_word: i.severity.severity.word(),
        rule: i.severity.rule.clone(),
        because: i.severity.because.clone(),
        kind: i.kind.as_str(),
        status: words::title_case(i.status.as_str()),
        status_key: i.status.as_str(),
        over,
        restricted: i.restricted,
        drill: i.drill,
        opened: words::day(i.opened_at),
        opened_at: i.opened_at,
        age: words::ago(i.opened_at, now),
        impact: i.impact.clone(),
        report: if i.report == i.title { String::new() } else { i.report.clone() },
        services: i.services.iter().cloned().collect(),
        ending: i.ending.clone(),
        merged_into: i.merged_into.as_ref().map(ToString::to_string),
        reopened: i.reopened,
        phases: clocks::phases(i),
        clocks: clocks::clocks(i, policy, now),
        times: clocks::times(&measured(i)),
        needs_ack: !over && (i.acknowledged_at.is_none() || !i.awaiting.is_empty()),
        may_respond: person.role >= Role::Responder,
        may_command: access::may_in(person, Permission::End, i),
        may_update: access::may_in(person, Permission::PostUpdate, i),
        closed: i.closed_at.is_some(),
        people: people::of(i, policy, around.roster, person),
        calling: calling::of(i, records, now),
        rooms: rooms::of(i, policy),
        verdict: i.verdict.as_ref().map(|v| verdict::of(i, v, records)),
        gaps: verdict::gaps(i),
        plans,
        older_plans,
        runs: record::runs(i, now),
        alerts: record::alerts(i),
        updates: record::updates(i, around.tone),
        tasks: record::tasks(i),
        items: record::items(i),
        artifacts: record::artifacts(i),
        dead: i.dead_effects.iter().map(|(k, v)| (k.to_string(), v.clone())).collect(),
        timeline: timeline::of(i, records, around.filter, now),
        graph: graph::of(i, around.edges, policy),
        audiences: comms::of(i, around, policy, now, access::may_in(person, Permission::PostUpdate, i)),
        ruled_out: verdict::ruled_out(i),
        link: format!("{}/incidents/{}", around.public_url.trim_end_matches('/'), i.id),
        hold: around.hold,
        postmortem: i.postmortem.is_some(),
        bundle: i.bundle.is_some(),
        meeting: i.postmortem_meeting().filter(|_| i.postmortem_wanted).map(words::day),
        wants_postmortem: i.postmortem_wanted || i.status == Status::Merged,
    }
}
