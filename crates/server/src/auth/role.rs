//! What somebody may do, in one word.

use serde::{Deserialize, Serialize};

/// Each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads what is not restricted.
    Viewer,
    /// Declares, acknowledges, notes, does tasks, approves mitigations, silences.
    Responder,
    /// Everything on incidents.
    Commander,
    /// Everything.
    Admin,
}

impl Role {
    /// All, least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Responder, Self::Commander, Self::Admin];

    /// As in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Responder => "responder",
            Self::Commander => "commander",
            Self::Admin => "admin",
        }
    }

    /// Reads [`Role::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}
