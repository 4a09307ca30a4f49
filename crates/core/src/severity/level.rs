//! The four levels, and the record of how one was reached.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// SEV1 is the worst; `Severity::Sev1 < Severity::Sev4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Critical.
    #[serde(rename = "SEV1")]
    Sev1,
    /// Major.
    #[serde(rename = "SEV2")]
    Sev2,
    /// Minor.
    #[serde(rename = "SEV3")]
    Sev3,
    /// Cosmetic.
    #[serde(rename = "SEV4")]
    Sev4,
}

impl Severity {
    /// All, worst first.
    pub const ALL: [Self; 4] = [Self::Sev1, Self::Sev2, Self::Sev3, Self::Sev4];

    /// `SEV1` … `SEV4`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sev1 => "SEV1",
            Self::Sev2 => "SEV2",
            Self::Sev3 => "SEV3",
            Self::Sev4 => "SEV4",
        }
    }

    /// The word: `critical`, `major`, `minor`, `cosmetic`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sev1 => "critical",
            Self::Sev2 => "major",
            Self::Sev3 => "minor",
            Self::Sev4 => "cosmetic",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "sev1" | "1" | "critical" => Ok(Self::Sev1),
            "sev2" | "2" | "major" => Ok(Self::Sev2),
            "sev3" | "3" | "minor" => Ok(Self::Sev3),
            "sev4" | "4" | "cosmetic" => Ok(Self::Sev4),
            other => Err(format!("{other:?} is not a severity: write SEV1, SEV2, SEV3 or SEV4")),
        }
    }
}

/// Who decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// The policy's rule.
    Policy,
    /// A person, with a reason.
    Person {
        /// Who.
        name: String,
        /// Why.
        reason: String,
    },
}

/// A severity with the rule behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The level.
    pub severity: Severity,
    /// Id of the rule that fired: `sev1.revenue_stopped`, `sev2.two_of(users,p95)`, `person`.
    pub rule: String,
    /// The rule in words with the figures that met it: `p95 is 10.0 times the baseline (limit 5)`.
    pub because: String,
    /// Who decided.
    pub by: DecidedBy,
}
