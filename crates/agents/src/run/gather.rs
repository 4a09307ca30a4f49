//! Asking the outside and recording the answers: time limit, budget, evidence, gaps.

use std::time::Duration;

use firebell_core::evidence::{EvidenceRecord, encode_part, evidence_id};
use firebell_core::ids::EvidenceId;
use firebell_core::ports::BoxFuture;
use firebell_core::ports::telemetry::{Answer, QueryResult};
use firebell_core::telemetry::{TelemetryPart, Window};
use futures_util::future::join_all;

use super::reading::reading;
use super::state::Run;

/// Longest time that one query may take.
const QUERY_LIMIT: Duration = Duration::from_secs(20);

/// Whom one asks, and the question under way.
pub(crate) type Question<'a> = (String, BoxFuture<'a, QueryResult>);

impl Run {
    /// Whether the catalogue lets this agent use a tool; a refusal is journalled.
    pub(crate) fn may(&mut self, tool: &str) -> bool {
        let may = self.spec.tools.contains(&tool);
        if !may {
            self.step(tool, "refused: the catalogue does not give this agent that tool");
        }
        may
    }

    /// Asks all at once and records the answers in the order of the questions.
    pub(crate) async fn ask(
        &mut self,
        tool: &str,
        window: Option<Window>,
        questions: Vec<Question<'_>>,
    ) -> Vec<EvidenceId> {
        if !self.may(tool) {
            return Vec::new();
        }
        let mut asked = Vec::new();
        for (name, future) in questions {
            if self.budget.query() {
                asked.push((name, future));
            } else {
                self.gap(format!("{name} was not asked by {tool}: the run's budget of queries is spent"));
            }
        }
        // What is left of the run must also serve for what comes after a query that hangs.
        let limit = QUERY_LIMIT.min(self.left() / 2);
        let answers = join_all(
            asked
                .into_iter()
                .map(|(name, future)| async move { (name, tokio::time::timeout(limit, future).await) }),
        )
        .await;
        let mut ids = Vec::new();
        for (name, answer) in answers {
            match answer {
                Ok(Ok(answer)) => ids.extend(self.keep(tool, window, answer).await),
                Ok(Err(error)) => {
                    self.step(tool, error.to_string());
                    self.gap(format!(
                        "{error}; check that system and its credentials with `firebell doctor`"
                    ));
                }
                Err(_) => {
                    let text = format!("{name} did not answer {tool} within {} s", limit.as_secs());
                    self.step(tool, &text);
                    self.gap(format!("{text}; check its load, or raise its time limit"));
                }
            }
        }
        ids
    }

    /// Records an answer as evidence and holds its result.
    pub(crate) async fn keep(
        &mut self,
        tool: &str,
        window: Option<Window>,
        answer: Answer,
    ) -> Option<EvidenceId> {
        let Answer { source, query, part, note } = answer;
        if let Some(note) = &note {
            self.gap(format!("{source} answered {tool} in part: {note}"));
        }
        let (bytes, sha256) = match encode_part(&part) {
            Ok(coded) => coded,
            Err(error) => {
                self.gap(format!("the answer of {source} could not be recorded: {error}"));
                return None;
            }
        };
        if !self.budget.store(bytes.len()) {
            self.gap(format!(
                "the answer of {source} ({} KiB) is beyond the run's budget; narrow the window or the services",
                bytes.len() / 1024
            ));
            return None;
        }
        if let Err(error) = self.tools.blobs.put(bytes).await {
            self.gap(format!("the answer of {source} could not be stored as evidence: {error}"));
            return None;
        }
        let mut reading = reading(&part);
        if let Some(note) = note {
            reading.push_str(&format!(" ({note})"));
        }
        let record = EvidenceRecord {
            id: evidence_id(&source, &query, window, &sha256),
            source,
            query,
            window,
            sha256,
            items: part.len() as u64,
            reading,
            fetched_at: self.now(),
        };
        self.step(tool, format!("{}: {}", record.source, record.reading));
        let id = record.id.clone();
        self.hold(record, part);
        Some(id)
    }

    /// Records something that Firebell itself holds.
    pub(crate) async fn keep_own(
        &mut self,
        tool: &str,
        source: &str,
        query: &str,
        window: Option<Window>,
        part: TelemetryPart,
    ) -> Option<EvidenceId> {
        let answer = Answer { source: source.to_owned(), query: query.to_owned(), part, note: None };
        self.keep(tool, window, answer).await
    }
}
