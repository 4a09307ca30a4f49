//! What is not configured and would be missed in an incident: nothing fails of it, so it warns.

use firebell_server::Role;

use super::{Check, Level};
use crate::config::File;

/// All that is missing.
pub(super) fn all(file: &File) -> Vec<Check> {
    let mut all = Vec::new();
    let mut warn = |name: &str, detail: &str| all.push(Check::new(name, Level::Warn, detail));
    if file.sources.is_empty() {
        warn("sources", "no alert source: nothing but people can open incidents; add [[sources]]");
    }
    if file.telemetry.is_empty() && file.otlp.is_none() {
        warn(
            "telemetry",
            "no telemetry: investigations see alerts and changes only; add [[telemetry]] or [otlp]",
        );
    }
    if file.platforms.is_empty() {
        warn("platforms", "no platform: mitigations can be proposed to nobody; add [[platforms]]");
    }
    for role in ["on_call", "incident_commander", "senior_engineer"] {
        if !held(file, role) {
            let text = format!(
                "nobody can be {role}; add it to the roles of one of [[people]], or a schedule or skill to the roster"
            );
            warn("people", &text);
        }
    }
    // People of a roster are paged by their own contacts.
    if file.page_channels.is_empty() && file.roster.people.iter().all(|p| p.contacts.is_empty()) {
        warn(
            "page_channels",
            "nobody can be paged outside the page itself; name a notifier in page_channels",
        );
    }
    if file.heartbeat.is_none() {
        warn(
            "heartbeat",
            "nobody outside hears of it when this server dies; name an address that misses it in [heartbeat] url",
        );
    }
    if file.oidc.is_some() && file.server.public_url.is_none() {
        warn(
            "oidc",
            "people come back from the sign-in to the address that is listened on; set server.public_url to theirs",
        );
    }
    let (needed, able) = (approvals(file), approvers(file));
    // Whom the company's own sign-in lets in is not known here.
    if needed > able && file.oidc.is_none() {
        let text = format!("a mitigation may need {needed} people and {able} can approve; add [[tokens]]");
        warn("tokens", &text);
    }
    all
}

/// Whether somebody can hold a role: by the configuration's people, by a schedule, or by a skill.
fn held(file: &File, role: &str) -> bool {
    file.people.iter().any(|p| p.roles.iter().any(|r| r == role))
        || (role == "on_call" && !file.roster.schedules.is_empty())
        || file.roster.schedules.iter().any(|s| s.role == role)
        || file.roster.people.iter().any(|p| p.skills.iter().any(|s| s == role))
}

/// Most approvals that any severity asks for.
fn approvals(file: &File) -> usize {
    let l = &file.levels;
    let levels = [&l.sev1, &l.sev2, &l.sev3, &l.sev4];
    let most = levels.iter().flat_map(|l| [l.approvals_reversible, l.approvals_irreversible]).max();
    usize::from(most.unwrap_or_default().max(1))
}

/// Those who may approve: the administrator is always there.
fn approvers(file: &File) -> usize {
    1 + file.tokens.iter().filter(|t| Role::parse(&t.role).is_some_and(|r| r >= Role::Responder)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_fills_roles_and_is_paged() {
        let mut file: File = toml::from_str("").expect("nothing");
        let of = |file: &File| {
            all(file).iter().filter(|c| c.name.starts_with("pe") || c.name == "page_channels").count()
        };
        assert_eq!(of(&file), 4);
        file.roster = firebell_oncall::Roster::from_toml(
            "people = [{ name = \"ana\", skills = [\"incident_commander\", \"senior_engineer\"], contacts = [{ kind = \"push\" }] }]\n\
             [[schedules]]\nname = \"s\"\nlayers = [{ name = \"l\", participants = [\"ana\"] }]\n",
        )
        .expect("a roster");
        assert_eq!(of(&file), 0);
    }

    #[test]
    fn two_must_be_able_to_approve_where_two_are_needed() {
        let wanting = |toml: &str| {
            let file: File = toml::from_str(toml).expect(toml);
            all(&file).iter().any(|c| c.name == "tokens")
        };
        let token = |role: &str| format!("[[tokens]]\nname = \"Ada\"\ntoken = \"x\"\nrole = \"{role}\"\n");
        assert!(wanting(""));
        assert!(wanting(&token("viewer")));
        assert!(!wanting(&token("responder")));
    }
}
