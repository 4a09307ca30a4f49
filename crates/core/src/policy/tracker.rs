//! Where follow-up work is tracked besides.

use serde::{Deserialize, Serialize};

/// The tracker that gets an issue for each action item; none where `name` is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct ItemTracker {
    /// `linear/eng`: kind and name.
    pub name: String,
    /// Items of restricted and security incidents go there too.
    pub restricted: bool,
}

impl ItemTracker {
    /// Whether none is configured; it is not written then.
    pub fn is_none(&self) -> bool {
        self.name.is_empty()
    }
}
