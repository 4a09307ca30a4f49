//! What severity is decided from. Every field may be unknown; unknown never counts as bad.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What an incident is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// Something does not answer, or answers with errors.
    Availability,
    /// Something is slow.
    Performance,
    /// Attack, breach, abuse.
    Security,
    /// Data lost, wrong, or leaked by mistake.
    Data,
    /// None of these.
    #[default]
    Other,
}

impl IncidentKind {
    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Performance => "performance",
            Self::Security => "security",
            Self::Data => "data",
            Self::Other => "other",
        }
    }
}

/// Measured and reported facts. Ratios are 0 to 1; `p95_ratio` is current over baseline.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// What it is about.
    pub kind: Option<IncidentKind>,
    /// Customers feel it (an internal dashboard is not customer-facing).
    pub customer_facing: Option<bool>,
    /// A whole customer-facing product is down for everybody.
    pub complete_outage: Option<bool>,
    /// Nobody can pay.
    pub revenue_stopped: Option<bool>,
    /// Data is lost or destroyed.
    pub data_loss: Option<bool>,
    /// A breach, or an attack that may have become one.
    pub breach: Option<bool>,
    /// A regulator would have to be told.
    pub regulatory: Option<bool>,
    /// Share of requests that fail.
    pub error_ratio: Option<f64>,
    /// The same in normal times.
    pub baseline_error_ratio: Option<f64>,
    /// Latency, 95th percentile, over its baseline.
    pub p95_ratio: Option<f64>,
    /// Requests fail because they are slow (time-outs).
    pub fails_of_latency: Option<bool>,
    /// Share of users who are affected.
    pub users_affected_ratio: Option<f64>,
    /// A feature does not work at all.
    pub feature_down: Option<bool>,
    /// Share of the error budget that this has burnt.
    pub slo_burnt_ratio: Option<f64>,
    /// Customers can get around it.
    pub workaround: Option<bool>,
    /// False: looks wrong, works right.
    pub functional_impact: Option<bool>,
    /// Services that are affected.
    pub services: Vec<String>,
    /// Field name to where the value comes from, in words.
    pub provenance: BTreeMap<String, String>,
}

impl Facts {
    /// Takes over what `other` knows; a later measurement replaces an earlier one, unknown replaces nothing.
    pub fn absorb(&mut self, other: &Self) {
        macro_rules! take {
            ($($field:ident),*) => { $( if other.$field.is_some() { self.$field = other.$field; } )* };
        }
        take!(
            kind,
            customer_facing,
            complete_outage,
            revenue_stopped,
            data_loss,
            breach,
            regulatory,
            error_ratio,
            baseline_error_ratio,
            p95_ratio,
            fails_of_latency,
            users_affected_ratio,
            feature_down,
            slo_burnt_ratio,
            workaround,
            functional_impact
        );
        for service in &other.services {
            if !self.services.contains(service) {
                self.services.push(service.clone());
            }
        }
        self.provenance.extend(other.provenance.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
}
