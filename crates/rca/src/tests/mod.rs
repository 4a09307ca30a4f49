//! Whole investigations on synthetic telemetry of a small company, many seeds each.

mod calls;
mod catalogue;
mod changes;
mod cluster;
mod colocation;
mod company;
mod disturbed;
pub(crate) mod faults;
mod labels;
mod noise;
mod order;
mod properties;
mod queries;
mod season;
mod shapes;
mod signs;
mod theft;
mod traces_in_logs;
mod warnings;

use firebell_core::verdict::{EvidenceRef, Verdict};

/// All that a verdict cites.
fn cited(v: &Verdict) -> impl Iterator<Item = &EvidenceRef> {
    v.hypotheses.iter().flat_map(|h| {
        h.evidence.iter().chain(&h.against).chain(h.expected_but_absent.iter().flat_map(|a| &a.evidence))
    })
}
