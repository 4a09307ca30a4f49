//! The ledger over a reader that answers by the port's contract, and one that fails.

use std::sync::Arc;

use firebell_core::alert::Alert;
use firebell_core::change::{Change, ChangeKind};
use firebell_core::ids::IncidentId;
use firebell_core::incident::{EventRecord, Summary};
use firebell_core::ports::store::{
    AlertFilter, IncidentFilter, OutboxRow, OutboxState, Reader, StoreError, StoreResult, TimerRow,
};
use firebell_core::silence::Silence;

use super::*;
use crate::doubles::window;

/// Holds changes one second apart from second 0 on; or fails.
struct Double(Option<i64>);

impl Reader for Double {
    fn changes(&self, window: Window, limit: usize) -> StoreResult<Vec<Change>> {
        let count =
            self.0.ok_or(StoreError::Database { doing: "read changes", detail: "disk I/O error".into() })?;
        let change = |second: i64| {
            let at = jiff::Timestamp::from_second(second).ok()?;
            Some(Change {
                id: format!("c{second}"),
                at,
                kind: ChangeKind::Deploy,
                component: "service/catalog".into(),
                from: None,
                to: None,
                by: None,
                source: None,
                commit: None,
                summary: String::new(),
                diff: None,
                files: Vec::new(),
            })
        };
        Ok((0..count).filter_map(change).filter(|c| window.contains(c.at)).take(limit).collect())
    }

    fn events(&self, _: &IncidentId) -> StoreResult<Vec<EventRecord>> {
        Ok(Vec::new())
    }
    fn events_after(&self, _: u64, _: usize) -> StoreResult<Vec<(u64, EventRecord)>> {
        Ok(Vec::new())
    }
    fn position(&self) -> StoreResult<u64> {
        Ok(0)
    }
    fn incidents(&self, _: &IncidentFilter) -> StoreResult<Vec<Summary>> {
        Ok(Vec::new())
    }
    fn alerts(&self, _: &AlertFilter) -> StoreResult<Vec<Alert>> {
        Ok(Vec::new())
    }
    fn silences(&self) -> StoreResult<Vec<Silence>> {
        Ok(Vec::new())
    }
    fn outbox(
        &self,
        _: Option<&IncidentId>,
        _: Option<OutboxState>,
        _: usize,
    ) -> StoreResult<Vec<OutboxRow>> {
        Ok(Vec::new())
    }
    fn timers(&self, _: Option<&IncidentId>) -> StoreResult<Vec<TimerRow>> {
        Ok(Vec::new())
    }
    fn inbox_depth(&self) -> StoreResult<u64> {
        Ok(0)
    }
    fn blob_get(&self, _: &str) -> StoreResult<Option<Vec<u8>>> {
        Ok(None)
    }
}

#[tokio::test]
async fn changes_of_the_window_are_served() {
    let ledger = Ledger::new(Arc::new(Double(Some(100))));
    let answer = ledger.changes(window(10, 19)).expect("has changes").await.expect("answers");
    let TelemetryPart::Changes(list) = answer.part else { panic!("not changes") };
    assert_eq!((list.len(), list[0].id.as_str(), answer.note), (10, "c10", None));
    assert!(
        ledger
            .metrics(&firebell_core::ports::telemetry::MetricQuery {
                name: String::new(),
                labels: Default::default(),
                window: window(1, 2),
                step_s: 1,
                max_series: 1
            })
            .is_none()
    );
}

#[tokio::test]
async fn too_many_changes_are_cut_and_told() {
    let ledger = Ledger::new(Arc::new(Double(Some(100))));
    let answer = ledger.ask(window(0, 99), 10).await.expect("answers");
    assert_eq!(answer.part.len(), 10);
    assert!(answer.note.is_some_and(|n| n.contains("more than 10 changes")));
}

#[tokio::test]
async fn a_failing_store_names_the_source() {
    let ledger = Ledger::new(Arc::new(Double(None)));
    let error = ledger.changes(window(0, 9)).expect("has changes").await.expect_err("fails");
    let expected = "changes/ledger cannot be reached: the database failed to read changes: disk I/O error";
    assert_eq!(error.to_string(), expected);
    assert!(!ledger.health().await.ok);
}
