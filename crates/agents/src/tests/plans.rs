//! Plans: what each cause leads to on a platform, and what learning writes.

use firebell_core::agent::{AgentTask, Check, Recovery};
use firebell_core::change::{Change, ChangeKind};
use firebell_core::ids::RunId;
use firebell_core::incident::{AgentRun, PlanState, PlanStatus};
use firebell_core::mitigation::{Plan, Risk};
use firebell_core::ports::platform::ServiceState;
use firebell_core::severity::IncidentKind;
use firebell_core::verdict::{FORMAT, Hypothesis, MitigationHint, Outcome, Stats, Verdict};
use serde_json::json;

use super::World;
use super::case::asked;
use super::fakes::{IMPACT_S, NOW_S, at};

fn hypothesis(cause: &str, component: &str, change: Option<&str>, actions: &[&str]) -> Hypothesis {
    Hypothesis {
        rank: 1,
        component: component.into(),
        cause: cause.into(),
        indicator: None,
        change: change.map(str::to_owned),
        mechanism: format!("{cause} at {component}"),
        confidence: 0.8,
        path: Vec::new(),
        evidence: Vec::new(),
        against: Vec::new(),
        expected_but_absent: Vec::new(),
        mitigations: actions
            .iter()
            .map(|a| MitigationHint {
                action: (*a).to_owned(),
                target: component.into(),
                reversible: true,
                inverse: None,
            })
            .collect(),
    }
}

fn verdict(h: Hypothesis) -> Verdict {
    Verdict {
        format: FORMAT.into(),
        verdict: Outcome::Cause,
        onset: Some(at(IMPACT_S)),
        hypotheses: vec![h],
        gaps: Vec::new(),
        challenge: None,
        stats: Stats::default(),
    }
}

