//! A regression test for the cause: concrete figures from the record, runnable against a staging system.

use std::fmt::Write as _;

use firebell_core::agent::{AgentTask, Artifact};
use firebell_core::evidence::Strength;
use firebell_core::verdict::Hypothesis;

use crate::agents::words::{leader, not_mine, slug, title_of};
use crate::run::{Run, clip};
use crate::tools::list_changes;

/// What sort of test a cause asks for.
enum Shape {
    /// Many requests at once: share of failures and p95.
    Load,
    /// One request: count of queries, response time.
    Latency,
    /// Wrong passwords from one address: must be turned away.
    SignIn,
    /// Customers with and without a flag: same outcome.
    Flag,
    /// Requests over a long time: memory stays flat.
    Soak,
}

pub(super) async fn act(run: &mut Run) -> Result<(), String> {
    if run.input.task != AgentTask::Learn {
        return not_mine(run);
    }
    let Some(h) = leader(run.incident()).cloned() else {
        run.claim(
            "no cause was named, so there is nothing to test for",
            Vec::new(),
            Strength::Inconclusive,
            None,
        );
        return Ok(());
    };
    list_changes(run, run.window(1)).await;
    let text = write(run, &h);
    let name = format!("test_regression_{}_{}.py", slug(&h.cause), slug(&h.component));
    let summary = format!("fails while {} at {} can come back", title_of(&h), h.component);
    run.step("write test", name.clone());
    run.report.artifacts.push(Artifact {
        name,
        summary,
        media_type: "text/x-python".to_owned(),
        content: text,
    });
    Ok(())
}

fn shape(cause: &str) -> Shape {
    match cause {
        "code.n_plus_one" | "code.slow_path" | "database.slow_query" => Shape::Latency,
        "code.memory_leak" | "saturation.memory" | "saturation.disk" | "kubernetes.oom_killed" => Shape::Soak,
        "change.flag" => Shape::Flag,
        c if c.starts_with("security.") || c == "traffic.abuse" => Shape::SignIn,
        _ => Shape::Load,
    }
}

/// The request that showed it: route labels or span names in the evidence, else the root.
fn endpoint(run: &Run, h: &Hypothesis) -> (String, String) {
    let queries = h.evidence.iter().map(|e| e.query.as_str()).chain(h.indicator.as_deref());
    for query in queries {
        if let Some(route) =
            label(query, "route").or_else(|| label(query, "path")).or_else(|| label(query, "endpoint"))
        {
            let method = label(query, "method").unwrap_or_else(|| "GET".to_owned());
            return (method, route);
        }
        if let Some((_, operation)) = query.strip_prefix("spans ").and_then(|q| q.split_once(" ~ "))
            && let Some((method, path)) = operation.split_once(' ')
            && path.starts_with('/')
        {
            return (method.to_owned(), path.to_owned());
        }
    }
    run.incident()
        .alerts
        .values()
        .find_map(|a| a.labels.get("route").or_else(|| a.labels.get("path")))
        .map_or(("GET".to_owned(), "/".to_owned()), |r| ("GET".to_owned(), r.clone()))
}

fn label(selector: &str, name: &str) -> Option<String> {
    let rest = selector.split(&format!("{name}=\"")).nth(1)?;
    Some(rest.split('"').next()?.to_owned())
}

fn write(run: &Run, h: &Hypothesis) -> String {
    let incident = run.incident();
    let service = slug(&h.component);
    let (method, path) = endpoint(run, h);
    let facts = &incident.facts;
    let slo = run.policy().service(&service);
    let error_limit = slo.and_then(|s| s.slo_availability).map_or(0.01, |a| (1.0 - a).max(0.001));
    let p95_limit = slo.and_then(|s| s.slo_latency_p95_ms).unwrap_or(500.0);
    let quote = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let mut out = String::new();
    let doc = clip(&h.mechanism, 300).replace('"', "'").replace('\\', "/");
    let _ = writeln!(
        out,
        "\"\"\"Regression test for {}: {} at {}.\n\n{doc}",
        incident.id,
        title_of(h),
        h.component
    );
    let mut seen = Vec::new();
    if let Some(r) = facts.error_ratio {
        seen.push(format!("{:.1} % of requests failed", r * 100.0));
    }
    if let Some(r) = facts.p95_ratio {
        seen.push(format!("p95 was {r:.1} times its baseline"));
    }
    if !seen.is_empty() {
        let _ = writeln!(out, "\nSeen then: {}.", seen.join("; "));
    }
    let _ = writeln!(
        out,
        "Run: BASE_URL=https://staging.example pytest {}\n\"\"\"\n",
        quote(&format!("test_regression_{}_{service}.py", slug(&h.cause)))
    );
    out.push_str(HEAD);
    let _ = writeln!(out, "METHOD = {}\nPATH = {}\n", quote(&method), quote(&path));
    let body = match shape(&h.cause) {
        Shape::Load => LOAD,
        Shape::Latency => LATENCY,
        Shape::SignIn => SIGN_IN,
        Shape::Flag => FLAG,
        Shape::Soak => SOAK,
    };
    let body = body
        .replace("@NAME@", &format!("{}_{service}", slug(&h.cause)))
        .replace("@ERRORS@", &format!("{error_limit}"))
        .replace("@P95_MS@", &format!("{p95_limit:.0}"))
        .replace("@FLAG@", &quote(&flag(run, h)));
    out.push_str(&body);
    out
}

