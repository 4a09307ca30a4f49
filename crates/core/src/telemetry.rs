//! The one telemetry model that live adapters and bundles both feed, so that an investigation cannot tell which
//! one it reads. Plain data: nothing here fetches or decides.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::Change;

/// Label names and values, ordered by name.
pub type Labels = BTreeMap<String, String>;

/// A closed time span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// First instant inside.
    pub start: Timestamp,
    /// Last instant inside.
    pub end: Timestamp,
}

impl Window {
    /// Whether `at` lies inside, ends included.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at <= self.end
    }

    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.end.duration_since(self.start).as_secs_f64()
    }
}

/// A thing that can break: `service/checkout`, with the other names that telemetry uses for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// `kind/name`; kinds: service, database, cache, queue, host, node, namespace, gateway, third_party.
    pub id: String,
    /// Other names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

/// What a series' values mean, where the source says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// Only rises, but for resets to zero: take its rate.
    Counter,
    /// A value of the moment.
    Gauge,
    /// A cumulative bucket of a histogram (label `le`), itself a counter.
    HistogramBucket,
    /// Not said: infer from name and shape.
    #[default]
    Unknown,
}

/// One time series with raw values as the source holds them (counters unconverted).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Where it came from: `prometheus/main`, `metrics/services.csv`.
    pub source: String,
    /// Metric name, or the plain column heading.
    pub name: String,
    /// Labels, without `__name__`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: Labels,
    /// Component id if the reader could tell; the analysis infers it otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// What the values mean.
    #[serde(default)]
    pub kind: MetricKind,
    /// `(unix milliseconds, value)`, ascending in time; missing samples are left out, values are finite.
    pub points: Vec<(i64, f64)>,
}

impl Series {
    /// The series in Prometheus notation: `name{a="b"}`.
    pub fn selector(&self) -> String {
        if self.labels.is_empty() {
            return self.name.clone();
        }
        let labels: Vec<String> = self.labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
        format!("{}{{{}}}", self.name, labels.join(","))
    }
}

/// One log record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// Where it came from: `logs/checkout.log`, `otlp`.
    pub source: String,
    /// Line number in a file, from 1; 0 where there is none.
    #[serde(default)]
    pub line: u64,
    /// Component id or name as the source gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// When, if the line says so in a form the reader knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// `error`, `warn`, `info`, … lower case, if the line or record says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The message; for a structured record its message field, for a raw line the whole line.
    pub text: String,
    /// Further fields of a structured record, flattened with dots, values as text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: Labels,
    /// Trace that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// Which side of a call a span saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// Inside one component.
    #[default]
    Internal,
    /// Answered a call.
    Server,
    /// Made a call.
    Client,
    /// Sent a message.
    Producer,
    /// Took a message.
    Consumer,
}

/// One span of a distributed trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Where it came from.
    pub source: String,
    /// Hexadecimal, lower case.
    pub trace_id: String,
    /// Hexadecimal, lower case.
    pub span_id: String,
    /// Parent span, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Service or component that recorded it.
    pub component: String,
    /// Operation name.
    pub operation: String,
    /// Which side of a call.
    #[serde(default)]
    pub kind: SpanKind,
    /// Unix microseconds.
    pub start_us: i64,
    /// Microseconds.
    pub duration_us: i64,
    /// Whether it failed.
    #[serde(default)]
    pub error: bool,
    /// Attributes (tags), values as text; `peer.service`, `db.system`, `http.response.status_code` among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Labels,
}

/// An alert as evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertFact {
    /// Where it came from.
    pub source: String,
    /// `alertname` or title.
    pub name: String,
    /// Still firing.
    pub firing: bool,
    /// Labels.
    #[serde(default)]
    pub labels: Labels,
    /// Annotations.
    #[serde(default)]
    pub annotations: Labels,
    /// Since when.
    #[serde(default)]
    pub starts_at: Option<Timestamp>,
    /// Until when.
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
}

/// A cluster or cloud event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClusterEvent {
    /// When it was last seen.
    pub at: Timestamp,
    /// What it is about.
    pub component: String,
    /// `Normal`, `Warning`, or the object's kind.
    #[serde(default)]
    pub kind: String,
    /// Machine reason: `BackOff`, `FailedScheduling`.
    #[serde(default)]
    pub reason: String,
    /// Text.
    #[serde(default)]
    pub message: String,
    /// How often.
    #[serde(default = "one")]
    pub count: u64,
    /// Who says so.
    #[serde(default)]
    pub source: String,
}

