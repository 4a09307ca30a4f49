//! Whose harm it is, by arithmetic along the calls (self-time accounting): a component's own harm is the volume of its
//! excess (latency or failures, times requests) less the volumes that its callees account for.
//!
//! Assumes: the places report requests and latency or failures, and calls are known. Cost: one pass over each place's
//! samples. What the volumes cannot tell (calls made side by side, work left for later) is why they weigh rivals and do
//! not decide alone. Golden cases: `tests/calls.rs`.

mod blame;
mod excess;
mod place;

pub(crate) use blame::{Account, Ledger};
pub(crate) use place::Sort;
