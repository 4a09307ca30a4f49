//! The shop's own monitoring: scrapes `/metrics` each second as a monitoring system does, evaluates rules, and posts
//! alerts as Prometheus posts them to an Alertmanager. It sees nothing but what is scraped.

mod alerts;
mod rules;
mod sample;
mod scrape;

pub(crate) use alerts::{Monitor, run_monitor};
