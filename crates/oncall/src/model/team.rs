//! Teams, and the services that they own.

use serde::{Deserialize, Serialize};

/// People who own services together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Name.
    pub name: String,
    /// Its people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Name of the escalation policy of its services.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub escalation: String,
}

/// A service of the catalogue, as far as on-call goes: whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Name, as in the catalogue.
    pub name: String,
    /// Name of the team that owns it.
    pub team: String,
    /// Name of its escalation policy; that of its team where empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub escalation: String,
}
