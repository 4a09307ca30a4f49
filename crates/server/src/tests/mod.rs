//! The server as its callers see it, in one process over a store in memory.

mod access;
mod alertmanager;
mod amtool;
mod api;
mod escalation;
mod files;
mod follow;
mod heartbeats;
mod intake;
mod keys;
mod limits;
mod maintenance;
mod masked;
mod metrics;
mod oncall;
mod openapi;
mod overview;
mod page;
mod pages;
mod paging;
mod people;
mod push;
mod roles;
pub(crate) mod sample;
mod sso;
mod status;
mod subscribers;
mod tone;
mod war_room;
mod watching;
mod webhooks;
mod world;

pub(crate) use page::Browser;
pub(crate) use webhooks::Outside;
pub(crate) use world::{World, world, world_of};
