//! What is said to people in channels: plain sentences, for each channel escapes them in its own way. Others may read
//! along, so a restricted incident has a number and no title.

use firebell_core::incident::{Incident, PlanState, Summary};
use firebell_engine::ack::AckKeys;
use firebell_oncall::Roster;
use jiff::Timestamp;

use super::grammar::HELP;
use super::pages::Page;
use crate::ui::span;

/// Longest title, characters.
const TITLE: usize = 120;

/// `INC-2026-0042 (SEV1): checkout is down`.
pub(super) fn named(row: &Summary) -> String {
    match row.restricted {
        true => format!("{} ({}, restricted)", row.id, row.severity),
        false => format!("{} ({}): {}", row.id, row.severity, short_title(&row.title)),
    }
}

fn short_title(title: &str) -> String {
    let mut short: String = title.chars().filter(|c| !c.is_control()).take(TITLE).collect();
    if short.len() < title.len() {
        short.push('…');
    }
    short
}

/// The beginning of a plan's hash, as people write it.
pub(super) fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

/// An account that nobody has.
pub(super) fn unknown(contact: &str) -> String {
    format!(
        "I do not know this account, so nothing was done. Whoever looks after Firebell adds it to its person in the roster: \
         contacts = [{contact}]. The link in the message works without it."
    )
}

/// An account that several people have.
pub(super) fn shared(names: &[String]) -> String {
    format!(
        "This account is of {}: use the button or the link of the message, which say whose it is.",
        names.join(" and ")
    )
}

/// Title and question of the form for a command's text.
pub(super) fn form(command: &str) -> (&'static str, &'static str) {
    match command.split(' ').next().unwrap_or_default() {
        "update" => ("Update", "What colleagues should know"),
        "resolve" => ("Resolve", "What ended it"),
        "reject" => ("No-go", "Why not"),
        "severity" => ("Lower the severity", "Why it is less severe"),
        "decline" => ("Decline", "Why you cannot take it"),
        "declare" => ("Declare an incident", "What is wrong"),
        _ => ("Firebell", "Text"),
    }
}

/// Whether it is the word of a command alone that needs a text behind it.
pub(super) fn needs_text(written: &str) -> bool {
    ["declare", "update"].contains(&written.trim())
}

/// Where no form can be shown.
pub(super) fn write_it(command: &str) -> String {
    format!("Write it: `/incident {command}` and then the text.")
}

/// What can be replied to a page.
pub(super) fn replies() -> String {
    "I understand ACK, ESC, RES and NOTE with the code of the page: ACK 123456, NOTE 123456 restarted the proxy.".to_owned()
}

/// Several pages wait.
pub(super) fn which_page(pages: &[&Page], keys: &AckKeys) -> String {
    let mut said = format!("{} pages wait for you. Which one?", pages.len());
    for page in pages.iter().rev().take(8) {
        said.push_str(&format!("\nACK {}: {}", keys.code(&page.paged), named(&page.row)));
    }
    said
}

/// Several incidents are open.
pub(super) fn which_incident<'a>(some: impl Iterator<Item = &'a Summary>, all: usize) -> String {
    let mut said = format!("{all} incidents are open. Add the id of the one that you mean:");
    some.for_each(|row| said.push_str(&format!("\n{}", named(row))));
    said
}

/// Something is wanted of an incident that is over.
pub(super) fn over(incident: &Incident) -> String {
    let (id, status) = (&incident.id, incident.status.as_str().replace('_', " "));
    match &incident.merged_into {
        Some(into) => format!("{id} goes on in {into}; write that id behind the command"),
        None => format!(
            "{id} is over ({status}). `note`, `update`, `status` and `archive` still work here; it is opened again on its \
             page, and `declare TEXT` opens another"
        ),
    }
}

/// What is open.
pub(super) fn list(rows: &[Summary]) -> String {
    if rows.is_empty() {
        return "Nothing is open.".to_owned();
    }
    let mut said = format!("Open: {}", rows.len());
    for row in rows.iter().take(20) {
        let lead =
            row.commander.as_deref().map_or_else(|| "nobody leads".to_owned(), |c| format!("led by {c}"));
        said.push_str(&format!("\n{} · {} · {lead}", named(row), row.status.as_str().replace('_', " ")));
    }
    said
}

/// Plans that wait for a word.
pub(super) fn plans(incident: &Incident, waiting: &[&PlanState]) -> String {
    if waiting.is_empty() {
        return format!("No plan of {} waits for approval.", incident.id);
    }
    let mut said =
        "Which plan? Write the beginning of its number, which stands for exactly these steps:".to_owned();
    for plan in waiting {
        let steps: Vec<String> =
            plan.plan.steps.iter().map(|s| format!("{} of {}", s.action, s.target)).collect();
        let gos = plan.approvals.iter().filter(|a| a.go).count();
        said.push_str(&format!(
            "\napprove {}: {} ({gos} of {} approvals)",
            short(&plan.hash),
            steps.join(", then "),
            plan.approvals_needed
        ));
    }
    said
}

/// How an incident stands.
pub(super) fn status(i: &Incident, base: &str, now: Timestamp) -> String {
    let open = span(now.duration_since(i.opened_at).as_secs().max(0));
    let title = if i.restricted { "restricted".to_owned() } else { short_title(&i.title) };
    let mut said = format!("{} ({}): {title}", i.id, i.severity.severity);
    said.push_str(&format!(
        "\n{} · phase {} · {open} old",
        i.status.as_str().replace('_', " "),
        i.phase.number()
    ));
    let roles: Vec<String> = i
        .roles
        .iter()
        .filter_map(|(role, holder)| Some(format!("{}: {}", role.replace('_', " "), holder.person.as_ref()?)))
        .collect();
    if !roles.is_empty() {
        said.push_str(&format!("\n{}", roles.join(" · ")));
    }
    if let Some(impact) = i.impact.as_ref().filter(|_| !i.restricted) {
        said.push_str(&format!("\n{}", short_title(impact)));
    }
    if let Some(plan) = i.next_proposed() {
        said.push_str(&format!("\nA plan waits for approval: {}", short(&plan.hash)));
    }
    said.push_str(&format!("\n{base}/incidents/{}", i.id));
    said
}

/// What is said to a first press of what is done by the second.
pub(super) fn press_again(command: &str) -> String {
    format!("Not done yet: press it again within a minute to {command}.")
}

/// Who is on call.
pub(super) fn who(roster: &Roster, now: Timestamp) -> String {
    if roster.schedules.is_empty() {
        return "No schedule is configured.".to_owned();
    }
    let shown = |name: &str| roster.person(name).map_or(name, |p| p.shown()).to_owned();
    let mut said = "On call now:".to_owned();
    for (name, plan) in roster.plans() {
        let on: Vec<String> = plan.at(now).on.iter().map(|duty| shown(&duty.person)).collect();
        let on = if on.is_empty() { "nobody".to_owned() } else { on.join(", ") };
        let until = match plan.steady(now).1 {
            Some(at) => format!(" until {} UTC", at.strftime("%-d %b %H:%M")),
            None => String::new(),
        };
        said.push_str(&format!("\n{name}: {on}{until}"));
    }
    said
}

/// All commands.
pub(super) fn help() -> String {
    let mut said = "What can be written:".to_owned();
    for (usage, about) in HELP {
        said.push_str(&format!("\n{usage} – {about}"));
    }
    said.push_str("\nWithout an ID it is about the incident of the room, or the only one that is open.");
    said
}
