//! Incidents that no change brought: all that the ledger holds are decoys.

use firebell_core::telemetry::Telemetry;

use super::builder::{EMPTY, Spec, check};

const REFACTOR_GO: &str = "@@ services/api/handler.go @@\n-\tif err := json.NewDecoder(r.Body).Decode(&req); err != nil {\n-\t\thttp.Error(w, err.Error(), 400)\n-\t}\n+\tif err := decode(r, &req); err != nil {\n+\t\twriteError(w, 400, err)\n+\t}\n";
const TIMEOUT_UP: &str = "@@ services/x/report.go @@\n-\tReportTitle: \"a\",\n+\tReportTitle: \"b\",\n";

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "a payment provider that fails",
        alert: ("payments", "payments error rate above 10%"),
        calls: &[("checkout", "payments"), ("payments", "third_party/cardnet")],
        gauges: &[
            ("payments", "http_5xx_ratio", 0.002, 0.4, 0),
            ("checkout", "http_5xx_ratio", 0.002, 0.3, 1),
        ],
        errors: &[
            ("payments", "cardnet answered 503 Service Unavailable for POST /charges"),
            ("checkout", "upstream payments returned 502"),
        ],
        decoys: &[
            ("payments", 41, "payment retries and errors", REFACTOR_GO),
            ("checkout", 40, "title", TIMEOUT_UP),
        ],
        outside: (&["third_party/cardnet"], &["dependency.unavailable", "dependency.errors"]),
        ..EMPTY
    },
    Spec {
        name: "a certificate that ran out",
        alert: ("login", "login fails"),
        calls: &[("web", "login"), ("login", "directory")],
        gauges: &[("login", "http_5xx_ratio", 0.001, 0.95, 0)],
        errors: &[("login", "x509: certificate has expired or is not yet valid: directory")],
        decoys: &[("login", 41, "login handler", REFACTOR_GO), ("directory", 36, "title", TIMEOUT_UP)],
        outside: (&["directory", "login"], &["network.tls_expired"]),
        ..EMPTY
    },
    Spec {
        name: "names that do not resolve",
        alert: ("sender", "sender fails"),
        calls: &[("sender", "relay")],
        gauges: &[("sender", "http_5xx_ratio", 0.001, 0.6, 0)],
        errors: &[("sender", "dial tcp: lookup relay on 10.0.0.2:53: Temporary failure in name resolution")],
        decoys: &[("sender", 41, "relay handler", REFACTOR_GO), ("relay", 40, "title", TIMEOUT_UP)],
        outside: (&["relay", "sender"], &["network.dns"]),
        ..EMPTY
    },
    Spec {
        name: "a provider that limits",
        alert: ("maps", "maps errors"),
        calls: &[("maps", "third_party/geocoder")],
        gauges: &[("maps", "http_5xx_ratio", 0.001, 0.3, 0)],
        errors: &[("maps", "geocoder answered 429 Too Many Requests: rate limit exceeded for account")],
        decoys: &[("maps", 41, "map handler", REFACTOR_GO), ("maps", 40, "title", TIMEOUT_UP)],
        outside: (&["third_party/geocoder"], &["dependency.rate_limited"]),
        ..EMPTY
    },
    Spec {
        name: "a database that lost its primary",
        alert: ("accounts", "accounts write errors"),
        calls: &[("accounts", "accountsdb")],
        gauges: &[("accounts", "http_5xx_ratio", 0.001, 0.5, 0)],
        errors: &[("accounts", "accountsdb: cannot execute UPDATE in a read-only transaction")],
        decoys: &[
            ("accounts", 41, "write errors handler", REFACTOR_GO),
            ("accounts", 38, "title", TIMEOUT_UP),
        ],
        outside: (&["accountsdb", "accounts"], &["database.primary_down"]),
        ..EMPTY
    },
    Spec {
        name: "a disk that filled by itself",
        alert: ("broker", "broker disk above 95%"),
        calls: &[("producer", "broker")],
        gauges: &[("broker", "disk_used_pct", 0.62, 1.0, -4), ("producer", "http_5xx_ratio", 0.001, 0.4, 1)],
        errors: &[("broker", "append failed: no space left on device")],
        decoys: &[("broker", 41, "append handler", REFACTOR_GO), ("producer", 41, "title", TIMEOUT_UP)],
        outside: (&["broker"], &["saturation.disk"]),
        ..EMPTY
    },
];

/// The incident of a name.
pub(in crate::tests) fn named(name: &str) -> Telemetry {
    SPECS.iter().find(|s| s.name == name).expect("a case").telemetry()
}

#[test]
fn where_nothing_that_was_changed_brings_the_harm_no_change_is_blamed() {
    check(SPECS, 1);
}
