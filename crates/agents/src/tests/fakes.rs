//! In-memory ports and a world to fill them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use firebell_core::agent::{AgentReport, AgentTask};
use firebell_core::alert::Alert;
use firebell_core::change::Change;
use firebell_core::effect::Outcome;
use firebell_core::ids::{Fingerprint, IncidentId, RunId};
use firebell_core::incident::{Actor, AttachedAlert, Event, EventRecord, Incident, Summary, fold};
use firebell_core::policy::{Policy, Service, Times};
use firebell_core::ports::agent::{AgentInput, AgentRunner as _, BlobStore};
use firebell_core::ports::platform::{ActionRequest, Platform, ServiceState, SmokeCheck};
use firebell_core::ports::store::*;
use firebell_core::ports::telemetry::*;
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::severity::{Facts, IncidentKind, SeverityPolicy, assess};
use firebell_core::silence::Silence;
use firebell_core::telemetry::*;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::team::{AgentTeam, Tools};

/// The telemetry's source: answers what it holds inside the window.
#[derive(Default)]
pub(super) struct Source {
    pub(super) series: Vec<Series>,
    pub(super) logs: Vec<LogLine>,
    pub(super) broken: bool,
    pub(super) hangs: bool,
    pub(super) panics: bool,
    /// Falls over when it is asked for changes, which comes late in a run.
    pub(super) panics_on_changes: bool,
    pub(super) asked: AtomicUsize,
}

impl Source {
    fn answer(&self, query: String, part: TelemetryPart) -> BoxFuture<'_, QueryResult> {
        assert!(!self.panics, "a defect");
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.hangs {
            return Box::pin(std::future::pending());
        }
        let result = if self.broken {
            Err(QueryError::Unreachable {
                source_name: "fake/main".into(),
                detail: "connection refused".into(),
            })
        } else {
            Ok(Answer { source: "fake/main".into(), query, part, note: None })
        };
        Box::pin(async move { result })
    }
}

impl TelemetrySource for Source {
    fn name(&self) -> &str {
        "fake/main"
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health { name: "fake/main".into(), ok: true, detail: String::new() } })
    }

    fn metric_names(&self, _: Window) -> Option<BoxFuture<'_, Result<Vec<MetricInfo>, QueryError>>> {
        let mut names: Vec<String> = self.series.iter().map(|s| s.name.clone()).collect();
        names.sort();
        names.dedup();
        let infos =
            names.into_iter().map(|name| MetricInfo { name, kind: MetricKind::Counter, unit: String::new() });
        let infos = infos.collect();
        let broken = self.broken;
        Some(Box::pin(async move {
            if broken {
                let (source_name, detail) = ("fake/main".into(), "connection refused".into());
                return Err(QueryError::Unreachable { source_name, detail });
            }
            Ok(infos)
        }))
    }

    fn metrics<'a>(&'a self, q: &'a MetricQuery) -> Option<BoxFuture<'a, QueryResult>> {
        let (from, to) = (q.window.start.as_millisecond(), q.window.end.as_millisecond());
        let series = self.series.iter().filter(|s| q.name.is_empty() || s.name == q.name).map(|s| {
            let points = s.points.iter().copied().filter(|p| from <= p.0 && p.0 <= to).collect();
            Series { points, ..s.clone() }
        });
        let part = TelemetryPart::Series(series.filter(|s| !s.points.is_empty()).collect());
        Some(self.answer(format!("metrics {:?}", q.name), part))
    }

    fn logs<'a>(&'a self, q: &'a LogQuery) -> Option<BoxFuture<'a, QueryResult>> {
        let mine = |l: &&LogLine| {
            l.at.is_some_and(|at| q.window.contains(at))
                && q.component.as_ref().is_none_or(|c| l.component.as_ref() == Some(c))
        };
        let part = TelemetryPart::Logs(self.logs.iter().filter(mine).cloned().collect());
        Some(self.answer(format!("logs {:?}", q.component), part))
    }

    fn changes(&self, _: Window) -> Option<BoxFuture<'_, QueryResult>> {
        assert!(!self.panics_on_changes, "a defect");
        None
    }
}

/// A platform that would fail the test if an agent acted through it.
pub(super) struct Shop(pub(super) Vec<ServiceState>);

impl Platform for Shop {
    fn name(&self) -> &str {
        "platform/fake"
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health { name: "platform/fake".into(), ok: true, detail: String::new() } })
    }

    fn services(&self) -> BoxFuture<'_, Result<Vec<ServiceState>, QueryError>> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn act<'a>(&'a self, request: &'a ActionRequest) -> BoxFuture<'a, Outcome> {
        panic!("an agent acted: {request:?}")
    }

    fn smoke(&self) -> BoxFuture<'_, Result<Vec<SmokeCheck>, QueryError>> {
        Box::pin(async {
            let (name, component) = ("sign in and buy".into(), "service/checkout".into());
            Ok(vec![SmokeCheck { name, component, ok: true, detail: "201".into(), duration_ms: 80 }])
        })
    }
}

/// Blobs in memory.
#[derive(Default)]
pub(super) struct Blobs(pub(super) Mutex<BTreeMap<String, Vec<u8>>>);

