//! One incident for each kind of the ledger that carries no diff: a machine, a migration, a certificate, a schedule, a
//! number of copies, a value.

use firebell_core::change::{Change, ChangeKind};
use firebell_core::telemetry::{Telemetry, TopologyEdge};

use super::builder::{EMPTY, Spec, at, plain};
use crate::{Settings, investigate};

/// The incident, where its change was made, the kind, and what the entry says: summary, value before and after.
struct Case {
    spec: Spec,
    kind: ChangeKind,
    component: &'static str,
    says: (&'static str, &'static str, &'static str),
    minute: i64,
    cause: &'static str,
}

const CASES: &[Case] = &[
    Case {
        spec: Spec {
            name: "a kernel that makes a machine slow",
            alert: ("web", "cart and search are slow"),
            calls: &[("web", "cart"), ("web", "search"), ("web", "mail"), ("web", "stock")],
            gauges: &[
                ("cart", "latency_seconds", 0.06, 0.4, 0),
                ("search", "latency_seconds", 0.05, 0.35, 0),
                ("web", "latency_seconds", 0.08, 0.3, 0),
                ("mail", "latency_seconds", 0.05, 0.05, 0),
                ("stock", "latency_seconds", 0.05, 0.05, 0),
            ],
            ..EMPTY
        },
        kind: ChangeKind::Node,
        component: "node/n1",
        says: ("kernel upgrade", "5.10", "6.1"),
        minute: 41,
        cause: "change.infrastructure",
    },
    Case {
        spec: Spec {
            name: "a column that is gone",
            alert: ("cart", "cart fails"),
            calls: &[("web", "cart"), ("cart", "cartdb")],
            gauges: &[("cart", "http_5xx_ratio", 0.002, 0.4, 0), ("web", "http_5xx_ratio", 0.002, 0.2, 0)],
            errors: &[("cart", "pq: column \"colour\" does not exist")],
            ..EMPTY
        },
        kind: ChangeKind::Migration,
        component: "cartdb",
        says: ("drop column colour", "", ""),
        minute: 41,
        cause: "change.migration",
    },
    Case {
        spec: Spec {
            name: "a certificate of the wrong authority",
            alert: ("login", "login fails"),
            calls: &[("web", "login")],
            gauges: &[("login", "http_5xx_ratio", 0.001, 0.9, 0), ("web", "http_5xx_ratio", 0.001, 0.4, 0)],
            errors: &[(
                "web",
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            )],
            ..EMPTY
        },
        kind: ChangeKind::Certificate,
        component: "login",
        says: ("new certificate", "2025", "2026"),
        minute: 40,
        cause: "change.config",
    },
    Case {
        spec: Spec {
            name: "an export that starts at a set time",
            alert: ("orders", "orders is slow"),
            calls: &[("web", "orders"), ("orders", "ordersdb")],
            gauges: &[
                ("orders", "latency_seconds", 0.06, 0.4, 0),
                ("web", "latency_seconds", 0.08, 0.35, 0),
                ("ordersdb", "db_cpu_utilization", 0.2, 0.95, 0),
            ],
            ..EMPTY
        },
        kind: ChangeKind::Schedule,
        component: "ordersdb",
        says: ("the nightly export starts", "", ""),
        minute: 41,
        cause: "change.config",
    },
    Case {
        spec: Spec {
            name: "too few copies",
            alert: ("search", "search is slow"),
            calls: &[("web", "search")],
            gauges: &[
                ("search", "latency_seconds", 0.06, 0.5, 0),
                ("search", "cpu_utilization", 0.3, 0.97, 0),
                ("web", "latency_seconds", 0.08, 0.4, 0),
            ],
            ..EMPTY
        },
        kind: ChangeKind::Scale,
        component: "search",
        says: ("fewer replicas at night", "6", "2"),
        minute: 41,
        cause: "change.infrastructure",
    },
];

impl Case {
    fn telemetry(&self) -> Telemetry {
        let mut t = self.spec.telemetry();
        if self.component.starts_with("node/") {
            for (service, node) in
                [("cart", "n1"), ("search", "n1"), ("mail", "n2"), ("stock", "n2"), ("web", "n2")]
            {
                let (caller, callee) = (service.to_owned(), format!("node/{node}"));
                t.topology.push(TopologyEdge { caller, callee, kind: "runs_on".into() });
            }
        }
        let (summary, from, to) = self.says;
        let some = |v: &str| (!v.is_empty()).then(|| v.to_owned());
        t.changes.push(Change {
            kind: self.kind,
            component: self.component.to_owned(),
            from: some(from),
            to: some(to),
            ..plain("culprit", "", at(self.minute, 30), summary, None)
        });
        t
    }
}

/// The incident of a name.
pub(in crate::tests) fn named(name: &str) -> Telemetry {
    CASES.iter().find(|c| c.spec.name == name).expect("a case").telemetry()
}

#[test]
fn a_change_of_any_kind_is_found_by_what_it_does() {
    let mut wrong = Vec::new();
    for case in CASES {
        let v = investigate(&case.telemetry(), &Settings::default());
        let ours = v.hypotheses.first().filter(|h| h.change.as_deref() == Some("culprit"));
        // The mechanism that it brought says as much as the change itself.
        let place = ours.is_some_and(|h| {
            crate::names::same(&h.component, case.component)
                || h.cause == case.cause
                || !h.cause.starts_with("change.")
        });
        if !place {
            let list: Vec<String> = v
                .hypotheses
                .iter()
                .take(4)
                .map(|h| {
                    format!(
                        "{:.2} {} {} {:?} | {}",
                        h.confidence, h.component, h.cause, h.change, h.mechanism
                    )
                })
                .collect();
            wrong.push(format!("{}: {:?} {list:#?}", case.spec.name, v.verdict));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}
