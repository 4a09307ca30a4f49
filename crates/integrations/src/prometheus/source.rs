//! The metrics port over the client.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use firebell_core::ports::telemetry::{
    Answer, MetricInfo, MetricQuery, QueryError, QueryResult, TelemetrySource,
};
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::telemetry::{MetricKind, Series, TelemetryPart, Window};

use super::client::Client;
use super::config::Config;
use super::select::{self, about_itself, batches, families, selector, step_s};
use super::wire::Matrix;
use crate::http::{Http, Redirects};
use crate::limits::Limiter;
use crate::settings::{ConfigError, adapter_name, seconds};

/// How long the types of metrics are remembered: they change with releases.
const METADATA_TTL: Duration = Duration::from_secs(60);
/// How long it is remembered that there are none: a system that has just started has scraped nothing yet.
const NO_METADATA_TTL: Duration = Duration::from_secs(5);

/// Calls that begin in one second, whoever asks.
const CALLS_A_SECOND: u32 = 20;

/// Type and unit by family.
type Families = BTreeMap<String, (String, String)>;

/// A configured Prometheus.
pub struct Prometheus {
    client: Client,
    matchers: Vec<String>,
    metadata: Mutex<Option<(Instant, Arc<Families>)>>,
}

impl Prometheus {
    /// Builds the source; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("prometheus", &config.name)?;
        let http = Http::new(&name, &config.connection(), Redirects::SameOrigin)?;
        let limit = seconds(&name, "timeout_s", config.timeout_s)?;
        // Waiting for a slot counts as well, so the limiter allows twice the time of a call.
        let limiter = Limiter::new(&name, config.max_concurrent, limit * 2).at_most(CALLS_A_SECOND);
        Ok(Self {
            client: Client { name, http, limiter },
            matchers: config.matchers.clone(),
            metadata: Mutex::new(None),
        })
    }

    /// Types of metrics, best effort: not every compatible system has them.
    async fn families(&self) -> Arc<Families> {
        if let Some((at, families)) = &*self.metadata.lock().unwrap_or_else(PoisonError::into_inner)
            && at.elapsed() < if families.is_empty() { NO_METADATA_TTL } else { METADATA_TTL }
        {
            return Arc::clone(families);
        }
        let families: Families = match self.client.metadata().await {
            Ok(all) => all
                .into_iter()
                .filter_map(|(name, list)| list.into_iter().next().map(|m| (name, (m.kind, m.unit))))
                .collect(),
            Err(error) => {
                tracing::debug!(source = %self.client.name, %error, "no metric metadata; kinds follow from names");
                Families::new()
            }
        };
        let families = Arc::new(families);
        *self.metadata.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), Arc::clone(&families)));
        families
    }

    async fn ask_names(&self, window: Window) -> Result<Vec<MetricInfo>, QueryError> {
        let matcher = (!self.matchers.is_empty()).then(|| selector(&[], &BTreeMap::new(), &self.matchers));
        let names = self.client.names(matcher.as_deref(), window).await?;
        let families = self.families().await;
        Ok(names
            .into_iter()
            .map(|name| {
                let (kind, unit) = describe(&name, &families);
                MetricInfo { name, kind, unit }
            })
            .collect())
    }

    async fn ask(&self, query: &MetricQuery) -> QueryResult {
        let step = step_s(query.window, query.step_s);
        let mut notes = Vec::new();
        if step > u64::from(query.step_s.max(1)) {
            notes.push(format!("step widened from {} s to {step} s", query.step_s));
        }
        let families = self.families().await;
        let mut series = Vec::new();
        let sent = if query.name.is_empty() {
            self.ask_all(query, step, &families, &mut series, &mut notes).await?
        } else {
            let text = selector(std::slice::from_ref(&query.name), &query.labels, &self.matchers);
            self.ask_one(&text, query, step, &families, &mut series, &mut notes).await?;
            text
        };
        if series.len() > query.max_series {
            notes.push(format!("{} of {} series kept", query.max_series, series.len()));
            series.truncate(query.max_series);
        }
        notes.dedup();
        Ok(Answer {
            source: self.client.name.clone(),
            query: format!("{sent} [step {step} s]"),
            part: TelemetryPart::Series(series),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        })
    }

    /// Every name, batch by batch, until there are enough series; what monitoring says of itself comes last.
    async fn ask_all(
        &self,
        query: &MetricQuery,
        step: u64,
        families: &Families,
        series: &mut Vec<Series>,
        notes: &mut Vec<String>,
    ) -> Result<String, QueryError> {
        let everything = selector(&[], &query.labels, &self.matchers);
        let matcher = (everything != "{}").then_some(everything.as_str());
        let mut names = self.client.names(matcher, query.window).await?;
        names.sort_by_key(|n| (about_itself(n), n.clone()));
        let mut asked = 0;
        for batch in batches(&names) {
            if series.len() >= query.max_series {
                break;
            }
            let text = selector(batch, &query.labels, &self.matchers);
            // One batch that is refused (too many samples, say) must not lose the others.
            match self.ask_one(&text, query, step, families, series, notes).await {
                Ok(()) => {}
                Err(error @ QueryError::Unreachable { .. }) if series.is_empty() => return Err(error),
                Err(error @ QueryError::Unreachable { .. }) => {
                    notes.push(error.to_string());
                    break;
                }
                Err(error) => {
                    notes.push(format!("{} names from {} on are missing: {error}", batch.len(), batch[0]))
                }
            }
            asked += batch.len();
        }
        if asked < names.len() {
            notes.push(format!(
                "{asked} of {} metric names read; missing from {} on",
                names.len(),
                names[asked]
            ));
        }
        Ok(format!("{{__name__=~\".+\"}} {everything}"))
    }

    async fn ask_one(
        &self,
        text: &str,
        query: &MetricQuery,
        step: u64,
        families: &Families,
        series: &mut Vec<Series>,
        notes: &mut Vec<String>,
    ) -> Result<(), QueryError> {
        let answer = self.client.query_range(text, query.window, step).await?;
        notes.extend(answer.warnings);
        let from = series.len();
        series.extend(answer.data.result.into_iter().filter_map(|m| self.series(m, families)));
        // Systems answer in whatever order; equal data must give equal evidence.
        series[from..].sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
        Ok(())
    }

    fn series(&self, mut matrix: Matrix, families: &Families) -> Option<Series> {
        let name = matrix.metric.remove("__name__").unwrap_or_default();
        let mut points: Vec<(i64, f64)> =
            matrix.values.iter().filter(|s| s.value.is_finite()).map(|s| (s.at_ms, s.value)).collect();
        points.sort_by_key(|p| p.0);
        points.dedup_by_key(|p| p.0);
        if points.is_empty() {
            return None;
        }
        let (mut kind, _) = describe(&name, families);
        if kind == MetricKind::Unknown {
            kind = crate::bundle::prometheus::kind_of(&name, &matrix.metric);
        }
        let source = self.client.name.clone();
        Some(Series { source, name, labels: matrix.metric, component: None, kind, points })
    }

    async fn check(&self) -> Health {
        let name = self.client.name.clone();
        let address = self.client.http.address();
        match self.client.build_info().await {
            Ok(info) => {
                let what = info.application.unwrap_or_else(|| "Prometheus API".into());
                Health { name, ok: true, detail: format!("{what} {} at {address}", info.version) }
            }
            // Compatible systems may lack it; a query is what counts.
            Err(QueryError::Refused { .. } | QueryError::Malformed { .. }) => match self.client.one().await {
                Ok(()) => Health { name, ok: true, detail: format!("Prometheus API at {address}") },
                Err(error) => Health { name, ok: false, detail: error.to_string() },
            },
            Err(error) => Health { name, ok: false, detail: error.to_string() },
        }
    }
}

fn describe(name: &str, known: &Families) -> (MetricKind, String) {
    families(name)
        .find_map(|family| known.get(family))
        .map_or((MetricKind::Unknown, String::new()), |(kind, unit)| (select::kind(name, kind), unit.clone()))
}

impl TelemetrySource for Prometheus {
    fn name(&self) -> &str {
        &self.client.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.check())
    }

    fn metric_names(&self, window: Window) -> Option<BoxFuture<'_, Result<Vec<MetricInfo>, QueryError>>> {
        Some(Box::pin(self.ask_names(window)))
    }

    fn metrics<'a>(&'a self, query: &'a MetricQuery) -> Option<BoxFuture<'a, QueryResult>> {
        Some(Box::pin(self.ask(query)))
    }
}
