//! Asking within the budget: one question at a time to each source, all sources side by side.

use std::sync::Arc;
use std::time::{Duration, Instant};

use firebell_core::evidence::{EvidenceRecord, encode_part, evidence_id};
use firebell_core::ports::BoxFuture;
use firebell_core::ports::telemetry::{
    LogQuery, MetricQuery, QueryError, QueryResult, TelemetrySource, TraceQuery,
};
use firebell_core::telemetry::{Labels, TelemetryPart, Window};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::Subject;
use super::limits::Limits;
use crate::case::Recorded;

/// How far before the window changes are looked for, seconds.
const CHANGES_BEFORE: i64 = 6 * 3600;

/// What a source has been asked for so far.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    queries: u32,
    time: Duration,
}

/// Asks and keeps.
pub(super) struct Asker<'a> {
    sources: &'a [Arc<dyn TelemetrySource>],
    spent: Vec<Spent>,
    bytes: usize,
    pub(super) limits: Limits,
    pub(super) held: Vec<Recorded>,
    pub(super) gaps: Vec<String>,
    pub(super) changes_known: bool,
}

/// Its name, the time that it is about, and the call, where the system can be asked it.
type Offer<'a> = (&'static str, Option<Window>, Option<BoxFuture<'a, QueryResult>>);

