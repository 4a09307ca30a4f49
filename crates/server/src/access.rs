//! Who may do what: the permission that each command takes, and who sees which incident.

use firebell_core::ids::IncidentId;
use firebell_core::incident::{Command, EventRecord, Incident, Summary, fold};
use firebell_core::ports::store::IncidentFilter;

use crate::auth::{LEAD, Permission, Person};
use crate::problem::Problem;
use crate::state::App;

/// What a command takes. What only the engine says is closed to people.
pub(crate) fn permission_for(command: &Command) -> Option<Permission> {
    Some(match command {
        Command::Open(_) => Permission::Declare,
        Command::Acknowledge
        | Command::DeclineRole { .. }
        | Command::Snooze { .. }
        | Command::HandOver { .. }
        | Command::RequestResponders { .. }
        | Command::EscalateNow => Permission::Acknowledge,
        Command::AddNote { .. } | Command::RecordSaid { .. } | Command::RecordUnsaid { .. } => {
            Permission::Note
        }
        Command::AddTask { .. } | Command::CompleteTask { .. } | Command::CompleteActionItem { .. } => {
            Permission::Tasks
        }
        // An open channel for a restricted incident changes who sees it.
        Command::OpenRoom { private: Some(false), .. } => Permission::Severity,
        Command::OpenRoom { .. } => Permission::Acknowledge,
        Command::Decide { .. } => Permission::Approve,
        Command::AssignRole { .. } | Command::NameDeputy { .. } => Permission::AssignRole,
        Command::SetSeverity { .. } | Command::SetKind { .. } => Permission::Severity,
        Command::PostUpdate { .. } | Command::EditDraft { .. } => Permission::PostUpdate,
        Command::Resolve { .. }
        | Command::Reopen { .. }
        | Command::Cancel { .. }
        | Command::Merge { .. }
        | Command::ArchiveRooms { .. } => Permission::End,
        Command::RequestPostmortem | Command::EditPostmortem { .. } => Permission::Postmortem,
        Command::ReviveEffect { .. } => Permission::Retry,
        Command::AttachAlerts { .. }
        | Command::TurnAlerts { .. }
        | Command::AttachReport { .. }
        | Command::Absorb { .. }
        | Command::ReportAgent { .. }
        | Command::FailAgent { .. }
        | Command::RecordUpdate { .. }
        | Command::RecordRoomNews { .. }
        | Command::RecordIssueNews { .. }
        | Command::RecordDraft { .. }
        | Command::FinishEffect { .. }
        | Command::LookAtRoster
        | Command::ReportDelivery { .. }
        | Command::FireTimer { .. } => return None,
    })
}

/// Whether a person may do something in an incident: by the role of their account; or, if they respond at all, by the role
/// that they hold in it, themselves or as the deputy.
pub(crate) fn may_in(person: &Person, permission: Permission, i: &Incident) -> bool {
    let holds = |role: &str| match role {
        LEAD => i.is_led_by(&person.name),
        role => {
            [i.holder(role), i.deputies.get(role).map(String::as_str)].contains(&Some(person.name.as_str()))
        }
    };
    person.may(permission)
        || (person.may(Permission::Acknowledge) && permission.held().iter().any(|role| holds(role)))
}

/// Whether a person may do something in some incident, if not in every one.
///
/// # Errors
/// Names the role that is needed.
pub(crate) fn may_somewhere(person: &Person, permission: Permission) -> Result<(), Problem> {
    match person.may(Permission::Acknowledge) && !permission.held().is_empty() {
        true => Ok(()),
        false => person.allowed(permission),
    }
}

/// The same of this incident.
///
/// # Errors
/// Says who may, and what to do next.
pub(crate) fn allowed_in(person: &Person, permission: Permission, i: &Incident) -> Result<(), Problem> {
    if may_in(person, permission, i) {
        return Ok(());
    }
    may_somewhere(person, permission)?;
    let held: Vec<String> = permission.held().iter().map(|role| role.replace('_', " ")).collect();
    Err(Problem::forbidden(format!(
        "{} is a {}; to {} takes a {}, or the {} of {}: ask {} for it, or to be given that role",
        person.name,
        person.role.as_str(),
        permission.key(),
        permission.least().as_str(),
        held.join(" or the "),
        i.id,
        i.commander().unwrap_or("an administrator"),
    )))
}

/// Whether a person may give a command to an incident. Whoever responds may take a role that nobody has accepted, and who
/// holds one says who stands in for them.
///
/// # Errors
/// Says who may, and what to do next.
pub(crate) fn allowed(person: &Person, command: &Command, i: &Incident) -> Result<(), Problem> {
    let Some(permission) = permission_for(command) else {
        return Err(Problem::forbidden("only the engine gives this command"));
    };
    let (responds, name) = (person.may(Permission::TakeRole), person.name.as_str());
    match command {
        Command::AssignRole { role, person: whom } if whom.trim() == name && responds => {
            let role = role.trim();
            if !i.is_accepted(role) {
                return Ok(());
            }
            allowed_in(person, permission, i).map_err(|_| {
                Problem::forbidden(format!(
                    "{} is {} of {} already: ask them to hand it over",
                    i.holder(role).unwrap_or_default(),
                    role.replace('_', " "),
                    i.id
                ))
            })
        }
        Command::NameDeputy { role, .. } if i.holder(role.trim()) == Some(name) && responds => Ok(()),
        _ => allowed_in(person, permission, i),
    }
}

/// Whether a person may see an incident.
pub(crate) fn may_see(person: &Person, incident: &Incident) -> bool {
    !incident.restricted || person.sees_restricted() || incident.members().contains(person.name.as_str())
}

/// A filter that lets through what a person may see.
pub(crate) fn visible(person: &Person) -> IncidentFilter {
    IncidentFilter {
        include_restricted: person.sees_restricted(),
        member: Some(person.name.clone()),
        ..IncidentFilter::default()
    }
}

/// Whether a person may see an incident of a list.
pub(crate) fn may_see_row(person: &Person, row: &Summary) -> bool {
    !row.restricted || person.sees_restricted() || row.members.contains(&person.name)
}

/// An incident with its record, if the person may see it; one that they may not see does not exist for them.
pub(crate) async fn load(
    app: &App,
    person: &Person,
    id: &str,
) -> Result<(Incident, Vec<EventRecord>), Problem> {
    let missing = || Problem::not_found(format!("there is no incident {}", shown(id)));
    if id.len() > 64 {
        return Err(missing());
    }
    let key = IncidentId::new(id);
    let (incident, records) = app
        .read(move |reader| {
            let records = reader.events(&key)?;
            Ok((fold(&records), records))
        })
        .await?;
    match incident {
        Some(incident) if may_see(person, &incident) => Ok((incident, records)),
        _ => Err(missing()),
    }
}

fn shown(id: &str) -> String {
    id.chars().filter(|c| !c.is_control()).take(64).collect()
}
