//! A small company that emits what real services emit: counters, histograms, spans and logs of simulated requests.
//! Nothing writes a symptom: faults change the model, the telemetry follows.

use std::collections::BTreeMap;

use firebell_core::change::{Change, ChangeKind};
use firebell_core::telemetry::{AlertFact, Labels, LogLine, MetricKind, Series, Span, SpanKind, Telemetry};
use jiff::Timestamp;

pub(crate) const START_MS: i64 = 1_767_600_000_000;
const BOUNDS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// A small deterministic generator.
pub(crate) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        ((self.next() * n as f64) as usize).min(n - 1)
    }

    fn around(&mut self, mean: f64) -> f64 {
        mean * (0.6 + 0.4 * self.next() + 0.5 * self.next() * self.next())
    }
}

/// What faults change.
#[derive(Clone)]
pub(crate) struct Model {
    /// Own time of each service, ms.
    pub own: BTreeMap<&'static str, f64>,
    /// Own failure probability.
    pub fail: BTreeMap<&'static str, f64>,
    /// Extra own time only where the queries of a request go up, ms.
    pub queries: BTreeMap<&'static str, usize>,
    /// Waiting for a connection of checkout's pool, ms, and whether it times out.
    pub pool: (f64, f64, f64),
    /// The acquirer, ms.
    pub acquirer: f64,
    /// Caller's timeout for inventory, ms.
    pub inventory_timeout: f64,
    /// Retries on failure.
    pub retries: usize,
    /// Share of requests of the new variant.
    pub variant: f64,
    /// Error text of own failures.
    pub error_text: BTreeMap<&'static str, &'static str>,
    pub memory: BTreeMap<&'static str, f64>,
    pub disk: f64,
    pub attackers: f64,
    /// All people sign in through a few addresses, as from offices.
    pub offices: bool,
    /// A caller that dials an address where nobody listens, and whom it means to call.
    pub misdials: Option<(&'static str, &'static str)>,
    /// A service whose process is gone: it answers nothing and reports nothing.
    pub dead: Option<&'static str>,
}

impl Model {
    pub(super) fn healthy() -> Self {
        let own = [
            ("gateway", 2.0),
            ("checkout", 12.0),
            ("catalog", 8.0),
            ("inventory", 6.0),
            ("payments", 9.0),
            ("accounts", 7.0),
            ("notifications", 4.0),
        ];
        Self {
            own: own.into_iter().collect(),
            fail: own.iter().map(|o| (o.0, 0.002)).collect(),
            queries: [("catalog", 2), ("checkout", 3), ("inventory", 1), ("accounts", 1)]
                .into_iter()
                .collect(),
            pool: (0.2, 0.0, 0.25),
            acquirer: 40.0,
            inventory_timeout: 800.0,
            retries: 0,
            variant: 0.0,
            error_text: BTreeMap::new(),
            memory: own.iter().map(|o| (o.0, 8.0e7)).collect(),
            disk: 0.35,
            attackers: 0.0,
            offices: false,
            misdials: None,
            dead: None,
        }
    }
}

/// A metric's value now, its kind, and its samples so far.
type Sampled = (f64, MetricKind, Vec<(i64, f64)>);

