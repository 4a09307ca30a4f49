//! Asking the next best query of whichever source has an answer.

use firebell_core::next_query::{Ask, NextQuery};
use firebell_core::ports::telemetry::{LogQuery, MetricQuery, TraceQuery};
use firebell_core::telemetry::Labels;

use super::ask::{Asker, Question};

/// Metrics of an unknown name that are asked for by their kind.
const MOST_NAMES: usize = 3;

impl Asker<'_> {
    /// Asks it. The line says what came; `None` where nothing new did.
    pub(super) async fn follow_up(&mut self, q: &NextQuery) -> Option<String> {
        let sources = self.sources();
        let before = self.held.len();
        let items = match &q.ask {
            Ask::Metric { metric, name, labels, .. } => {
                let queries = if name.is_empty() {
                    self.named_like(metric, q).await
                } else {
                    (0..sources.len())
                        .map(|i| (i, self.metric_query(name, labels.clone(), q.window)))
                        .collect()
                };
                let questions = queries
                    .iter()
                    .filter_map(|(i, query)| {
                        let call = sources.get(*i)?.metrics(query)?;
                        Some(Question { source: *i, what: "metrics", window: Some(q.window), call })
                    })
                    .collect();
                self.ask(questions).await
            }
            Ask::Logs { component } => {
                let component = Some(plain(component).to_owned());
                let query = LogQuery { component, window: q.window, limit: self.limits.log_lines };
                let of = |i: usize| sources[i].logs(&query);
                let questions = (0..sources.len()).filter_map(|source| {
                    Some(Question { source, what: "logs", window: Some(q.window), call: of(source)? })
                });
                let questions = questions.collect();
                self.ask(questions).await
            }
            Ask::Traces { component } => {
                let service = Some(plain(component).to_owned());
                let query = TraceQuery { service, window: q.window, limit: self.limits.traces };
                let of = |i: usize| sources[i].traces(&query);
                let questions = (0..sources.len()).filter_map(|source| {
                    Some(Question { source, what: "traces", window: Some(q.window), call: of(source)? })
                });
                let questions = questions.collect();
                self.ask(questions).await
            }
            Ask::Changes => {
                let questions = (0..sources.len()).filter_map(|source| {
                    let call = sources[source].changes(q.window)?;
                    Some(Question { source, what: "changes", window: Some(q.window), call })
                });
                let questions = questions.collect();
                self.ask(questions).await
            }
            Ask::State { .. } => {
                let questions = (0..sources.len()).flat_map(|source| {
                    let state = sources[source].cluster_state();
                    let events = sources[source].cluster_events(q.window);
                    let state = state.map(|call| Question { source, what: "state", window: None, call });
                    let events =
                        events.map(|call| Question { source, what: "events", window: Some(q.window), call });
                    state.into_iter().chain(events)
                });
                let questions = questions.collect();
                self.ask(questions).await
            }
        };
        (self.held.len() > before).then(|| format!("{} {items} items came", q.question))
    }

    /// Names that exist and have the kind's word in them.
    async fn named_like(&mut self, metric: &str, q: &NextQuery) -> Vec<(usize, MetricQuery)> {
        let mut out = Vec::new();
        let limit = std::time::Duration::from_secs(self.limits.seconds.min(10));
        for (i, source) in self.sources().iter().enumerate() {
            let Some(call) = source.metric_names(q.window) else { continue };
            let Ok(Ok(infos)) = tokio::time::timeout(limit, call).await else { continue };
            let mut names: Vec<String> =
                infos.into_iter().map(|m| m.name).filter(|n| n.to_lowercase().contains(metric)).collect();
            names.sort();
            names.truncate(MOST_NAMES);
            out.extend(names.into_iter().map(|n| (i, self.metric_query(&n, Labels::new(), q.window))));
        }
        out
    }
}

/// A component's name without its kind, as sources know it.
fn plain(component: &str) -> &str {
    component.split_once('/').map_or(component, |(_, name)| name)
}
