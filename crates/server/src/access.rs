//! Who may do what: the role that each command takes, and who sees which incident.

use firebell_core::ids::IncidentId;
use firebell_core::incident::{Command, EventRecord, Incident, Summary, fold};

use crate::auth::{Person, Role};
use crate::problem::Problem;
use crate::state::App;

/// The least role that may give a command. What only the engine says is closed to people.
pub(crate) fn role_for(command: &Command) -> Option<Role> {
    Some(match command {
        Command::Open(_)
        | Command::Acknowledge
        | Command::AddNote { .. }
        | Command::AddTask { .. }
        | Command::CompleteTask { .. }
        | Command::CompleteActionItem { .. }
        | Command::Decide { .. } => Role::Responder,
        Command::AssignRole { .. }
        | Command::SetSeverity { .. }
        | Command::SetKind { .. }
        | Command::PostUpdate { .. }
        | Command::Resolve { .. }
        | Command::Reopen { .. }
        | Command::Cancel { .. }
        | Command::Merge { .. }
        | Command::RequestPostmortem
        | Command::ReviveEffect { .. } => Role::Commander,
        Command::AttachAlerts { .. }
        | Command::TurnAlerts { .. }
        | Command::AttachReport { .. }
        | Command::Absorb { .. }
        | Command::ReportAgent { .. }
        | Command::FailAgent { .. }
        | Command::RecordUpdate { .. }
        | Command::FinishEffect { .. }
        | Command::FireTimer { .. } => return None,
    })
}

/// Whether a person may see an incident.
pub(crate) fn may_see(person: &Person, incident: &Incident) -> bool {
    !incident.restricted || person.sees_restricted()
}

/// Whether a person may see an incident of a list.
pub(crate) fn may_see_row(person: &Person, row: &Summary) -> bool {
    !row.restricted || person.sees_restricted()
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
