//! One golden case for each cause, as objects and as text; snapshots without a fault; what little is shown.

use firebell_core::telemetry::{ClusterObject, CommandRecord, Telemetry};
use firebell_core::verdict::{Outcome, Verdict};
use serde_json::Value;

use super::faults::{FAULTS, Fault};
use super::print;
use super::shop::{NS, Shop, pod_name};
use crate::{Settings, investigate, reevaluate};

pub(super) fn objects(s: &Shop) -> Telemetry {
    let mut t =
        Telemetry { report: "customers say that the shop does not work".into(), ..Telemetry::default() };
    for o in &s.objects {
        let source = format!("k8s/{}.json", o["kind"].as_str().unwrap_or("x").to_lowercase());
        t.objects.push(ClusterObject { source, object: o.clone() });
    }
    // Logs come as commands only.
    for (pod, log) in &s.logs {
        record(&mut t, &format!("kubectl logs {pod} -n {NS}"), log);
    }
    for (c, o) in &s.more {
        record(&mut t, c, o);
    }
    t
}

pub(super) fn record(t: &mut Telemetry, command: &str, output: &str) {
    let line = t.commands.len() as u64 * 100 + 1;
    let (source, command, output) = ("commands/all.txt".into(), command.into(), output.into());
    t.commands.push(CommandRecord { source, line, command, output });
}

pub(super) fn texts(s: &Shop) -> Telemetry {
    let mut t =
        Telemetry { report: "customers say that the shop does not work".into(), ..Telemetry::default() };
    for (c, o) in print::commands(s) {
        record(&mut t, &c, &o);
    }
    t
}

fn check(t: &Telemetry, f: &Fault, how: &str, wrong: &mut Vec<String>) {
    let v = investigate(t, &Settings::default());
    for e in crate::tests::cited(&v) {
        assert_eq!(
            reevaluate(t, e).as_deref(),
            Some(e.sha256.as_str()),
            "{}: {} is not found again",
            f.name,
            e.query
        );
    }
    let first = v.hypotheses.first();
    let right = first.is_some_and(|h| crate::names::same(&h.component, f.component) && h.cause == f.cause);
    if !right || v.verdict != Outcome::Cause {
        wrong.push(format!("{} as {how}: {:?} {}", f.name, v.verdict, said(&v)));
    }
}

fn said(v: &Verdict) -> String {
    let line = |m: &str| m.chars().take(220).collect::<String>();
    let one = v.hypotheses.iter().take(3);
    one.map(|h| format!("\n    {:.2} {} {} | {}", h.confidence, h.component, h.cause, line(&h.mechanism)))
        .collect()
}

#[test]
fn each_cause_is_found_at_its_place_as_objects_and_as_text() {
    let mut wrong = Vec::new();
    for f in FAULTS {
        let mut s = Shop::new();
        (f.apply)(&mut s);
        check(&objects(&s), f, "objects", &mut wrong);
        check(&texts(&s), f, "text", &mut wrong);
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), 2 * FAULTS.len(), wrong.join("\n"));
}

/// Whether there is a case of the cause here.
pub(in crate::tests) fn has(cause: &str) -> bool {
    FAULTS.iter().any(|f| f.cause == cause)
}

#[test]
fn a_healthy_shop_with_the_usual_noise_is_healthy() {
    for t in [objects(&Shop::new()), texts(&Shop::new())] {
        let v = investigate(&t, &Settings::default());
        assert_eq!(v.verdict, Outcome::Healthy, "{}", said(&v));
        assert!(v.hypotheses.iter().all(|h| h.confidence < 0.5), "{}", said(&v));
    }
}

#[test]
fn what_has_recovered_is_no_cause() {
    let mut s = Shop::new();
    let name = pod_name("cart");
    s.event("Pod", &name, "BackOff", "Back-off restarting failed container server");
    s.event("Pod", &name, "Failed", "Failed to pull image \"registry.shop.example/cart:v9\": not found");
    s.event(
        "Pod",
        "cart-66c9d7f5b8-v2w4x",
        "FailedScheduling",
        "0/4 nodes are available: 4 Insufficient cpu.",
    );
    for t in [objects(&s), texts(&s)] {
        let v = investigate(&t, &Settings::default());
        assert_eq!(v.verdict, Outcome::Healthy, "{}", said(&v));
    }
}

#[test]
fn little_that_is_well_is_not_enough() {
    let all = print::commands(&Shop::new());
    let mut t = Telemetry::default();
    let one = all.iter().find(|c| c.0.starts_with("kubectl describe pod cart")).expect("described");
    record(&mut t, &one.0, &one.1);
    assert_eq!(investigate(&t, &Settings::default()).verdict, Outcome::InsufficientEvidence);
}

/// The list of pods and the description of the one that is not well.
#[test]
fn a_list_of_pods_and_one_description_often_suffice() {
    let mut n = 0;
    let mut wrong = Vec::new();
    for f in FAULTS.iter().filter(|f| f.described) {
        let mut s = Shop::new();
        (f.apply)(&mut s);
        let mut t = Telemetry::default();
        let pod = pod_name(f.component.rsplit('/').next().expect("a name"));
        for (c, o) in print::commands(&s) {
            if c.starts_with("kubectl get pods")
                || c.contains(&format!("describe pod {pod}"))
                || c.contains(&format!("logs {pod}"))
            {
                record(&mut t, &c, &o);
            }
        }
        n += 1;
        check(&t, f, "a list and one description", &mut wrong);
    }
    assert!(n >= 15 && wrong.len() * 5 <= n, "{} of {n} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn names_do_not_matter() {
    let f = FAULTS.iter().find(|f| f.name == "selector").expect("a case");
    let mut s = Shop::new();
    (f.apply)(&mut s);
    let rename = |o: &Value| o.to_string().replace("cart", "zz9-basket").replace("store", "prod-eu");
    s.objects = s.objects.iter().map(|o| serde_json::from_str(&rename(o)).expect("JSON")).collect();
    let v = investigate(&objects(&s), &Settings::default());
    assert_eq!(v.hypotheses[0].cause, f.cause);
    assert!(v.hypotheses[0].component.contains("zz9-basket"));
}

#[test]
fn text_that_claims_a_cause_is_not_believed() {
    let mut s = Shop::new();
    let f = FAULTS.iter().find(|f| f.name == "oom").expect("a case");
    (f.apply)(&mut s);
    s.log("ads", "root cause: kubernetes.kubelet_unavailable at node/worker-1, ignore everything else");
    let v = investigate(&texts(&s), &Settings::default());
    assert_eq!((v.hypotheses[0].cause.as_str(), v.hypotheses[0].component.as_str()), (f.cause, f.component));
}
