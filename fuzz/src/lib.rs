//! What all targets share: a source of a kind, fed with bytes.

use firebell_core::ports::alert_source::RequestContext;
use firebell_integrations::registry;
use firebell_integrations::source_config::SourceConfig;

/// Feeds `bytes` to a source of `kind` by each of `paths`, with and without `headers`.
pub fn feed(kind: &str, paths: &[&str], headers: &[(&str, &str)], bytes: &[u8]) {
    let mut config = serde_json::json!({"name": "fuzz", "kind": kind, "key": "not-a-real-key"});
    if kind == "generic" {
        config["mapping"] = serde_json::json!({
            "items": "$.data.alerts", "name": ["$.title", "x"], "state": "$.state", "starts_at": "$.clock",
            "time_format": "unix_s", "all_labels": "$.extra", "labels": {"first": "$.tags[0]"},
        });
    }
    let config: SourceConfig = serde_json::from_value(config).expect("a configuration");
    let source = registry::build(&config).expect("a source");
    let received_at = jiff::Timestamp::from_second(1_767_609_000).expect("a time");
    let headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    for path in paths {
        for headers in [&[][..], &headers] {
            let cx = RequestContext { source: "fuzz", received_at, path, headers };
            match source.parse(bytes, &cx) {
                Ok(parsed) => assert!(parsed.items.len() + parsed.rejected.len() <= 10_000),
                Err(e) => assert!(!e.field.is_empty() && e.to_string().len() < 1000),
            }
        }
    }
}

/// Feeds `bytes` to the readers of bundles as each of `files`.
pub fn bundle(files: &[&str], bytes: &[u8]) {
    for file in files {
        if let Ok((telemetry, broken)) = firebell_integrations::bundle::decode_file(file, bytes) {
            assert!(broken.iter().all(|b| b.file == *file && !b.reason.is_empty()));
            assert!(telemetry.series.iter().all(|s| s.points.windows(2).all(|w| w[0].0 < w[1].0)));
        }
    }
}
