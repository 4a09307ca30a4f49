//! Single effects through the executor: what is rehearsed before a plan's first step, and what a page says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use firebell_core::effect::{Effect, Outcome};
use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::incident::{Actor, Approval, Event, EventRecord, Incident, PlanState, PlanStatus, fold};
use firebell_core::mitigation::{Inverse, Plan, Step};
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::platform::{ActionRequest, Platform, ServiceState, SmokeCheck, Stage};
use firebell_core::ports::store::{OutboxRow, OutboxState};
use firebell_core::ports::telemetry::QueryError;
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::severity::{Facts, IncidentKind, Severity, SeverityPolicy, assess};
use firebell_engine::effects::Executor;
use firebell_engine::machine::Claimed;
use firebell_report::Templates;
use firebell_store::MemoryStore;
use firebell_testkit::vendor::{FakeAgents, FakeArchive, Vendor};
use firebell_testkit::{agents, samples};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A platform of one service that remembers what it was asked.
#[derive(Default)]
struct Double {
    stage: Stage,
    version: String,
    /// Keys that hold this are refused.
    refuses: Option<&'static str>,
    /// Its smoke test fails once anything was changed.
    fragile: bool,
    asked: Mutex<Vec<(String, String, bool)>>,
}

impl Double {
    fn new(stage: Stage) -> Self {
        Self { stage, version: "1.9.0".to_owned(), ..Self::default() }
    }

    fn asked(&self) -> Vec<String> {
        let all = self.asked.lock().expect("not poisoned");
        all.iter()
            .map(|(key, action, dry)| format!("{key} {action}{}", if *dry { " dry" } else { "" }))
            .collect()
    }

    fn changed(&self) -> bool {
        self.asked.lock().expect("not poisoned").iter().any(|(.., dry)| !dry)
    }
}

impl Platform for Double {
    fn name(&self) -> &str {
        "platform/double"
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health { name: "platform/double".into(), ok: true, detail: String::new() } })
    }

    fn services(&self) -> BoxFuture<'_, Result<Vec<ServiceState>, QueryError>> {
        let state = ServiceState {
            name: "checkout".into(),
            component: "service/checkout".into(),
            version: self.version.clone(),
            versions: vec!["1.8.0".into(), "1.9.0".into(), "2.0.0".into()],
            ..ServiceState::default()
        };
        Box::pin(async { Ok(vec![state]) })
    }

    fn act<'a>(&'a self, request: &'a ActionRequest) -> BoxFuture<'a, Outcome> {
        let entry = (request.key.clone(), request.action.clone(), request.dry_run);
        self.asked.lock().expect("not poisoned").push(entry);
        let outcome = if self.refuses.is_some_and(|part| request.key.contains(part)) {
            Outcome::Permanent { reason: "the platform refused: no".to_owned() }
        } else {
            Outcome::Done { detail: "1.9.0 -> 1.8.0".to_owned(), data: Value::Null }
        };
        Box::pin(async { outcome })
    }

    fn smoke(&self) -> BoxFuture<'_, Result<Vec<SmokeCheck>, QueryError>> {
        let ok = !(self.fragile && self.changed());
        let check = SmokeCheck {
            name: "buy".into(),
            component: String::new(),
            ok,
            detail: String::new(),
            duration_ms: 1,
        };
        Box::pin(async { Ok(vec![check]) })
    }
}

/// A channel that remembers.
#[derive(Default)]
struct Phone(Mutex<Vec<Message>>);

impl Notifier for Phone {
    fn name(&self) -> &str {
        "phone/pager"
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health { name: "phone/pager".into(), ok: true, detail: String::new() } })
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        self.0.lock().expect("not poisoned").push(message.clone());
        Box::pin(async { Outcome::Done { detail: "ok".into(), data: Value::Null } })
    }
}

fn executor(platforms: &[&Arc<Double>], phone: &Arc<Phone>, now: Timestamp) -> Executor {
    let vendor = Vendor::default();
    let channel: Arc<dyn Notifier> = Arc::clone(phone) as Arc<dyn Notifier>;
    Executor {
        agents: Arc::new(FakeAgents { vendor: vendor.clone() }),
        notifiers: BTreeMap::from([("phone/pager".to_owned(), channel)]),
        platforms: platforms.iter().map(|p| Arc::clone(p) as Arc<dyn Platform>).collect(),
        rooms: Default::default(),
        trackers: BTreeMap::new(),
        archive: Arc::new(FakeArchive { vendor }),
        reader: Arc::new(MemoryStore::new().reader()),
        templates: Arc::new(Templates::built_in().expect("parses")),
        policy: Arc::new(samples::policy()),
        clock: Arc::new(move || now),
        by_contact: BTreeMap::new(),
        devices: Arc::new(firebell_engine::effects::NoDevices),
        throttle: firebell_engine::effects::Throttle::default(),
        ack_keys: firebell_engine::ack::AckKeys::new("acknowledgements"),
    }
}

