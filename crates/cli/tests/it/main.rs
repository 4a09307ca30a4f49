//! The real binary, end to end: against the shop, Debian's Prometheus and Alertmanager, amtool, and `kill -9`.

mod amtool;
mod cli;
mod crash;
mod demo;
mod prometheus_path;
mod support;
