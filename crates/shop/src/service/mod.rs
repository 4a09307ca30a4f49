//! What every service of the shop is made of: answering and making calls, a database behind a connection pool, a
//! data volume, memory, replicas, limits. What a particular service does is in `services`.

mod client;
mod failure;
mod fleet;
mod handle;
mod heap;
mod limiter;
mod middleware;
mod pool;
mod tick;
mod volume;

pub(crate) use client::Call;
pub(crate) use failure::{Answer, Failure};
pub(crate) use handle::Service;
pub(crate) use middleware::{Cx, Guarded, serve_request};
pub(crate) use pool::Lease;
pub(crate) use tick::run_ticks;