impl BlobStore for Blobs {
    fn put<'a>(&'a self, bytes: Vec<u8>) -> BoxFuture<'a, Result<String, String>> {
        let sha = hex(&bytes);
        self.0.lock().expect("not poisoned").insert(sha.clone(), bytes);
        Box::pin(async { Ok(sha) })
    }

    fn get<'a>(&'a self, sha256: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, String>> {
        let bytes = self.0.lock().expect("not poisoned").get(sha256).cloned();
        Box::pin(async { Ok(bytes) })
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// The committed state.
#[derive(Default)]
pub(super) struct Record {
    pub(super) alerts: Mutex<Vec<Alert>>,
    pub(super) changes: Vec<Change>,
    pub(super) past: Vec<Summary>,
}

impl Reader for Record {
    fn events(&self, _: &IncidentId) -> StoreResult<Vec<EventRecord>> {
        Ok(Vec::new())
    }
    fn events_after(&self, _: u64, _: usize) -> StoreResult<Vec<(u64, EventRecord)>> {
        Ok(Vec::new())
    }
    fn position(&self) -> StoreResult<u64> {
        Ok(0)
    }
    fn incidents(&self, _: &IncidentFilter) -> StoreResult<Vec<Summary>> {
        Ok(self.past.clone())
    }
    fn alerts(&self, filter: &AlertFilter) -> StoreResult<Vec<Alert>> {
        let all = self.alerts.lock().expect("not poisoned");
        Ok(all.iter().filter(|a| filter.firing.is_none_or(|f| f == a.firing)).cloned().collect())
    }
    fn silences(&self) -> StoreResult<Vec<Silence>> {
        Ok(Vec::new())
    }
    fn changes(&self, window: Window, _: usize) -> StoreResult<Vec<Change>> {
        Ok(self.changes.iter().filter(|c| window.contains(c.at)).cloned().collect())
    }
    fn outbox(
        &self,
        _: Option<&IncidentId>,
        _: Option<OutboxState>,
        _: usize,
    ) -> StoreResult<Vec<OutboxRow>> {
        Ok(Vec::new())
    }
    fn timers(&self, _: Option<&IncidentId>) -> StoreResult<Vec<TimerRow>> {
        Ok(Vec::new())
    }
    fn inbox_depth(&self) -> StoreResult<u64> {
        Ok(0)
    }
    fn blob_get(&self, _: &str) -> StoreResult<Option<Vec<u8>>> {
        Ok(None)
    }
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// First second of the recording; the impact begins at 90, it is assessed at 110.
pub(super) const BEGIN_S: i64 = 1_767_600_000;
pub(super) const IMPACT_S: i64 = 90;
pub(super) const NOW_S: i64 = 110;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(BEGIN_S + second).expect("in range")
}

/// How a service does: seconds to requests a second, share that fails, response time in seconds.
pub(super) type Course = fn(i64) -> (f64, f64, f64);

/// Everything that a run sees.
pub(super) struct World {
    pub(super) source: Source,
    pub(super) platforms: Vec<Arc<dyn Platform>>,
    pub(super) record: Record,
    pub(super) blobs: Arc<Blobs>,
    pub(super) now: Timestamp,
    pub(super) policy: Policy,
    pub(super) incident: Incident,
    /// The clock follows tokio's, which tests pause.
    pub(super) runs: bool,
}

impl World {
    pub(super) fn new(title: &str) -> Self {
        let service = |name: &str, revenue: bool, calls: &[&str]| Service {
            name: name.into(),
            customer_facing: name != "payments",
            revenue,
            depends_on: calls.iter().map(|c| (*c).to_owned()).collect(),
            slo_availability: Some(0.999),
            ..Service::default()
        };
        let policy = Policy {
            times: Times {
                baseline_s: 60,
                step_s: 1,
                recovery_within_s: 30,
                recovery_hold_s: 5,
                ..Times::default()
            },
            services: vec![
                service("gateway", false, &["checkout", "catalog"]),
                service("checkout", true, &["payments"]),
                service("catalog", false, &[]),
                service("payments", false, &[]),
            ],
            ..Policy::default()
        };
        let opened = Event::Opened {
            title: title.into(),
            report: title.into(),
            severity: assess(&Facts::default(), &SeverityPolicy::default()),
            facts: Facts::default(),
            kind: IncidentKind::Other,
            services: vec!["checkout".into()],
            customer_facing: true,
            impact_started_at: Some(at(IMPACT_S + 4)),
            first_report_at: None,
            restricted: false,
            drill: false,
            resolve_by: None,
            why: "test".into(),
            policy_sha256: Default::default(),
        };
        let record = EventRecord {
            incident: IncidentId::numbered(2026, 1),
            version: 1,
            at: at(NOW_S - 2),
            actor: Actor::System,
            event: opened,
        };
        Self {
            source: Source::default(),
            platforms: Vec::new(),
            record: Record::default(),
            blobs: Arc::default(),
            now: at(NOW_S),
            policy,
            incident: fold([&record]).expect("opened"),
            runs: false,
        }
    }

    /// Counters and histograms of a service.
    pub(super) fn serve(&mut self, service: &str, until_s: i64, course: Course) {
        self.serve_route(service, None, until_s, course);
    }

    /// The same of one of its routes.
    pub(super) fn serve_route(&mut self, service: &str, route: Option<&str>, until_s: i64, course: Course) {
        let (mut good, mut bad) = (0.0, 0.0);
        let bounds = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, f64::INFINITY];
        let mut counts = [0.0; 7];
        let mut points: Vec<Vec<(i64, f64)>> = vec![Vec::new(); 9];
        for second in 0..=until_s {
            let (rate, fail, slow) = course(second);
            good += rate * (1.0 - fail);
            bad += rate * fail;
            let ms = (BEGIN_S + second) * 1000;
            for (i, bound) in bounds.iter().enumerate() {
                counts[i] += if slow <= *bound { rate } else { 0.0 };
                points[i].push((ms, counts[i]));
            }
            points[7].push((ms, good));
            points[8].push((ms, bad));
        }
        for (i, points) in points.into_iter().enumerate() {
            let (name, labels) = match i {
                7 => ("http_requests_total", labels(&[("service", service), ("code", "200")])),
                8 => ("http_requests_total", labels(&[("service", service), ("code", "503")])),
                _ => {
                    let le = if bounds[i].is_finite() { bounds[i].to_string() } else { "+Inf".to_owned() };
                    ("http_request_duration_seconds_bucket", labels(&[("service", service), ("le", &le)]))
                }
            };
            let mut labels = labels;
            labels.extend(route.map(|r| ("route".to_owned(), r.to_owned())));
            let kind = if i < 7 { MetricKind::HistogramBucket } else { MetricKind::Counter };
            let (source, name) = ("fake/main".to_owned(), name.to_owned());
            self.source.series.push(Series { source, name, labels, component: None, kind, points });
        }
    }

    pub(super) fn log(&mut self, second: i64, component: &str, level: &str, text: &str) {
        self.source.logs.push(LogLine {
            source: "fake/main".into(),
            line: 0,
            component: Some(component.into()),
            at: Some(at(second)),
            level: Some(level.into()),
            text: text.into(),
            fields: Labels::new(),
            trace_id: None,
        });
    }

    /// An alert of the incident.
    pub(super) fn alert(&mut self, name: &str, service: &str, summary: &str) {
        let fingerprint = Fingerprint::new(format!("{name}/{service}"));
        self.incident.alerts.insert(
            fingerprint.clone(),
            AttachedAlert {
                fingerprint: fingerprint.clone(),
                name: name.into(),
                service: Some(service.into()),
                firing: true,
                starts_at: at(IMPACT_S + 4),
                summary: summary.into(),
                labels: labels(&[("service", service), ("alertname", name)]),
                why: String::new(),
            },
        );
        self.record.alerts.lock().expect("not poisoned").push(Alert {
            fingerprint,
            source: "am".into(),
            labels: labels(&[("service", service), ("alertname", name)]),
            annotations: labels(&[("summary", summary)]),
            firing: true,
            acknowledged: false,
            starts_at: at(IMPACT_S + 4),
            ends_at: None,
            first_seen: at(IMPACT_S + 4),
            last_seen: at(IMPACT_S + 4),
            count: 1,
            turns: vec![at(IMPACT_S + 4)],
            generator_url: None,
            group_key: None,
            service: Some(service.into()),
            incident: Some(self.incident.id.clone()),
            silenced_by: Vec::new(),
            inhibited_by: Vec::new(),
        });
    }

    pub(super) fn sells(&mut self, state: ServiceState) {
        self.platforms = vec![Arc::new(Shop(vec![state]))];
    }

    pub(super) fn input(&self, agent: &str, task: AgentTask) -> AgentInput {
        AgentInput {
            run: RunId::new(format!("test/{agent}")),
            agent: agent.into(),
            task,
            incident: self.incident.clone(),
            now: self.now,
            deadline: self.now + SignedDuration::from_secs(120),
            policy: Arc::new(self.policy.clone()),
        }
    }

    pub(super) fn team(self) -> AgentTeam {
        let (now, runs) = (self.now, self.runs);
        let begun = tokio::time::Instant::now();
        let clock = move || {
            let passed = if runs { begun.elapsed().as_millis() as i64 } else { 0 };
            now + SignedDuration::from_millis(passed)
        };
        AgentTeam::new(Tools {
            telemetry: vec![Arc::new(self.source)],
            platforms: self.platforms,
            blobs: self.blobs,
            reader: Arc::new(self.record),
            clock: Arc::new(clock),
        })
    }

    /// Runs one agent to its report.
    pub(super) async fn run(self, agent: &str, task: AgentTask) -> Result<AgentReport, String> {
        let input = self.input(agent, task);
        let known = self.incident.evidence.clone();
        let report = self.team().run(input).await.map_err(|failure| failure.reason)?;
        for finding in &report.findings {
            for id in &finding.evidence {
                let held = report.evidence.iter().chain(&known).any(|e| e.id == *id);
                assert!(held, "{} cites {id}, which is not recorded", finding.claim);
            }
        }
        Ok(report)
    }
}
