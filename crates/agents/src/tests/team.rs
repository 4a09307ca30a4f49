//! The team: catalogue, assessment, failures of what it reads from and of itself.

use firebell_core::agent::AgentTask;
use firebell_core::evidence::Strength;
use firebell_core::severity::{IncidentKind, Severity, SeverityPolicy, assess};
use firebell_core::telemetry::{MetricKind, Series};

use super::World;
use super::fakes::{BEGIN_S, Course, IMPACT_S, NOW_S, labels};
use crate::catalogue;

#[test]
fn the_catalogue_holds_the_twelve_agents() {
    let lines: Vec<String> = catalogue()
        .iter()
        .map(|a| format!("{} {:?} {:?} [{}]", a.name, a.phases, a.tier.sev1, a.tools.join(" ")))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    assert!(catalogue().iter().all(|a| !a.purpose.is_empty()));
}

const WELL: Course = |_| (20.0, 0.002, 0.04);

async fn assessed(
    title: &str,
    prepare: impl Fn(&mut World),
) -> (Severity, String, firebell_core::severity::Facts) {
    let mut world = World::new(title);
    prepare(&mut world);
    let mut facts = firebell_core::severity::Facts::default();
    for agent in ["incident-responder", "observability-engineer"] {
        let mut copy = World::new(title);
        prepare(&mut copy);
        let report = copy.run(agent, AgentTask::Assess).await.expect("a report");
        facts.absorb(&report.facts.expect("facts"));
    }
    let decision = assess(&facts, &SeverityPolicy::default());
    (decision.severity, decision.rule, facts)
}

#[tokio::test]
async fn checkout_that_mostly_fails_is_critical() {
    let (severity, rule, facts) = assessed("something is odd", |w| {
        w.serve("gateway", NOW_S, WELL);
        w.serve("checkout", NOW_S, |s| if s < IMPACT_S { (20.0, 0.002, 0.04) } else { (20.0, 0.7, 0.4) });
        w.alert("HighErrorRate", "checkout", "70 % of the requests to checkout fail");
    })
    .await;
    assert_eq!(severity, Severity::Sev1, "{rule} {facts:?}");
    assert_eq!(facts.kind, Some(IncidentKind::Availability));
    assert!(facts.baseline_error_ratio.expect("known") < 0.01);
}

#[tokio::test]
async fn a_slow_but_usable_service_is_major() {
    let (severity, rule, facts) = assessed("slow pages", |w| {
        w.serve("gateway", NOW_S, WELL);
        w.serve("catalog", NOW_S, |s| if s < IMPACT_S { (20.0, 0.0, 0.08) } else { (20.0, 0.0, 0.9) });
    })
    .await;
    assert_eq!(severity, Severity::Sev2, "{rule} {facts:?}");
    assert_eq!(facts.kind, Some(IncidentKind::Performance));
    assert_eq!(facts.complete_outage, None);
}

#[tokio::test]
async fn one_slow_page_among_many_is_felt_by_all_who_open_it() {
    const FINE: Course = |_| (40.0, 0.0, 0.04);
    const SLOW: Course = |s| if s < IMPACT_S { (8.0, 0.0, 0.04) } else { (8.0, 0.0, 0.9) };
    // Nothing is said: only what is measured may count.
    let (severity, rule, facts) = assessed("something is odd", |w| {
        w.serve("gateway", NOW_S, WELL);
        w.serve_route("catalog", Some("/products/{id}"), NOW_S, FINE);
        w.serve_route("catalog", Some("/products"), NOW_S, SLOW);
    })
    .await;
    assert_eq!((severity, rule.as_str()), (Severity::Sev2, "sev2.two_of(users,p95)"), "{facts:?}");
    assert!(facts.provenance["users_affected_ratio"].contains("the callers of /products at catalog"));
    assert!(facts.users_affected_ratio.is_some_and(|u| u > 0.9) && facts.assumed.is_empty());
}

#[tokio::test]
async fn a_slow_page_that_few_come_by_is_minor() {
    const FINE: Course = |_| (95.0, 0.0, 0.04);
    const SLOW: Course = |s| if s < IMPACT_S { (6.0, 0.0, 0.04) } else { (6.0, 0.0, 0.9) };
    // Whatever the words take for granted: what is measured counts.
    let (severity, rule, facts) = assessed("The monthly report is slow", |w| {
        w.serve("gateway", NOW_S, WELL);
        w.serve_route("catalog", Some("/products"), NOW_S, FINE);
        w.serve_route("catalog", Some("/report"), NOW_S, SLOW);
    })
    .await;
    assert_eq!(severity, Severity::Sev3, "{rule} {facts:?}");
    assert!(facts.users_affected_ratio.is_some_and(|u| u < 0.1), "{facts:?}");
}

#[tokio::test]
async fn ten_times_slower_but_still_fast_is_not_felt() {
    const QUICK: Course = |s| if s < IMPACT_S { (20.0, 0.0, 0.01) } else { (20.0, 0.0, 0.09) };
    let (severity, rule, facts) = assessed("something is odd", |w| {
        w.serve("gateway", NOW_S, WELL);
        w.serve_route("catalog", Some("/products"), NOW_S, QUICK);
    })
    .await;
    assert!(
        facts.provenance.get("users_affected_ratio").is_none_or(|p| !p.contains("callers")),
        "{severity} {rule} {facts:?}"
    );
}

#[tokio::test]
async fn complaints_without_a_metric_that_moves_are_minor() {
    let (severity, rule, facts) = assessed("Charged too much", |w| {
        w.serve("gateway", NOW_S, WELL);
        w.serve("checkout", NOW_S, WELL);
        w.incident.reports.push(("Charged too much".into(), "I cannot pay this".into()));
    })
    .await;
    assert_eq!(severity, Severity::Sev3, "{rule} {facts:?}");
}

