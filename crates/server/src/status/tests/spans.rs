//! When it hurt.

use firebell_core::agent::Recovery;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Event, EventRecord};
use firebell_core::severity::{IncidentKind, Severity};
use firebell_core::verdict::{FORMAT, Outcome, Stats, Verdict};

use super::super::board::{Board, Component, DAYS, Day};
use super::super::config::StatusConfig;
use super::super::public::{PublicIncident, State};
use super::record::{opened, record, reopened, resolved, severity, told};
use super::{board, now, policy};

/// The component that the incidents of these records touch.
fn checkout(records: &[Vec<EventRecord>]) -> Component {
    let incidents = records.iter().filter_map(|r| PublicIncident::of(r, &policy())).collect();
    Board::of(&StatusConfig::default(), &policy(), incidents, Vec::new(), now()).components.remove(0)
}

fn day<'a>(component: &'a Component, date: &str) -> &'a Day {
    component.days.iter().find(|d| d.date.to_string() == date).expect("a day of the bars")
}

/// Hours that hurt and hours that count as down, by day, where there were any.
fn hurt(component: &Component) -> Vec<(String, f64, f64)> {
    let hours =
        |d: &Day| (d.date.to_string(), d.hurt_s as f64 / 3600.0, (d.down * 24.0 * 100.0).round() / 100.0);
    component.days.iter().filter(|d| d.hurt_s > 0).map(hours).collect()
}

fn mitigated() -> Event {
    Event::RecoveryWatched {
        plan: "p".into(),
        helped: true,
        recovery: Recovery { ok: true, reading: String::new(), checks: Vec::new() },
    }
}

fn judged(verdict: Outcome) -> Event {
    let verdict = Verdict {
        format: FORMAT.into(),
        verdict,
        onset: None,
        hypotheses: Vec::new(),
        gaps: Vec::new(),
        challenge: None,
        stats: Stats::default(),
    };
    Event::VerdictReached { round: 1, verdict }
}

#[test]
fn one_that_is_reopened_days_later_does_not_count_the_days_between() {
    let r = record(
        1,
        &[
            ("2026-11-20T10:10:00Z", opened(Severity::Sev1, Some("2026-11-20T10:00:00Z"))),
            ("2026-11-20T10:20:00Z", told("2026-11-20T10:20:00Z")),
            ("2026-11-20T11:00:00Z", mitigated()),
            ("2026-11-20T13:00:00Z", resolved()),
            ("2026-11-24T09:00:00Z", reopened()),
            ("2026-11-24T11:00:00Z", resolved()),
        ],
    );
    let c = checkout(std::slice::from_ref(&r));
    let expected = [("2026-11-20".to_owned(), 1.0, 1.0), ("2026-11-24".to_owned(), 2.0, 2.0)];
    assert_eq!(hurt(&c), expected);
    assert_eq!(day(&c, "2026-11-22").worst, State::Operational);
    assert!((c.uptime - (1.0 - 3.0 / ((DAYS as f64 - 0.5) * 24.0))).abs() < 1e-9, "{}", c.uptime);
    let i = PublicIncident::of(&r, &policy()).expect("told");
    assert_eq!(i.lasted.as_mins(), (3 + 2) * 60, "from its first sign to its end, and again");
}

#[test]
fn each_moment_counts_by_the_severity_of_that_moment() {
    let r = record(
        1,
        &[
            ("2026-11-20T10:00:00Z", opened(Severity::Sev3, None)),
            ("2026-11-20T10:20:00Z", told("2026-11-20T10:20:00Z")),
            ("2026-11-20T11:00:00Z", severity(Severity::Sev3, Severity::Sev1)),
            ("2026-11-20T13:00:00Z", severity(Severity::Sev1, Severity::Sev2)),
            ("2026-11-20T14:00:00Z", severity(Severity::Sev2, Severity::Sev4)),
            ("2026-11-20T18:00:00Z", resolved()),
        ],
    );
    let c = checkout(&[r]);
    // An hour degraded, two whole ones, one for three tenths, and four that looked wrong only.
    assert_eq!(hurt(&c), [("2026-11-20".to_owned(), 4.0, 2.3)]);
    assert_eq!(day(&c, "2026-11-20").worst, State::MajorOutage);
}

