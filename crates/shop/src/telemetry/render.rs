//! The Prometheus text format, and OpenMetrics with exemplars for who asks for it.

use std::fmt::Write as _;

use super::metrics::{BOUNDS, Exemplar, Histogram, Kind, Registry, Value, describe};

/// Content type of the classic format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Content type of OpenMetrics.
const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Registry {
    /// Renders everything with the label `service`; gives the content type and the body. `accept` is the header.
    pub(crate) fn render(&self, service: &str, accept: &str) -> (&'static str, String) {
        let open = accept.contains("application/openmetrics-text");
        let mut out = String::with_capacity(16 * 1024);
        for (name, series) in self.snapshot() {
            let Some(desc) = describe(name) else { continue };
            // OpenMetrics names a counter's family without its suffix.
            let family = if open { name.strip_suffix("_total").unwrap_or(name) } else { name };
            let kind = match desc.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            let _ = writeln!(out, "# HELP {family} {}\n# TYPE {family} {kind}", desc.help);
            for (labels, value) in series {
                let labels = label_text(service, &labels);
                match value {
                    Value::Number(number) => {
                        let _ = writeln!(out, "{name}{{{labels}}} {number}");
                    }
                    Value::Histogram(histogram) => write_histogram(&mut out, name, &labels, &histogram, open),
                }
            }
        }
        if open {
            out.push_str("# EOF\n");
        }
        (if open { OPEN } else { TEXT }, out)
    }
}

fn label_text(service: &str, labels: &[(&'static str, String)]) -> String {
    let mut text = format!("service=\"{service}\"");
    for (name, value) in labels {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(text, ",{name}=\"{value}\"");
    }
    text
}

fn write_histogram(out: &mut String, name: &str, labels: &str, histogram: &Histogram, open: bool) {
    let mut cumulative = 0;
    for (index, count) in histogram.counts.iter().enumerate() {
        cumulative += count;
        let bound = BOUNDS.get(index).map_or_else(|| "+Inf".to_owned(), |b| format!("{b:?}"));
        let _ = write!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {cumulative}");
        if let (true, Some(Exemplar { trace_id, span_id, value, at_ns })) =
            (open, histogram.exemplars.get(&index))
        {
            let (trace, span) = (hex::encode(trace_id), hex::encode(span_id));
            let at = *at_ns as f64 / 1e9;
            let _ = write!(out, " # {{trace_id=\"{trace}\",span_id=\"{span}\"}} {value} {at:.3}");
        }
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "{name}_sum{{{labels}}} {}\n{name}_count{{{labels}}} {}",
        histogram.sum, histogram.count
    );
}

#[cfg(test)]
mod tests {
    //! The text that scrapers read.

    use super::*;

    #[test]
    fn renders_labels_escaped_and_exemplars_only_in_openmetrics() {
        let registry = Registry::default();
        registry.inc("signins_total", &[("result", "o\"k\n")]);
        let exemplar = Exemplar { trace_id: [1; 16], span_id: [2; 8], value: 0.004, at_ns: 1_000_000_000 };
        registry.observe("http_request_duration_seconds", &[("route", "/")], 0.004, Some(exemplar));
        let (kind, text) = registry.render("accounts", "*/*");
        assert!(kind.starts_with("text/plain") && !text.contains("trace_id") && !text.contains("# EOF"));
        assert!(text.contains("signins_total{service=\"accounts\",result=\"o\\\"k\\n\"} 1\n"), "{text}");
        assert!(text.contains(
            "http_request_duration_seconds_bucket{service=\"accounts\",route=\"/\",le=\"+Inf\"} 1\n"
        ));
        let (kind, open) =
            registry.render("accounts", "application/openmetrics-text;version=1.0.0,*/*;q=0.1");
        assert!(kind.starts_with("application/openmetrics-text") && open.ends_with("# EOF\n"));
        assert!(open.contains("# TYPE signins counter\n"));
        assert!(open.contains("le=\"0.005\"} 1 # {trace_id=\"01010101010101010101010101010101\""), "{open}");
    }
}
