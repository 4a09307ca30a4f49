//! Times, statistics and the weekly report, by cases, snapshots and properties.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::incident::Status;
use crate::severity::{IncidentKind, Severity};

fn at(seconds: i64) -> Timestamp {
    "2026-11-16T00:00:00Z".parse::<Timestamp>().expect("a constant") + SignedDuration::from_secs(seconds)
}

fn full() -> Instants {
    Instants {
        impact_started_at: Some(at(0)),
        first_customer_report: Some(at(60)),
        opened_at: at(90),
        first_page_at: Some(at(95)),
        acknowledged_at: Some(at(125)),
        mitigated_at: Some(at(1290)),
        resolved_at: Some(at(1890)),
        all_clear_at: Some(at(1900)),
        first_update_at: Some(at(210)),
    }
}

#[test]
fn times_are_measured_between_their_instants() {
    let times = measure(&full());
    let wanted = Times {
        detect_s: Some(90.0),
        acknowledge_s: Some(30.0),
        mitigate_s: Some(1200.0),
        recover_s: Some(1800.0),
        customer_impact_s: Some(1840.0),
        communication_latency_s: Some(120.0),
        flagged: Vec::new(),
    };
    assert_eq!(times, wanted);
}

#[test]
fn impact_starts_with_the_earlier_sign_and_falls_back() {
    let early_customer = Instants { first_customer_report: Some(at(-30)), ..full() };
    assert_eq!(measure(&early_customer).detect_s, Some(120.0));
    let no_customer = Instants { first_customer_report: None, ..full() };
    assert_eq!(measure(&no_customer).customer_impact_s, Some(1900.0));
    let no_sample = Instants { impact_started_at: None, ..full() };
    assert_eq!(measure(&no_sample).detect_s, Some(30.0));
}

#[test]
fn an_impact_that_began_in_another_year_is_flagged_and_not_averaged() {
    let old = Some("2003-01-01T00:00:00Z".parse().expect("a time"));
    let times = measure(&Instants { impact_started_at: old, first_customer_report: None, ..full() });
    assert_eq!((times.detect_s, times.customer_impact_s), (None, None));
    assert!(times.flagged.iter().any(|f| f.contains("2003-01-01") && f.contains("30 days")), "{times:?}");
    let reported = measure(&Instants { impact_started_at: old, ..full() });
    assert_eq!((reported.detect_s, reported.customer_impact_s), (None, Some(1840.0)));
    assert_eq!(
        measure(&Instants { impact_started_at: Some(at(-86_400)), ..full() }).detect_s,
        Some(86_490.0)
    );
}

