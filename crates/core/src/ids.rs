//! Typed identifiers. Ids are made at the edge and handed in, or derived from what they name; the core never
//! draws randomness.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// Wraps a text as this id.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id! {
    /// An incident, as people say it: `INC-2026-0042`.
    IncidentId
}
text_id! {
    /// What makes two signals the same alert: the first 32 hex digits of a SHA-256 over source and labels.
    Fingerprint
}
text_id! {
    /// A recorded query and its result: `ev-` and twelve hex digits of a SHA-256 over source, query, window and
    /// result.
    EvidenceId
}
text_id! {
    /// The idempotency key of an outside effect: `INC-2026-0042:17:0` is the first effect of event 17. The same
    /// key is sent again on every retry, so that a receiver that keeps keys sees the effect once.
    EffectKey
}
text_id! {
    /// One run of one agent inside an incident: `investigate-1/devops-troubleshooter`.
    RunId
}

impl IncidentId {
    /// The id of the `number`-th incident of `year`.
    pub fn numbered(year: i16, number: u64) -> Self {
        Self(format!("INC-{year}-{number:04}"))
    }
}

impl EffectKey {
    /// The key of the `ordinal`-th effect of event number `version` of an incident.
    pub fn of(incident: &IncidentId, version: u64, ordinal: usize) -> Self {
        Self(format!("{incident}:{version}:{ordinal}"))
    }
}
