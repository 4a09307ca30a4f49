//! Pure helpers: selectors, steps and batches of names.

use std::fmt::Write as _;

use firebell_core::telemetry::{Labels, MetricKind, Window};

/// Prometheus refuses more points a series than this.
pub(super) const MAX_POINTS: u64 = 11_000;
/// Longest regular expression of one batch of names, bytes.
const MAX_REGEX: usize = 3_000;
/// Most names of one batch.
const MAX_BATCH: usize = 40;

/// The step to ask for: as wanted, at least a second, widened so that a series keeps below [`MAX_POINTS`].
pub(super) fn step_s(window: Window, wanted: u32) -> u64 {
    let span = window.end.duration_since(window.start).as_secs().max(0) as u64;
    // Both ends are points: n steps give n + 1 points.
    u64::from(wanted).max(1).max(span.div_ceil(MAX_POINTS - 1))
}

/// A selector of one name or of a batch. `extra` are the configured matchers, PromQL already.
pub(super) fn selector(names: &[String], labels: &Labels, extra: &[String]) -> String {
    let mut matchers = Vec::new();
    match names {
        [] => {}
        [one] => matchers.push(format!("__name__={}", quote(one))),
        many => {
            let alternatives: Vec<String> = many.iter().map(|n| escape_regex(n)).collect();
            matchers.push(format!("__name__=~{}", quote(&alternatives.join("|"))));
        }
    }
    matchers.extend(labels.iter().filter(|(k, _)| is_label(k)).map(|(k, v)| format!("{k}={}", quote(v))));
    matchers.extend(extra.iter().cloned());
    if let [one] = names
        && is_metric(one)
    {
        matchers.remove(0);
        return if matchers.is_empty() { one.clone() } else { format!("{one}{{{}}}", matchers.join(",")) };
    }
    format!("{{{}}}", matchers.join(","))
}

/// Cuts names into batches whose regular expressions stay short.
pub(super) fn batches(names: &[String]) -> Vec<&[String]> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut length = 0;
    for (i, name) in names.iter().enumerate() {
        length += name.len() + 1;
        if i > start && (length > MAX_REGEX || i - start >= MAX_BATCH) {
            out.push(&names[start..i]);
            start = i;
            length = name.len() + 1;
        }
    }
    if start < names.len() {
        out.push(&names[start..]);
    }
    out
}

/// Names that a monitoring system or a language runtime exports about itself: asked for last when not all fit.
pub(super) fn about_itself(name: &str) -> bool {
    [
        "go_",
        "prometheus_",
        "promhttp_",
        "scrape_",
        "net_conntrack_",
        "python_",
        "jvm_",
        "vm_",
        "alertmanager_",
    ]
    .iter()
    .any(|p| name.starts_with(p))
}

/// The kind of a series by its family's type as `/metadata` gives it.
pub(super) fn kind(name: &str, family_type: &str) -> MetricKind {
    let part = ["_bucket", "_sum", "_count"].iter().find(|s| name.ends_with(*s));
    match (family_type, part) {
        ("histogram", Some(&"_bucket")) => MetricKind::HistogramBucket,
        ("histogram" | "summary", Some(_)) | ("counter", _) => MetricKind::Counter,
        ("gauge" | "summary" | "stateset" | "info", _) => MetricKind::Gauge,
        _ => MetricKind::Unknown,
    }
}

/// The names under which `/metadata` may hold the family of a series, nearest first.
pub(super) fn families(name: &str) -> impl Iterator<Item = &str> {
    std::iter::once(name).chain(
        ["_bucket", "_sum", "_count", "_total", "_created"].iter().filter_map(move |s| name.strip_suffix(s)),
    )
}

fn is_metric(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

fn is_label(name: &str) -> bool {
    is_metric(name) && !name.contains(':')
}

/// A PromQL string: what a value holds can never leave it.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn escape_regex(text: &str) -> String {
    regex::escape(text)
}
