//! The exact text of a question: PromQL, or a read-only command. Names come from telemetry, so nothing in them may end a
//! string, an argument or a line: who pastes a command runs that command and no other.

use firebell_core::next_query::Ask;
use firebell_core::telemetry::{Labels, Window};

use super::plain;
use super::seen::Seen;

/// The text for a question.
pub(super) fn command(ask: &Ask, window: Window, seen: &Seen<'_>) -> String {
    let (from, to) = (window.start, window.end);
    // Whole seconds read better, and no source is exact below them.
    let at = |t: jiff::Timestamp| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    match ask {
        Ask::Metric { component, metric, .. } => match seen.example(component, metric) {
            Some(e) if e.counted => format!("rate({}[1m])", selector(&e.name, &e.labels)),
            Some(e) => selector(&e.name, &e.labels),
            None => usual(plain(component), metric),
        },
        Ask::Logs { component } if is_host(component) => {
            format!("journalctl --no-pager --since {} --until {}", shell(&at(from)), shell(&at(to)))
        }
        Ask::Logs { component } => format!(
            "kubectl logs -l {} --all-containers --timestamps --since-time={}",
            shell(&format!("app={}", plain(component))),
            at(from)
        ),
        Ask::Traces { component } => format!(
            "curl -G \"$JAEGER_URL/api/traces\" --data-urlencode {} -d start={} -d end={} -d limit=200",
            shell(&format!("service={}", plain(component))),
            from.as_microsecond(),
            to.as_microsecond()
        ),
        Ask::Changes => format!("git log --since={} --until={} --format='%h %cI %an %s'", at(from), at(to)),
        Ask::State { component } => state(component),
    }
}

fn is_host(component: &str) -> bool {
    component.starts_with("host/") || component.starts_with("node/")
}

fn state(component: &str) -> String {
    let name = plain(component);
    match component.split_once('/').map_or("service", |(kind, _)| kind) {
        "node" => format!("kubectl describe node {}", shell(name)),
        "host" => "systemctl --failed; df -h; free -m; ss -s".to_owned(),
        "namespace" => format!("kubectl get events,resourcequota -n {}", shell(name)),
        "database" => format!(
            "psql -h {} -c \"select state, wait_event_type, wait_event, now() - query_start as age, left(query, 80) \
             from pg_stat_activity order by age desc nulls last limit 20\"",
            shell(name)
        ),
        "third_party" => format!("look at the status page of {}", shell(name)),
        _ => format!("kubectl describe deployment,pod,endpoints -l {}", shell(&format!("app={name}"))),
    }
}

/// How exporters that most people run call it.
fn usual(name: &str, metric: &str) -> String {
    let pod = format!("pod=~{}", quote(&format!("{}-.*", regex::escape(name))));
    let service = format!("service={}", quote(name));
    match metric {
        "cpu" => format!("sum(rate(container_cpu_usage_seconds_total{{{pod}}}[1m]))"),
        "memory" => format!("max(container_memory_working_set_bytes{{{pod}}})"),
        "network" => format!("sum(rate(container_network_transmit_bytes_total{{{pod}}}[1m]))"),
        "disk" => {
            format!("max(kubelet_volume_stats_used_bytes{{{pod}}} / kubelet_volume_stats_capacity_bytes)")
        }
        "disk_io" => format!("sum(rate(container_fs_writes_bytes_total{{{pod}}}[1m]))"),
        "restarts" => format!("max(kube_pod_container_status_restarts_total{{{pod}}})"),
        "threads" => format!("max(container_threads{{{pod}}})"),
        "file_descriptors" => format!("max(process_open_fds{{{service}}})"),
        "workload" => format!("sum(rate(http_server_request_duration_seconds_count{{{service}}}[1m]))"),
        "latency" => format!(
            "histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket{{{service}}}[1m])))"
        ),
        "error" | "availability" => format!(
            "sum(rate(http_server_request_duration_seconds_count{{{service},http_response_status_code=~\"5..\"}}[1m]))"
        ),
        "connections" | "pool_in_use" => {
            format!("sum(db_client_connection_count{{{service},state=\"used\"}})")
        }
        "pool_waiting" => format!("sum(db_client_connection_pending_requests{{{service}}})"),
        "pool_timeouts" => format!("sum(rate(db_client_connection_timeouts_total{{{service}}}[1m]))"),
        "lock" => format!("sum(pg_locks_count{{{service}}})"),
        "replication" => format!("max(pg_replication_lag_seconds{{{service}}})"),
        "queries" => format!("sum(rate(db_client_operation_duration_seconds_count{{{service}}}[1m]))"),
        other => format!("{{__name__=~\".*{}.*\",{service}}}", regex::escape(other)),
    }
}

fn selector(name: &str, labels: &Labels) -> String {
    let plain = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
    let mut inside: Vec<String> = Vec::new();
    if !plain {
        inside.push(format!("__name__={}", quote(name)));
    }
    inside.extend(labels.iter().map(|(k, v)| format!("{k}={}", quote(v))));
    format!("{}{{{}}}", if plain { name } else { "" }, inside.join(","))
}

/// A PromQL string.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One argument of a shell.
fn shell(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./:=@".contains(c);
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    if !text.is_empty() && text.chars().all(safe) && !text.starts_with('-') {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_ends_an_argument_or_a_string() {
        assert_eq!(shell("app=cart"), "app=cart");
        assert_eq!(shell("app=x; rm -rf /"), "'app=x; rm -rf /'");
        assert_eq!(shell("a'b\n$(id)"), r"'a'\''b$(id)'");
        assert_eq!(shell("-rf"), "'-rf'");
        assert_eq!(quote("a\"} or vector(1) #"), r#""a\"} or vector(1) #""#);
        assert_eq!(
            usual("x\"}", "workload"),
            "sum(rate(http_server_request_duration_seconds_count{service=\"x\\\"}\"}[1m]))"
        );
    }
}
