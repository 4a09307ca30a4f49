//! Updates: one message to one audience.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// To whom an update goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Responders and colleagues.
    Internal,
    /// Customers, on the status page.
    Public,
    /// Customer support.
    Support,
    /// Executives.
    Executives,
}

impl Audience {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Internal, Self::Public, Self::Support, Self::Executives];

    /// As in JSON and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Public => "public",
            Self::Support => "support",
            Self::Executives => "executives",
        }
    }
}

/// Why an update is due; picks the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateReason {
    /// The incident was declared.
    Declared,
    /// The clock ran.
    Cadence,
    /// Severity changed.
    SeverityChanged,
    /// The cause is known.
    Identified,
    /// A mitigation was carried out and watched.
    Mitigated,
    /// Resolved: the all-clear.
    AllClear,
    /// It was no incident.
    FalseAlarm,
    /// It came back.
    Reopened,
    /// It goes on in another incident.
    Merged,
}

impl UpdateReason {
    /// Whether it is the last word on the incident.
    pub fn is_last(self) -> bool {
        matches!(self, Self::AllClear | Self::FalseAlarm | Self::Merged)
    }

    /// As in JSON and template names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Cadence => "cadence",
            Self::SeverityChanged => "severity_changed",
            Self::Identified => "identified",
            Self::Mitigated => "mitigated",
            Self::AllClear => "all_clear",
            Self::FalseAlarm => "false_alarm",
            Self::Reopened => "reopened",
            Self::Merged => "merged",
        }
    }
}

/// An update as posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// To whom.
    pub audience: Audience,
    /// Why.
    pub reason: UpdateReason,
    /// One line.
    pub subject: String,
    /// Markdown.
    pub body: String,
    /// When it was posted.
    pub at: Timestamp,
    /// Who wrote it: an agent or a person.
    pub by: String,
    /// A person wrote it, or said that it goes out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_person: bool,
    /// Channels that it goes through.
    pub channels: Vec<String>,
    /// Channels that confirmed it.
    #[serde(default)]
    pub delivered: Vec<String>,
}
