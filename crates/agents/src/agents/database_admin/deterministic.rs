//! One more look at the indicators of the database: pools, locks, disk, replication, queries; then plans.

use crate::agents::prepare::{Look, prepare};
use crate::run::Run;

/// Parts of names of the metrics that this field is judged by.
const METRICS: &[&str] = &["pool", "conn", "lock", "disk", "volume", "replication", "quer", "deadlock"];

pub(super) async fn act(run: &mut Run) -> Result<(), String> {
    prepare(run, &Look { metrics: METRICS, traces: false, sign_ins: false }).await
}
