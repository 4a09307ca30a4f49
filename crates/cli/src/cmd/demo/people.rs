//! The demo's people. Names are made up.

/// On call; acknowledges and, unless you are asked, approves first.
pub(super) const FIRST: &str = "Ada Okafor";
/// Incident commander; approves second where two are needed.
pub(super) const SECOND: &str = "Grace Lindqvist";
