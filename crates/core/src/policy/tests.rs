//! Levels are laid over their defaults; what differs is listed.

use super::*;

fn read(text: &str) -> Result<Policy, serde_json::Error> {
    serde_json::from_str(text)
}

#[test]
fn a_figure_that_is_given_leaves_the_others_of_its_level_as_they_are() {
    let policy = read(r#"{"levels": {"sev1": {"resolve_within_s": 1800}}}"#).expect("is read");
    let mut expected = Levels::default();
    expected.sev1.resolve_within_s = Some(1800);
    assert_eq!(policy.levels, expected);
    assert_eq!(policy.levels.sev1.approvals_reversible, 2, "the rule of two stands");
    assert_eq!(policy.changed_figures(), ["levels.sev1.resolve_within_s = 1800 (default 3600)"]);
}

#[test]
fn zero_and_null_are_never_and_a_level_can_be_emptied() {
    for never in ["0", "null"] {
        let text = format!(r#"{{"levels": {{"sev2": {{"escalate_after_s": {never}, "roles": []}}}}}}"#);
        let policy = read(&text).expect("is read");
        assert_eq!((policy.levels.sev2.escalate_after_s, policy.levels.sev2.roles.len()), (None, 0));
        let lines = policy.changed_figures();
        assert!(
            lines.contains(&"levels.sev2.escalate_after_s = never (default 7200)".to_owned()),
            "{lines:?}"
        );
    }
}

#[test]
fn a_figure_that_there_is_not_is_refused_by_name() {
    for (text, name) in [
        (r#"{"levels": {"sev1": {"resolve_in_s": 1}}}"#, "resolve_in_s"),
        (r#"{"levels": {"sev5": {}}}"#, "sev5"),
    ] {
        let error = read(text).expect_err("is refused").to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn a_policy_comes_back_from_its_canonical_bytes_as_it_was() {
    let mut policy =
        read(r#"{"levels": {"sev3": {"unclear_after_s": 0, "support": false}}}"#).expect("is read");
    policy.times.soak_s = 1;
    let back: Policy = serde_json::from_slice(&policy.canonical()).expect("is read back");
    assert_eq!((&back, back.sha256()), (&policy, policy.sha256()));
    assert!(Policy::default().changed_figures().is_empty());
}

#[test]
fn roles_are_those_of_the_workflow_and_those_that_people_and_levels_name() {
    let mut policy = Policy::default();
    policy.levels.sev1.roles.push("duty_manager".to_owned());
    policy.people.push(Person { roles: vec!["dba".to_owned()], ..Person::default() });
    for role in ["incident_commander", "facilitator", "duty_manager", "dba"] {
        assert!(policy.roles().contains(role), "{role}");
    }
    assert!(!policy.roles().contains("janitor"));
}
