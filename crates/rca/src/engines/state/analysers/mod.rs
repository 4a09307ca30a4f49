//! The analysers: each compares what is asked with what is there. A new one is a file and a line in [`ALL`].

mod config;
mod databases;
mod entry;
mod hosts;
mod images;
mod load;
mod network;
mod nodes;
mod policies;
mod probes;
mod quota;
mod residual;
mod routing;
mod scheduling;
mod startup;
mod volumes;

use super::finding::Finding;
use super::model::pod::Container;
use super::view::{Trouble, View};

/// One analyser.
pub(super) type Analyser = fn(&View<'_>) -> Vec<Finding>;

/// All of them, from what dominates to what is dominated.
pub(super) const ALL: &[(&str, Analyser)] = &[
    ("nodes", nodes::run),
    ("quota", quota::run),
    ("scheduling", scheduling::run),
    ("volumes", volumes::run),
    ("images", images::run),
    ("config", config::run),
    ("startup", startup::run),
    ("probes", probes::run),
    ("routing", routing::run),
    ("policies", policies::run),
    ("entry", entry::run),
    ("hosts", hosts::run),
    ("load", load::run),
    ("network", network::run),
    ("databases", databases::run),
];

/// What is not well and nothing explains: it runs after all others and sees what they found.
pub(super) use residual::run as residual;

/// Outside text for a reading: one line, bounded.
pub(super) fn quoted(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(180).collect();
    if short.len() < line.len() { format!("\"{short}…\"") } else { format!("\"{short}\"") }
}

/// Ports that a container listens on: what it declares, what its variable says, what it logs.
fn listens(v: &View<'_>, t: &Trouble<'_>, c: &Container) -> Vec<i64> {
    listened(v, &t.workload, c)
}

fn listened(v: &View<'_>, workload: &str, c: &Container) -> Vec<i64> {
    let mut out: Vec<i64> = c.ports.iter().map(|p| p.number).collect();
    let variables = c.env.iter().filter(|e| {
        e.name == "PORT"
            || e.name.ends_with("LISTEN_PORT")
            || e.name == "SERVER_PORT"
            || e.name == "HTTP_PORT"
    });
    let mut more: Vec<i64> = variables.filter_map(|e| e.value.as_ref()?.parse().ok()).collect();
    for o in v.outputs(workload) {
        for line in o.text.lines().take(200) {
            let lower = line.to_lowercase();
            let speaks = [
                "listening",
                "started on port",
                "serving on",
                "running on",
                "server started",
                "accept connections",
                "starting grpc server",
                "bound to",
            ];
            if speaks.iter().any(|w| lower.contains(w)) {
                let numbers = lower.split(|c: char| {
                    !(c.is_ascii_digit() || c == ':' || c == '.' || c.is_ascii_alphabetic())
                });
                more.extend(numbers.filter_map(|w| {
                    let tail = w.rsplit(':').next().unwrap_or(w);
                    tail.parse::<i64>().ok().filter(|n| (80..=65_535).contains(n) && *n != 127)
                }));
            }
        }
    }
    // Only where nothing is declared may a year or a count be taken for a port.
    if out.is_empty() {
        more.retain(|n| !(1990..2100).contains(n));
        out.extend(more);
    } else {
        out.extend(
            c.env.iter().filter(|e| e.name == "PORT").filter_map(|e| e.value.as_ref()?.parse::<i64>().ok()),
        );
    }
    out.sort_unstable();
    out.dedup();
    out
}