#[test]
fn what_came_back_hurts_again_and_what_only_seemed_to_does_not() {
    let begin = [
        ("2026-11-20T10:00:00Z", opened(Severity::Sev1, None)),
        ("2026-11-20T10:20:00Z", told("2026-11-20T10:20:00Z")),
        ("2026-11-20T11:00:00Z", mitigated()),
        ("2026-11-20T12:00:00Z", Event::Regressed { why: "errors again".into() }),
    ];
    let mut r = begin.to_vec();
    r.push(("2026-11-20T14:00:00Z", mitigated()));
    assert_eq!(hurt(&checkout(&[record(1, &r)])), [("2026-11-20".to_owned(), 3.0, 3.0)]);
    // After a look found that all had been well since the plan, it never came back.
    let mut r = begin.to_vec();
    r.insert(2, ("2026-11-20T10:30:00Z", judged(Outcome::Cause)));
    r.push(("2026-11-20T12:30:00Z", severity(Severity::Sev1, Severity::Sev2)));
    r.push(("2026-11-20T13:00:00Z", judged(Outcome::Recovered)));
    assert_eq!(hurt(&checkout(&[record(1, &r)])), [("2026-11-20".to_owned(), 1.0, 1.0)]);
    // Still so, and it is noon a week later.
    let c = checkout(&[record(1, &begin)]);
    assert_eq!((hurt(&c).len(), hurt(&c)[0].1, hurt(&c)[7].1), (8, 1.0 + 12.0, 12.0));
    assert_eq!(c.state, State::MajorOutage);
}

#[test]
fn what_is_merged_ends_there_and_what_it_goes_on_in_counts_once() {
    let first = record(
        1,
        &[
            ("2026-11-20T10:00:00Z", opened(Severity::Sev1, None)),
            ("2026-11-20T10:20:00Z", told("2026-11-20T10:20:00Z")),
            ("2026-11-20T12:00:00Z", Event::MergedInto { into: IncidentId::new("INC-2026-0002") }),
        ],
    );
    let second = record(
        2,
        &[
            ("2026-11-20T11:00:00Z", opened(Severity::Sev1, None)),
            ("2026-11-20T11:20:00Z", told("2026-11-20T11:20:00Z")),
            ("2026-11-20T13:00:00Z", resolved()),
        ],
    );
    assert_eq!(hurt(&checkout(std::slice::from_ref(&first))), [("2026-11-20".to_owned(), 2.0, 2.0)]);
    assert_eq!(hurt(&checkout(&[first, second])), [("2026-11-20".to_owned(), 3.0, 3.0)]);
}

#[test]
fn what_was_called_off_or_healthy_was_no_outage_and_what_went_before_it_stays_one() {
    let open = ("2026-11-20T10:00:00Z", opened(Severity::Sev1, None));
    let post = ("2026-11-20T10:20:00Z", told("2026-11-20T10:20:00Z"));
    let cancelled = || Event::Cancelled { reason: "a test".into() };
    let healthy = || Event::ClosedHealthy { why: "all is well".into() };
    for end in [cancelled(), healthy()] {
        let r = record(1, &[open.clone(), post.clone(), ("2026-11-20T12:00:00Z", end.clone())]);
        assert!(hurt(&checkout(std::slice::from_ref(&r))).is_empty(), "{end:?}");
        let i = PublicIncident::of(&r, &policy()).expect("told");
        assert_eq!((i.impact, i.state), ("none", State::Operational));
        let r = record(
            1,
            &[
                open.clone(),
                post.clone(),
                ("2026-11-20T11:00:00Z", resolved()),
                ("2026-11-21T10:00:00Z", reopened()),
                ("2026-11-21T12:00:00Z", end),
            ],
        );
        assert_eq!(hurt(&checkout(&[r])), [("2026-11-20".to_owned(), 1.0, 1.0)]);
    }
    let again = |end| {
        let r = [
            open.clone(),
            post.clone(),
            ("2026-11-20T11:00:00Z", end),
            ("2026-11-21T10:00:00Z", reopened()),
            ("2026-11-21T12:00:00Z", resolved()),
        ];
        hurt(&checkout(&[record(1, &r)])).iter().map(|(day, ..)| day.clone()).collect::<Vec<_>>()
    };
    assert_eq!(again(cancelled()), ["2026-11-20", "2026-11-21"], "who reopens it takes the cancelling back");
    assert_eq!(again(healthy()), ["2026-11-21"], "it was looked at, and was well");
}

#[test]
fn what_is_confidential_a_drill_or_was_never_told_is_no_outage() {
    let open = ("2026-11-20T10:00:00Z", opened(Severity::Sev1, None));
    let post = ("2026-11-20T10:20:00Z", told("2026-11-20T10:20:00Z"));
    let secret = Event::KindChanged { kind: IncidentKind::Availability, restricted: true };
    let end = ("2026-11-20T12:00:00Z", resolved());
    let restricted = record(1, &[open.clone(), post.clone(), ("2026-11-20T11:00:00Z", secret), end.clone()]);
    let mut drill = record(2, &[open.clone(), post, end.clone()]);
    if let Event::Opened { drill, .. } = &mut drill[0].event {
        *drill = true;
    }
    let untold = record(3, &[open, end]);
    let c = checkout(&[restricted, drill, untold]);
    assert_eq!((c.uptime, hurt(&c).len()), (1.0, 0));
    assert_eq!(c, board(Vec::new()).components[0]);
}