/// The flag's name as the blamed change says it.
fn flag(run: &Run, h: &Hypothesis) -> String {
    let key = h.change.as_deref().unwrap_or("");
    let changes = run.held.iter().filter_map(|x| match &x.part {
        firebell_core::telemetry::TelemetryPart::Changes(c) => Some(c.iter()),
        _ => None,
    });
    changes
        .flatten()
        .find(|c| c.id == key || c.commit.as_deref() == Some(key))
        .and_then(|c| c.summary.split([':', ' ']).next().map(str::to_owned))
        .unwrap_or_else(|| key.to_owned())
}

const HEAD: &str = "import concurrent.futures
import os
import statistics
import time
import urllib.error
import urllib.request

BASE_URL = os.environ[\"BASE_URL\"]
";

const LOAD: &str = "

def call(_):
    begun = time.monotonic()
    request = urllib.request.Request(BASE_URL + PATH, method=METHOD)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError:
        status = 599
    return status, (time.monotonic() - begun) * 1000


def test_@NAME@():
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(call, range(400)))
    failed = sum(status >= 500 for status, _ in answers) / len(answers)
    p95 = statistics.quantiles([ms for _, ms in answers], n=20)[-1]
    assert failed <= @ERRORS@, f\"{failed:.1%} of the requests fail\"
    assert p95 <= @P95_MS@, f\"p95 is {p95:.0f} ms\"
";

const LATENCY: &str = "

def call():
    begun = time.monotonic()
    request = urllib.request.Request(BASE_URL + PATH, method=METHOD)
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
    return (time.monotonic() - begun) * 1000


def queries():
    \"\"\"Statements that the service has run so far, by its own metrics.\"\"\"
    with urllib.request.urlopen(os.environ[\"METRICS_URL\"], timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(\" \", 1)[1]) for line in lines if line.startswith(\"db_queries_total\"))


def test_@NAME@_is_fast():
    times = [call() for _ in range(40)]
    p95 = statistics.quantiles(times, n=20)[-1]
    assert p95 <= @P95_MS@, f\"p95 is {p95:.0f} ms\"


def test_@NAME@_asks_few_queries():
    before = queries()
    for _ in range(10):
        call()
    per_request = (queries() - before) / 10
    assert per_request <= 8, f\"{per_request:.1f} statements for one request\"
";

const SIGN_IN: &str = "

def attempt(n):
    body = b'{\"account\": \"nobody-%d\", \"password\": \"wrong-%d\"}' % (n, n)
    request = urllib.request.Request(
        BASE_URL + os.environ.get(\"SIGN_IN_PATH\", \"/signin\"),
        data=body,
        headers={\"content-type\": \"application/json\"},
        method=\"POST\",
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_@NAME@_is_slowed_down():
    # One address that walks a list of accounts is turned away long before the list is through.
    statuses = [attempt(n) for n in range(60)]
    assert 429 in statuses, f\"60 wrong passwords in a row were all answered: {sorted(set(statuses))}\"
    assert statuses.index(429) <= 30
";

const FLAG: &str = "
FLAG = @FLAG@


def outcome(flag_on):
    \"\"\"The answer for a customer with and without the flag, as staging lets a test choose.\"\"\"
    headers = {\"x-feature-flags\": f\"{FLAG}={'on' if flag_on else 'off'}\"}
    request = urllib.request.Request(BASE_URL + PATH, method=METHOD, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.read()


def test_@NAME@_serves_everybody_alike():
    assert outcome(True) == outcome(False)
";

const SOAK: &str = "

def gauges():
    with urllib.request.urlopen(os.environ[\"METRICS_URL\"], timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    wanted = (\"process_resident_memory_bytes\", \"disk_used_bytes\")
    return {line.split(\"{\")[0].split(\" \")[0]: float(line.rsplit(\" \", 1)[1]) for line in lines if line.startswith(wanted)}


def test_@NAME@_does_not_grow():
    request = urllib.request.Request(BASE_URL + PATH, method=METHOD)
    for _ in range(200):
        urllib.request.urlopen(request, timeout=10).read()
    before = gauges()
    until = time.monotonic() + 600
    while time.monotonic() < until:
        urllib.request.urlopen(request, timeout=10).read()
    for name, value in gauges().items():
        assert value <= before[name] * 1.2, f\"{name} grew from {before[name]:.0f} to {value:.0f} in ten minutes\"
";
