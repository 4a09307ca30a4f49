//! Which metrics tell how customers fare, by the naming habits of Prometheus and OpenTelemetry.

use firebell_core::telemetry::Labels;

/// Labels that hold an answer's status.
const STATUS: [&str; 8] = [
    "code",
    "status",
    "status_code",
    "http_status_code",
    "http_response_status_code",
    "http.response.status_code",
    "http.status_code",
    "response_code",
];
/// Labels that hold which page or operation was asked for.
const ROUTE: [&str; 8] =
    ["route", "http_route", "http.route", "handler", "endpoint", "operation", "grpc_method", "rpc_method"];
/// Labels that hold a request's method.
const METHOD: [&str; 5] =
    ["method", "http_method", "http_request_method", "http.request.method", "http.method"];
/// Parts of names that measure something else than answered requests.
const NOT_SERVED: [&str; 9] =
    ["client", "upstream", "query", "queries", "in_flight", "limited", "size", "retries", "probe"];

/// What a metric says about customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    /// Requests answered, by status.
    Requests,
    /// Time of requests: a cumulative bucket.
    Latency,
    /// Sign-ins, by result.
    SignIns,
    /// Orders or payments completed.
    Orders,
}

/// The sort of a name; `None` for everything else.
pub(crate) fn sort(name: &str) -> Option<Sort> {
    let n = name.to_ascii_lowercase().replace('.', "_");
    let has = |parts: &[&str]| parts.iter().any(|p| n.contains(p));
    let counter = n.ends_with("_total") || n.ends_with("_count");
    if has(&["signin", "sign_in", "login", "auth_attempt"]) && !n.ends_with("_bucket") && !n.ends_with("_sum")
    {
        return Some(Sort::SignIns);
    }
    if has(&["orders", "order_", "purchases", "checkouts", "payments_completed"])
        && has(&["complete", "placed", "paid", "success"])
        && n.ends_with("_total")
        && !has(&["value", "amount"])
    {
        return Some(Sort::Orders);
    }
    if has(&NOT_SERVED) {
        return None;
    }
    let served = has(&["request", "http_server", "rpc_server", "responses"]);
    if served && n.ends_with("_bucket") && has(&["duration", "latency", "time", "seconds"]) {
        return Some(Sort::Latency);
    }
    (served && counter).then_some(Sort::Requests)
}

/// Whether a metric is worth asking for when customers' experience is measured.
pub(crate) fn is_indicator(name: &str) -> bool {
    sort(name).is_some()
}

/// The status of a series' answers.
pub(crate) fn status(labels: &Labels) -> Option<&str> {
    STATUS.iter().find_map(|l| labels.get(*l)).map(String::as_str)
}

/// Which page or operation a series is of: `GET /products`.
pub(crate) fn route(labels: &Labels) -> Option<String> {
    let route = ROUTE.iter().find_map(|l| labels.get(*l)).filter(|r| !r.is_empty())?;
    let method = METHOD.iter().find_map(|l| labels.get(*l)).filter(|m| !m.is_empty());
    Some(method.map_or_else(|| route.clone(), |m| format!("{m} {route}")))
}

/// Whether a status is the server's failure.
pub(crate) fn is_failure(status: &str) -> bool {
    let s = status.to_ascii_lowercase();
    (s.starts_with('5') && s.len() == 3)
        || matches!(s.as_str(), "error" | "unavailable" | "internal" | "unset_error")
}

/// Whether a sign-in's result label says that it was turned down.
pub(crate) fn is_refused(labels: &Labels) -> bool {
    labels.iter().any(|(k, v)| {
        let key = matches!(k.as_str(), "result" | "outcome" | "status" | "success" | "reason");
        let value = v.to_ascii_lowercase();
        key && ["fail", "denied", "invalid", "wrong", "reject", "unauthori", "false", "401"]
            .iter()
            .any(|w| value.starts_with(w))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for (name, want) in [
            ("http_requests_total", Some(Sort::Requests)),
            ("http_server_request_duration_seconds_count", Some(Sort::Requests)),
            ("http_request_duration_seconds_bucket", Some(Sort::Latency)),
            ("http.server.request.duration_bucket", Some(Sort::Latency)),
            ("http_client_requests_total", None),
            ("http_client_request_duration_seconds_bucket", None),
            ("http_requests_in_flight", None),
            ("rate_limited_total", None),
            ("db_query_duration_seconds_bucket", None),
            ("signins_total", Some(Sort::SignIns)),
            ("orders_completed_total", Some(Sort::Orders)),
            ("orders_value_total", None),
            ("process_cpu_seconds_total", None),
        ] {
            assert_eq!(sort(name), want, "{name}");
        }
    }
}
