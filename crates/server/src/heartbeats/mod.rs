//! Dead-man's switches. Others beat here, and a beat that is missed becomes an alert like any other (`watch.rs`); Firebell
//! beats at an outside address, which tells somebody when Firebell itself has died (`own.rs`). The last beat is kept in
//! the office, and when the next one is due follows from it alone (`kept.rs`): a restart neither forgets nor invents one.

mod config;
mod endpoint;
mod kept;
mod own;
mod registry;
mod watch;

pub use config::{HeartbeatConfig, OwnConfig};
pub use own::beat as heartbeat;
pub use registry::Heartbeats;
pub use watch::watch as watch_heartbeats;

pub(crate) use endpoint::{in_path, plain, with_signal};
pub(crate) use kept::Stands;
pub(crate) use own::Pulse as OwnPulse;
pub(crate) use registry::Shown;

#[cfg(test)]
pub(crate) use own::works;
#[cfg(test)]
pub(crate) use watch::{forget_removed, look};
