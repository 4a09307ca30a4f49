//! One more look at the indicators of performance: queries per request, processor, memory, restarts; then plans.

use crate::agents::prepare::{Look, prepare};
use crate::run::Run;

/// Parts of names of the metrics that this field is judged by.
const METRICS: &[&str] = &["cpu", "memory", "gc_", "quer", "restart", "thread", "duration", "in_flight"];

pub(super) async fn act(run: &mut Run) -> Result<(), String> {
    prepare(run, &Look { metrics: METRICS, traces: true, sign_ins: false }).await
}
