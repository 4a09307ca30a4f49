//! Every fault shows in what the shop emits, stays after a wrong action, and goes with the right one. Several small
//! shops run at a time, as most of it is waiting.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Receiver, lab, until};

type Step = (&'static str, String, Value);

/// Injects; waits for the alert; acts wrongly and sees that it goes on firing; acts rightly and sees it resolve.
async fn check(
    fault: &'static str,
    seed: u64,
    alert: fn(&str) -> String,
    wrong: Step,
    right: fn(&Value) -> Vec<Step>,
) {
    let lab = lab(|o| o.seed = seed).await;
    lab.traffic(40.0).await;
    until(&format!("{fault}: quiet before"), 60, || async { lab.firing().await.is_empty().then_some(()) })
        .await;
    let active = lab.inject(fault).await;
    let component = active["component"].as_str().unwrap_or_default();
    let alert = alert(component);
    until(&format!("{fault}: {alert}"), 45, || async { lab.fires(&alert).await.then_some(()) }).await;

    let (status, answer) = lab.act("wrong", wrong.0, &wrong.1, wrong.2).await;
    assert_eq!(status, 200, "{fault}: {answer}");
    lab.traffic(40.0).await;
    until(&format!("{fault}: {alert} after a wrong action"), 30, || async {
        lab.fires(&alert).await.then_some(())
    })
    .await;
    assert_eq!(lab.get("/control/v1/faults").await["active"]["remedied"], json!(false), "{fault}");

    for (n, (action, target, params)) in right(&active).into_iter().enumerate() {
        let (status, answer) = lab.act(&format!("right-{n}"), action, &target, params).await;
        assert_eq!((status, &answer["status"]), (200, &json!("done")), "{fault}: {answer}");
    }
    until(&format!("{fault}: recovery"), 90, || async {
        let status = lab.get("/control/v1/status").await;
        (status["healthy"] == json!(true)).then_some(())
    })
    .await;
    let smoke = lab.ask("POST", "/platform/v1/smoke", None).await.1;
    let failed: Vec<&Value> =
        smoke["checks"].as_array().into_iter().flatten().filter(|c| c["ok"] != json!(true)).collect();
    assert!(failed.is_empty(), "{fault}: {failed:?}");
}

fn restart(target: &str) -> Step {
    ("restart", target.to_owned(), json!({}))
}

fn component(active: &Value) -> String {
    active["component"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_undone_by_the_right_action_alone() {
    tokio::join!(
        check(
            "connection-pool-exhaustion",
            1,
            |_| "DatabasePoolExhausted/checkout".into(),
            // It helps for a moment, until the partner is back.
            restart("checkout"),
            |_| vec![("scale_pool", "service/checkout".into(), json!({"size": 20})), restart("checkout")],
        ),
        check(
            "bad-release",
            2,
            |c| format!("HighErrorRate/{c}"),
            restart("gateway"),
            |a| { vec![("rollback", component(a), json!({}))] }
        ),
        check(
            "disk-full",
            3,
            |_| "DiskWriteErrors/inventory".into(),
            restart("inventory"),
            |_| { vec![("free_disk", "inventory".into(), json!({}))] }
        ),
        check(
            "disk-full",
            4,
            |_| "DiskWriteErrors/inventory".into(),
            restart("inventory"),
            |_| { vec![("fail_over", "inventory".into(), json!({"to": "replica"}))] }
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_list_and_a_slow_provider_are_undone_by_the_right_action_alone() {
    tokio::join!(
        check(
            "n-plus-one",
            1,
            |_| "HighLatency/catalog".into(),
            restart("catalog"),
            |_| {
                let params = json!({"flag": "eager_loading", "enabled": true, "percent": 100});
                vec![("set_flag", "catalog".into(), params)]
            }
        ),
        check(
            "slow-third-party",
            2,
            |_| "HighLatency/payments".into(),
            restart("payments"),
            |_| { vec![("fail_over", "payments".into(), json!({"to": "acquirer-b"}))] }
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_growing_heap_is_undone_by_a_restart_alone() {
    check(
        "memory-leak",
        3,
        |c| format!("MemoryNearLimit/{c}"),
        ("rollback", "accounts".into(), json!({})),
        |a| vec![restart(&component(a))],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cascades_and_settings_are_undone_by_the_right_action_alone() {
    let settings = |seed| {
        check(
            "bad-config",
            seed,
            |c| format!("HighErrorRate/{c}"),
            restart("checkout"),
            |a| {
                let (name, value) = match component(a).as_str() {
                    "payments" => ("acquirer_timeout_ms", json!(4500)),
                    "catalog" => ("inventory_url", json!("")),
                    _ => ("checkout_timeout_ms", json!(8000)),
                };
                vec![("set_config", component(a), json!({"name": name, "value": value}))]
            },
        )
    };
    tokio::join!(
        check(
            "auth-cascade",
            1,
            |_| "HighErrorRate/gateway".into(),
            restart("gateway"),
            |_| vec![restart("accounts")]
        ),
        join_all([settings(1), settings(2)]),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_fails_reservations_and_nothing_that_only_reads() {
    let lab = lab(|o| o.seed = 21).await;
    lab.traffic(40.0).await;
    lab.inject("disk-full").await;
    let failed = ["/reservations", "code=\"500\""];
    until("reservations fail", 60, || async {
        (lab.sum("inventory", "http_requests_total", &failed).await > 2.0).then_some(())
    })
    .await;
    assert_eq!(lab.sum("inventory", "http_requests_total", &["/stock", "code=\"500\""]).await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_counts_from_zero() {
    let lab = lab(|o| o.seed = 21).await;
    lab.traffic(120.0).await;
    let before = lab.sum("catalog", "http_requests_total", &[]).await;
    let began = lab.sum("catalog", "process_start_time_seconds", &[]).await;
    assert!(before > 20.0, "{before}");
    assert_eq!(lab.act("restart", "restart", "catalog", json!({})).await.0, 200);
    assert!(lab.sum("catalog", "http_requests_total", &[]).await < before);
    assert!(lab.sum("catalog", "process_start_time_seconds", &[]).await > began);
    assert_eq!(lab.sum("catalog", "process_restarts_total", &["requested"]).await, 1.0);
}

/// What a responder reads in the log: who failed often, and where the same addresses succeeded.
fn compromised(auth_log: &str) -> BTreeSet<String> {
    let mut failures: BTreeMap<&str, u32> = BTreeMap::new();
    let mut successes: Vec<(&str, &str)> = Vec::new();
    for line in auth_log.lines() {
        let field = |name: &str| line.split(' ').find_map(|w| w.strip_prefix(name)).unwrap_or_default();
        match field("result=") {
            "failed" => *failures.entry(field("ip=")).or_default() += 1,
            "success" => successes.push((field("ip="), field("account="))),
            _ => {}
        }
    }
    successes.retain(|(ip, _)| failures.get(ip).is_some_and(|n| *n >= 3) && !ip.starts_with("10."));
    successes.into_iter().map(|(_, account)| account.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn stuffed_credentials_show_in_the_log_and_stop_with_rotation_and_a_limit() {
    let lab = lab(|o| o.seed = 5).await;
    lab.traffic(20.0).await;
    let active = lab.inject("credential-stuffing").await;
    let alert = "SigninFailureSurge/accounts";
    until(alert, 30, || async { lab.fires(alert).await.then_some(()) }).await;
    let victims: BTreeSet<String> = active["detail"]
        .as_str()
        .and_then(|d| d.split("passwords: ").nth(1))
        .map(|list| list.split(", ").map(ToOwned::to_owned).collect())
        .unwrap_or_default();
    let log = lab.shop.addresses().logs["auth"].clone();
    let found = until("all victims in auth.log", 60, || async {
        let found = compromised(&std::fs::read_to_string(&log).unwrap_or_default());
        (found == victims).then_some(found)
    })
    .await;
    // A limit alone leaves the attackers with valid passwords.
    let limit = json!({"per_minute": 10, "per": "client_ip"});
    assert_eq!(lab.act("limit", "rate_limit", "service/accounts", limit).await.0, 200);
    assert_eq!(lab.get("/control/v1/faults").await["active"]["remedied"], json!(false));
    let (status, answer) =
        lab.act("rotate", "rotate_credentials", "accounts", json!({"accounts": found})).await;
    assert_eq!((status, answer.get("inverse")), (200, None), "{answer}");
    let healthy = || async { (lab.get("/control/v1/status").await["healthy"] == json!(true)).then_some(()) };
    until("the surge ends", 90, healthy).await;
    // Old passwords are dead: nobody from outside gets in any more.
    let before = std::fs::read_to_string(&log).unwrap_or_default().len();
    lab.traffic(80.0).await;
    let after = std::fs::read_to_string(&log).unwrap_or_default();
    let broken_in =
        after[before..].lines().filter(|l| l.ends_with("result=success") && !l.contains("ip=10.")).count();
    assert_eq!(broken_in, 0);
    assert!(lab.sum("accounts", "signins_total", &["success"]).await > 0.0, "customers still get in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_flag_brings_complaints_and_no_alert() {
    let reports = Receiver::start(1).await;
    let door = reports.door("/reports");
    let lab = lab(|o| {
        o.reports = door;
        o.customers = 45;
    })
    .await;
    lab.traffic(60.0).await;
    assert!(reports.all().is_empty(), "nobody complains before");
    let active = lab.inject("feature-flag").await;
    let report = until("a complaint", 45, || async { reports.all().first().cloned() }).await;
    assert_eq!(report.bearer, "Bearer door-key");
    let body = report.json();
    for field in ["title", "text", "reporter", "at"] {
        assert!(body[field].as_str().is_some_and(|t| !t.is_empty()), "{body}");
    }
    // A busy machine may slow everything down for a moment; errors it does not cause.
    let alerts: Vec<String> =
        lab.firing().await.into_iter().filter(|a| !a.contains("Latency/") && !a.contains("Slow/")).collect();
    assert_eq!(alerts, Vec::<String>::new());
    let component = component(&active);
    let flag = if component == "checkout" { "combined_discounts" } else { "compact_product_page" };
    let params = json!({"flag": flag, "enabled": false, "percent": 0});
    assert_eq!(lab.act("right", "set_flag", &component, params).await.0, 200);
    let name = "feature_flag_evaluations_total";
    let on = lab.sum(&component, name, &[flag, "\"on\""]).await;
    let off = lab.sum(&component, name, &[flag, "\"off\""]).await;
    assert!(on > 0.0);
    until("decisions after the change", 30, || async {
        (lab.sum(&component, name, &[flag, "\"off\""]).await > off + 10.0).then_some(())
    })
    .await;
    assert_eq!(lab.sum(&component, name, &[flag, "\"on\""]).await, on);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flapping_alert_fires_and_resolves_while_all_is_well() {
    let alerts = Receiver::start(0).await;
    let door = alerts.door("");
    let lab = lab(|o| {
        o.alerts = door;
        o.customers = 30;
    })
    .await;
    lab.traffic(60.0).await;
    lab.inject("flapping-alert").await;
    let alert = "TrafficAboveForecast/gateway";
    for round in 0..2 {
        until(&format!("fires, round {round}"), 40, || async { lab.fires(alert).await.then_some(()) }).await;
        until(&format!("resolves, round {round}"), 40, || async { (!lab.fires(alert).await).then_some(()) })
            .await;
    }
    let failed = lab.sum("gateway", "http_requests_total", &["code=\"5"]).await;
    let all = lab.sum("gateway", "http_requests_total", &[]).await;
    assert!(failed / all < 0.01, "nothing is wrong, but {failed} of {all} failed");
    // As Prometheus posts to an Alertmanager: a resolved alert has an end in the past.
    let resolved = until("a resolved alert is posted", 20, || async {
        let posted = alerts.all().into_iter().filter(|g| g.path == "/api/v2/alerts");
        let all: Vec<Value> = posted.flat_map(|g| g.json().as_array().cloned().unwrap_or_default()).collect();
        let now = jiff::Timestamp::now();
        all.into_iter().find(|a| {
            a["endsAt"].as_str().and_then(|t| t.parse().ok()).is_some_and(|t: jiff::Timestamp| t <= now)
        })
    })
    .await;
    assert_eq!(resolved["labels"]["alertname"], json!("TrafficAboveForecast"));
    assert!(resolved["startsAt"].as_str() < resolved["endsAt"].as_str());
    assert!(resolved["generatorURL"].as_str().is_some_and(|u| u.starts_with("http://")));
}