/// A question to the source at this position.
pub(super) struct Question<'q> {
    pub(super) source: usize,
    pub(super) what: &'static str,
    pub(super) window: Option<Window>,
    pub(super) call: BoxFuture<'q, QueryResult>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(sources: &'a [Arc<dyn TelemetrySource>], limits: Limits) -> Self {
        Self {
            sources,
            spent: vec![Spent::default(); sources.len()],
            bytes: 0,
            limits,
            held: Vec::new(),
            gaps: Vec::new(),
            changes_known: false,
        }
    }

    /// The sources, by position.
    pub(super) fn sources(&self) -> &'a [Arc<dyn TelemetrySource>] {
        self.sources
    }

    pub(super) fn metric_query(&self, name: &str, labels: Labels, window: Window) -> MetricQuery {
        let step_s = self.limits.step_s(window.seconds());
        MetricQuery { name: name.to_owned(), labels, window, step_s, max_series: self.limits.series }
    }

    /// The first look: all that every source has.
    pub(super) async fn everything(&mut self, subject: &Subject) {
        let window = subject.window;
        let metrics = self.metric_query("", Labels::new(), window);
        let logs = LogQuery { component: None, window, limit: self.limits.log_lines };
        let traces = TraceQuery { service: None, window, limit: self.limits.traces };
        let earlier =
            window.start.checked_sub(SignedDuration::from_secs(CHANGES_BEFORE)).unwrap_or(window.start);
        let ledger = Window { start: earlier, end: window.end };
        let mut questions = Vec::new();
        for (source, s) in self.sources.iter().enumerate() {
            let all: [Offer<'_>; 7] = [
                ("metrics", Some(window), s.metrics(&metrics)),
                ("traces", Some(window), s.traces(&traces)),
                ("logs", Some(window), s.logs(&logs)),
                ("changes", Some(ledger), s.changes(ledger)),
                ("calls", Some(window), s.topology(window)),
                ("state", None, s.cluster_state()),
                ("events", Some(window), s.cluster_events(window)),
            ];
            for (what, window, call) in all {
                questions.extend(call.map(|call| Question { source, what, window, call }));
            }
        }
        let kinds: Vec<&str> = questions.iter().map(|q| q.what).collect();
        for (what, how) in [
            ("metrics", "add a [[telemetry]] of kind prometheus"),
            ("logs", "add a [[telemetry]] of kind logfiles"),
            ("traces", "add a [[telemetry]] of kind jaeger"),
        ] {
            if !kinds.contains(&what) {
                self.gaps.push(format!("no {what}: no configured source has any; {how}"));
            }
        }
        self.ask(questions).await;
    }

    /// Asks, and keeps what comes; how many items came.
    pub(super) async fn ask(&mut self, questions: Vec<Question<'_>>) -> usize {
        let (queries, seconds) = (self.limits.queries, Duration::from_secs(self.limits.seconds));
        let mut by_source: Vec<Vec<Question<'_>>> = self.sources.iter().map(|_| Vec::new()).collect();
        for q in questions {
            if let Some(list) = by_source.get_mut(q.source) {
                list.push(q);
            }
        }
        let work = by_source.into_iter().zip(self.spent.clone()).zip(self.sources).map(
            |((list, mut spent), source)| async move {
                let mut out = Vec::new();
                for q in list {
                    let left = seconds.saturating_sub(spent.time);
                    if spent.queries >= queries || left.is_zero() {
                        out.push((q.what, q.window, Err(over(source.name(), q.what, spent, queries))));
                        continue;
                    }
                    spent.queries += 1;
                    let begun = Instant::now();
                    let answer = match tokio::time::timeout(left, q.call).await {
                        Ok(answer) => answer.map_err(|e| failed(&e)),
                        Err(_) => Err(format!(
                            "{} did not give its {} within the {} s that one source is asked for; look at its load, or \
                             allow more with --max-seconds",
                            source.name(),
                            q.what,
                            seconds.as_secs()
                        )),
                    };
                    spent.time += begun.elapsed();
                    out.push((q.what, q.window, answer));
                }
                (out, spent)
            },
        );
        let mut items = 0;
        for (source, (answers, spent)) in join_all(work).await.into_iter().enumerate() {
            self.spent[source] = spent;
            for (what, window, answer) in answers {
                match answer {
                    Ok(answer) => items += self.keep(what, window, answer),
                    Err(gap) => self.gap(gap),
                }
            }
        }
        items
    }

    fn keep(
        &mut self,
        what: &str,
        window: Option<Window>,
        answer: firebell_core::ports::telemetry::Answer,
    ) -> usize {
        let firebell_core::ports::telemetry::Answer { source, query, part, note } = answer;
        if let Some(note) = &note {
            self.gap(format!("{source} gave its {what} in part: {note}"));
        }
        let (bytes, sha256) = match encode_part(&part) {
            Ok(coded) => coded,
            Err(error) => {
                self.gap(format!("the {what} of {source} cannot be recorded: {error}"));
                return 0;
            }
        };
        if self.bytes + bytes.len() > self.limits.bytes {
            self.gap(format!(
                "the {what} of {source} ({} KiB) are beyond the budget of {} KiB; narrow the time, or allow more with \
                 --max-bytes",
                bytes.len() / 1024,
                self.limits.bytes / 1024
            ));
            return 0;
        }
        self.bytes += bytes.len();
        self.changes_known |= matches!(part, TelemetryPart::Changes(_));
        let record = EvidenceRecord {
            id: evidence_id(&source, &query, window, &sha256),
            source,
            query,
            window,
            sha256,
            items: part.len() as u64,
            reading: String::new(),
            // Nothing here depends on when it was asked.
            fetched_at: Timestamp::UNIX_EPOCH,
        };
        let items = part.len();
        if !self.held.iter().any(|h| h.record.id == record.id) {
            self.held.push(Recorded { record, part });
            return items;
        }
        0
    }

    pub(super) fn gap(&mut self, text: String) {
        if !self.gaps.contains(&text) {
            self.gaps.push(text);
        }
    }
}

fn over(source: &str, what: &str, spent: Spent, queries: u32) -> String {
    if spent.queries >= queries {
        format!(
            "{source} was not asked for its {what}: it was asked {queries} times; allow more with --max-queries"
        )
    } else {
        format!("{source} was not asked for its {what}: its time is spent; allow more with --max-seconds")
    }
}

fn failed(error: &QueryError) -> String {
    match error {
        QueryError::Busy { .. } => format!("{error}; ask again later, or for less"),
        _ => format!("{error}; check that system and its credentials with `firebell doctor`"),
    }
}
