//! Traits only: what Firebell asks of the outside world, one file per capability. Adapters implement them, the
//! composition root wires them. Futures are boxed, so that ports can be held as trait objects.

use std::future::Future;
use std::pin::Pin;

pub mod agent;
pub mod alert_source;
pub mod chat;
pub mod notifier;
pub mod office;
pub mod platform;
pub mod store;
pub mod telemetry;
pub mod tracker;

/// A future that a port hands back.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What one check of a configured system found; for `firebell doctor` and the settings page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Health {
    /// Name of the system as configured.
    pub name: String,
    /// Whether it can be used.
    pub ok: bool,
    /// What it is and says (`Prometheus 2.42.0`), or what is wrong and what to do next.
    pub detail: String,
}