fn incident(severity: Severity) -> Incident {
    let record = EventRecord {
        incident: IncidentId::numbered(2027, 7),
        version: 1,
        at: samples::start(),
        actor: Actor::System,
        event: Event::Opened {
            title: "accounts of Example Corp are being entered".into(),
            report: String::new(),
            severity: assess(&Facts::default(), &SeverityPolicy::default()),
            facts: Facts::default(),
            kind: IncidentKind::Other,
            services: vec!["checkout".into()],
            customer_facing: true,
            impact_started_at: None,
            first_report_at: None,
            restricted: false,
            drill: false,
            resolve_by: None,
            why: "test".into(),
            policy_sha256: String::new(),
        },
    };
    let mut incident = fold([&record]).expect("opened");
    incident.severity.severity = severity;
    incident
}

fn plan() -> Plan {
    let mut plan = agents::plan("roll checkout back", 0, 0, samples::start());
    plan.steps = vec![Step {
        action: "rollback".into(),
        target: "service/checkout".into(),
        params: json!({"to": "1.8.0"}),
        inverse: Some(Inverse { action: "rollback".into(), params: json!({"to": "1.9.0"}) }),
    }];
    plan
}

/// Carries out the first step of the plan; with the severity and the clock.
async fn first_step(platforms: &[&Arc<Double>], severity: Severity, now: Timestamp) -> Outcome {
    let mut incident = incident(severity);
    let plan = plan();
    let hash = plan.hash();
    incident.plans.push(PlanState {
        plan,
        hash: hash.clone(),
        round: 1,
        approvals_needed: 1,
        approvals: vec![Approval { by: "ada".into(), at: samples::start(), go: true, reason: String::new() }],
        status: PlanStatus::Running,
        steps_done: 0,
        steps_undone: 0,
        lowered: BTreeMap::new(),
        step_running: true,
        undo: BTreeMap::new(),
        outputs: Vec::new(),
        acts: Vec::new(),
        recovery: None,
    });
    let effect = Effect::Act { plan: hash, step: 0, inverse: false };
    executor(platforms, &Arc::default(), now).run(claimed(incident, effect)).await.outcome
}

fn claimed(incident: Incident, effect: Effect) -> Claimed {
    let row = OutboxRow {
        key: EffectKey::new("K"),
        incident: incident.id.clone(),
        effect,
        state: OutboxState::Leased,
        attempts: 1,
        next_at: samples::start(),
        fence: 1,
        last_error: None,
        created_at: samples::start(),
    };
    Claimed { row, incident }
}

fn refusal(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Permanent { reason } => reason,
        other => panic!("not refused: {other:?}"),
    }
}

fn detail(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Done { detail, .. } => detail,
        other => panic!("not done: {other:?}"),
    }
}

#[tokio::test]
async fn a_plan_is_tried_dry_before_its_first_step_and_the_record_says_so() {
    let shop = Arc::new(Double::new(Stage::Production));
    let outcome = first_step(&[&shop], Severity::Sev2, samples::start()).await;
    assert_eq!(detail(&outcome), "1.9.0 -> 1.8.0 (before: its dry run passed)");
    assert_eq!(shop.asked(), ["K:check:0 rollback dry", "K rollback"]);
}

#[tokio::test]
async fn a_plan_whose_dry_run_fails_changes_nothing() {
    let shop = Arc::new(Double { refuses: Some(":check:"), ..Double::new(Stage::Production) });
    let outcome = first_step(&[&shop], Severity::Sev2, samples::start()).await;
    assert!(refusal(&outcome).contains("the dry run of rollback of service/checkout failed"), "{outcome:?}");
    assert!(!shop.changed());
}

#[tokio::test]
async fn a_plan_that_lapsed_after_its_approval_is_not_begun() {
    let shop = Arc::new(Double::new(Stage::Production));
    let late = samples::plus(plan().expires_at, 1);
    let outcome = first_step(&[&shop], Severity::Sev2, late).await;
    assert!(refusal(&outcome).contains("the plan lapsed at"), "{outcome:?}");
    assert!(shop.asked().is_empty());
}

