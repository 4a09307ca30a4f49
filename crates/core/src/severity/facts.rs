//! What severity is decided from. Every field may be unknown; unknown never counts as bad.

use std::collections::{BTreeMap, BTreeSet};

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
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Availability, Self::Performance, Self::Security, Self::Data, Self::Other];

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
    /// The words read like those of incidents that status pages call major (see [`super::words`]). A hint: it never
    /// stands alone, and ends where users are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads_major: Option<bool>,
    /// Services that are affected.
    pub services: Vec<String>,
    /// Field name to where the value comes from, in words.
    pub provenance: BTreeMap<String, String>,
    /// Fields that nobody said or measured: taken for granted until somebody does.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub assumed: BTreeSet<String>,
}

/// Calls a macro with every field that may be known.
macro_rules! each_field {
    ($call:ident) => {
        $call!(
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
            functional_impact,
            reads_major
        )
    };
}

impl Facts {
    /// Takes over what `other` knows; a later measurement replaces an earlier one, unknown replaces nothing, and an
    /// assumption replaces nothing that is known.
    pub fn absorb(&mut self, other: &Self) {
        macro_rules! take {
            ($($field:ident),*) => { $(
                if other.$field.is_some() && self.yields(stringify!($field), self.$field.is_some(), other) {
                    self.$field = other.$field;
                    self.cite(stringify!($field), other);
                }
            )* };
        }
        each_field!(take);
        self.join_services(other);
    }

    /// Keeps the worst of both: what was felt at the height of it does not shrink because it is better now. A figure
    /// comes with its baseline and its provenance, and one that was measured ends an assumption.
    pub fn absorb_worst(&mut self, other: &Self) {
        macro_rules! take {
            ($($field:ident),*) => { $(
                if other.$field.is_some() {
                    let name = stringify!($field);
                    let known = self.$field.is_some() && !self.assumed.contains(name);
                    let worse = Grave::of(other.$field) > Grave::of(self.$field);
                    let yields = self.yields(name, self.$field.is_some(), other);
                    if yields && (!known || worse || !Grave::ranks(name)) {
                        self.$field = other.$field;
                        self.cite(name, other);
                    }
                }
            )* };
        }
        let (errors, baseline) = (self.error_ratio, self.baseline_error_ratio);
        each_field!(take);
        // A baseline belongs to the ratio that it was measured with.
        let same = self.error_ratio == errors && errors.is_some();
        self.baseline_error_ratio = if same {
            baseline.or(other.baseline_error_ratio)
        } else {
            other.baseline_error_ratio.or(baseline)
        };
        self.join_services(other);
    }

    /// Whether a field gives way to what `other` knows of it.
    fn yields(&self, field: &str, known: bool, other: &Self) -> bool {
        !known || !other.assumed.contains(field) || self.assumed.contains(field)
    }

    fn cite(&mut self, field: &str, other: &Self) {
        match other.provenance.get(field) {
            Some(from) => self.provenance.insert(field.to_owned(), from.clone()),
            None => self.provenance.remove(field),
        };
        if other.assumed.contains(field) {
            self.assumed.insert(field.to_owned());
        } else {
            self.assumed.remove(field);
        }
    }

    fn join_services(&mut self, other: &Self) {
        for service in &other.services {
            if !self.services.contains(service) {
                self.services.push(service.clone());
            }
        }
    }
}

/// How grave a value is, so that two of one field compare.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Grave(f64);

impl Grave {
    fn of(value: Option<impl Into<Self>>) -> Self {
        value.map_or(Self(f64::NEG_INFINITY), Into::into)
    }

    /// Whether a greater value of the field is a worse one; of the others the latest is kept.
    fn ranks(field: &str) -> bool {
        !matches!(field, "kind" | "workaround" | "baseline_error_ratio")
    }
}

impl From<f64> for Grave {
    fn from(value: f64) -> Self {
        Self(if value.is_nan() { f64::NEG_INFINITY } else { value })
    }
}

impl From<bool> for Grave {
    fn from(value: bool) -> Self {
        Self(f64::from(u8::from(value)))
    }
}

impl From<IncidentKind> for Grave {
    fn from(_: IncidentKind) -> Self {
        Self(0.0)
    }
}
