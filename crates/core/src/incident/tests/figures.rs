//! The figures of the severity table are the defaults.

use crate::policy::{Levels, Times};
use crate::severity::Severity;

const MIN: i64 = 60;
const HOUR: i64 = 3600;

#[test]
fn the_severity_table_is_the_default() {
    let levels = Levels::default();
    let row = |s: Severity| {
        let l = levels.of(s);
        (l.resolve_within_s, l.internal_every_s, l.public_first_within_s, l.postmortem_within_s)
    };
    let two_days = Some(48 * HOUR);
    assert_eq!(row(Severity::Sev1), (Some(HOUR), Some(15 * MIN), Some(5 * MIN), two_days));
    assert_eq!(row(Severity::Sev2), (Some(4 * HOUR), Some(30 * MIN), Some(15 * MIN), two_days));
    let (resolve, every, _, postmortem) = row(Severity::Sev3);
    assert_eq!((resolve, every, postmortem), (Some(24 * HOUR), Some(HOUR), None));
    assert_eq!(row(Severity::Sev4), (None, None, None, None));
    let (one, two, three, four) = (&levels.sev1, &levels.sev2, &levels.sev3, &levels.sev4);
    assert!(one.executives_at_once && one.executives_each_update && one.support);
    assert!(two.executives_at_once && !two.executives_each_update && two.support);
    assert_eq!(two.executives_again_after_s, Some(2 * HOUR));
    assert!(
        !three.executives_at_once && three.support_if_customer_facing && three.internal_if_customer_facing
    );
    assert!(three.public_if_customer_facing && !four.executives_at_once && !four.support);
    assert_eq!((one.unclear_after_s, one.unclear_to.as_str()), (Some(30 * MIN), "senior_engineer"));
    assert_eq!((two.unclear_after_s, three.unclear_after_s), (Some(30 * MIN), Some(30 * MIN)));
    assert!(one.public_each_update && !two.public_each_update && !three.public_each_update);
    assert!(!one.public_if_customer_facing && !two.public_if_customer_facing);
    assert_eq!((two.escalate_after_s, two.escalate_to.as_str()), (Some(2 * HOUR), "senior_engineer"));
    assert_eq!((three.escalate_after_s, three.escalate_to.as_str()), (Some(8 * HOUR), "team_lead"));
    assert_eq!((four.escalate_after_s, four.roles.len()), (None, 0));
    let approvals = |s: Severity| {
        let level = levels.of(s);
        (level.approvals_reversible, level.approvals_irreversible)
    };
    assert_eq!(approvals(Severity::Sev1), (2, 2));
    assert_eq!(approvals(Severity::Sev2), (1, 2));
    assert_eq!(approvals(Severity::Sev3), (1, 1));
    assert_eq!(one.roles, ["incident_commander", "technical_lead", "communications_lead", "scribe"]);
}

#[test]
fn the_phases_end_at_the_workflows_minutes() {
    let t = Times::default();
    let ends = [t.assess_by_s, t.command_by_s, t.investigate_by_s, t.mitigate_by_s, t.verify_by_s];
    assert_eq!(ends.map(|s| s / MIN), [5, 10, 30, 60, 90]);
}
