//! Changed code.

use super::builder::{EMPTY, Spec, check};

const REFACTOR_TS: &str = "@@ src/http/handler.ts @@\n-  const body = await req.json();\n-  if (!body.id) { res.status(400).end(); return; }\n-  res.json(await svc.run(body));\n+  const body = await readBody(req);\n+  if (!body.id) return badRequest(res);\n+  res.json(await svc.run(body));\n";
const SCOPE: &str = "@@ src/http/lookup.ts @@\n-    res.status(500).json({ error: name + \" not found\" });\n+    res.status(500).json({ error: name + \" not found\", scope: \"org\" });\n";
const BUFFER: &str =
    "@@ pkg/codec/json.go @@\n-\tbuf := bytes.Buffer{}\n+\tbuf := bytes.NewBuffer(make([]byte, 0, 4096))\n";

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "a lock removed",
        alert: ("limits", "limits 5xx above 2%"),
        calls: &[("edge", "limits")],
        gauges: &[
            ("limits", "http_5xx_ratio", 0.001, 0.1, 0),
            ("limits", "requests_per_sec", 600.0, 800.0, -20),
        ],
        errors: &[("limits", "fatal error: concurrent map writes")],
        culprit: Some((
            "limits",
            33,
            "simplify counter",
            "@@ limits/counter.go @@\n-\tc.mu.Lock()\n-\tdefer c.mu.Unlock()\n \tc.n[k]++\n",
        )),
        decoys: &[
            ("limits", 41, "fix fatal error handling of concurrent writes", BUFFER),
            ("edge", 40, "handler", REFACTOR_TS),
        ],
        ..EMPTY
    },
    Spec {
        name: "a registration lost in a refactor",
        alert: ("agents", "agents returns 500: 'summary-writer' not found"),
        calls: &[("memory", "agents")],
        gauges: &[
            ("agents", "http_5xx_ratio", 0.004, 0.6, 0),
            ("memory", "build_error_ratio", 0.002, 0.3, 1),
        ],
        errors: &[
            ("agents", "builtin agent lookup failed: 'summary-writer' not found; returning 500"),
            ("memory", "upstream agents returned 500"),
        ],
        culprit: Some((
            "agents",
            41,
            "refactor bootstrap",
            "@@ src/runtime/bootstrap.ts @@\n   await loadOrgAgents(registry);\n-  registerBuiltinAgents(registry);\n   await registry.warm();\n",
        )),
        decoys: &[
            ("agents", 41, "adjust builtin agent lookup", SCOPE),
            ("memory", 40, "handler", REFACTOR_TS),
        ],
        ..EMPTY
    },
    Spec {
        name: "queries in a loop",
        alert: ("catalog", "catalog p99 above 2 s"),
        calls: &[("web", "catalog"), ("catalog", "catalogdb")],
        gauges: &[
            ("catalog", "http_server_duration_p99_ms", 80.0, 2300.0, 0),
            ("catalogdb", "db_queries_per_second", 200.0, 5200.0, 0),
            ("catalogdb", "db_cpu_utilization", 20.0, 88.0, 0),
        ],
        errors: &[("catalog", "query took 1800 ms: SELECT * FROM suppliers WHERE id = ?")],
        culprit: Some((
            "catalog",
            40,
            "show suppliers",
            "@@ catalog/views.py @@\n     for product in products:\n+        product.supplier = session.query(Supplier).get(product.supplier_id)\n",
        )),
        decoys: &[
            ("catalogdb", 41, "index", "@@ db/8.sql @@\n+CREATE INDEX CONCURRENTLY i ON products (a);\n"),
            (
                "catalog",
                41,
                "slow query log",
                "@@ catalog/log.py @@\n-    logger.info(\"q\")\n+    logger.info(\"slow query\")\n",
            ),
        ],
        ..EMPTY
    },
    Spec {
        name: "a null check removed in Java",
        alert: ("quotes", "quotes errors"),
        calls: &[("edge", "quotes")],
        gauges: &[("quotes", "http_5xx_ratio", 0.001, 0.15, 0)],
        errors: &[(
            "quotes",
            "java.lang.NullPointerException: Cannot invoke \"Discount.rate()\" because \"discount\" is null at com.q.QuoteService.price(QuoteService.java:88)",
        )],
        culprit: Some((
            "quotes",
            39,
            "simplify",
            "@@ quotes/src/main/java/com/q/QuoteService.java @@\n-        if (discount != null) {\n-            total = total.multiply(discount.rate());\n-        }\n+        total = total.multiply(discount.rate());\n",
        )),
        decoys: &[
            (
                "quotes",
                41,
                "guard against null",
                "@@ quotes/src/main/java/com/q/Mapper.java @@\n-        return map(in);\n+        return mapper.map(in);\n",
            ),
            ("edge", 40, "handler", REFACTOR_TS),
        ],
        ..EMPTY
    },
    Spec {
        name: "rows that are not closed, hours before",
        alert: ("history", "history fails"),
        calls: &[("history", "historydb")],
        gauges: &[
            ("history", "http_5xx_ratio", 0.001, 0.4, 0),
            ("history", "db_connections_in_use", 5.0, 50.0, -30),
        ],
        errors: &[("history", "pq: sorry, too many clients already: connection pool exhausted")],
        culprit: Some((
            "history",
            8,
            "tidy scan helper",
            "@@ history/scan.go @@\n \trows, err := db.QueryContext(ctx, q)\n-\tdefer rows.Close()\n \tfor rows.Next() {\n",
        )),
        decoys: &[("history", 41, "handler", REFACTOR_TS), ("history", 40, "encoder", BUFFER)],
        ..EMPTY
    },
    Spec {
        name: "a field of messages renamed",
        alert: ("shipping", "shipping consumer failing"),
        calls: &[("shipping", "orders")],
        gauges: &[
            ("shipping", "consumer_error_ratio", 0.001, 0.7, 0),
            ("shipping", "consumer_lag", 20.0, 9000.0, 0),
        ],
        errors: &[("shipping", "cannot deserialize OrderPlaced: missing property 'customer_id'")],
        culprit: Some((
            "orders",
            40,
            "consistent casing",
            "@@ orders/events/order_placed.go @@\n-\tCustomer string `json:\"customer_id\"`\n+\tCustomer string `json:\"customerId\"`\n",
        )),
        decoys: &[("shipping", 41, "consumer errors", BUFFER), ("shipping", 39, "handler", REFACTOR_TS)],
        ..EMPTY
    },
    Spec {
        name: "a query of a table that is not there",
        alert: ("boards", "boards 500s"),
        calls: &[("web", "boards")],
        gauges: &[("boards", "http_5xx_ratio", 0.003, 0.7, 0)],
        errors: &[("boards", "sqlalchemy.exc.ProgrammingError: relation \"board_pins\" does not exist")],
        culprit: Some((
            "boards",
            40,
            "wire up pins",
            "@@ boards/dao.py @@\n+    def pins(self, u):\n+        return self.s.execute(text(\"SELECT id FROM board_pins WHERE u = :u\"), {\"u\": u}).fetchall()\n",
        )),
        decoys: &[
            (
                "boards",
                41,
                "palette",
                "@@ boards/ui/theme.ts @@\n-  accent: \"#111\",\n+  accent: \"#222\",\n",
            ),
            ("web", 41, "handler", REFACTOR_TS),
        ],
        ..EMPTY
    },
    Spec {
        name: "a pattern that backtracks",
        alert: ("intake", "intake CPU saturated"),
        calls: &[("edge", "intake")],
        gauges: &[
            ("intake", "cpu_utilization", 18.0, 99.0, 0),
            ("intake", "http_server_duration_p99_ms", 40.0, 6000.0, 0),
        ],
        errors: &[("intake", "request timed out after 10000 ms while matching rules")],
        culprit: Some((
            "intake",
            39,
            "stricter names",
            "@@ intake/rules.js @@\n-const NAME = new RegExp(\"^[a-z]+$\")\n+const NAME = new RegExp(\"^([a-z]+)+$\")\n",
        )),
        decoys: &[("intake", 41, "cpu metrics", BUFFER), ("edge", 41, "handler", REFACTOR_TS)],
        ..EMPTY
    },
    Spec {
        name: "a setting that is asked for and not there",
        alert: ("mailer", "mailer crash loop"),
        calls: &[("accounts", "mailer")],
        gauges: &[
            ("mailer", "pod_ready_replicas", 2.0, 0.0, 0),
            ("accounts", "http_5xx_ratio", 0.001, 0.2, 1),
        ],
        errors: &[
            ("mailer", "KeyError: 'SMTP_REGION' during startup; worker exiting"),
            ("accounts", "mailer: connection refused"),
        ],
        culprit: Some((
            "mailer",
            41,
            "regional relays",
            "@@ mailer/conf.py @@\n+REGION = os.environ[\"SMTP_REGION\"]\n",
        )),
        decoys: &[("accounts", 41, "startup handler", REFACTOR_TS), ("mailer", 39, "encoder", BUFFER)],
        ..EMPTY
    },
    Spec {
        name: "pauses between attempts removed",
        alert: ("sync", "sync failing: upstream rate limit"),
        calls: &[("sync", "inventory")],
        gauges: &[
            ("sync", "retry_total", 2.0, 900.0, 0),
            ("sync", "job_error_ratio", 0.01, 0.5, 0),
            ("inventory", "requests_per_sec", 50.0, 900.0, 0),
        ],
        errors: &[("sync", "retries exhausted: inventory answered 429 too many requests")],
        culprit: Some((
            "sync",
            39,
            "simplify client",
            "@@ sync/client.rb @@\n   attempts.times do |i|\n-    sleep(2**i)\n     call(url)\n",
        )),
        decoys: &[
            ("inventory", 41, "handler", REFACTOR_TS),
            (
                "sync",
                41,
                "rate limit docs in code",
                "@@ sync/notes.rb @@\n-  # rate limits\n+  # rate limits and retries\n",
            ),
        ],
        ..EMPTY
    },
    Spec {
        name: "a cache that is by-passed in PHP",
        alert: ("pricesdb", "pricesdb load"),
        calls: &[("shop", "prices"), ("prices", "pricesdb")],
        gauges: &[
            ("pricesdb", "db_queries_per_second", 90.0, 2400.0, 0),
            ("pricesdb", "db_cpu_utilization", 12.0, 92.0, 0),
            ("prices", "http_server_duration_p99_ms", 30.0, 900.0, 0),
        ],
        errors: &[("pricesdb", "slow query: SELECT * FROM prices WHERE sku = ?")],
        culprit: Some((
            "prices",
            40,
            "always fresh prices",
            "@@ prices/PriceRepo.php @@\n-        return Cache::remember($sku, 300, fn () => Price::find($sku));\n+        return Price::find($sku);\n",
        )),
        decoys: &[
            ("pricesdb", 41, "index", "@@ db/9.sql @@\n+CREATE INDEX CONCURRENTLY i ON prices (b);\n"),
            ("shop", 41, "handler", REFACTOR_TS),
        ],
        ..EMPTY
    },
    Spec {
        name: "memory that only grows",
        alert: ("render", "render memory above 90%"),
        calls: &[("edge", "render")],
        gauges: &[
            ("render", "memory_used_bytes", 3.0e8, 1.9e9, -15),
            ("render", "http_5xx_ratio", 0.001, 0.2, 0),
        ],
        errors: &[("render", "FATAL ERROR: JavaScript heap out of memory")],
        culprit: Some((
            "render",
            22,
            "remember templates",
            "@@ render/index.js @@\n+  templateCache[req.url] = compiled;\n",
        )),
        decoys: &[("render", 41, "heap metrics", BUFFER), ("edge", 40, "handler", REFACTOR_TS)],
        ..EMPTY
    },
    Spec {
        name: "a header no longer sent in C#",
        alert: ("portal", "portal 403s"),
        calls: &[("portal", "vault")],
        gauges: &[("portal", "http_403_total", 1.0, 300.0, 0), ("portal", "http_error_ratio", 0.01, 0.5, 0)],
        errors: &[("portal", "vault answered 403 Forbidden: missing Authorization header")],
        culprit: Some((
            "portal",
            40,
            "use typed client",
            "@@ Portal/VaultClient.cs @@\n-        request.Headers.Add(\"Authorization\", $\"Bearer {token}\");\n         return await http.SendAsync(request);\n",
        )),
        decoys: &[("vault", 41, "handler", REFACTOR_TS), ("portal", 41, "encoder", BUFFER)],
        ..EMPTY
    },
    Spec {
        name: "a route renamed",
        alert: ("mobile", "mobile 404s"),
        calls: &[("mobile", "offers")],
        gauges: &[("mobile", "http_error_ratio", 0.01, 0.4, 0)],
        errors: &[("mobile", "GET /v1/offers/current answered 404 not found")],
        culprit: Some((
            "offers",
            39,
            "tidy routes",
            "@@ offers/routes.py @@\n-    path(\"/v1/offers/current\", current),\n+    path(\"/v1/offers/active\", current),\n",
        )),
        decoys: &[("mobile", 41, "not found handling", SCOPE), ("mobile", 40, "encoder", BUFFER)],
        ..EMPTY
    },
];

#[test]
fn changed_code_is_blamed_for_what_it_brings() {
    check(SPECS, 1);
}