#[tokio::test]
async fn a_surge_of_refused_sign_ins_is_a_critical_security_incident() {
    let (severity, rule, facts) = assessed("sign-ins", |w| {
        w.serve("gateway", NOW_S, WELL);
        let points = (0..=NOW_S).map(|s| {
            let n = if s < IMPACT_S { 0.1 * s as f64 } else { 9.0 + 30.0 * (s - IMPACT_S) as f64 };
            ((BEGIN_S + s) * 1000, n)
        });
        w.source.series.push(Series {
            source: "fake/main".into(),
            name: "signins_total".into(),
            labels: labels(&[("service", "accounts"), ("result", "failed")]),
            component: None,
            kind: MetricKind::Counter,
            points: points.collect(),
        });
    })
    .await;
    assert_eq!(
        (severity, rule.as_str(), facts.kind),
        (Severity::Sev1, "sev1.breach", Some(IncidentKind::Security))
    );
}

#[tokio::test]
async fn a_source_that_fails_is_a_gap_and_not_a_failure() {
    for agent in ["devops-troubleshooter", "observability-engineer", "error-detective", "security-analyzer"] {
        let mut world = World::new("odd");
        world.source.broken = true;
        let report = world.run(agent, AgentTask::Investigate { round: 1 }).await.expect("a report");
        assert!(!report.gaps.is_empty(), "{agent}");
        assert!(!report.journal.is_empty(), "{agent}");
        assert!(
            report.findings.iter().all(|f| f.strength == Strength::Inconclusive || !f.evidence.is_empty())
        );
        if agent != "error-detective" {
            assert!(
                report.gaps.iter().any(|g| g.contains("connection refused")),
                "{agent}: {:?}",
                report.gaps
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_costs_its_time_limit_only() {
    let mut world = World::new("odd");
    world.runs = true;
    world.source.hangs = true;
    world.log(1, "checkout", "info", "started");
    let report =
        world.run("devops-troubleshooter", AgentTask::Investigate { round: 1 }).await.expect("a report");
    assert!(report.gaps.iter().any(|g| g.contains("did not answer")), "{:?}", report.gaps);
}

#[tokio::test]
async fn an_agent_that_panics_or_is_late_fails_with_a_sentence() {
    let mut world = World::new("odd");
    world.source.panics = true;
    let error = world.run("devops-troubleshooter", AgentTask::Investigate { round: 1 }).await;
    assert!(error.expect_err("a panic").contains("defect of its own"));

    let world = World::new("odd");
    let mut input = world.input("devops-troubleshooter", AgentTask::Investigate { round: 1 });
    input.deadline = input.now;
    use firebell_core::ports::agent::AgentRunner as _;
    assert!(world.team().run(input).await.expect_err("no time").reason.contains("deadline"));

    let error = World::new("odd").run("nobody", AgentTask::Learn).await.expect_err("unknown");
    assert!(error.contains("no agent nobody"), "{error}");
    let error = World::new("odd").run("test-generator", AgentTask::Assess).await.expect_err("not its task");
    assert!(error.contains("has no part"), "{error}");
}

#[tokio::test]
async fn what_a_run_did_before_it_failed_is_kept() {
    use firebell_core::ports::agent::AgentRunner as _;
    let task = AgentTask::Investigate { round: 1 };
    let mut world = World::new("odd");
    world.log(1, "checkout", "error", "order 1 failed");
    world.source.panics_on_changes = true;
    let input = world.input("devops-troubleshooter", task);
    let panicked = world.team().run(input).await.expect_err("a panic");
    assert!(panicked.reason.contains("defect of its own"), "{}", panicked.reason);
    assert!(!panicked.journal.is_empty() && !panicked.evidence.is_empty(), "{panicked:?}");
}

#[test]
fn tiers_follow_severity_as_the_workflow_gives_them() {
    use firebell_core::agent::ModelTier::{Haiku, Opus, Sonnet};
    let tiers = |name: &str| {
        let agent = catalogue().into_iter().find(|a| a.name == name).expect("an agent");
        Severity::ALL.map(|severity| agent.tier.at(severity))
    };
    assert_eq!(tiers("incident-responder"), [Opus, Opus, Sonnet, Sonnet]);
    assert_eq!(tiers("observability-engineer"), [Opus, Sonnet, Sonnet, Sonnet]);
    assert_eq!(tiers("devops-troubleshooter"), [Sonnet; 4]);
    assert_eq!(tiers("error-detective"), [Sonnet; 4]);
    assert_eq!(tiers("security-analyzer"), [Opus; 4]);
    assert_eq!(tiers("bug-issue-creator"), [Haiku; 4]);
}

#[tokio::test]
async fn equal_input_gives_an_equal_report() {
    let make = || {
        let mut w = World::new("High error rate on checkout API");
        w.serve("checkout", NOW_S, |s| if s < IMPACT_S { (20.0, 0.0, 0.04) } else { (20.0, 0.6, 0.4) });
        for s in IMPACT_S..NOW_S {
            w.log(s, "checkout", "error", &format!("order {s} failed: no connection"));
        }
        w
    };
    for agent in ["devops-troubleshooter", "observability-engineer", "error-detective"] {
        let a = make().run(agent, AgentTask::Investigate { round: 1 }).await.expect("a report");
        let b = make().run(agent, AgentTask::Investigate { round: 1 }).await.expect("a report");
        assert_eq!(a, b);
        assert!(!a.evidence.is_empty());
    }
}
