//! One more look at the indicators of the network: calls between services; then plans.

use crate::agents::prepare::{Look, prepare};
use crate::run::Run;

/// Parts of names of the metrics that this field is judged by.
const METRICS: &[&str] = &["client", "upstream", "network", "dns", "tls", "cert", "connect"];

pub(super) async fn act(run: &mut Run) -> Result<(), String> {
    prepare(run, &Look { metrics: METRICS, traces: true, sign_ins: false }).await
}
