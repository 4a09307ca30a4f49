//! Hosts and databases as commands show them.

use crate::evidence::Cite;

/// A unit of `systemctl status`, or a process that should run.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// Without `.service`.
    pub name: String,
    /// Host, where the command or the output names it.
    pub host: Option<String>,
    pub active: bool,
    /// `inactive (dead)`, `failed (Result: exit-code)`.
    pub state: String,
    /// The last lines of its journal.
    pub journal: String,
    pub cite: Cite,
}

/// A row of `df`.
#[derive(Debug, Clone)]
pub(crate) struct Filesystem {
    pub host: Option<String>,
    pub mount: String,
    /// Percent.
    pub used: f64,
    pub inodes: bool,
    pub cite: Cite,
}

/// Memory of `free`, bytes or the printed unit.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    pub host: Option<String>,
    pub total: f64,
    pub available: f64,
    pub cite: Cite,
}

/// A measured or configured property of the network at a place.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// From where: host or pod, where known.
    pub from: Option<String>,
    /// To where.
    pub to: Option<String>,
    /// Milliseconds.
    pub delay: Option<f64>,
    /// Percent.
    pub loss: Option<f64>,
    /// Whether it is a rule that somebody set (`tc`), not a measurement.
    pub configured: bool,
    /// Whether the name did not resolve, or nobody listened, or nothing came back.
    pub failure: Option<Failure>,
    pub cite: Cite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    NoName,
    Refused,
    TimedOut,
}

/// What a database's own views show.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    /// Host of the client, where the command names it.
    pub host: Option<String>,
    pub cause: &'static str,
    pub weight: f64,
    pub reading: String,
    pub cite: Cite,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Host {
    pub units: Vec<Unit>,
    pub filesystems: Vec<Filesystem>,
    pub memory: Vec<Memory>,
    pub links: Vec<Link>,
    pub databases: Vec<Database>,
    /// Sessions that a database counted.
    pub sessions: Vec<(i64, Cite)>,
    /// How many it takes.
    pub session_limit: Option<i64>,
    /// Sockets: host, state, number.
    pub sockets: Vec<(Option<String>, String, i64, Cite)>,
    /// Sockets that listen and whose queue of connections is full.
    pub full_queues: Vec<FullQueue>,
}

/// A socket that listens and takes no more connections until somebody accepts those that wait.
#[derive(Debug, Clone)]
pub(crate) struct FullQueue {
    pub host: Option<String>,
    /// Name of the process, where it is shown.
    pub process: Option<String>,
    /// Address and port.
    pub address: String,
    pub waiting: i64,
    pub most: i64,
    pub cite: Cite,
}

impl Host {
    /// Whether nothing was read.
    pub(crate) fn is_blank(&self) -> bool {
        self.units.is_empty()
            && self.filesystems.is_empty()
            && self.memory.is_empty()
            && self.links.is_empty()
            && self.databases.is_empty()
            && self.sessions.is_empty()
            && self.sockets.is_empty()
            && self.full_queues.is_empty()
    }
}
