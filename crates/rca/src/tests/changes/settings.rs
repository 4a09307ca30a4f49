//! Settings, schemas and versions.

use super::builder::{EMPTY, Spec, check};

const REFACTOR_GO: &str = "@@ services/api/handler.go @@\n-\tvar req Req\n-\tif err := json.NewDecoder(r.Body).Decode(&req); err != nil {\n-\t\thttp.Error(w, err.Error(), 400)\n-\t\treturn\n-\t}\n+\treq, err := decode[Req](r)\n+\tif err != nil {\n+\t\twriteError(w, 400, err)\n+\t\treturn\n+\t}\n";
const ROUNDING: &str =
    "@@ services/tax/tax.go @@\n-\treturn math.Round(net * rate)\n+\treturn math.Round(net*rate*100) / 100\n";
const METRIC: &str = "@@ pkg/metrics/hits.go @@\n+var hits = prometheus.NewCounter(prometheus.CounterOpts{Name: \"hits_total\"})\n";

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "a pool made small",
        alert: ("orders", "orders p99 latency above 2 s"),
        calls: &[("edge", "orders"), ("orders", "ordersdb")],
        gauges: &[
            ("orders", "http_5xx_ratio", 0.002, 0.22, 0),
            ("orders", "http_server_duration_p99_ms", 120.0, 2600.0, 0),
            ("edge", "http_5xx_ratio", 0.002, 0.1, 1),
        ],
        errors: &[
            ("orders", "HikariPool-1 - Connection is not available, request timed out after 30000ms"),
            ("edge", "upstream orders returned 503"),
        ],
        culprit: Some((
            "orders",
            36,
            "chore: align defaults",
            "--- a/orders/src/main/resources/application.properties\n+++ b/orders/src/main/resources/application.properties\n@@ -3,3 +3,3 @@\n-spring.datasource.hikari.maximum-pool-size=40\n+spring.datasource.hikari.maximum-pool-size=4\n",
        )),
        decoys: &[
            ("orders", 41, "refactor handler timeout and connection errors", REFACTOR_GO),
            ("edge", 39, "tax rounding", ROUNDING),
        ],
        ..EMPTY
    },
    Spec {
        name: "a time limit that became too short",
        alert: ("checkout", "checkout error rate above 5%"),
        calls: &[("checkout", "pricing"), ("edge", "checkout")],
        gauges: &[
            ("checkout", "http_5xx_ratio", 0.002, 0.3, 0),
            ("pricing", "http_server_duration_p99_ms", 180.0, 185.0, 0),
        ],
        errors: &[("checkout", "pricing quote failed: context deadline exceeded")],
        culprit: Some((
            "checkout",
            38,
            "tidy client options",
            "@@ services/checkout/client.go @@\n-\tTimeout: 2 * time.Second,\n+\tTimeout: 20 * time.Millisecond,\n",
        )),
        decoys: &[
            ("pricing", 40, "hot path: cache quotes", METRIC),
            ("checkout", 41, "handler", REFACTOR_GO),
        ],
        ..EMPTY
    },
    Spec {
        name: "memory limit in a chart",
        alert: ("indexer", "indexer pods restarting"),
        calls: &[("api", "indexer")],
        gauges: &[("indexer", "pod_restart_total", 0.0, 12.0, 0), ("api", "http_5xx_ratio", 0.001, 0.2, 1)],
        errors: &[
            ("indexer", "container killed: OOMKilled, exit code 137"),
            ("api", "indexer unavailable: connection refused"),
        ],
        culprit: Some((
            "indexer",
            39,
            "right-size resources",
            "--- a/charts/indexer/values.yaml\n+++ b/charts/indexer/values.yaml\n@@ -10,6 +10,6 @@ resources:\n   limits:\n     cpu: 2\n-    memory: 2Gi\n+    memory: 256Mi\n",
        )),
        decoys: &[
            ("indexer", 41, "tidy memory and heap handling of the parser", REFACTOR_GO),
            ("api", 40, "metrics", METRIC),
        ],
        ..EMPTY
    },
    Spec {
        name: "a cache that expires at once, and the database behind it",
        alert: ("itemsdb", "itemsdb CPU above 85%"),
        calls: &[("web", "items"), ("items", "itemsdb")],
        gauges: &[
            ("items", "cache_hit_ratio", 0.96, 0.4, -6),
            ("itemsdb", "db_queries_per_second", 150.0, 900.0, -5),
            ("itemsdb", "db_cpu_utilization", 22.0, 96.0, -1),
            ("items", "http_server_duration_p99_ms", 60.0, 800.0, 0),
        ],
        errors: &[("itemsdb", "statement timeout: query exceeded 3000ms under load")],
        culprit: Some((
            "items",
            34,
            "cache config cleanup",
            "@@ items/config.py @@\n-    ITEM_CACHE_TTL_SECONDS: int = 900\n+    ITEM_CACHE_TTL_SECONDS: int = 9\n",
        )),
        decoys: &[
            (
                "itemsdb",
                41,
                "index for reports",
                "@@ db/migrations/7.sql @@\n+CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON items (updated_at);\n",
            ),
            (
                "items",
                40,
                "lookup",
                "@@ items/lookup.go @@\n-\titem, err := s.cache.GetOrLoad(ctx, k, s.load)\n-\tif err != nil { return nil, err }\n-\treturn item, nil\n+\treturn s.cache.GetOrLoad(ctx, k, s.load)\n",
            ),
        ],
        ..EMPTY
    },
    Spec {
        name: "an index dropped",
        alert: ("ledger", "ledger latency above 3 s"),
        calls: &[("ledger", "ledgerdb"), ("edge", "ledger")],
        gauges: &[
            ("ledger", "http_server_duration_p99_ms", 90.0, 4200.0, 0),
            ("ledgerdb", "db_cpu_utilization", 20.0, 97.0, 0),
        ],
        errors: &[("ledgerdb", "slow query: sequential scan on ledger_entries took 4100 ms")],
        culprit: Some((
            "ledgerdb",
            40,
            "clean up unused objects",
            "@@ db/migrations/0091_cleanup.sql @@\n+DROP INDEX IF EXISTS idx_ledger_entries_account;\n",
        )),
        decoys: &[
            (
                "ledger",
                41,
                "query performance logging",
                "@@ ledger/log.go @@\n-\tlog.Printf(\"q=%s\", q)\n+\tlog.Printf(\"slow query q=%s took=%s\", q, d)\n",
            ),
            ("edge", 39, "handler", REFACTOR_GO),
        ],
        ..EMPTY
    },
    Spec {
        name: "a migration that locks a table",
        alert: ("billing", "billing requests fail"),
        calls: &[("billing", "billingdb")],
        gauges: &[("billing", "http_5xx_ratio", 0.002, 0.5, 0)],
        errors: &[(
            "billing",
            "canceling statement due to lock timeout: could not obtain lock on relation \"invoices\"",
        )],
        culprit: Some((
            "billing",
            41,
            "add a column",
            "@@ migrations/20260105_add.sql @@\n+ALTER TABLE invoices ADD COLUMN settled boolean NOT NULL DEFAULT false;\n",
        )),
        decoys: &[("billing", 40, "tax", ROUNDING), ("billing", 38, "handler lock cleanup", REFACTOR_GO)],
        ..EMPTY
    },
    Spec {
        name: "a major version of a library",
        alert: ("reports", "reports fails to start"),
        calls: &[("edge", "reports")],
        gauges: &[("reports", "pod_ready_replicas", 3.0, 0.0, 0), ("edge", "http_5xx_ratio", 0.001, 0.3, 1)],
        errors: &[
            (
                "reports",
                "ImportError: cannot import name 'MutableMapping' from 'collections' (pandas/compat)",
            ),
            ("edge", "reports: connection refused"),
        ],
        culprit: Some((
            "reports",
            40,
            "refresh pins",
            "@@ reports/requirements.txt @@\n-pandas==1.5.3\n+pandas==2.2.0\n",
        )),
        decoys: &[
            (
                "reports",
                41,
                "refresh pins",
                "@@ reports/requirements.txt @@\n-boto3==1.26.0\n+boto3==1.26.4\n",
            ),
            ("edge", 39, "handler", REFACTOR_GO),
        ],
        ..EMPTY
    },
    Spec {
        name: "an audience of tokens",
        alert: ("gateway", "401 rate above 20%"),
        calls: &[("gateway", "profile")],
        gauges: &[
            ("gateway", "http_401_total", 3.0, 400.0, 0),
            ("gateway", "http_error_ratio", 0.01, 0.6, 0),
        ],
        errors: &[("gateway", "token rejected: invalid audience, expected api-v2")],
        culprit: Some((
            "gateway",
            37,
            "rename environments",
            "@@ gateway/config/auth.toml @@\n-audience = \"api\"\n+audience = \"api-v2\"\n",
        )),
        decoys: &[
            ("profile", 41, "token handling", REFACTOR_GO),
            ("gateway", 41, "metrics of tokens", METRIC),
        ],
        ..EMPTY
    },
    Spec {
        name: "an upstream address",
        alert: ("search", "search is down"),
        calls: &[("edge", "search"), ("search", "engine")],
        gauges: &[("search", "http_5xx_ratio", 0.001, 0.98, 0)],
        errors: &[("search", "dial tcp: lookup engine-blue.internal: no such host")],
        culprit: Some((
            "search",
            41,
            "move to new names",
            "--- a/search/deploy.yaml\n+++ b/search/deploy.yaml\n@@ -20,5 +20,5 @@ spec:\n         env:\n         - name: ENGINE_HOST\n-          value: engine.internal\n+          value: engine-blue.internal\n",
        )),
        decoys: &[("engine", 40, "handler", REFACTOR_GO), ("search", 40, "search metrics", METRIC)],
        ..EMPTY
    },
    Spec {
        name: "log level that fills the disk an hour later",
        alert: ("collector", "volume of collector above 95%"),
        calls: &[("query", "collector")],
        gauges: &[
            ("collector", "disk_used_pct", 0.41, 1.0, -2),
            ("collector", "log_write_throughput_lps", 1100.0, 12000.0, -22),
            ("query", "error_rate_5xx_ratio", 0.003, 0.4, 1),
        ],
        errors: &[("collector", "write failed: no space left on device")],
        culprit: Some((
            "collector",
            20,
            "tune runtime defaults",
            "@@ collector/agent.yaml @@\n logging:\n-  level: warn\n+  level: debug\n",
        )),
        decoys: &[
            (
                "collector",
                41,
                "sink writer",
                "@@ collector/writer.go @@\n-\tf, err := open(p)\n-\tif err != nil { return err }\n-\treturn f.Write(l)\n+\treturn writeLine(p, l)\n+}\n+\n+func writeLine(p string, l []byte) error {\n+\tf, err := open(p)\n+\tif err != nil { return err }\n+\treturn f.Write(l)\n",
            ),
            ("query", 41, "handler", REFACTOR_GO),
        ],
        ..EMPTY
    },
    Spec {
        name: "body size of a proxy",
        alert: ("uploads", "uploads failing"),
        calls: &[("uploads", "store")],
        gauges: &[("uploads", "http_error_ratio", 0.01, 0.4, 0)],
        errors: &[("uploads", "client intended to send too large body: 413 Request Entity Too Large")],
        culprit: Some((
            "uploads",
            39,
            "nginx cleanup",
            "@@ uploads/nginx.conf @@\n-  client_max_body_size 50m;\n+  client_max_body_size 1m;\n",
        )),
        decoys: &[("store", 41, "body handling", REFACTOR_GO), ("uploads", 41, "tax", ROUNDING)],
        ..EMPTY
    },
    Spec {
        name: "a time of life of connections, hours before",
        alert: ("feed", "feed errors"),
        calls: &[("feed", "feeddb")],
        gauges: &[("feed", "http_5xx_ratio", 0.002, 0.25, 0)],
        errors: &[("feed", "FATAL: remaining connection slots are reserved; too many clients already")],
        culprit: Some((
            "feed",
            5,
            "tune database client",
            "@@ feed/db.go @@\n-\tdb.SetMaxOpenConns(20)\n+\tdb.SetMaxOpenConns(400)\n",
        )),
        decoys: &[("feed", 41, "connection handler", REFACTOR_GO), ("feed", 40, "tax", ROUNDING)],
        ..EMPTY
    },
];

#[test]
fn changed_settings_schemas_and_versions_are_blamed_for_what_they_bring() {
    check(SPECS, 1);
}