fn one() -> u64 {
    1
}

/// A call relation known beforehand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TopologyEdge {
    /// Who calls.
    pub caller: String,
    /// Who is called.
    pub callee: String,
    /// `http`, `sql`, …, may be empty.
    #[serde(default)]
    pub kind: String,
}

/// An object of the cluster's API, as `kubectl get -o json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClusterObject {
    /// Where it came from.
    pub source: String,
    /// The object.
    pub object: serde_json::Value,
}

/// A read-only command and what it printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRecord {
    /// File.
    pub source: String,
    /// Line of the command in the file, from 1.
    pub line: u64,
    /// Without the `$ `.
    pub command: String,
    /// As printed.
    pub output: String,
}

/// All telemetry of one investigation. Order is meaningful for reproducibility only: readers fill it in a stable
/// order, and equal telemetry gives an equal verdict.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Telemetry {
    /// What the reporter wrote; outside text.
    pub report: String,
    /// The span to explain; inferred where missing.
    pub window: Option<Window>,
    /// When somebody says that it began; may be wrong by minutes, or missing.
    pub impact_started_at: Option<Timestamp>,
    /// Known components.
    pub components: Vec<Component>,
    /// Metrics.
    pub series: Vec<Series>,
    /// Logs.
    pub logs: Vec<LogLine>,
    /// Traces.
    pub spans: Vec<Span>,
    /// Alerts.
    pub alerts: Vec<AlertFact>,
    /// The change ledger.
    pub changes: Vec<Change>,
    /// A change ledger answered: that it holds no change is knowledge, not a gap.
    pub changes_known: bool,
    /// Cluster and cloud events.
    pub events: Vec<ClusterEvent>,
    /// Known call relations.
    pub topology: Vec<TopologyEdge>,
    /// Cluster objects.
    pub objects: Vec<ClusterObject>,
    /// Recorded commands.
    pub commands: Vec<CommandRecord>,
    /// What could not be seen, in words, with what would show it.
    pub gaps: Vec<String>,
}

/// One query's typed result: the unit that is stored by content hash and put together into [`Telemetry`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "items", rename_all = "snake_case")]
pub enum TelemetryPart {
    /// Metrics.
    Series(Vec<Series>),
    /// Logs.
    Logs(Vec<LogLine>),
    /// Traces.
    Spans(Vec<Span>),
    /// Alerts.
    Alerts(Vec<AlertFact>),
    /// Changes.
    Changes(Vec<Change>),
    /// Cluster events.
    Events(Vec<ClusterEvent>),
    /// Call relations.
    Topology(Vec<TopologyEdge>),
    /// Cluster objects.
    Objects(Vec<ClusterObject>),
    /// Commands.
    Commands(Vec<CommandRecord>),
}

impl TelemetryPart {
    /// How many items it holds.
    pub fn len(&self) -> usize {
        match self {
            Self::Series(v) => v.len(),
            Self::Logs(v) => v.len(),
            Self::Spans(v) => v.len(),
            Self::Alerts(v) => v.len(),
            Self::Changes(v) => v.len(),
            Self::Events(v) => v.len(),
            Self::Topology(v) => v.len(),
            Self::Objects(v) => v.len(),
            Self::Commands(v) => v.len(),
        }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Telemetry {
    /// Adds one query's result.
    pub fn absorb(&mut self, part: TelemetryPart) {
        match part {
            TelemetryPart::Series(v) => self.series.extend(v),
            TelemetryPart::Logs(v) => self.logs.extend(v),
            TelemetryPart::Spans(v) => self.spans.extend(v),
            TelemetryPart::Alerts(v) => self.alerts.extend(v),
            TelemetryPart::Changes(v) => self.changes.extend(v),
            TelemetryPart::Events(v) => self.events.extend(v),
            TelemetryPart::Topology(v) => self.topology.extend(v),
            TelemetryPart::Objects(v) => self.objects.extend(v),
            TelemetryPart::Commands(v) => self.commands.extend(v),
        }
    }
}
