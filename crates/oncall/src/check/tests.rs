//! The checker.

use super::{Limits, Weight, can_be_saved, check};
use crate::model::Roster;

fn findings(text: &str) -> String {
    let roster = Roster::from_toml(text).unwrap_or_else(|e| panic!("{e}"));
    let now = "2026-01-05T08:00:00Z".parse().expect("a time");
    let found = check(&roster, now, &Limits::default());
    let lines = found.iter().map(|f| {
        let span = f.span.map(|s| format!(" [{} - {}]", s.from, s.until)).unwrap_or_default();
        format!("{:?} {}: {}{span}; {}\n", f.weight, f.field, f.problem, f.advice)
    });
    assert_eq!(can_be_saved(&found), found.iter().all(|f| f.weight != Weight::Error));
    lines.collect()
}

const PEOPLE: &str = r#"
    people = [
      { name = "ana", contacts = [{ kind = "email", address = "ana@example.org" }] },
      { name = "ben", contacts = [{ kind = "sms", address = "+4930123456" }] },
      { name = "cem", contacts = [{ kind = "push" }] },
    ]
"#;

#[test]
fn a_roster_without_faults_has_no_findings() {
    let text = format!(
        r#"{PEOPLE}
        teams = [{{ name = "sre", members = ["ana", "ben", "cem"], escalation = "sre" }}]
        services = [{{ name = "checkout", team = "sre" }}]
        [[schedules]]
        name = "sre"
        time_zone = "Europe/Berlin"
        [[schedules.layers]]
        name = "weekly"
        participants = ["ana", "ben", "cem"]
        rotation = {{ every = "week", start = "2026-01-05" }}
        [[escalations]]
        name = "sre"
        fall_back = "cem"
        steps = [{{ targets = [{{ schedule = "sre" }}] }}, {{ targets = [{{ team = "sre" }}], acknowledgements = 2 }}]
        "#
    );
    assert_eq!(findings(&text), "");
}

#[test]
fn times_without_anybody_and_without_rest_are_found() {
    let text = format!(
        r#"{PEOPLE}
        [[schedules]]
        name = "office"
        time_zone = "Europe/Berlin"
        [[schedules.layers]]
        name = "days"
        participants = ["ana"]
        windows = [{{ days = ["monday", "tuesday", "wednesday", "thursday", "friday"], from = "09:00", to = "17:00" }}]
        [[schedules]]
        name = "nights"
        time_zone = "Europe/Berlin"
        [[schedules.layers]]
        name = "nights"
        participants = ["ana", "ben"]
        rotation = {{ every = "week", start = "2026-01-05" }}
        [[schedules.layers]]
        name = "most of it"
        participants = ["cem"]
        windows = [{{ from = "00:00", to = "18:00" }}]
        [[schedules.replacements]]
        id = "nobody"
        kind = "override"
        people = []
        from = "2026-07-01"
        until = "2026-07-02"
        "#
    );
    insta::assert_snapshot!(findings(&text));
}

#[test]
fn names_contacts_and_policies_that_lead_nowhere_are_found() {
    insta::assert_snapshot!(findings(
        r#"
        people = [
          { name = "ana", contacts = [{ kind = "sms", address = "0151 123" }, { kind = "email", address = "x" }] },
          { name = "ben" },
          { name = "ben", notify = { high = [{ contact = "fax" }] } },
          { name = "cem", contacts = [{ kind = "push", enabled = false }], notify = { low = [{ contact = "push", after_s = -1 }] } },
        ]
        teams = [{ name = "sre", members = ["ana", "zoe"] }]
        services = [{ name = "checkout", team = "sre" }, { name = "ledger", team = "gone", escalation = "gone" }]
        [[schedules]]
        name = "s"
        team = "gone"
        [[schedules.layers]]
        name = "l"
        participants = ["ana", "xi"]
        holidays = { calendars = ["nowhere"], then = "only" }
        [[schedules.layers]]
        name = "l"
        by_weekday = { monday = "ana" }
        from = "2026-02-01"
        until = "2026-01-01"
        windows = [{ from = "24:00", to = "24:00" }]
        rotation = { every = "month", start = "2026-01-01", at = "24:00", count = 0, hand_over_on = ["monday"] }
        [[schedules.replacements]]
        id = "r"
        kind = "swap"
        first = "ana"
        first_from = "2026-01-10"
        first_until = "2026-01-12"
        second = "ana"
        second_from = "2026-01-11"
        second_until = "2026-01-13"
        [[schedules]]
        name = "empty"
        [[escalations]]
        name = "e"
        rounds = 0
        steps = [
          { targets = [{ channel = "slack/x" }], delay_s = 1, acknowledgements = 0 },
          { targets = [{ person = "yan" }, { schedule = "gone" }, { team = "gone" }] },
          { targets = [{ schedule = "s" }], acknowledgements = 3 },
        ]
        [[escalations]]
        name = "none"
        steps = []
        fall_back = "who"
        fall_back_again_s = 5
        acknowledgement_holds_s = 5
        "#
    ));
}
