//! The real binary, end to end: against the shop, Debian's Prometheus and Alertmanager, amtool, SMTP, and `kill -9`.

mod amtool;
mod audit;
mod browser;
mod bundle;
mod cli;
mod client;
mod commands;
mod crash;
mod demo;
mod fuzz_api;
mod intake_bad;
mod investigate;
mod json;
mod masked;
mod oncall;
mod prometheus_path;
mod receiver;
mod replay;
mod smtp;
mod support;
mod tidy;
mod trace;
mod trackers;
