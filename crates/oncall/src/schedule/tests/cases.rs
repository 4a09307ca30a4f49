//! Cases by hand.

use jiff::Timestamp;

use crate::model::Roster;
use crate::schedule::Plan;

pub(super) fn roster(text: &str) -> Roster {
    Roster::from_toml(text).unwrap_or_else(|e| panic!("{e}"))
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// Shifts, a line each, by the clock of the schedule.
fn shown(plan: &Plan<'_>, from: &str, until: &str) -> String {
    let zone = &plan.schedule().time_zone;
    let clock = |t| format!("{}", zone.clock(t).strftime("%a %d %b %H:%M"));
    let line = |s: &crate::schedule::Shift| {
        let hours = s.span.seconds() as f64 / 3600.0;
        let shadow = if s.shadow { " (shadow)" } else { "" };
        let source = s.source.shown();
        format!(
            "{} - {}  {hours:>6.2} h  {}{shadow}, {source}\n",
            clock(s.span.from),
            clock(s.span.until),
            s.person
        )
    };
    plan.shifts(at(from), at(until)).iter().map(line).collect()
}

#[test]
fn a_hand_over_at_nine_stays_at_nine_when_clocks_change() {
    let roster = roster(
        r#"
        [[schedules]]
        name = "s"
        time_zone = "Europe/Berlin"
        [[schedules.layers]]
        name = "daily"
        participants = ["ana", "ben"]
        rotation = { every = "day", start = "2026-03-01", at = "09:00" }
        "#,
    );
    let plan = roster.plan("s").expect("it");
    insta::assert_snapshot!(shown(&plan, "2026-03-27T08:00:00Z", "2026-03-30T12:00:00Z"), @r"
    Fri 27 Mar 09:00 - Sat 28 Mar 09:00   24.00 h  ana, layer daily
    Sat 28 Mar 09:00 - Sun 29 Mar 09:00   23.00 h  ben, layer daily
    Sun 29 Mar 09:00 - Mon 30 Mar 09:00   24.00 h  ana, layer daily
    Mon 30 Mar 09:00 - Mon 30 Mar 14:00    5.00 h  ben, layer daily
    ");
    insta::assert_snapshot!(shown(&plan, "2026-10-24T07:00:00Z", "2026-10-25T12:00:00Z"), @r"
    Sat 24 Oct 09:00 - Sun 25 Oct 09:00   25.00 h  ben, layer daily
    Sun 25 Oct 09:00 - Sun 25 Oct 13:00    4.00 h  ana, layer daily
    ");
}

#[test]
fn what_begins_in_the_missing_hour_begins_with_the_jump_and_the_doubled_hour_counts_once() {
    let roster = roster(
        r#"
        [[schedules]]
        name = "s"
        time_zone = "America/New_York"
        [[schedules.layers]]
        name = "night"
        participants = ["ana"]
        windows = [{ from = "01:30", to = "02:30" }]
        [[schedules.layers]]
        name = "morning"
        participants = ["ben"]
        windows = [{ from = "02:30", to = "04:00" }]
        [[schedules.layers]]
        name = "within the missing hour"
        participants = ["cem"]
        windows = [{ from = "02:10", to = "02:20", days = ["sunday"] }]
        "#,
    );
    let plan = roster.plan("s").expect("it");
    insta::assert_snapshot!(shown(&plan, "2026-03-08T05:00:00Z", "2026-03-08T12:00:00Z"), @r"
    Sun 08 Mar 01:30 - Sun 08 Mar 03:00    0.50 h  ana, layer night
    Sun 08 Mar 03:00 - Sun 08 Mar 04:00    1.00 h  ben, layer morning
    ");
    // 01:00 to 02:00 comes twice.
    insta::assert_snapshot!(shown(&plan, "2026-11-01T04:00:00Z", "2026-11-01T12:00:00Z"), @r"
    Sun 01 Nov 01:30 - Sun 01 Nov 02:10    1.67 h  ana, layer night
    Sun 01 Nov 02:10 - Sun 01 Nov 02:20    0.17 h  cem, layer within the missing hour
    Sun 01 Nov 02:20 - Sun 01 Nov 02:30    0.17 h  ana, layer night
    Sun 01 Nov 02:30 - Sun 01 Nov 04:00    1.50 h  ben, layer morning
    ");
}

#[test]
fn layers_replacements_and_holidays_make_one_schedule() {
    let roster = roster(
        r#"
        [[calendars]]
        name = "bavaria"
        days = [{ date = "2026-01-06", name = "Epiphany" }]
        [[schedules]]
        name = "payments"
        time_zone = "Europe/Berlin"
        [[schedules.layers]]
        name = "nights and weekends"
        participants = ["ana", "ben"]
        rotation = { every = "week", start = "2026-01-05" }
        [[schedules.layers]]
        name = "office hours"
        by_weekday = { monday = "cem", tuesday = "cem", wednesday = ["cem", "dia"], thursday = "dia", friday = "dia" }
        rotation = { every = "weekday", start = "2026-01-05", at = "00:00" }
        windows = [{ from = "09:00", to = "17:00" }]
        holidays = { calendars = ["bavaria"], then = "off" }
        [[schedules.layers]]
        name = "learning"
        shadow = true
        participants = ["eva"]
        windows = [{ days = ["thursday"], from = "12:00", to = "14:00" }]
        [[schedules.replacements]]
        id = "dentist"
        kind = "cover"
        person = "ben"
        instead_of = "dia"
        from = "2026-01-08T10:00"
        until = "2026-01-08T12:00"
        [[schedules.replacements]]
        id = "swapped"
        kind = "swap"
        first = "ana"
        first_from = "2026-01-10"
        first_until = "2026-01-11"
        second = "ben"
        second_from = "2026-01-17"
        second_until = "2026-01-18"
        [[schedules.replacements]]
        id = "party"
        kind = "override"
        people = ["eva"]
        from = "2026-01-09T16:00:00Z"
        until = "2026-01-09T22:00:00Z"
        "#,
    );
    let plan = roster.plan("payments").expect("it");
    insta::assert_snapshot!(shown(&plan, "2026-01-05T08:00:00Z", "2026-01-12T12:00:00Z"));
    assert_eq!(plan.at(at("2026-01-17T12:00:00Z")).on[0].source.shown(), "swapped with ben");
    assert!(plan.gaps(at("2026-01-05T08:00:00Z"), at("2026-02-05T08:00:00Z")).is_empty());
    assert_eq!(plan.gaps(at("2026-01-05T07:00:00Z"), at("2026-02-05T08:00:00Z")).len(), 1);
    assert_eq!(plan.layer_shifts(1, at("2026-01-05T00:00:00Z"), at("2026-01-12T00:00:00Z")).len(), 5);
}

#[test]
fn months_that_are_too_short_change_on_their_last_day() {
    let roster = roster(
        r#"
        [[schedules]]
        name = "s"
        [[schedules.layers]]
        name = "monthly"
        participants = ["ana", "ben", "cem"]
        rotation = { every = "month", start = "2026-01-31", at = "08:00" }
        "#,
    );
    let plan = roster.plan("s").expect("it");
    insta::assert_snapshot!(shown(&plan, "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"), @r"
    Sat 31 Jan 08:00 - Sat 28 Feb 08:00  672.00 h  ana, layer monthly
    Sat 28 Feb 08:00 - Tue 31 Mar 08:00  744.00 h  ben, layer monthly
    Tue 31 Mar 08:00 - Thu 30 Apr 08:00  720.00 h  cem, layer monthly
    Thu 30 Apr 08:00 - Sun 31 May 08:00  744.00 h  ana, layer monthly
    Sun 31 May 08:00 - Mon 01 Jun 00:00   16.00 h  ben, layer monthly
    ");
}

#[test]
fn a_schedule_that_never_changes_says_so() {
    let roster = roster(
        r#"
        [[schedules]]
        name = "s"
        [[schedules.layers]]
        name = "always"
        participants = ["ana"]
        rotation = { every = "hour", start = "2020-01-01" }
        "#,
    );
    let plan = roster.plan("s").expect("it");
    assert_eq!(plan.next_change(at("2026-01-01T00:00:00Z")), None);
    assert_eq!(plan.steady(at("2020-01-02T00:00:00Z")).0, Some(at("2020-01-01T09:00:00Z")));
    assert_eq!(plan.steady(at("2026-01-01T00:00:00Z")), (None, None));
    assert_eq!(plan.next_change(at("2019-12-31T00:00:00Z")), Some(at("2020-01-01T09:00:00Z")));
}
