//! The server as its callers see it, in one process over a store in memory.

mod access;
mod alertmanager;
mod amtool;
mod api;
mod files;
mod follow;
mod intake;
mod maintenance;
mod metrics;
mod page;
mod people;
mod sample;
mod status;
mod world;
