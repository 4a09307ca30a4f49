//! Every cause of the catalogue has an incident for which exactly it is the answer, at its place. Those of clusters and
//! databases are in `cluster/faults.rs`.

use std::collections::BTreeSet;

use firebell_core::cause;
use firebell_core::change::ChangeKind;
use firebell_core::telemetry::{Labels, LogLine, Span, SpanKind, Telemetry, TopologyEdge, Window};
use firebell_core::verdict::Outcome;
use jiff::Timestamp;

use super::changes::{kinds, outside};
use super::cluster::golden;
use super::company::{Company, Model};
use super::faults::run;
use super::noise::told;
use super::shapes::{Made, START, late};
use super::theft;
use crate::{Settings, investigate, reevaluate};

const STEP: i64 = 15_000;
const LONG: i64 = 240;
const SEED: u64 = 3;

/// Cause, component, incident.
type Case = (&'static str, &'static str, fn() -> Telemetry);

const CASES: &[Case] = &[
    ("change.release", "service/catalog", || {
        company(
            |c| c.change(ChangeKind::Deploy, "catalog", 0, "1.7.3", "1.8.0", "price formatting"),
            |m, _| failing(m, "catalog", 0.35, "TypeError: cannot read property of undefined at formatPrice"),
        )
    }),
    ("change.config", "service/checkout", || {
        company(
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
            |m, _| m.inventory_timeout = 4.0,
        )
    }),
    ("change.flag", "service/catalog", || {
        company(
            |c| c.change(ChangeKind::Flag, "catalog", 0, "0 %", "20 %", "new_ranking enabled for 20 %"),
            |m, _| m.variant = 0.2,
        )
    }),
    ("change.migration", "cartdb", || kinds::named("a column that is gone")),
    ("change.infrastructure", "search", || kinds::named("too few copies")),
    ("saturation.cpu", "service/cart", || full("cpu_cores", "cpu_limit_cores", 0.5, 1.0)),
    ("saturation.memory", "service/cart", || {
        full("memory_working_set_bytes", "memory_limit_bytes", 4e8, 8e8)
    }),
    ("saturation.disk", "service/inventory", || {
        company(
            |_| {},
            |m, i| {
                m.disk = (0.35 + 0.12 * i as f64).min(0.995);
                if m.disk > 0.98 {
                    failing(m, "inventory", 0.8, "write failed: No space left on device");
                }
            },
        )
    }),
    ("saturation.disk_io", "service/cart", || slow_with("disk_io_time_ratio", 0.08, 11.0)),
    ("saturation.network_io", "service/cart", || slow_with("network_receive_bytes_per_second", 2e6, 40.0)),
    ("saturation.connection_pool", "service/checkout", || {
        company(|_| {}, |m, i| m.pool = (120.0 + 30.0 * i.min(10) as f64, 0.5, 1.0))
    }),
    ("saturation.threads", "service/cart", || full("worker_threads_busy", "worker_threads_max", 20.0, 40.0)),
    ("saturation.file_descriptors", "service/cart", || {
        full("process_open_fds", "process_max_fds", 500.0, 1024.0)
    }),
    ("saturation.queue", "service/cart", || full("queue_depth", "queue_capacity", 50.0, 100.0)),
    ("saturation.quota", "service/cart", || {
        made(|m| {
            m.gauge("http_5xx_ratio", "cart", 0.002, |at| late(at, 100.0));
            let labels = [("service", "cart")];
            m.counter(
                "quota_throttled_requests_total",
                &labels,
                |at| if at >= 0.7 { 60.0 } else { 0.0 },
                false,
            );
        })
    }),
    ("code.exception", "service/cart", || {
        made(|m| {
            m.gauge("http_5xx_ratio", "cart", 0.002, |at| late(at, 150.0));
            errors(m, "cart", "NullPointerException: price of item 17 is null");
        })
    }),
    ("code.memory_leak", "service/cart", || {
        made(|m| {
            m.constant("memory_limit_bytes", "cart", 8e8);
            m.gauge("memory_rss_bytes", "cart", 4e8, |at| 1.0 + 0.6 * at);
        })
    }),
    ("code.n_plus_one", "service/catalog", || {
        company(|_| {}, |m, _| m.queries.insert("catalog", 60).map_or((), |_| ()))
    }),
    ("code.deadlock", "service/accounts", || {
        company(
            |_| {},
            |m, _| {
                m.own.insert("accounts", 700.0);
                let text =
                    "timed out after 700 ms waiting for the session store lock held by session-sweeper";
                failing(m, "accounts", 0.6, text);
            },
        )
    }),
    ("code.slow_path", "service/cart", || {
        made(|m| m.gauge("latency_seconds", "cart", 0.06, |at| late(at, 6.0)))
    }),
    ("code.retry_storm", "service/shop", || {
        spans(|s, at, ill| {
            let fails = at / (SPANS_US / REQUESTS) % 5 == 0;
            let tries = if fails && ill { 12 } else { 1 };
            let root =
                s.add(None, ("shop", "GET /items", SpanKind::Server), at, tries * 30 * MS + 2 * MS, fails);
            for k in 0..tries {
                let from = at + MS + k * 30 * MS;
                let call = s.add(Some(&root), ("shop", "call stock", SpanKind::Client), from, 25 * MS, fails);
                s.add(Some(&call), ("stock", "GET /stock", SpanKind::Server), from + MS, 23 * MS, fails);
            }
        })
    }),
    ("dependency.unavailable", "service/accounts", || company(|_| {}, |m, _| m.dead = Some("accounts"))),
    ("dependency.slow", "third_party/acquirer", || company(|_| {}, |m, _| m.acquirer = 1500.0)),
    ("dependency.errors", "third_party/tax-api", || answers(("500", 0.2), ("200", 80.0), 20.0)),
    ("dependency.rate_limited", "third_party/tax-api", || answers(("429", 0.0), ("200", 60.0), 40.0)),
    ("cache.stampede", "service/cart", || {
        made(|m| {
            for service in ["web", "cart", "search", "billing"] {
                let factor = move |at| if service == "cart" { late(at, 0.2) } else { 1.0 };
                m.gauge("cache_hit_ratio", service, 0.95, factor);
            }
            m.gauge("latency_seconds", "cart", 0.06, |at| late(at, 5.0));
        })
    }),
    ("cache.unavailable", "cache/redis", || {
        calling("redis", "dial tcp 10.0.0.4:6379: connect: connection refused (redis)")
    }),
    ("network.delay", "service/stock", || {
        spans(|s, at, ill| {
            let (way, work) = (if ill { 60 * MS } else { MS }, (18 + s.draw(4)) * MS);
            let root =
                s.add(None, ("shop", "GET /items", SpanKind::Server), at, work + 2 * way + 2 * MS, false);
            let call =
                s.add(Some(&root), ("shop", "call stock", SpanKind::Client), at + MS, work + 2 * way, false);
            s.add(Some(&call), ("stock", "GET /stock", SpanKind::Server), at + MS + way, work, false);
        })
    }),
    ("network.loss", "service/cart", || slow_with("network_packet_drop_rate", 0.1, 90.0)),
    ("network.dns", "relay", || outside::named("names that do not resolve")),
    ("network.tls_expired", "directory", || outside::named("a certificate that ran out")),
    ("network.policy_blocked", "service/vault", || {
        calling("vault", "dial tcp 10.0.0.4:8200: connect: communication administratively prohibited (vault)")
    }),
    ("network.partition", "service/vault", || {
        calling("vault", "dial tcp 10.0.0.4:8200: connect: no route to host (vault)")
    }),
    ("traffic.surge", "service/web", || {
        made(|m| {
            m.gauge("latency_seconds", "web", 0.06, |at| late(at, 3.0));
            m.gauge("cpu_cores", "web", 0.4, |at| late(at, 2.0));
            m.gauge("request_rate", "web", 100.0, |at| late(at, 8.0));
        })
    }),
    ("traffic.abuse", "service/web", || {
        made(|m| {
            m.gauge("latency_seconds", "web", 0.06, |at| late(at, 5.0));
            m.gauge("request_rate", "web", 100.0, |at| late(at, 6.0));
            for i in 0..LONG {
                let ill = i * 10 >= LONG * 7;
                for k in 0..(if ill { 30 } else { 5 }) {
                    let address =
                        if k < 5 { format!("198.51.100.{}", (i * 5 + k) % 20) } else { "203.0.113.9".into() };
                    line(
                        m,
                        "web",
                        i,
                        "info",
                        format!("{address} - - \"GET /products/{k} HTTP/1.1\" 200 512"),
                    );
                }
            }
        })
    }),
    ("security.credential_stuffing", "service/accounts", || company(|_| {}, |m, _| m.attackers = 40.0)),
    ("security.account_takeover", "service/web", theft::taken_over),
    ("security.exfiltration", "service/web", theft::carried_off),
    ("security.injection", "service/web", || {
        made(|m| {
            m.gauge("http_5xx_ratio", "web", 0.002, |at| late(at, 150.0));
            for i in 0..LONG {
                line(
                    m,
                    "web",
                    i,
                    "info",
                    format!("198.51.100.{} - - \"GET /products/{i} HTTP/1.1\" 200 512", i % 20),
                );
                if i * 10 >= LONG * 7 {
                    let path = format!("/products?q=1%27+UNION+SELECT+password+FROM+users{i}");
                    line(m, "web", i, "info", format!("203.0.113.9 - - \"GET {path} HTTP/1.1\" 500 12"));
                }
            }
        })
    }),
    ("data.corruption", "service/cart", || {
        made(|m| {
            m.gauge("http_5xx_ratio", "cart", 0.002, |at| late(at, 150.0));
            errors(m, "cart", "block 7731 of segment 12 cannot be read: checksum mismatch");
        })
    }),
    ("data.schema_mismatch", "service/cart", || {
        made(|m| {
            m.gauge("http_5xx_ratio", "cart", 0.002, |at| late(at, 150.0));
            errors(m, "cart", "ERROR: column \"colour\" does not exist (SQLSTATE 42703)");
        })
    }),
];

