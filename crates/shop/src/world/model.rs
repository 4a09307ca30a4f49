//! The types of the stored state.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is wrong in the code of a release. Every branch on one of these is in the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Defect {
    /// The product list asks for each product's details one by one, unless the flag `eager_loading` is on.
    ListsOneByOne,
    /// Checkout fails on orders with more than one line.
    TaxOfManyLines,
    /// Payments fails on amounts with cents.
    MinorUnits,
    /// Catalog fails on products without a rating.
    MissingRating,
    /// Inventory fails on reservations of more than one piece.
    ReservationOverflow,
}

/// A version that was built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Release {
    pub(crate) version: String,
    pub(crate) commit: String,
    #[serde(default)]
    pub(crate) defects: Vec<Defect>,
}

/// A feature flag of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flag {
    pub(crate) enabled: bool,
    /// Share of customers, 0 to 100.
    pub(crate) percent: u8,
}

/// A limit on the guarded routes of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RateLimit {
    pub(crate) per_minute: u32,
    /// `client_ip`, `caller` or `account`.
    pub(crate) per: String,
}

/// What runs of one service, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServiceState {
    pub(crate) version: String,
    /// Oldest first.
    pub(crate) releases: Vec<Release>,
    pub(crate) replicas: u32,
    pub(crate) config: BTreeMap<String, Value>,
    pub(crate) flags: BTreeMap<String, Flag>,
    #[serde(default)]
    pub(crate) rate_limit: Option<RateLimit>,
    /// Which database copy or provider is in use, where there is a choice.
    #[serde(default)]
    pub(crate) active: Option<String>,
}

impl ServiceState {
    /// Whether the code that runs has a defect.
    pub(crate) fn has(&self, defect: Defect) -> bool {
        self.releases.iter().any(|r| r.version == self.version && r.defects.contains(&defect))
    }
}

/// A business partner that places bulk orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BulkPartner {
    pub(crate) name: String,
    /// Orders that it has under way at a time.
    pub(crate) concurrency: u32,
    /// Batches in one order.
    pub(crate) batches: u32,
}

/// Somebody tries leaked passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attack {
    pub(crate) ips: Vec<String>,
    pub(crate) per_second: u32,
    /// Accounts whose owners used a password that leaked elsewhere.
    pub(crate) victims: Vec<String>,
}

/// A payment provider that became slow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SlowProvider {
    pub(crate) provider: String,
    pub(crate) min_ms: u64,
    pub(crate) max_ms: u64,
}

/// What is true of the world beside settings and code.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Conditions {
    pub(crate) partner: Option<BulkPartner>,
    pub(crate) attack: Option<Attack>,
    pub(crate) slow_provider: Option<SlowProvider>,
    /// `hung`: the session sweeper holds its lock for ever; `crashed`: the process ended and is not started again.
    pub(crate) accounts: Option<String>,
    /// A reader of a service's change feed that stopped reading: the service, and MiB that pile up in a second.
    pub(crate) stalled_reader: Option<(String, f64)>,
    /// Inventory's reconciliation repeats a record for ever and logs each attempt: MiB in a second.
    pub(crate) reconcile_loop: Option<f64>,
    /// Threshold of the alert rule that somebody tuned, in requests a second.
    pub(crate) traffic_rule: Option<f64>,
}

/// The fault that is in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ActiveFault {
    pub(crate) name: String,
    pub(crate) since: Timestamp,
    /// What it did, in one line; for people that run drills, no agent reads it.
    pub(crate) detail: String,
    /// Services that it touches first.
    pub(crate) component: String,
    /// Settings before, to be restored when the fault is taken out.
    pub(crate) before: BTreeMap<String, ServiceState>,
}

/// One entry of the change history, in the form that change receivers take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ChangeRecord {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) kind: String,
    pub(crate) component: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
    pub(crate) by: String,
    pub(crate) source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
    pub(crate) summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) diff: Option<String>,
    #[serde(default)]
    pub(crate) files: Vec<String>,
}

/// The answer to an action that was carried out, kept by its idempotency key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredAnswer {
    pub(crate) key: String,
    /// Hash of the request, so that a key is not used for two things.
    pub(crate) request: String,
    pub(crate) answer: Value,
    /// Whether what runs has followed the state; if the process ended before, a repeated key makes up for it.
    #[serde(default)]
    pub(crate) applied: bool,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) ports: BTreeMap<String, u16>,
    pub(crate) services: BTreeMap<String, ServiceState>,
    pub(crate) conditions: Conditions,
    pub(crate) fault: Option<ActiveFault>,
    pub(crate) answers: Vec<StoredAnswer>,
    pub(crate) changes: Vec<ChangeRecord>,
    /// How many of the changes have been delivered.
    pub(crate) delivered: usize,
    /// Faults put in so far: part of what the seed decides.
    pub(crate) rounds: u64,
    /// Accounts whose credentials were replaced by the platform, with how often.
    pub(crate) rotated: BTreeMap<String, u32>,
}