pub(crate) struct Company {
    pub rng: Rng,
    pub t: Telemetry,
    now: i64,
    values: BTreeMap<(String, Labels), Sampled>,
    traces: u64,
    sampled: bool,
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

impl Company {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::new(seed),
            t: Telemetry::default(),
            now: START_MS,
            values: BTreeMap::new(),
            traces: 0,
            sampled: false,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now).expect("in range")
    }

    fn count(&mut self, name: &str, pairs: &[(&str, &str)], by: f64) {
        let kind = if name.ends_with("_bucket") { MetricKind::HistogramBucket } else { MetricKind::Counter };
        self.values.entry((name.to_owned(), labels(pairs))).or_insert((0.0, kind, Vec::new())).0 += by;
    }

    fn set(&mut self, name: &str, pairs: &[(&str, &str)], value: f64) {
        self.values
            .entry((name.to_owned(), labels(pairs)))
            .or_insert((0.0, MetricKind::Gauge, Vec::new()))
            .0 = value;
    }

    fn observe(&mut self, base: &str, pairs: &[(&str, &str)], seconds: f64) {
        for bound in BOUNDS.iter().copied().chain([f64::INFINITY]) {
            let le = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
            let mut with = pairs.to_vec();
            with.push(("le", &le));
            self.count(&format!("{base}_bucket"), &with, f64::from(u8::from(seconds <= bound)));
        }
        self.count(&format!("{base}_sum"), pairs, seconds);
        self.count(&format!("{base}_count"), pairs, 1.0);
    }

    pub(super) fn log(&mut self, service: &str, level: &str, text: String) {
        let at = self.now + (self.rng.next() * 900.0) as i64;
        let line = self.t.logs.len() as u64 + 1;
        self.t.logs.push(LogLine {
            source: format!("logs/{service}.jsonl"),
            line,
            component: Some(format!("service/{service}")),
            at: Timestamp::from_millisecond(at).ok(),
            level: Some(level.to_owned()),
            text,
            fields: Labels::new(),
            trace_id: None,
        });
    }

    pub(super) fn change(
        &mut self,
        kind: ChangeKind,
        service: &str,
        seconds: i64,
        from: &str,
        to: &str,
        summary: &str,
    ) {
        let id = format!("chg-{}", self.t.changes.len() + 1);
        self.t.changes.push(Change {
            id,
            at: Timestamp::from_millisecond(self.now + seconds * 1000).expect("in range"),
            kind,
            component: format!("service/{service}"),
            from: Some(from.into()),
            to: Some(to.into()),
            by: None,
            source: Some("ledger".into()),
            commit: None,
            summary: summary.into(),
            diff: None,
            files: Vec::new(),
        });
    }

    pub(super) fn alert(&mut self, name: &str, service: &str, ended: bool) {
        let now = self.now();
        self.t.alerts.push(AlertFact {
            source: "alerts".into(),
            name: name.into(),
            firing: !ended,
            labels: labels(&[("alertname", name), ("service", service)]),
            annotations: Labels::new(),
            starts_at: Some(now),
            ends_at: ended.then_some(now),
        });
    }

    /// One second of traffic.
    pub(super) fn second(&mut self, m: &Model) {
        let n = 18 + self.rng.below(8);
        for _ in 0..n {
            self.traces += 1;
            self.sampled = self.rng.next() < 0.35;
            let trace = format!("{:032x}", self.traces);
            let start = self.now * 1000 + (self.rng.next() * 900_000.0) as i64;
            match self.rng.below(10) {
                0..=4 => self.request(m, "gateway", &["catalog"], "GET /products", &trace, start),
                5..=7 => self.request(m, "gateway", &["checkout"], "POST /orders", &trace, start),
                _ => self.request(m, "gateway", &["accounts"], "POST /signin", &trace, start),
            }
        }
        self.sign_ins(m);
        for (service, bytes) in &m.memory {
            let noise = 1.0 + 0.01 * self.rng.next();
            self.set("process_resident_memory_bytes", &[("service", service)], bytes * noise);
            self.set("process_memory_limit_bytes", &[("service", service)], 2.56e8);
        }
        let in_use = (m.pool.2 + 0.1 * self.rng.next()).min(1.0) * 10.0;
        self.set("db_pool_size", &[("service", "checkout")], 10.0);
        self.set("db_pool_in_use", &[("service", "checkout")], in_use.round());
        let waiting = if m.pool.2 >= 1.0 { 5.0 + 10.0 * self.rng.next() } else { 0.0 };
        self.set("db_pool_waiting", &[("service", "checkout")], waiting.round());
        self.count("db_pool_timeouts_total", &[("service", "checkout")], 0.0);
        self.set("disk_used_bytes", &[("service", "inventory")], m.disk * 1e9);
        self.set("disk_size_bytes", &[("service", "inventory")], 1e9);
        let on = (m.variant * 20.0 + self.rng.next()).floor();
        self.count(
            "feature_flag_evaluations_total",
            &[("service", "catalog"), ("flag", "new_ranking"), ("variant", "on")],
            on,
        );
        self.count(
            "feature_flag_evaluations_total",
            &[("service", "catalog"), ("flag", "new_ranking"), ("variant", "off")],
            20.0 - on,
        );
        if self.rng.next() < 0.5 {
            let service = ["gateway", "catalog", "checkout", "payments"][self.rng.below(4)];
            let took = self.rng.below(90);
            self.log(service, "info", format!("request served in {took} ms"));
        }
        let now = self.now;
        for ((_, labels), (value, _, points)) in &mut self.values {
            if m.dead.is_none_or(|dead| labels.get("service").is_none_or(|s| s != dead)) {
                points.push((now, *value));
            }
        }
        self.now += 1000;
    }

    fn request(
        &mut self,
        m: &Model,
        service: &'static str,
        callees: &[&'static str],
        operation: &str,
        trace: &str,
        start: i64,
    ) {
        self.call(m, service, callees, operation, trace, None, start);
    }

    #[expect(clippy::too_many_arguments, reason = "a call has that many parts")]
    /// Runs one call at `service`; returns its duration in ms and whether it worked.
    fn call(
        &mut self,
        m: &Model,
        service: &'static str,
        callees: &[&'static str],
        operation: &str,
        trace: &str,
        parent: Option<String>,
        start: i64,
    ) -> (f64, bool) {
        let id = format!("{:016x}", (self.rng.next() * 1e15) as u64);
        let own = m.own[service];
        let mut took = self.rng.around(own);
        let mut ok = self.rng.next() >= m.fail[service];
        if !ok {
            let text = m.error_text.get(service).copied().unwrap_or("request failed: internal error");
            self.log(service, "error", text.to_owned());
        }
        if service == "checkout" && m.pool.0 > 1.0 {
            took += self.rng.around(m.pool.0);
            if self.rng.next() < m.pool.1 {
                ok = false;
                self.count("db_pool_timeouts_total", &[("service", "checkout")], 1.0);
                self.log(
                    "checkout",
                    "error",
                    "timed out waiting for connection from pool after 500 ms".into(),
                );
            }
        }
        for _ in 0..m.queries.get(service).copied().unwrap_or(0) {
            let q = self.rng.around(1.5);
            let statement = format!("SELECT * FROM {service}_items WHERE id = ?");
            self.span(
                service,
                "db.query",
                SpanKind::Client,
                trace,
                &id,
                start + (took * 1e3) as i64,
                q,
                false,
                &[("db.system", "sqlite"), ("db.statement", &statement)],
                None,
            );
            took += q;
            self.count("db_queries_total", &[("service", service)], 1.0);
            self.observe("db_query_duration_seconds", &[("service", service)], q / 1e3);
        }
        if ok {
            for callee in callees {
                for attempt in 0..=m.retries {
                    let next: &[&str] = match *callee {
                        "checkout" => &["accounts", "inventory", "payments"],
                        "payments" => &["acquirer"],
                        _ => &[],
                    };
                    let begin = start + (took * 1e3) as i64;
                    let client = format!("{:016x}", (self.rng.next() * 1e15) as u64);
                    let unheard = m.misdials == Some((service, callee)) || m.dead == Some(callee);
                    let (mut ms, mut good) = if unheard {
                        (self.rng.around(0.5), false)
                    } else if *callee == "acquirer" {
                        (self.rng.around(m.acquirer), true)
                    } else {
                        let (a, b) =
                            self.call(m, callee, next, "handle", trace, Some(client.clone()), begin + 300);
                        (a + 0.6, b)
                    };
                    if *callee == "inventory" && ms > m.inventory_timeout {
                        ms = m.inventory_timeout;
                        good = false;
                        self.log(service, "error", format!("call to inventory timed out after {ms} ms"));
                    } else if m.dead == Some(callee) {
                        self.log(service, "error", format!("{callee} answered 503: no replica is ready"));
                    } else if unheard {
                        let text =
                            format!("could not reach {callee} at http://127.0.0.1:1: connection refused");
                        self.log(service, "error", text);
                    } else if !good {
                        self.log(service, "error", format!("upstream {callee} returned 503"));
                    }
                    self.span(
                        service,
                        "call",
                        SpanKind::Client,
                        trace,
                        &id,
                        begin,
                        ms,
                        !good,
                        &[("peer.service", callee)],
                        Some(client),
                    );
                    let code = if good { "200" } else { "503" };
                    self.count(
                        "http_client_requests_total",
                        &[("service", service), ("peer", callee), ("code", code)],
                        1.0,
                    );
                    self.observe(
                        "http_client_request_duration_seconds",
                        &[("service", service), ("peer", callee)],
                        ms / 1e3,
                    );
                    took += ms;
                    if attempt > 0 {
                        self.count("retries_total", &[("service", service)], 1.0);
                    }
                    ok = good;
                    if good {
                        break;
                    }
                }
                if !ok {
                    break;
                }
            }
        }
        let code = if ok { "200" } else { "503" };
        let pairs = [("service", service), ("route", operation), ("method", "POST"), ("code", code)];
        self.count("http_requests_total", &pairs, 1.0);
        self.observe(
            "http_request_duration_seconds",
            &[("service", service), ("route", operation)],
            took / 1e3,
        );
        self.span_at(service, operation, SpanKind::Server, trace, parent, &id, start, took, !ok, &[]);
        (took, ok)
    }

    fn sign_ins(&mut self, m: &Model) {
        if m.dead == Some("accounts") {
            return;
        }
        for _ in 0..3 {
            let user = self.rng.below(200);
            let addresses = if m.offices { 4 } else { 250 };
            let ip = format!("192.0.2.{}", self.rng.below(addresses));
            let ok = self.rng.next() < 0.93 && self.rng.next() >= m.fail["accounts"];
            self.sign_in(&ip, &format!("user{user}"), ok);
        }
        for _ in 0..(m.attackers * (0.8 + 0.4 * self.rng.next())) as usize {
            let ip = format!("203.0.113.{}", self.rng.below(4));
            let user = self.rng.below(5000);
            // One list entry in fifty is a password that still works.
            self.sign_in(&ip, &format!("user{user}"), user % 50 == 7);
        }
    }

    fn sign_in(&mut self, ip: &str, account: &str, ok: bool) {
        let result = if ok { "success" } else { "failure" };
        self.count("signins_total", &[("service", "accounts"), ("result", result)], 1.0);
        let at = Timestamp::from_millisecond(self.now).expect("in range");
        let line = self.t.logs.len() as u64 + 1;
        self.t.logs.push(LogLine {
            source: "logs/auth.log".into(),
            line,
            component: Some("service/accounts".into()),
            at: Some(at),
            level: Some("info".into()),
            text: "sign-in".into(),
            fields: labels(&[("ip", ip), ("account", account), ("result", result)]),
            trace_id: None,
        });
    }

    #[expect(clippy::too_many_arguments, reason = "a span has that many parts")]
    fn span(
        &mut self,
        service: &str,
        operation: &str,
        kind: SpanKind,
        trace: &str,
        parent: &str,
        start: i64,
        ms: f64,
        error: bool,
        attributes: &[(&str, &str)],
        id: Option<String>,
    ) {
        let id = id.unwrap_or_else(|| format!("{:016x}", (self.rng.next() * 1e15) as u64));
        self.span_at(
            service,
            operation,
            kind,
            trace,
            Some(parent.to_owned()),
            &id,
            start,
            ms,
            error,
            attributes,
        );
    }

    #[expect(clippy::too_many_arguments, reason = "a span has that many parts")]
    fn span_at(
        &mut self,
        service: &str,
        operation: &str,
        kind: SpanKind,
        trace: &str,
        parent: Option<String>,
        id: &str,
        start: i64,
        ms: f64,
        error: bool,
        attributes: &[(&str, &str)],
    ) {
        if !self.sampled {
            return;
        }
        self.t.spans.push(Span {
            source: "otlp".into(),
            trace_id: trace.to_owned(),
            span_id: id.to_owned(),
            parent_id: parent,
            component: service.to_owned(),
            operation: operation.to_owned(),
            kind,
            start_us: start,
            duration_us: (ms * 1000.0) as i64,
            error,
            attributes: labels(attributes),
        });
    }

    /// The telemetry as a query would find it.
    pub(super) fn finish(mut self) -> Telemetry {
        self.t.series = self
            .values
            .into_iter()
            .map(|((name, labels), (_, kind, points))| Series {
                source: "prometheus/main".into(),
                name,
                labels,
                component: None,
                kind,
                points,
            })
            .collect();
        self.t.logs.sort_by_key(|l| l.at);
        self.t
    }
}
