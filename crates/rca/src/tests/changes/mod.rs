//! Incidents with a ledger of changes, one of which (or none) brought them: diffs of many languages and formats, each
//! with decoys, and what must hold for all of them.

mod builder;
mod code;
pub(super) mod kinds;
pub(super) mod outside;
mod properties;
mod settings;
