//! The shop: a small company of HTTP services on loopback, for demos, drills and tests of incident response.
//!
//! Seven services with real embedded databases talk over real HTTP, a synthetic crowd buys from them, and faults
//! truly change how they behave: every metric, span and log line is measured from what happened. It is operated
//! through the platform API as a production system would be. Nothing here knows how incidents are handled.

mod crowd;
mod error;
mod faults;
mod monitor;
mod options;
mod platform;
mod run;
mod seed;
mod service;
mod services;
mod shared;
mod telemetry;
mod world;

pub use error::Error;
pub use faults::{FaultInfo, catalogue};
pub use options::{Addresses, Door, ShopOptions};
pub use run::{Shop, run};