fn checkout() -> ServiceState {
    let object = |v: serde_json::Value| v.as_object().cloned().unwrap_or_default();
    ServiceState {
        name: "checkout".into(),
        component: "service/checkout".into(),
        version: "1.9.0".into(),
        versions: vec!["1.7.3".into(), "1.8.0".into(), "1.9.0".into()],
        replicas: 2,
        config: object(json!({"db_pool_size": 8, "payments_timeout_ms": 5})),
        flags: object(json!({
            "eager_loading": {"enabled": false, "percent": 0},
            "combined_discounts": {"enabled": true, "percent": 20},
        })),
        actions: [
            "rollback",
            "restart",
            "scale_pool",
            "set_flag",
            "set_config",
            "rate_limit",
            "rotate_credentials",
            "fail_over",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..ServiceState::default()
    }
}

fn change(kind: ChangeKind, from: &str, to: &str, summary: &str) -> Change {
    Change {
        id: "ch-1".into(),
        at: at(IMPACT_S - 1),
        kind,
        component: "service/checkout".into(),
        from: Some(from.into()),
        to: Some(to.into()),
        by: None,
        source: None,
        commit: None,
        summary: summary.into(),
        diff: None,
        files: Vec::new(),
    }
}

async fn plans(agent: &str, h: Hypothesis, changes: Vec<Change>, set: impl FnOnce(&mut World)) -> Vec<Plan> {
    let mut world = World::new("odd");
    world.sells(checkout());
    world.record.changes = changes;
    world.incident.verdict = Some(verdict(h));
    set(&mut world);
    let (now, expires) = (world.now, world.policy.times.plan_expires_s);
    let report = world.run(agent, AgentTask::Prepare { round: 1 }).await.expect("a report");
    assert!(report.plans.len() <= 5);
    for plan in &report.plans {
        assert_eq!(plan.expires_at.duration_since(now).as_secs(), expires);
        assert!(
            !plan.preconditions.is_empty() && !plan.blast_radius.is_empty() && !plan.verification.is_empty()
        );
        assert_eq!(plan.prepared_by, agent);
        let undone = plan.steps.iter().all(|s| s.inverse.is_some() || s.action == "restart");
        assert_eq!(plan.reversible, undone);
    }
    report.plans
}

fn steps(plan: &Plan) -> String {
    plan.steps.iter().map(|s| format!("{} {}", s.action, s.params)).collect::<Vec<_>>().join(" | ")
}

#[tokio::test]
async fn an_exhausted_pool_is_enlarged_and_the_service_restarted() {
    let h = hypothesis("saturation.connection_pool", "service/checkout", None, &["scale_pool", "restart"]);
    let found = plans("database-admin", h, Vec::new(), |_| {}).await;
    assert_eq!(steps(&found[0]), r#"scale_pool {"size":16} | restart {}"#);
    assert_eq!(found[0].steps[0].inverse.as_ref().map(|i| i.params.clone()), Some(json!({"size": 8})));
    assert!(found[0].blast_radius.iter().any(|b| b.starts_with("gateway")), "{:?}", found[0].blast_radius);
    assert_eq!(found[0].answers, "saturation.connection_pool@service/checkout");
}

/// Undone after this look, `times` over; each from another round, so with another hash.
fn undone(world: &mut World, plan: &Plan, checks: &[(&str, bool)], times: u32) {
    for round in 1..=times {
        let mut plan = plan.clone();
        plan.prepared_by = format!("round {round}");
        let checks: Vec<Check> = checks
            .iter()
            .map(|(name, ok)| Check { name: (*name).to_owned(), ok: *ok, detail: String::new() })
            .collect();
        world.incident.plans.push(PlanState {
            hash: plan.hash(),
            plan,
            round,
            approvals_needed: 1,
            approvals: Vec::new(),
            status: PlanStatus::Undone,
            steps_done: 2,
            steps_undone: 2,
            lowered: Default::default(),
            step_running: false,
            undo: Default::default(),
            outputs: Vec::new(),
            acts: Vec::new(),
            recovery: Some(Recovery { ok: false, reading: String::new(), checks }),
        });
    }
}

#[tokio::test]
async fn what_was_undone_although_it_had_worked_may_come_once_more() {
    let h = || hypothesis("saturation.connection_pool", "service/checkout", None, &["scale_pool", "restart"]);
    let first = plans("database-admin", h(), Vec::new(), |_| {}).await.remove(0);
    let again = async |checks: &[(&str, bool)], times| {
        let found = plans("database-admin", h(), Vec::new(), |w| undone(w, &first, checks, times)).await;
        found.iter().any(|p| p.steps == first.steps)
    };
    let worked = [("error ratio of checkout", true), ("p95 of checkout", true), ("alerts cleared", false)];
    assert!(again(&worked, 1).await);
    assert!(!again(&worked, 2).await, "it comes back for ever");
    assert!(!again(&[("error ratio of checkout", false), ("alerts cleared", true)], 1).await);
    assert!(!again(&[("error ratio of checkout", true), ("refused sign-ins", false)], 1).await);
    assert!(!again(&[("error ratio of checkout", true), ("version of checkout", false)], 1).await);
    assert!(!again(&[("alerts cleared", false)], 1).await, "no figure said that it had worked");
}

#[tokio::test]
async fn people_are_told_when_all_that_the_platform_offers_was_tried() {
    let h = hypothesis("saturation.connection_pool", "service/checkout", None, &["scale_pool"]);
    let first = plans("database-admin", h.clone(), Vec::new(), |_| {}).await.remove(0);
    let mut world = World::new("odd");
    world.sells(checkout());
    world.incident.verdict = Some(verdict(h));
    undone(&mut world, &first, &[("error ratio of checkout", false)], 1);
    let report = world.run("database-admin", AgentTask::Prepare { round: 2 }).await.expect("a report");
    assert!(report.plans.is_empty(), "{:?}", report.plans);
    assert!(report.findings.iter().any(|f| f.claim.contains("was tried")), "{:?}", report.findings);
    assert!(report.gaps.iter().any(|g| g.contains("a person has to mend it")), "{:?}", report.gaps);
}

#[tokio::test]
async fn a_cause_named_before_the_attack_was_looked_at_gets_no_plan() {
    let h = || hypothesis("saturation.connection_pool", "service/checkout", None, &["scale_pool", "restart"]);
    let attack = |w: &mut World| {
        w.incident.kind = IncidentKind::Security;
        w.incident.facts.breach = Some(true);
        w.incident.verdict_round = 1;
    };
    assert!(plans("database-admin", h(), Vec::new(), attack).await.is_empty());
    // Once somebody who knows attacks took part and it is still the cause, it is acted on.
    let looked = plans("database-admin", h(), Vec::new(), |w| {
        attack(w);
        let task = AgentTask::Investigate { round: 1 };
        let run = AgentRun { agent: "security-analyzer".into(), ..asked(task, NOW_S) };
        w.incident.runs.insert(RunId::new("investigate-1/security-analyzer"), run);
    })
    .await;
    assert!(!looked.is_empty());
}

#[tokio::test]
async fn changes_are_undone_to_what_was_before() {
    let h = hypothesis("code.exception", "service/checkout", Some("ch-1"), &["rollback", "restart"]);
    let deploy = change(ChangeKind::Deploy, "1.8.0", "1.9.0", "tax by line");
    let found = plans("backend-architect", h.clone(), vec![deploy.clone()], |_| {}).await;
    assert_eq!(steps(&found[0]), r#"rollback {"to":"1.8.0"}"#);
    // A version that no longer runs cannot be rolled back.
    let gone = change(ChangeKind::Deploy, "1.9.0", "2.0.0", "other");
    let found = plans("backend-architect", h, vec![gone], |_| {}).await;
    assert!(found.iter().all(|p| p.steps[0].action != "rollback"), "{found:?}");

    let h = hypothesis("change.config", "service/checkout", Some("ch-1"), &["set_config"]);
    let config =
        change(ChangeKind::Config, "6000", "5", "checkout configuration reloaded: payments_timeout_ms");
    let found = plans("backend-architect", h, vec![config], |_| {}).await;
    assert_eq!(steps(&found[0]), r#"set_config {"name":"payments_timeout_ms","value":6000}"#);

    let h = hypothesis("change.flag", "service/checkout", Some("ch-1"), &["set_flag"]);
    let flag = change(ChangeKind::Flag, "0", "20", "combined_discounts: 0% -> 20%");
    let found = plans("backend-architect", h, vec![flag], |_| {}).await;
    assert_eq!(steps(&found[0]), r#"set_flag {"flag":"combined_discounts","enabled":false,"percent":0}"#);
    assert_eq!(found[0].risk, Risk::Low);
}

#[tokio::test]
async fn an_n_plus_one_is_answered_by_eager_loading_then_by_a_rollback() {
    let h = hypothesis("code.n_plus_one", "service/checkout", Some("ch-1"), &["rollback", "set_flag"]);
    let deploy = change(ChangeKind::Deploy, "1.8.0", "1.9.0", "object mapper");
    let found = plans("performance-engineer", h, vec![deploy], |_| {}).await;
    let all: Vec<String> = found.iter().map(steps).collect();
    assert_eq!(all[0], r#"set_flag {"flag":"eager_loading","enabled":true,"percent":100}"#);
    assert_eq!(all[1], r#"rollback {"to":"1.8.0"}"#);
}

#[tokio::test]
async fn an_attack_is_contained_by_one_plan_that_limits_and_rotates() {
    let actions = ["rotate_credentials", "revoke_sessions", "rate_limit"];
    let h = hypothesis("security.credential_stuffing", "service/checkout", None, &actions);
    let found = plans("security-analyzer", h, Vec::new(), |w| {
        w.incident.kind = IncidentKind::Security;
        for n in 0..30 {
            w.log(IMPACT_S, "auth", "info", &format!("ip=203.0.113.9 account=user-{n} result=failed"));
        }
        w.log(IMPACT_S + 1, "auth", "info", "ip=203.0.113.9 account=user-77 result=success");
    })
    .await;
    let first = steps(&found[0]);
    assert_eq!(
        first,
        r#"rate_limit {"per_minute":10,"per":"client_ip"} | rotate_credentials {"accounts":["user-77"]}"#
    );
    assert!(!found[0].reversible && found[0].risk == Risk::High);
}

#[tokio::test]
async fn accounts_that_are_known_by_pseudonyms_are_left_to_people() {
    let plan_for = async |accounts: &[&str]| {
        let h = hypothesis(
            "security.credential_stuffing",
            "service/checkout",
            None,
            &["rotate_credentials", "rate_limit"],
        );
        plans("security-analyzer", h, Vec::new(), |w| {
            w.incident.kind = IncidentKind::Security;
            for n in 0..30 {
                w.log(IMPACT_S, "auth", "info", &format!("ip=203.0.113.9 account=user-{n} result=failed"));
            }
            for account in accounts {
                let text = format!("ip=203.0.113.9 account={account} result=success");
                w.log(IMPACT_S + 1, "auth", "info", &text);
            }
        })
        .await
    };
    let both = plan_for(&["user-77", "mail-0123456789ab"]).await;
    assert!(
        steps(&both[0]).ends_with(r#"rotate_credentials {"accounts":["user-77"]}"#),
        "{}",
        steps(&both[0])
    );
    assert!(
        both[0].preconditions.iter().any(|p| p.contains("1 more are called by mail addresses")),
        "{:?}",
        both[0]
    );
    let hidden = plan_for(&["mail-0123456789ab"]).await;
    assert_eq!(
        hidden.iter().map(steps).collect::<Vec<_>>(),
        [r#"rate_limit {"per_minute":10,"per":"client_ip"}"#]
    );
}

#[tokio::test]
async fn what_the_platform_does_not_offer_is_never_proposed() {
    let h = hypothesis("saturation.connection_pool", "service/checkout", None, &["scale_pool", "restart"]);
    let found = plans("database-admin", h, Vec::new(), |w| {
        w.sells(ServiceState { actions: vec!["restart".into()], ..checkout() });
    })
    .await;
    assert_eq!(found.iter().map(steps).collect::<Vec<_>>(), ["restart {}"]);
}

#[tokio::test]
async fn without_a_platform_there_is_a_gap_that_says_what_to_configure() {
    let mut world = World::new("odd");
    let h = hypothesis("saturation.connection_pool", "service/checkout", None, &["scale_pool"]);
    world.incident.verdict = Some(verdict(h));
    let report = world.run("database-admin", AgentTask::Prepare { round: 1 }).await.expect("a report");
    assert!(report.plans.is_empty());
    assert!(report.gaps.iter().any(|g| g.contains("[[platforms]]")), "{:?}", report.gaps);
}

#[tokio::test]
async fn every_learner_leaves_something_behind() {
    for (agent, artifact) in [
        ("incident-responder", ""),
        ("observability-engineer", "alert-saturation-connection-pool-checkout.yml"),
        ("test-generator", "test_regression_saturation_connection_pool_checkout.py"),
        ("security-analyzer", "security-audit.md"),
    ] {
        let mut world = World::new("odd");
        let h = hypothesis("saturation.connection_pool", "service/checkout", None, &["scale_pool"]);
        world.incident.verdict = Some(verdict(h));
        let report = world.run(agent, AgentTask::Learn).await.expect("a report");
        let names: Vec<&str> = report.artifacts.iter().map(|a| a.name.as_str()).collect();
        // The five whys are in the postmortem, and only there.
        assert_eq!(names.contains(&artifact), !artifact.is_empty(), "{agent}: {names:?}");
        assert!(report.artifacts.iter().all(|a| !a.content.is_empty() && a.content.len() < 64 * 1024));
        if agent == "incident-responder" {
            assert!(report.action_items.iter().any(|i| i.kind == "prevent"));
            assert!(report.action_items.iter().all(|i| (1..=3).contains(&i.impact) && i.due_days > 0));
        }
    }
}

#[tokio::test]
async fn a_learnt_alert_outlives_the_version_that_it_was_learnt_from() {
    let mut world = World::new("odd");
    let mut h = hypothesis("code.n_plus_one", "service/checkout", None, &["rollback"]);
    let query = r#"metric db_queries_total{operation="SELECT, all",service="checkout",version="3.8.0"}"#;
    h.evidence = vec![firebell_core::verdict::EvidenceRef {
        id: "e1".into(),
        source: "prometheus/main".into(),
        query: query.into(),
        window: None,
        sha256: String::new(),
        reading: String::new(),
    }];
    world.incident.verdict = Some(verdict(h));
    let report = world.run("observability-engineer", AgentTask::Learn).await.expect("a report");
    let rule = &report.artifacts[0].content;
    assert!(!rule.contains("version"), "{rule}");
    let selector = r#"sum(rate(db_queries_total{operation=\"SELECT, all\",service=\"checkout\"}[5m]))"#;
    assert!(rule.contains(selector), "{rule}");
}

#[tokio::test]
async fn a_security_incident_is_reported_with_the_accounts_concerned() {
    let mut world = World::new("credential stuffing");
    world.incident.kind = IncidentKind::Security;
    for n in 0..30 {
        world.log(IMPACT_S, "auth", "info", &format!("ip=203.0.113.9 account=user-{n} result=failed"));
    }
    world.log(IMPACT_S + 1, "auth", "info", "ip=203.0.113.9 account=user-77 result=success");
    let report = world.run("security-analyzer", AgentTask::Learn).await.expect("a report");
    let content = |name: &str| {
        report.artifacts.iter().find(|a| a.name == name).map(|a| a.content.clone()).unwrap_or_default()
    };
    let text = content("security-report.md");
    assert!(text.contains("user-77") && text.contains("no sign of exfiltration"), "{text}");
    assert!(content("user-notification.md").contains("user-77"));
}

#[tokio::test]
async fn a_backlog_ticket_quotes_what_was_reported() {
    let mut world = World::new("Typo in the footer");
    world.incident.report = "# not a heading\nsecond line".into();
    let report = world.run("bug-issue-creator", AgentTask::Backlog).await.expect("a report");
    let text = &report.artifacts[0].content;
    assert!(text.contains("> # not a heading\n> second line"), "{text}");
    let _ = NOW_S;
}
