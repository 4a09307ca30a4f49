//! What can be done by a press below a post: the commands that people would write, made out for them. Who presses is asked
//! for their permission as who writes; a plan is named by its hash, so what is approved is what was read.

use super::super::event::{Event, EventRecord};
use super::super::state::{Incident, PlanStatus};
use crate::ids::IncidentId;
use crate::ports::chat::{Control, Does};
use crate::severity::Severity;

/// Plans of one post that get buttons.
const PLANS: usize = 5;
/// Roles that are offered; a menu has a hundred places at most.
const ROLES: usize = 20;
/// How much of a hash is shown.
const SHORT: usize = 8;

/// For the opening message.
pub fn controls(i: &Incident) -> Vec<Control> {
    if i.status.is_over() {
        return Vec::new();
    }
    let id = &i.id;
    let mut roles: Vec<&str> = i.roles.keys().map(String::as_str).take(ROLES).collect();
    if !roles.contains(&"incident_commander") {
        roles.insert(0, "incident_commander");
    }
    let roles = roles
        .into_iter()
        .map(|role| (format!("I am {}", role.replace('_', " ")), format!("role {role} me {id}")));
    // No reason comes with it: raising needs none, and whoever lowers is asked for theirs. Cosmetic ends the incident, and is
    // not a slip away from the others.
    let severities = Severity::ALL
        .into_iter()
        .filter(|severity| *severity != Severity::Sev4)
        .map(|severity| (format!("{severity}"), format!("severity {id} {severity}")));
    vec![
        Control::new("Acknowledge", Does::Give(format!("ack {id}"))),
        Control::new("Post an update", Does::Ask(format!("update {id}"))),
        Control::new("Take a role", Does::Choose(roles.collect())),
        Control::new("Severity", Does::Choose(severities.collect())),
        Control::new("Resolve", Does::Ask(format!("resolve {id}"))),
    ]
}

/// A word on a plan. `carried`: as much of its hash as there is room for.
pub fn go_and_no_go(id: &IncidentId, hash: &str, carried: &str, title: &str) -> [Control; 2] {
    let short: String = hash.chars().take(SHORT).collect();
    let go = Control::new(&format!("Approve {short}"), Does::Give(format!("approve {id} {carried}")));
    [
        go.confirmed(&format!("Go for \u{201c}{title}\u{201d}?")),
        Control::new(&format!("Reject {short}"), Does::Ask(format!("reject {id} {carried}"))),
    ]
}

/// For a post that tells these events: a word on each plan among them that still waits for one, and on each role whose new
/// holder has not answered yet.
pub fn decisions(i: &Incident, records: &[EventRecord]) -> Vec<Control> {
    let proposed = records.iter().filter_map(|r| match &r.event {
        Event::PlansProposed { plans, .. } => Some(plans),
        _ => None,
    });
    let waits = |hash: &str| i.plan(hash).is_some_and(|p| p.status == PlanStatus::Proposed);
    let mut out = Vec::new();
    for plan in proposed.flatten().filter(|p| waits(&p.hash)).take(PLANS) {
        out.extend(go_and_no_go(&i.id, &plan.hash, &plan.hash, &plan.plan.title));
    }
    let given = records.iter().filter_map(|r| match &r.event {
        Event::RoleAssigned { role, person: Some(person) } => Some((role, person)),
        _ => None,
    });
    let unheard = |role: &str, person: &str| i.holder(role) == Some(person) && i.awaiting.contains_key(role);
    for (role, person) in given.filter(|(role, person)| unheard(role, person)).take(PLANS) {
        let (id, shown) = (&i.id, role.replace('_', " "));
        out.push(Control::new(
            &format!("{person}: accept {shown}"),
            Does::Give(format!("accept {role} {id}")),
        ));
        out.push(Control::new(&format!("{person}: decline"), Does::Ask(format!("decline {role} {id}"))));
    }
    out
}
