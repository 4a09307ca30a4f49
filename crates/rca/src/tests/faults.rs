//! The faults that must be found from telemetry alone.

use firebell_core::change::ChangeKind;
use firebell_core::telemetry::Telemetry;
use firebell_core::verdict::{Outcome, Verdict};

use super::company::{Company, Model, START_MS};
use crate::{Settings, investigate, reevaluate};

const SEEDS: u64 = 8;

/// Runs a normal stretch, then `fault` for each second of the faulty one.
pub(crate) fn run(
    seed: u64,
    report: &str,
    before: impl Fn(&mut Company),
    fault: impl Fn(&mut Company, &mut Model, usize),
) -> (Telemetry, i64) {
    run_from(seed, report, Model::healthy(), before, fault)
}

/// As [`run`], of a company that is like this in normal times.
fn run_from(
    seed: u64,
    report: &str,
    normal: Model,
    before: impl Fn(&mut Company),
    fault: impl Fn(&mut Company, &mut Model, usize),
) -> (Telemetry, i64) {
    let mut c = Company::new(seed);
    let calm = 28 + (seed % 5) as usize * 7;
    let ill = 14 + (seed % 4) as usize * 9;
    // Decoys: changes elsewhere that did nothing.
    for _ in 0..calm - 8 {
        c.second(&normal);
    }
    c.change(ChangeKind::Deploy, "notifications", 0, "2.0.0", "2.0.1", "mail footer wording");
    c.change(ChangeKind::Config, "gateway", 2, "info", "debug", "access log verbosity");
    for _ in 0..8 {
        c.second(&normal);
    }
    before(&mut c);
    let mut m = normal;
    for i in 0..ill {
        fault(&mut c, &mut m, i);
        c.second(&m);
    }
    let mut t = c.finish();
    t.report = report.to_owned();
    (t, START_MS + calm as i64 * 1000)
}