#[test]
fn every_cause_of_the_catalogue_is_the_answer_to_an_incident() {
    let mut wrong = Vec::new();
    let mut looked_at = BTreeSet::new();
    for c in cause::all() {
        let own: Vec<&Case> = CASES.iter().filter(|case| case.0 == c.id).collect();
        if own.is_empty() && !golden::has(&c.id) {
            wrong.push(format!("{}: no incident", c.id));
        }
        for (cause, component, make) in own {
            let t = make();
            let v = investigate(&t, &Settings::default());
            let first = v.hypotheses.first();
            let right =
                first.is_some_and(|h| crate::names::same(&h.component, component) && h.cause == *cause);
            if v.verdict != Outcome::Cause || !right {
                wrong.push(format!("{cause} at {component}: {}", told(&v)));
            }
            for a in v.hypotheses.iter().flat_map(|h| &h.expected_but_absent) {
                assert!(!a.evidence.is_empty(), "{cause}: {} cites nothing", a.claim);
                looked_at
                    .extend(a.evidence.iter().filter_map(|e| Some(e.query.split_once(' ')?.0.to_owned())));
            }
            for e in super::cited(&v) {
                let again = reevaluate(&t, e);
                assert_eq!(again.as_deref(), Some(e.sha256.as_str()), "{cause}: {} {}", e.source, e.query);
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    // Absences are told of each sort of telemetry, and all of them were had again above.
    for sort in ["metric", "lines", "spans"] {
        assert!(looked_at.contains(sort), "{looked_at:?}");
    }
    for (cause, ..) in CASES {
        assert!(cause::find(cause).is_some(), "{cause} is in no catalogue");
    }
}

fn company(before: impl Fn(&mut Company), fault: impl Fn(&mut Model, usize)) -> Telemetry {
    run(SEED, "customers cannot use the shop", before, |_, m, i| fault(m, i)).0
}

fn failing(m: &mut Model, service: &'static str, share: f64, text: &'static str) {
    m.fail.insert(service, share);
    m.error_text.insert(service, text);
}

fn made(more: impl Fn(&mut Made)) -> Telemetry {
    let mut m = Made::new(SEED, STEP, LONG);
    more(&mut m);
    m.t.report = "something is wrong".into();
    m.t
}

/// A resource of cart that reaches its limit.
fn full(used: &str, limit: &str, level: f64, most: f64) -> Telemetry {
    made(|m| {
        m.constant(limit, "cart", most);
        m.gauge(used, "cart", level, |at| late(at, 1.98));
        m.gauge("latency_seconds", "cart", 0.06, |at| late(at, 4.0));
    })
}

/// Cart is slow, and one of its figures is many times what it was.
fn slow_with(name: &str, level: f64, times: f64) -> Telemetry {
    made(|m| {
        for service in ["web", "cart", "search", "billing"] {
            m.gauge(name, service, level, move |at| if service == "cart" { late(at, times) } else { 1.0 });
        }
        m.gauge("latency_seconds", "cart", 0.06, |at| late(at, 5.0));
    })
}

/// What a third party answers to cart: a code and its rate before; another one and its rate since; the rate of the
/// first since.
fn answers(bad: (&'static str, f64), good: (&'static str, f64), since: f64) -> Telemetry {
    made(|m| {
        m.gauge("latency_seconds", "cart", 0.06, |at| late(at, 3.0));
        for (code, calm, ill) in [(good.0, 100.0, good.1), (bad.0, bad.1, since)] {
            let labels = [("service", "cart"), ("peer", "tax-api"), ("code", code)];
            m.counter("http_client_requests_total", &labels, |at| if at >= 0.7 { ill } else { calm }, false);
        }
    })
}

fn line(m: &mut Made, service: &str, i: i64, level: &str, text: String) {
    m.t.logs.push(LogLine {
        source: format!("logs/{service}.log"),
        line: m.t.logs.len() as u64 + 1,
        component: Some(service.to_owned()),
        at: Timestamp::from_millisecond(START + i * STEP).ok(),
        level: Some(level.to_owned()),
        text,
        fields: Labels::new(),
        trace_id: None,
    });
}

/// Lines of a service that works, and errors of it late.
fn errors(m: &mut Made, service: &str, text: &str) {
    for i in 0..LONG {
        match i * 10 >= LONG * 7 {
            true => line(m, service, i, "error", text.to_owned()),
            false => line(m, service, i, "info", format!("order {i} stored")),
        }
    }
}

/// Cart fails, and logs that it cannot reach whom it calls.
fn calling(callee: &str, text: &str) -> Telemetry {
    made(|m| {
        m.gauge("http_5xx_ratio", "cart", 0.002, |at| late(at, 200.0));
        let (caller, callee) = ("cart".to_owned(), callee.to_owned());
        m.t.topology.push(TopologyEdge { caller, callee, kind: String::new() });
        errors(m, "cart", text);
    })
}

const MS: i64 = 1_000;
/// Microseconds, and requests of ten minutes.
const SPANS_US: i64 = 600_000_000;
const REQUESTS: i64 = 200;

struct Spans {
    t: Telemetry,
    drawn: u64,
}

impl Spans {
    fn draw(&mut self, below: i64) -> i64 {
        self.drawn = crate::perturb::mix(self.drawn);
        (self.drawn >> 33) as i64 % below
    }

    fn add(
        &mut self,
        parent: Option<&str>,
        (service, operation, kind): (&str, &str, SpanKind),
        from: i64,
        took: i64,
        error: bool,
    ) -> String {
        let id = format!("{:x}", self.t.spans.len() + 1);
        let of = parent.and_then(|p| self.t.spans.iter().rev().find(|s| s.span_id == p));
        let trace_id = of.map_or_else(|| format!("t{id}"), |s| s.trace_id.clone());
        self.t.spans.push(Span {
            source: "traces/spans.csv".into(),
            trace_id,
            span_id: id.clone(),
            parent_id: parent.map(str::to_owned),
            component: format!("service/{service}"),
            operation: operation.into(),
            kind,
            start_us: START * 1_000 + from,
            duration_us: took,
            error,
            attributes: Labels::new(),
        });
        id
    }
}

/// Requests of a shop, the second half of them ill.
fn spans(request: impl Fn(&mut Spans, i64, bool)) -> Telemetry {
    let mut s = Spans { t: Telemetry::default(), drawn: 7 };
    for n in 0..REQUESTS {
        let at = n * SPANS_US / REQUESTS;
        request(&mut s, at, at >= SPANS_US / 2);
    }
    let time = |us: i64| Timestamp::from_microsecond(START * 1_000 + us).expect("in range");
    s.t.window = Some(Window { start: time(0), end: time(SPANS_US) });
    s.t.impact_started_at = Some(time(SPANS_US / 2));
    s.t.report = "requests are slow or failing".into();
    s.t
}
