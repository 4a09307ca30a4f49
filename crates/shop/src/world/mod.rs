//! The state of the company that outlives a process: what runs where with which settings, what was changed when,
//! which fault is in. Stored as one JSON file, replaced atomically.

mod defaults;
mod history;
mod model;
mod store;

pub(crate) use defaults::{
    ACQUIRERS, COMPONENT_PREFIX, DATABASES, SERVICES, defect_kinds, new_world, short_name, static_name,
};
pub(crate) use history::announce;
pub(crate) use model::{
    ActiveFault, Attack, BulkPartner, Defect, Flag, RateLimit, Release, ServiceState, SlowProvider,
    StoredAnswer, World,
};
pub(crate) use store::{load, save};
