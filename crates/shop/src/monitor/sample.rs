//! What one scrape of one service says, reduced to what the rules need.

use std::{collections::BTreeMap, time::Instant};

/// Totals of calls to one peer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PeerTotals {
    pub(super) all: f64,
    pub(super) failed: f64,
    /// Cumulative counts by upper bound, ascending.
    pub(super) buckets: Vec<(f64, f64)>,
}

/// One scrape.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) at: Instant,
    /// Whether the scrape worked; nothing else counts if not.
    pub(super) up: bool,
    pub(super) requests: f64,
    pub(super) errors: f64,
    pub(super) buckets: Vec<(f64, f64)>,
    pub(super) peers: BTreeMap<String, PeerTotals>,
    pub(super) signins_failed: f64,
    /// Sum of all series of a name, for what has no further labels.
    pub(super) plain: BTreeMap<String, f64>,
}

impl Sample {
    /// A scrape that failed.
    pub(super) fn down(at: Instant) -> Self {
        Self {
            at,
            up: false,
            requests: 0.0,
            errors: 0.0,
            buckets: Vec::new(),
            peers: BTreeMap::new(),
            signins_failed: 0.0,
            plain: BTreeMap::new(),
        }
    }

    /// Reads the Prometheus text format. Lines that are not understood are skipped.
    pub(super) fn parse(at: Instant, text: &str) -> Self {
        let mut sample = Self { up: true, ..Self::down(at) };
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let Some((name, labels, value)) = split(line) else { continue };
            if label(labels, "route").is_some_and(|r| r.starts_with("/feed")) {
                continue;
            }
            let le = || label(labels, "le").and_then(|b| b.parse::<f64>().ok());
            match name {
                "http_requests_total" => {
                    sample.requests += value;
                    if label(labels, "code").is_some_and(|c| c.starts_with('5')) {
                        sample.errors += value;
                    }
                }
                "http_request_duration_seconds_bucket" => {
                    if let Some(bound) = le() {
                        add(&mut sample.buckets, bound, value);
                    }
                }
                "http_client_requests_total" | "http_client_request_duration_seconds_bucket" => {
                    let peer = label(labels, "peer").unwrap_or_default();
                    let totals = sample.peers.entry(peer.to_owned()).or_default();
                    if let Some(bound) = le() {
                        add(&mut totals.buckets, bound, value);
                    } else {
                        totals.all += value;
                        if label(labels, "code")
                            .is_some_and(|c| c.starts_with('5') || !c.starts_with(char::is_numeric))
                        {
                            totals.failed += value;
                        }
                    }
                }
                "signins_total" if label(labels, "result") == Some("failed") => {
                    sample.signins_failed += value
                }
                "process_restarts_total" if label(labels, "reason") != Some("oom") => {}
                _ if !name.ends_with("_bucket") => *sample.plain.entry(name.to_owned()).or_default() += value,
                _ => {}
            }
        }
        sample
    }

    /// A plain value, zero where there is none.
    pub(super) fn value(&self, name: &str) -> f64 {
        self.plain.get(name).copied().unwrap_or(0.0)
    }
}

fn split(line: &str) -> Option<(&str, &str, f64)> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    Some((name, labels.trim_end_matches('}'), value.parse().ok()?))
}

fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let start = labels.match_indices(name).find(|(at, _)| {
        labels[at + name.len()..].starts_with("=\"") && (*at == 0 || labels.as_bytes()[at - 1] == b',')
    })?;
    let rest = &labels[start.0 + name.len() + 2..];
    rest.split('"').next()
}

fn add(buckets: &mut Vec<(f64, f64)>, bound: f64, count: f64) {
    match buckets.iter_mut().find(|(b, _)| *b == bound) {
        Some((_, sum)) => *sum += count,
        None => buckets.push((bound, count)),
    }
}

/// The increase of cumulative buckets.
pub(super) fn increase(new: &[(f64, f64)], old: &[(f64, f64)]) -> Vec<(f64, f64)> {
    new.iter()
        .map(|(bound, count)| {
            let before = old.iter().find(|(b, _)| b == bound).map_or(0.0, |(_, c)| *c);
            (*bound, (count - before).max(0.0))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    //! Reading what Prometheus would read.

    use super::*;

    #[test]
    fn sums_series_as_the_rules_need_them() {
        let text = "# HELP x y\n\
            http_requests_total{service=\"a\",route=\"/\",method=\"GET\",code=\"200\"} 10\n\
            http_requests_total{service=\"a\",route=\"/b\",method=\"GET\",code=\"503\"} 5\n\
            http_requests_total{service=\"a\",route=\"/feed/{reader}\",method=\"GET\",code=\"500\"} 99\n\
            http_request_duration_seconds_bucket{service=\"a\",route=\"/\",method=\"GET\",le=\"0.1\"} 7\n\
            http_request_duration_seconds_bucket{service=\"a\",route=\"/b\",method=\"GET\",le=\"0.1\"} 2\n\
            http_request_duration_seconds_bucket{service=\"a\",route=\"/\",method=\"GET\",le=\"+Inf\"} 15\n\
            http_client_requests_total{service=\"a\",peer=\"b\",code=\"timeout\"} 3\n\
            signins_total{service=\"a\",result=\"failed\"} 4\n\
            db_pool_waiting{service=\"a\"} 2\nnonsense\n";
        let sample = Sample::parse(Instant::now(), text);
        assert_eq!((sample.requests, sample.errors, sample.signins_failed), (15.0, 5.0, 4.0));
        assert_eq!(sample.buckets, vec![(0.1, 9.0), (f64::INFINITY, 15.0)]);
        assert_eq!((sample.peers["b"].all, sample.peers["b"].failed), (3.0, 3.0));
        assert_eq!((sample.value("db_pool_waiting"), sample.value("absent")), (2.0, 0.0));
    }
}
