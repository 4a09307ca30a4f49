//! OTLP names and units in the notation of Prometheus, so that one analysis reads both.

/// `http.server.request.duration` with unit `s` to `http_server_request_duration_seconds`; `_total` for what only
/// rises. A suffix that is there already is not repeated.
pub(super) fn metric(name: &str, unit: &str, counter: bool) -> String {
    let mut out = plain(name);
    if let Some(suffix) = unit_suffix(unit, counter)
        && !out.trim_end_matches("_total").ends_with(suffix)
    {
        let total = out.ends_with("_total");
        let stem = out.trim_end_matches("_total").to_owned();
        out = format!("{stem}_{suffix}{}", if total { "_total" } else { "" });
    }
    if counter && !out.ends_with("_total") {
        out.push_str("_total");
    }
    out
}

/// Letters, digits and underscores; never a digit first.
pub(super) fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars().take(200) {
        let c = if c.is_ascii_alphanumeric() || c == ':' { c } else { '_' };
        if c == '_' && out.ends_with('_') {
            continue;
        }
        out.push(c);
    }
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}

/// The unit written out, for descriptions: `s` to `seconds`.
pub(super) fn unit_suffix(unit: &str, counter: bool) -> Option<&'static str> {
    Some(match unit {
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "min" => "minutes",
        "h" => "hours",
        "d" => "days",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "kBy" | "KBy" => "kilobytes",
        "MBy" => "megabytes",
        "%" => "percent",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "V" => "volts",
        "1" if !counter => "ratio",
        _ => return None,
    })
}

/// Which labels a resource gives to all that it sends, and under which names.
pub(super) fn resource_label(attribute: &str) -> Option<&'static str> {
    Some(match attribute {
        "service.name" => "service",
        "service.instance.id" => "instance",
        "service.version" => "version",
        "service.namespace" => "namespace",
        "deployment.environment" | "deployment.environment.name" => "environment",
        "k8s.pod.name" => "pod",
        "k8s.node.name" => "node",
        "host.name" => "host",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_added_only_where_missing() {
        for (name, unit, counter, expected) in [
            ("http.server.request.duration", "s", false, "http_server_request_duration_seconds"),
            ("http_request_duration_seconds", "s", false, "http_request_duration_seconds"),
            ("http_requests_total", "{request}", true, "http_requests_total"),
            ("http.requests", "", true, "http_requests_total"),
            ("process.cpu.time", "s", true, "process_cpu_time_seconds_total"),
            ("cpu_seconds_total", "s", true, "cpu_seconds_total"),
            ("db.pool.usage", "1", false, "db_pool_usage_ratio"),
            ("0bad name!", "", false, "_0bad_name_"),
            ("", "", false, "_"),
        ] {
            assert_eq!(metric(name, unit, counter), expected, "{name}");
        }
    }
}
