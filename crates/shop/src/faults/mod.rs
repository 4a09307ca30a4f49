//! The faults: each changes code, settings or circumstances of the company, never what it reports. One file each,
//! one line in the registry.

mod auth_cascade;
mod bad_config;
mod bad_release;
mod connection_pool_exhaustion;
mod credential_stuffing;
mod disk_full;
mod feature_flag;
mod flapping_alert;
mod memory_leak;
mod n_plus_one;
mod registry;
mod slow_third_party;

pub use registry::{FaultInfo, catalogue};
pub(crate) use registry::{find, inject, remedied};