#[tokio::test]
async fn a_plan_drawn_on_another_state_is_not_begun() {
    let moved = Arc::new(Double { version: "2.0.0".into(), ..Double::new(Stage::Production) });
    let outcome = first_step(&[&moved], Severity::Sev2, samples::start()).await;
    assert!(refusal(&outcome).contains(r#"version of checkout is "2.0.0", not "1.9.0""#), "{outcome:?}");
    assert!(!moved.changed());
    // Somebody did it by hand meanwhile: nothing is lost by saying it again.
    let there = Arc::new(Double { version: "1.8.0".into(), ..Double::new(Stage::Production) });
    detail(&first_step(&[&there], Severity::Sev2, samples::start()).await);
}

#[tokio::test]
async fn staging_comes_first_unless_there_is_no_time() {
    let (shop, stage) = (Arc::new(Double::new(Stage::Production)), Arc::new(Double::new(Stage::Staging)));
    let outcome = first_step(&[&stage, &shop], Severity::Sev2, samples::start()).await;
    assert!(
        detail(&outcome).contains("1 steps done in staging first, 1 smoke tests show no harm"),
        "{outcome:?}"
    );
    assert_eq!(stage.asked(), ["K:staging-check:0 rollback dry", "K:staging:0 rollback"]);
    assert_eq!(shop.asked(), ["K:check:0 rollback dry", "K rollback"]);

    let (shop, stage) = (Arc::new(Double::new(Stage::Production)), Arc::new(Double::new(Stage::Staging)));
    let outcome = first_step(&[&stage, &shop], Severity::Sev1, samples::start()).await;
    assert!(detail(&outcome).contains("not tried in staging: a SEV1 does not wait for it"), "{outcome:?}");
    assert!(stage.asked().is_empty() && shop.changed());
}

#[tokio::test]
async fn what_does_harm_in_staging_never_reaches_production() {
    for (stage, why) in [
        (Double { fragile: true, ..Double::new(Stage::Staging) }, r#"the smoke test "buy" fails in staging"#),
        (Double { refuses: Some(":staging:"), ..Double::new(Stage::Staging) }, "failed in staging"),
    ] {
        let (shop, stage) = (Arc::new(Double::new(Stage::Production)), Arc::new(stage));
        let outcome = first_step(&[&stage, &shop], Severity::Sev2, samples::start()).await;
        assert!(refusal(&outcome).contains(why), "{outcome:?}");
        assert!(!shop.changed(), "{:?}", shop.asked());
        if stage.fragile {
            assert_eq!(stage.asked().last().map(String::as_str), Some("K:staging-undo:0 rollback"));
        }
    }
    // What staging cannot do at all says nothing against the plan.
    let shop = Arc::new(Double::new(Stage::Production));
    let stage = Arc::new(Double { refuses: Some(":staging-check:"), ..Double::new(Stage::Staging) });
    let outcome = first_step(&[&stage, &shop], Severity::Sev2, samples::start()).await;
    assert!(detail(&outcome).contains("is not possible there"), "{outcome:?}");
    assert!(shop.changed());
}

async fn paged(incident: Incident) -> Message {
    let phone = Arc::new(Phone::default());
    let text = format!("SEV1 {}: {} (you are on call)", incident.id, incident.title);
    let effect = Effect::Page { person: "ada".into(), channel: "phone/pager".into(), text };
    executor(&[], &phone, samples::start()).run(claimed(incident, effect)).await;
    let messages = phone.0.lock().expect("not poisoned");
    messages.first().cloned().expect("a page")
}

#[tokio::test]
async fn a_page_leads_to_the_incident_before_its_room_is_open() {
    let message = paged(incident(Severity::Sev1)).await;
    assert_eq!(message.link, "http://127.0.0.1:7070/incidents/INC-2027-0007");
    assert!(message.body.ends_with(&format!("acknowledge: {}", message.link)), "{}", message.body);
    assert!(message.subject.contains("Example Corp"), "{}", message.subject);
}

#[tokio::test]
async fn a_page_of_a_restricted_incident_names_its_number_only() {
    let mut secret = incident(Severity::Sev1);
    secret.restricted = true;
    let message = paged(secret).await;
    assert_eq!(message.subject, "restricted incident INC-2027-0007");
    assert!(
        !message.body.contains("Example Corp") && message.body.contains(&message.link),
        "{}",
        message.body
    );
}
