//! What whoever takes a role sees to first.

use super::super::*;
use super::story::{SEV1, Story, policy};
use crate::severity::Severity;

/// Tasks of the checklists: role and text.
fn listed(s: &Story) -> Vec<(String, String)> {
    let of = |r: &EventRecord| match &r.event {
        Event::TaskAdded { role, text, checklist: true, .. } => Some((role.clone(), text.clone())),
        _ => None,
    };
    s.records.iter().filter_map(of).collect()
}

fn of_role(s: &Story, role: &str) -> usize {
    listed(s).iter().filter(|(r, _)| r == role).count()
}

fn give(role: &str, person: &str) -> Command {
    Command::AssignRole { role: role.to_owned(), person: person.to_owned() }
}

#[test]
fn a_task_that_somebody_added_does_not_keep_the_lists_away() {
    let mut s = Story::opened(SEV1, None);
    s.by("ada", &Command::AddTask { text: "call the bank".into(), role: String::new() }).expect("is added");
    s.work();
    for role in ["incident_commander", "technical_lead", "communications_lead", "scribe"] {
        assert_eq!(of_role(&s, role), s.policy.checklists.of(role).len(), "{role}");
    }
    assert_eq!(of_role(&s, "on_call"), 0, "nobody holds it");
    let ids: Vec<u32> = s.i().tasks.keys().copied().collect();
    assert_eq!(ids, (1..=u32::try_from(ids.len()).expect("few")).collect::<Vec<_>>());
}

#[test]
fn each_role_has_its_list_once_when_it_is_filled_however_late() {
    let mut s = Story::opened("odd", Some(Severity::Sev3));
    s.work();
    assert_eq!((of_role(&s, "on_call"), of_role(&s, "incident_commander")), (1, 0));
    let raise = Command::SetSeverity { severity: Severity::Sev1, reason: "it grows".into() };
    s.by("ada", &raise).expect("is raised");
    assert_eq!(of_role(&s, "incident_commander"), 3);
    assert_eq!(of_role(&s, "scribe"), 1);
    let before = listed(&s);
    s.by("ada", &give("incident_commander", "barbara")).expect("is handed on");
    s.by("barbara", &Command::Acknowledge).expect("is taken");
    assert_eq!(listed(&s), before, "once, whoever has it");
}

#[test]
fn the_search_for_somebody_to_lead_ends_when_somebody_does() {
    let mut policy = policy();
    policy.people.clear();
    let mut s = Story::opened_under(policy, SEV1, None);
    s.work();
    let found = |s: &Story| {
        let (_, task) =
            s.i().tasks.iter().find(|(_, t)| t.text.starts_with("Find somebody")).expect("is searched");
        task.done_at.is_some()
    };
    assert!(!found(&s));
    assert_eq!(listed(&s).len(), 1, "nobody has a role");
    s.by("ada", &give("incident_commander", "ada")).expect("is taken");
    assert!(found(&s));
    assert_eq!(of_role(&s, "incident_commander"), 3);
}

#[test]
fn a_team_has_lists_of_its_own() {
    let mut policy = policy();
    policy.checklists =
        serde_json::from_str(r#"{"scribe": ["Open the shared notes"], "technical_lead": []}"#)
            .expect("is read");
    assert_eq!(policy.checklists.problems(), []);
    let changed = policy.changed_figures();
    assert_eq!(changed.iter().filter(|f| f.starts_with("checklists.")).count(), 2, "{changed:?}");
    let mut s = Story::opened_under(policy, SEV1, None);
    s.work();
    let all = listed(&s);
    assert!(all.contains(&("scribe".to_owned(), "Open the shared notes".to_owned())), "{all:?}");
    assert_eq!(
        (of_role(&s, "scribe"), of_role(&s, "technical_lead"), of_role(&s, "communications_lead")),
        (1, 0, 1)
    );
}

#[test]
fn an_older_record_that_has_its_tasks_already_gets_no_second_ones() {
    let mut s = Story::opened("odd", Some(Severity::Sev3));
    let text = s.policy.checklists.of("on_call")[0].clone();
    s.by("ada", &Command::AddTask { text, role: "on_call".into() }).expect("is added");
    s.work();
    assert_eq!(s.i().tasks.len(), 1);
}