fn check(
    name: &str,
    make: impl Fn(u64) -> (Telemetry, i64),
    components: &[&str],
    causes: &[&str],
    also: impl Fn(&Verdict) -> bool,
) {
    let mut wrong = Vec::new();
    for seed in 1..=SEEDS {
        let (t, onset) = make(seed);
        let v = investigate(&t, &Settings::default());
        let top = v.hypotheses.first();
        let right = v.verdict == Outcome::Cause
            && top.is_some_and(|h| {
                components.contains(&h.component.as_str()) && causes.contains(&h.cause.as_str())
            })
            && also(&v);
        if !right {
            let list: Vec<String> = v
                .hypotheses
                .iter()
                .take(4)
                .map(|h| format!("{} {} {:.2} [{}]", h.component, h.cause, h.confidence, h.mechanism))
                .collect();
            wrong.push(format!(
                "seed {seed}: {:?} onset {:?} (true {}) {list:#?}",
                v.verdict,
                v.onset.map(|o| (o.as_millisecond() - START_MS) / 1000),
                (onset - START_MS) / 1000
            ));
        }
        for a in v.hypotheses.iter().flat_map(|h| &h.expected_but_absent) {
            assert!(!a.evidence.is_empty(), "{name}: {} cites nothing", a.claim);
        }
        for e in super::cited(&v) {
            assert_eq!(
                reevaluate(&t, e).as_deref(),
                Some(e.sha256.as_str()),
                "{name}: {} {}",
                e.source,
                e.query
            );
        }
    }
    assert!(wrong.is_empty(), "{name}: {} of {SEEDS} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn an_exhausted_pool_is_found_at_its_service() {
    check(
        "pool",
        |s| {
            run(
                s,
                "High error rate on checkout API",
                |_| {},
                |_, m, i| {
                    m.pool = (120.0 + 30.0 * i.min(10) as f64, 0.5, 1.0);
                },
            )
        },
        &["service/checkout"],
        &["saturation.connection_pool"],
        |_| true,
    );
}

#[test]
fn an_n_plus_one_is_found_and_names_the_release() {
    check(
        "n plus one",
        |s| {
            run(
                s,
                "Slow API responses",
                |c| {
                    c.change(
                        ChangeKind::Deploy,
                        "catalog",
                        0,
                        "1.7.3",
                        "1.8.0",
                        "product page with suppliers",
                    )
                },
                |_, m, _| {
                    m.queries.insert("catalog", 60);
                },
            )
        },
        &["service/catalog"],
        &["code.n_plus_one"],
        |v| v.hypotheses[0].change.is_some(),
    );
}

#[test]
fn credential_stuffing_names_the_accounts() {
    check(
        "stuffing",
        |s| run(s, "Suspicious authentication attempts", |_| {}, |_, m, _| m.attackers = 40.0),
        &["service/accounts"],
        &["security.credential_stuffing"],
        |v| v.hypotheses[0].mechanism.contains("user"),
    );
}

#[test]
fn an_attack_is_recognised_beside_everything_else_that_moves() {
    check(
        "stuffing on a slow day",
        |s| {
            run(
                s,
                "the 95th percentile of the response time of catalog is 0.38 s",
                |_| {},
                |_, m, i| {
                    // All machines are slow first; the attack comes into that.
                    for own in m.own.values_mut() {
                        *own = (*own * 1.6).min(120.0);
                    }
                    m.attackers = if i < 5 { 0.0 } else { 14.0 };
                },
            )
        },
        &["service/accounts"],
        &["security.credential_stuffing"],
        |v| v.hypotheses[0].mechanism.contains("user"),
    );
}

#[test]
fn an_outage_of_the_sign_in_behind_few_addresses_is_no_attack() {
    for retries in [0, 3] {
        check(
            "shut door",
            |s| {
                run_from(
                    s,
                    "nobody can sign in",
                    Model { offices: true, ..Model::healthy() },
                    |_| {},
                    |_, m, _| {
                        m.fail.insert("accounts", 0.95);
                        m.error_text.insert("accounts", "token store unavailable");
                        m.retries = retries;
                    },
                )
            },
            &["service/accounts"],
            &["dependency.unavailable", "code.exception", "code.slow_path"],
            |v| v.hypotheses.iter().all(|h| !h.cause.starts_with("security.")),
        );
    }
}

#[test]
fn a_bad_release_is_blamed_and_the_decoys_are_not() {
    check(
        "release",
        |s| {
            run(
                s,
                "errors on product pages",
                |c| c.change(ChangeKind::Deploy, "catalog", 0, "1.7.3", "1.8.0", "price formatting"),
                |_, m, _| {
                    m.fail.insert("catalog", 0.35);
                    m.error_text
                        .insert("catalog", "TypeError: cannot read property of undefined at formatPrice");
                },
            )
        },
        &["service/catalog"],
        &["change.release"],
        |v| v.hypotheses[0].change.as_deref() == Some("chg-3"),
    );
}

#[test]
fn a_memory_leak_needs_no_deploy() {
    check(
        "leak",
        |s| {
            run(
                s,
                "checkout is slow",
                |_| {},
                |_, m, i| {
                    m.memory.insert("inventory", 8.0e7 + 6.0e6 * i as f64);
                    m.own.insert("inventory", 6.0 + 3.0 * i as f64);
                    if i > 8 {
                        m.fail.insert("inventory", 0.1);
                        m.error_text.insert("inventory", "request aborted: garbage collection took 900 ms");
                    }
                },
            )
        },
        &["service/inventory"],
        &["code.memory_leak"],
        |v| v.hypotheses[0].change.is_none(),
    );
}

#[test]
fn a_flag_at_twenty_percent_is_found_without_any_harm_in_metrics() {
    check(
        "flag",
        |s| {
            run(
                s,
                "customers report strange ranking of products",
                |c| c.change(ChangeKind::Flag, "catalog", 0, "0 %", "20 %", "new_ranking enabled for 20 %"),
                |c, m, i| {
                    m.variant = 0.2;
                    if i % 2 == 0 {
                        c.log(
                            "catalog",
                            "info",
                            "ranking variant new_ranking served, 0 matching products".into(),
                        );
                    }
                },
            )
        },
        &["service/catalog"],
        &["change.flag"],
        |v| v.hypotheses[0].change.as_deref() == Some("chg-3"),
    );
}

#[test]
fn a_slow_third_party_is_not_its_callers_fault() {
    check(
        "third party",
        |s| run(s, "payments are slow", |_| {}, |_, m, _| m.acquirer = 1500.0),
        &["third_party/acquirer"],
        &["dependency.slow"],
        |_| true,
    );
}

#[test]
fn an_outage_that_retries_spread_is_found_where_it_began() {
    check(
        "cascade",
        |s| {
            run(
                s,
                "everything fails",
                |_| {},
                |_, m, _| {
                    m.fail.insert("accounts", 0.95);
                    m.error_text.insert("accounts", "token store unavailable");
                    m.retries = 3;
                },
            )
        },
        &["service/accounts"],
        &["dependency.unavailable", "code.exception", "code.slow_path"],
        |_| true,
    );
}

#[test]
fn a_bad_configuration_is_blamed() {
    check(
        "config",
        |s| {
            run(
                s,
                "orders fail",
                |c| {
                    c.change(
                        ChangeKind::Config,
                        "checkout",
                        0,
                        "800",
                        "4",
                        "upstream_timeout_ms 800 -> 4, reloaded",
                    )
                },
                |_, m, _| {
                    m.inventory_timeout = 4.0;
                },
            )
        },
        &["service/checkout"],
        &["change.config"],
        |v| v.hypotheses[0].change.as_deref() == Some("chg-3"),
    );
}

#[test]
fn a_full_disk_is_found() {
    check(
        "disk",
        |s| {
            run(
                s,
                "orders fail",
                |_| {},
                |_, m, i| {
                    m.disk = (0.35 + 0.12 * i as f64).min(0.995);
                    if m.disk > 0.98 {
                        m.fail.insert("inventory", 0.8);
                        m.error_text.insert("inventory", "write failed: No space left on device");
                    }
                },
            )
        },
        &["service/inventory"],
        &["saturation.disk"],
        |_| true,
    );
}

/// An alert on catalog comes and goes while its answers take so many milliseconds longer, and it uses these shares of a
/// processor before and after: the verdict is healthy.
fn healthy_behind_an_alert(longer_ms: f64, cores: Option<(f64, f64)>) {
    for seed in 1..=SEEDS {
        let (mut t, onset) = run(
            seed,
            "",
            |_| {},
            |c, m, i| {
                if i == 0 && longer_ms > 0.0 {
                    *m.own.entry("catalog").or_insert(0.0) += longer_ms;
                }
                if i % 5 == 0 {
                    c.alert("HighLatency", "catalog", true);
                }
            },
        );
        if let Some((before, after)) = cores {
            let catalog = t.series.iter().find(|s| s.labels.get("service").is_some_and(|s| s == "catalog"));
            let mut cpu = catalog.expect("it is measured").clone();
            cpu.name = "process_cpu_seconds_total".to_owned();
            cpu.kind = firebell_core::telemetry::MetricKind::Counter;
            cpu.labels.retain(|name, _| name == "service");
            let (mut sum, mut last) = (0.0, cpu.points.first().map_or(0, |p| p.0));
            for (at, value) in &mut cpu.points {
                let used = if *at > onset { after } else { before };
                sum += used * (*at - last) as f64 / 1000.0;
                (*value, last) = (sum, *at);
            }
            t.series.push(cpu);
        }
        let v = investigate(&t, &Settings::default());
        assert_eq!(v.verdict, Outcome::Healthy, "seed {seed}: {:#?}", v.hypotheses.first());
    }
}

#[test]
fn a_flapping_alert_with_nothing_behind_it_is_healthy() {
    healthy_behind_an_alert(0.0, None);
}

#[test]
fn an_alert_behind_which_answers_take_some_milliseconds_longer_is_healthy() {
    healthy_behind_an_alert(9.0, None);
}

#[test]
fn a_processor_that_is_hardly_used_is_no_cause_of_some_milliseconds() {
    healthy_behind_an_alert(8.0, Some((0.01, 0.09)));
}

#[test]
fn a_caller_that_dials_a_wrong_address_is_blamed_and_not_whom_it_means_to_call() {
    check(
        "wrong address",
        |s| {
            run(
                s,
                "orders fail",
                |c| {
                    let summary = "checkout configuration reloaded: inventory_url";
                    c.change(ChangeKind::Config, "checkout", 0, "", "http://127.0.0.1:1", summary);
                },
                |_, m, _| m.misdials = Some(("checkout", "inventory")),
            )
        },
        &["service/checkout"],
        &["change.config"],
        |v| {
            v.hypotheses[0].change.as_deref() == Some("chg-3")
                && v.hypotheses.iter().all(|h| h.component != "service/inventory" || h.confidence < 0.3)
        },
    );
}

#[test]
fn a_crash_is_a_service_that_is_down_however_slow_its_queries_were_before() {
    check(
        "crash",
        |s| run(s, "nobody can sign in", |_| {}, |_, m, _| m.dead = Some("accounts")),
        &["service/accounts"],
        &["dependency.unavailable"],
        |_| true,
    );
}

#[test]
fn a_hang_is_a_service_that_is_down_and_not_code_that_throws() {
    check(
        "hang",
        |s| {
            run(
                s,
                "everything fails",
                |_| {},
                |_, m, _| {
                    m.own.insert("accounts", 700.0);
                    m.fail.insert("accounts", 1.0);
                    m.error_text
                        .insert("accounts", "timed out after 700 ms waiting for the session store lock");
                },
            )
        },
        &["service/accounts"],
        &["dependency.unavailable"],
        |_| true,
    );
}

#[test]
fn who_waits_for_a_lock_and_names_its_holder_hangs_on_it() {
    check(
        "lock",
        |s| {
            run(
                s,
                "everything fails",
                |_| {},
                |_, m, _| {
                    m.own.insert("accounts", 700.0);
                    m.fail.insert("accounts", 0.6);
                    m.error_text.insert(
                        "accounts",
                        "timed out after 700 ms waiting for the session store lock held by session-sweeper",
                    );
                },
            )
        },
        &["service/accounts"],
        &["code.deadlock"],
        |_| true,
    );
}

#[test]
fn memory_that_began_to_climb_far_from_its_limit_is_a_leak() {
    check(
        "young leak",
        |s| {
            run(
                s,
                "memory of inventory grows",
                |_| {},
                |_, m, i| {
                    if i >= 6 {
                        m.memory.insert("inventory", 8.0e7 + 5.0e6 * (i - 5) as f64);
                    }
                },
            )
        },
        &["service/inventory"],
        &["code.memory_leak"],
        |_| true,
    );
}

#[test]
fn memory_that_climbs_is_no_incident_where_nothing_is_worse_and_nobody_complains() {
    for seed in 0..SEEDS {
        let grow = |_: &mut Company, m: &mut Model, i: usize| {
            m.memory.insert("inventory", 8.0e7 + 2.5e6 * (i + 1) as f64);
        };
        let (mut t, _) = run(seed, "", |_| {}, grow);
        let calm = investigate(&t, &Settings::default());
        assert_eq!(calm.verdict, Outcome::Healthy, "seed {seed}: {:?}", calm.hypotheses.first());
        // Who asks about it is told.
        "memory of inventory grows".clone_into(&mut t.report);
        let told = investigate(&t, &Settings::default());
        assert_eq!((told.verdict, told.hypotheses[0].cause.as_str()), (Outcome::Cause, "code.memory_leak"));
    }
}

#[test]
fn an_alert_that_strays_in_does_not_hide_the_change_that_people_complain_of() {
    check(
        "flag beside an alert",
        |s| {
            let (mut t, onset) = run(
                s,
                "the 95th percentile of catalog is 0.30 s\nNo buy button: The page has no button to buy.",
                |c| c.change(ChangeKind::Flag, "catalog", 3, "0 %", "20 %", "compact_page: 0% -> 20%"),
                |c, _, i| {
                    if i == 5 {
                        c.alert("HighLatency", "catalog", false);
                    }
                },
            );
            t.changes.retain(|c| c.kind == ChangeKind::Flag);
            t.impact_started_at = t.alerts[0].starts_at;
            let text = "the 95th percentile of catalog is 0.30 s".to_owned();
            t.alerts[0].annotations.insert("summary".into(), text);
            (t, onset)
        },
        &["service/catalog"],
        &["change.flag"],
        |v| v.hypotheses[0].change.as_deref() == Some("chg-3"),
    );
}

#[test]
fn evidence_shows_the_route_that_moved() {
    for seed in 1..=SEEDS {
        let (t, _) = run(
            seed,
            "Slow sign-in",
            |_| {},
            |_, m, _| {
                m.own.insert("accounts", 400.0);
            },
        );
        let v = investigate(&t, &Settings::default());
        let cited = v.hypotheses[0].evidence.iter().map(|e| e.query.as_str());
        let routes: Vec<&str> = cited.filter(|q| q.contains("route=")).collect();
        assert!(!routes.is_empty(), "seed {seed}");
        // The gateway serves three routes, accounts is called by two names: only what calls accounts is slow.
        assert!(routes.iter().all(|q| !q.contains("/products")), "seed {seed}: {routes:?}");
    }
}

#[test]
fn an_empty_change_ledger_is_no_gap_and_a_missing_one_is() {
    let (mut t, _) = run(1, "odd", |_| {}, |_, _, _| {});
    t.changes.clear();
    let lacks =
        |t: &Telemetry| investigate(t, &Settings::default()).gaps.iter().any(|g| g.starts_with("no changes"));
    assert!(lacks(&t));
    t.changes_known = true;
    assert!(!lacks(&t));
}