#[test]
fn bad_and_missing_timestamps_are_flagged() {
    let times = measure(&Instants {
        impact_started_at: Some(at(500)),
        first_customer_report: None,
        resolved_at: Some(at(10)),
        first_page_at: None,
        acknowledged_at: None,
        ..full()
    });
    assert_eq!((times.detect_s, times.recover_s, times.acknowledge_s), (None, None, None));
    insta::assert_snapshot!(times.flagged.join("\n"), @r"
    detect: opened (2026-11-16 00:01:30 UTC) is before start of impact (2026-11-16 00:08:20 UTC)
    acknowledge: first page is missing
    acknowledge: acknowledged is missing
    recover: resolved (2026-11-16 00:00:10 UTC) is before opened (2026-11-16 00:01:30 UTC)
    ");
}

#[test]
fn statistics_of_known_values() {
    assert_eq!(summarise([]), None);
    assert_eq!(summarise([f64::NAN, -1.0]), None);
    assert_eq!(summarise([4.0]), Some(Stats { count: 1, mean: 4.0, median: 4.0, p90: 4.0 }));
    let ten = summarise((1..=10).map(f64::from));
    assert_eq!(ten, Some(Stats { count: 10, mean: 5.5, median: 5.5, p90: 9.0 }));
}

const DAY: i64 = 86_400;

fn incident(
    id: &str,
    severity: Severity,
    cause: Option<&str>,
    opened: i64,
    recover: Option<f64>,
) -> ReviewedIncident {
    ReviewedIncident {
        id: id.to_owned(),
        severity,
        kind: IncidentKind::Availability,
        service: "checkout".to_owned(),
        cause: cause.map(str::to_owned),
        opened_at: at(opened),
        status: if recover.is_some() { Status::Resolved } else { Status::Investigating },
        resolved_at: recover.map(|s| at(opened + s as i64)),
        times: Times {
            recover_s: recover,
            flagged: if recover.is_none() {
                vec!["recover: resolved is missing".to_owned()]
            } else {
                Vec::new()
            },
            ..Times::default()
        },
        drill: false,
        action_items: vec![
            ReviewedItem { created_at: at(opened + 3600), done_at: Some(at(opened + 2 * DAY)) },
            ReviewedItem { created_at: at(opened + 3600), done_at: None },
        ],
    }
}

fn some_weeks() -> Vec<ReviewedIncident> {
    let pool = Some("saturation.connection_pool");
    vec![
        incident("INC-2026-0007", Severity::Sev3, Some("change.flag"), 6 * DAY, None),
        incident("INC-2026-0001", Severity::Sev2, pool, -9 * DAY, Some(600.0)),
        incident("INC-2026-0003", Severity::Sev1, pool, DAY, Some(1200.0)),
        incident("INC-2026-0004", Severity::Sev1, pool, 2 * DAY, Some(2400.0)),
        incident("INC-2026-0005", Severity::Sev2, None, 3 * DAY, Some(9000.0)),
        ReviewedIncident {
            drill: true,
            ..incident("INC-2026-0006", Severity::Sev1, pool, 4 * DAY, Some(1.0))
        },
        ReviewedIncident {
            service: "search".to_owned(),
            ..incident("INC-2026-0002", Severity::Sev3, pool, 0, Some(60.0))
        },
        incident("INC-2026-0008", Severity::Sev1, pool, 7 * DAY, Some(5.0)),
    ]
}

#[test]
fn the_weekly_report_counts_and_names() {
    let report = weekly_report(&some_weeks(), at(0), at(7 * DAY));
    insta::assert_snapshot!(report.to_text(), @r"
    Week 2026-11-16 to 2026-11-22: 5 incidents [INC-2026-0002, INC-2026-0003, INC-2026-0004, INC-2026-0005, INC-2026-0007]
      SEV1: 2, mean time to recovery 30.0 min [INC-2026-0003, INC-2026-0004]
      SEV2: 1, mean time to recovery 2.5 h [INC-2026-0005]
      SEV3: 2, mean time to recovery 60 s [INC-2026-0002, INC-2026-0007]
      SEV4: 0

    Times (mean / median / 90th percentile)
      time to detect: not measured; 5 without a usable value [INC-2026-0002, INC-2026-0003, INC-2026-0004, INC-2026-0005, INC-2026-0007]
      time to acknowledge: not measured; 5 without a usable value [INC-2026-0002, INC-2026-0003, INC-2026-0004, INC-2026-0005, INC-2026-0007]
      time to mitigate: not measured; 5 without a usable value [INC-2026-0002, INC-2026-0003, INC-2026-0004, INC-2026-0005, INC-2026-0007]
      time to recovery: 52.8 min / 30.0 min / 2.5 h over 4 [INC-2026-0002, INC-2026-0003, INC-2026-0004, INC-2026-0005]; 1 without a usable value [INC-2026-0007]
      customer impact: not measured; 5 without a usable value [INC-2026-0002, INC-2026-0003, INC-2026-0004, INC-2026-0005, INC-2026-0007]
      communication latency: not measured; 5 without a usable value [INC-2026-0002, INC-2026-0003, INC-2026-0004, INC-2026-0005, INC-2026-0007]

    Times by severity
      SEV1: 2 incidents [INC-2026-0003, INC-2026-0004]
        time to recovery: 30.0 min / 30.0 min / 40.0 min over 2 [INC-2026-0003, INC-2026-0004]
      SEV2: 1 incident [INC-2026-0005]
        time to recovery: 2.5 h / 2.5 h / 2.5 h over 1 [INC-2026-0005]
      SEV3: 2 incidents [INC-2026-0002, INC-2026-0007]
        time to recovery: 60 s / 60 s / 60 s over 1 [INC-2026-0002]; 1 without a usable value [INC-2026-0007]

    Times by service
      checkout: 4 incidents [INC-2026-0003, INC-2026-0004, INC-2026-0005, INC-2026-0007]
        time to recovery: 70.0 min / 40.0 min / 2.5 h over 3 [INC-2026-0003, INC-2026-0004, INC-2026-0005]; 1 without a usable value [INC-2026-0007]
      search: 1 incident [INC-2026-0002]
        time to recovery: 60 s / 60 s / 60 s over 1 [INC-2026-0002]

    Times by cause
      change.flag: 1 incident [INC-2026-0007]
      saturation.connection_pool: 3 incidents [INC-2026-0002, INC-2026-0003, INC-2026-0004]
        time to recovery: 20.3 min / 20.0 min / 40.0 min over 3 [INC-2026-0002, INC-2026-0003, INC-2026-0004]
      unknown: 1 incident [INC-2026-0005]
        time to recovery: 2.5 h / 2.5 h / 2.5 h over 1 [INC-2026-0005]

    Most frequent root causes
      1. saturation.connection_pool: 3 incidents [INC-2026-0002, INC-2026-0003, INC-2026-0004]
      2. change.flag: 1 incident [INC-2026-0007]
      cause not established: 1 [INC-2026-0005]

    Repeats: 2 (40 % of all)
      INC-2026-0003 repeats INC-2026-0001
      INC-2026-0004 repeats INC-2026-0003

    Action items created: 10 [INC-2026-0002, INC-2026-0003, INC-2026-0004, INC-2026-0005, INC-2026-0007]
    Action items carried over: 1 [INC-2026-0001]
    Action items completed: 4 (36 % of carried and created) [INC-2026-0002, INC-2026-0003, INC-2026-0004, INC-2026-0005]

    Timestamps to look at
      INC-2026-0007: recover: resolved is missing
    ");
}

#[test]
fn a_week_without_incidents_divides_by_nothing() {
    let report = weekly_report(&[], at(0), at(7 * DAY));
    assert_eq!((report.repeat_share, report.action_items.rate), (None, None));
    assert!(report.to_text().contains("0 incidents"));
}

#[test]
fn groups_leave_out_what_is_flagged_and_drills() {
    let groups = by_group(&some_weeks(), GroupBy::Severity, Metric::Recover);
    let sev3 = &groups["SEV3"];
    assert_eq!(
        (sev3.ids.as_slice(), sev3.left_out.as_slice()),
        (&["INC-2026-0002".to_owned()][..], &["INC-2026-0007".to_owned()][..])
    );
    assert_eq!(groups["SEV1"].ids.len(), 3);
    assert!(by_group(&some_weeks(), GroupBy::Cause, Metric::Recover).contains_key("unknown"));
    assert_eq!(by_group(&some_weeks(), GroupBy::Service, Metric::Recover)["search"].ids.len(), 1);
}

#[test]
fn only_what_was_an_incident_counts_and_only_a_resolution_is_a_recovery() {
    let ended = |id: &str, status| ReviewedIncident {
        status,
        action_items: Vec::new(),
        ..incident(id, Severity::Sev1, Some("change.release"), DAY, Some(10.0))
    };
    let list = [
        ended("INC-1", Status::Resolved),
        ended("INC-2", Status::Merged),
        ended("INC-3", Status::Cancelled),
        ended("INC-4", Status::ClosedHealthy),
        ReviewedIncident { times: Times::default(), ..ended("INC-5", Status::Mitigating) },
    ];
    let report = weekly_report(&list, at(0), at(7 * DAY));
    assert_eq!(report.incidents, ["INC-1", "INC-5"]);
    assert_eq!(
        (report.false_alarms.as_slice(), report.healthy.as_slice()),
        (&["INC-3".to_owned()][..], &["INC-4".to_owned()][..])
    );
    let recover = &report.by_severity[0].recover;
    assert_eq!(
        (recover.ids.as_slice(), recover.left_out.as_slice()),
        (&["INC-1".to_owned()][..], &["INC-5".to_owned()][..])
    );
    assert_eq!(report.top_causes[0].ids, ["INC-1", "INC-5"]);
    assert_eq!(report.repeats.len(), 1, "what was merged or called off repeats nothing");
    let text = report.to_text();
    assert!(text.contains("not counted, false alarms: 1 [INC-3]") && !text.contains("INC-2"), "{text}");
}

#[test]
fn times_are_grouped_by_severity_service_and_cause() {
    let report = weekly_report(&some_weeks(), at(0), at(7 * DAY));
    let keys = |lines: &[GroupLine]| lines.iter().map(|l| l.group.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&report.times_by_severity), ["SEV1", "SEV2", "SEV3"]);
    assert_eq!(keys(&report.times_by_service), ["checkout", "search"]);
    assert_eq!(keys(&report.times_by_cause), ["change.flag", "saturation.connection_pool", "unknown"]);
    for lines in [&report.times_by_severity, &report.times_by_service, &report.times_by_cause] {
        let ids: Vec<&String> = lines.iter().flat_map(|l| &l.ids).collect();
        assert_eq!(ids.len(), report.incidents.len(), "each incident is in one group");
        assert!(lines.iter().all(|l| l.times.len() == Metric::ALL.len()));
    }
    let pool = &report.times_by_cause[1];
    let recover = pool.times.iter().find(|t| t.metric == Metric::Recover).expect("all six");
    let stats = recover.seconds.stats.expect("measured");
    assert_eq!((stats.count, stats.median, stats.p90), (3, 1200.0, 2400.0));
}

#[test]
fn items_count_in_the_week_in_which_they_are_added_and_done() {
    let item =
        |created: i64, done: Option<i64>| ReviewedItem { created_at: at(created), done_at: done.map(at) };
    let old = ReviewedIncident {
        action_items: vec![
            item(-8 * DAY, Some(DAY)),
            item(-8 * DAY, None),
            item(-8 * DAY, Some(-DAY)),
            item(-8 * DAY, Some(9 * DAY)),
            item(2 * DAY, Some(3 * DAY)),
        ],
        ..incident("INC-1", Severity::Sev1, None, -9 * DAY, Some(60.0))
    };
    let new = ReviewedIncident {
        action_items: vec![item(2 * DAY, Some(8 * DAY)), item(8 * DAY, None)],
        ..incident("INC-2", Severity::Sev1, None, DAY, Some(60.0))
    };
    let items = weekly_report(&[old, new], at(0), at(7 * DAY)).action_items;
    assert_eq!((items.created, items.carried, items.completed), (2, 3, 2));
    assert_eq!(items.created_by, ["INC-1", "INC-2"]);
    assert_eq!((items.carried_by, items.completed_by), (vec!["INC-1".to_owned()], vec!["INC-1".to_owned()]));
    assert_eq!(items.rate, Some(0.4));
}

#[test]
fn the_meeting_is_in_the_next_working_hour_before_its_deadline() {
    // The first day is a Monday.
    for (end, within, wanted) in [
        (3 * 3600, 48 * 3600, "2026-11-16T09:00:00Z"),
        (10 * 3600 + 60, 48 * 3600, "2026-11-16T12:00:00Z"),
        (20 * 3600, 48 * 3600, "2026-11-17T09:00:00Z"),
        (4 * DAY + 12 * 3600, 48 * 3600, "2026-11-20T14:00:00Z"),
        (4 * DAY + 20 * 3600, 48 * 3600, "2026-11-21T09:00:00Z"),
        (4 * DAY + 20 * 3600, 96 * 3600, "2026-11-23T09:00:00Z"),
        (20 * 3600, 1800, "2026-11-17T09:00:00Z"),
    ] {
        assert_eq!(meeting_at(at(end), at(end + within)).to_string(), wanted, "{end} {within}");
    }
}

proptest! {
    #[test]
    fn a_meeting_is_after_the_end_and_before_its_deadline(end in 0i64..2_000_000_000, within in 24 * 3600i64..14 * DAY) {
        let end = Timestamp::from_second(end).expect("in range");
        let due = end + SignedDuration::from_secs(within);
        let meeting = meeting_at(end, due);
        prop_assert!(end < meeting && meeting <= due - SignedDuration::from_secs(MEETING_S));
    }

    #[test]
    fn statistics_lie_within_the_values(values in proptest::collection::vec(0.0..1e9f64, 1..60)) {
        let stats = summarise(values.iter().copied()).expect("there are values");
        let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
        prop_assert_eq!(stats.count, values.len());
        prop_assert!(low <= stats.median && stats.median <= stats.p90.max(stats.median) && stats.p90 <= high);
        prop_assert!(stats.mean >= low * (1.0 - 1e-12) && stats.mean <= high * (1.0 + 1e-12));
        prop_assert!(values.contains(&stats.p90));
        prop_assert!(values.iter().filter(|v| **v <= stats.p90).count() * 10 >= values.len() * 9);
    }

    #[test]
    fn each_time_is_measured_or_flagged(offsets in proptest::collection::vec(proptest::option::of(-5000i64..5000), 8), opened in -5000i64..5000) {
        let instant = |i: usize| offsets[i].map(at);
        let times = measure(&Instants {
            impact_started_at: instant(0), first_customer_report: instant(1), opened_at: at(opened), first_page_at: instant(2),
            acknowledged_at: instant(3), mitigated_at: instant(4), resolved_at: instant(5), all_clear_at: instant(6),
            first_update_at: instant(7),
        });
        for metric in Metric::ALL {
            let name = match metric {
                Metric::Detect => "detect:", Metric::Acknowledge => "acknowledge:", Metric::Mitigate => "mitigate:",
                Metric::Recover => "recover:", Metric::CustomerImpact => "customer impact:",
                Metric::CommunicationLatency => "communication latency:",
            };
            let flagged = times.flagged.iter().any(|flag| flag.starts_with(name));
            prop_assert!(metric.of(&times).is_some() != flagged, "{} {:?}", name, times);
        }
    }

    #[test]
    fn the_order_of_incidents_is_of_no_consequence(seed in proptest::collection::vec((0..4usize, 0..3usize, -10i64..10, any::<bool>()), 0..12).prop_shuffle()) {
        let list: Vec<ReviewedIncident> = seed.iter().enumerate().map(|(i, (severity, cause, day, drill))| ReviewedIncident {
            drill: *drill,
            ..incident(&format!("INC-{i}"), Severity::ALL[*severity], [None, Some("a.b"), Some("c.d")][*cause], day * DAY, Some(60.0))
        }).collect();
        let report = weekly_report(&list, at(0), at(7 * DAY));
        let turned: Vec<ReviewedIncident> = list.iter().rev().cloned().collect();
        prop_assert_eq!(&report, &weekly_report(&turned, at(0), at(7 * DAY)));
        let counted: usize = report.by_severity.iter().map(|line| line.ids.len()).sum();
        prop_assert_eq!(counted, report.incidents.len());
        prop_assert!(report.repeats.iter().all(|r| report.incidents.contains(&r.id)));
    }
}
