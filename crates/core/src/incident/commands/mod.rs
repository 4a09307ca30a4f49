//! One file per group of commands: what is allowed when, and which events it means.

pub(super) mod agents;
pub(super) mod alerts;
pub(super) mod drafts;
pub(super) mod effects;
pub(super) mod endings;
pub(super) mod oncall;
pub(super) mod open;
pub(super) mod people;
pub(super) mod plans;
pub(super) mod timers;

pub(super) use timers::speakers;

use super::command::{Command, Rejection};
use super::event::{Actor, Event};
use super::rooms;
use super::state::Incident;
use super::trackers;
use crate::cx::Cx;

/// Runs a command on an incident that exists.
pub(super) fn run(
    i: &Incident,
    command: &Command,
    actor: &Actor,
    cx: &Cx<'_>,
) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::Open(_) => Err(Rejection::Exists),
        Command::AttachAlerts { alerts } => Ok(alerts::attach(i, alerts, cx)),
        Command::TurnAlerts { turns } => Ok(alerts::turn(i, turns)),
        Command::AttachReport { title, text, reporter, reported_at, why } => {
            Ok(alerts::report(title, text, reporter, *reported_at, why))
        }
        Command::Acknowledge => people::acknowledge(i, actor, cx),
        Command::DeclineRole { role, reason } => oncall::decline(i, role, reason, actor, cx),
        Command::NameDeputy { role, person } => oncall::name_deputy(i, role, person, cx),
        Command::Snooze { until } => oncall::snooze(i, *until, actor, cx),
        Command::HandOver { to } => oncall::hand_over(i, to, actor, cx),
        Command::RequestResponders { targets } => oncall::request(i, targets, actor, cx),
        Command::EscalateNow => oncall::escalate_now(i, actor, cx),
        Command::LookAtRoster => Ok(oncall::look(i, cx)),
        Command::ReportDelivery { key, effect, arrived, detail } => {
            Ok(oncall::report(i, key, effect, *arrived, detail, cx))
        }
        Command::AssignRole { role, person } => people::assign_role(i, role, person, actor, cx),
        Command::AddNote { text } => people::note(text),
        Command::AddTask { text, role } => people::add_task(i, text, role),
        Command::CompleteTask { id } => people::complete_task(i, *id),
        Command::SetSeverity { severity, reason } => people::set_severity(i, *severity, reason, actor, cx),
        Command::SetKind { kind, restricted } => Ok(people::set_kind(i, *kind, *restricted)),
        Command::PostUpdate { audience, subject, body } => {
            people::post_update(i, *audience, subject, body, actor, cx)
        }
        Command::Decide { plan, go, reason } => plans::decide(i, plan, *go, reason, actor, cx),
        Command::Resolve { summary } => endings::resolve(i, summary),
        Command::Reopen { reason } => endings::reopen(i, reason, cx),
        Command::Cancel { reason } => endings::cancel(i, reason),
        Command::Merge { into } => endings::merge(i, into),
        Command::Absorb { from, title, alerts, carried } => {
            Ok(endings::absorb(i, from, title, alerts, carried, cx))
        }
        Command::RequestPostmortem => Ok(endings::request_postmortem(i, cx)),
        Command::EditPostmortem { text, base } => endings::edit_postmortem(i, text, *base),
        Command::CompleteActionItem { id } => people::complete_action_item(i, *id),
        Command::ReportAgent { run, report } => agents::report(i, run, report, cx),
        Command::FailAgent { run, failure } => Ok(agents::fail(i, run, failure)),
        Command::RecordSaid { said } => rooms::record_said(i, said),
        Command::RecordUnsaid { chat, id, when } => Ok(rooms::unsay(i, chat, id, *when)),
        Command::OpenRoom { chat, private } => rooms::open(i, chat.as_deref(), *private, cx),
        Command::ArchiveRooms { chat } => rooms::archive_now(i, chat.as_deref()),
        Command::RecordRoomNews { news } => Ok(rooms::news(i, news)),
        Command::RecordIssueNews { tracker, issue, news } => Ok(trackers::news(i, tracker, issue, news)),
        Command::EditDraft { audience, subject, body } => drafts::edit(i, *audience, subject, body),
        Command::RecordDraft { audience, due, subject, body } => {
            Ok(drafts::record(i, *audience, *due, subject, body))
        }
        Command::RecordUpdate { update } => Ok(people::record_update(i, update)),
        Command::FinishEffect { key, effect, outcome } => Ok(effects::finish(i, key, effect, outcome, cx)),
        Command::ReviveEffect { key } => effects::revive(i, key),
        Command::FireTimer { key } => Ok(timers::fire(i, key, cx)),
    }
}

/// A text that a person must give.
pub(super) fn required(field: &str, text: &str, max: usize) -> Result<String, Rejection> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Rejection::invalid(field, "must not be empty"));
    }
    if text.len() > max {
        return Err(Rejection::invalid(
            field,
            format!("is {} bytes long; at most {max} are kept", text.len()),
        ));
    }
    Ok(text.to_owned())
}
