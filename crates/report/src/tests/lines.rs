//! The one-liner, lines for terminals, the weekly report, measured times.

use firebell_core::incident::describe;
use firebell_core::review::weekly_report;

use super::story::{self, Outside, Stage};
use crate::{entry_line, measured, one_line, phase_line, reviewed, weekly_markdown};

#[test]
fn executives_get_one_line_a_stage() {
    let policy = story::policy();
    let lines: Vec<String> =
        [(Stage::Declared, 70), (Stage::Identified, 905), (Stage::Mitigated, 1110), (Stage::Resolved, 1900)]
            .into_iter()
            .map(|(stage, now)| one_line(&story::incident(stage), &story::cx(&policy, now)))
            .collect();
    insta::assert_snapshot!("executives_line", lines.join("\n"));
}

#[test]
fn a_restricted_incident_is_named_by_nothing_but_its_level() {
    let policy = story::policy();
    let mut incident = story::incident(Stage::Declared);
    incident.restricted = true;
    let line = one_line(&incident, &story::cx(&policy, 70));
    assert!(line.contains("a confidential matter") && !line.contains("checkout"), "{line}");
}

#[test]
fn followers_read_lines() {
    let records = story::records(Stage::Mitigated, &Outside::default());
    let incident = story::incident(Stage::Mitigated);
    let mut lines: Vec<String> =
        records.iter().map(|r| entry_line(&describe(r), incident.opened_at)).collect();
    lines.push(phase_line(&incident, story::at(1110)));
    lines.push(phase_line(&incident, story::at(9000)));
    lines.push(phase_line(&story::incident(Stage::Resolved), story::at(9000)));
    insta::assert_snapshot!("followers", lines.join("\n"));
}

#[test]
fn times_come_from_the_record() {
    let times = measured(&story::incident(Stage::Resolved));
    assert_eq!(times.detect_s, Some(90.0));
    assert_eq!(times.acknowledge_s, Some(39.0));
    assert_eq!(times.mitigate_s, Some(1100.0));
    assert_eq!(times.recover_s, Some(1801.0));
    assert_eq!(times.customer_impact_s, Some(1900.0));
    assert_eq!(times.communication_latency_s, Some(62.0));
    assert!(times.flagged.is_empty(), "{:?}", times.flagged);
    assert_eq!(measured(&story::incident(Stage::Declared)).recover_s, None);
}

#[test]
fn the_week_links_every_number() {
    let one = reviewed(&story::incident(Stage::Resolved));
    assert_eq!(
        (one.service.as_str(), one.cause.as_deref()),
        ("service/checkout", Some("saturation.connection_pool"))
    );
    let mut two = one.clone();
    two.id = "INC-2026-0043".to_owned();
    two.opened_at = story::at(7200);
    let report = weekly_report(&[one, two], story::at(-86_400), story::at(6 * 86_400));
    let linked = weekly_markdown(&report, &|id| format!("/incidents/{id}"));
    insta::assert_snapshot!("weekly", linked);
    let unsafe_links = weekly_markdown(&report, &|_| "javascript:alert(1)".to_owned());
    assert!(!unsafe_links.contains("]("), "{unsafe_links}");
}
