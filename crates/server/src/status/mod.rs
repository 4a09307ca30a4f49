//! The public status page: what customers may know, for everybody, from memory. Nothing here knows of sessions.

mod badge;
mod board;
mod config;
mod feed;
mod flight;
mod json;
mod keep;
mod maintenance;
mod public;
mod routes;
mod show;
mod spans;
mod subscribers;
#[cfg(test)]
mod tests;
mod view;

pub use config::{ComponentConfig, StatusConfig};
#[cfg(test)]
pub(crate) use keep::Pace;
pub(crate) use keep::Status;
pub(crate) use maintenance::{
    Maintenance, Plan, Stage, cancel, complete, components, list, post, schedule, services, set_times,
};
pub(crate) use routes::{on_own_host, routes};
pub(crate) use subscribers::{
    EmailCarrier, FanCarrier, HookCarrier, StatusPublisher, csv, dead, mail, page as subscribers, remove,
    retry,
};
