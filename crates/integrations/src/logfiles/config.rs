//! What `[[telemetry]] kind = "logfiles"` holds.

use serde::Deserialize;

/// A set of log files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of this source; evidence says `logfiles/NAME`.
    pub name: String,
    /// Which files.
    pub files: Vec<Files>,
    /// For one query over all files, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
    /// Queries at once.
    #[serde(default = "concurrent")]
    pub max_concurrent: usize,
    /// Most bytes read of one file for one query.
    #[serde(default = "bytes")]
    pub max_bytes_per_file: u64,
    /// Further regular expressions of what must not leave this machine.
    #[serde(default)]
    pub mask: Vec<String>,
}

/// Files of one component.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Paths; `*` and `?` stand for characters within one part of a path, `**` for any folders. Rotated siblings
    /// (`x.log.1`, `x.log.2.gz`, `x.log-20260105`) belong to `x.log` without being named.
    pub paths: Vec<String>,
    /// Component: `service/checkout`. `{stem}` stands for the file's name without endings, `{dir}` for its folder.
    pub component: String,
    /// How lines are written.
    #[serde(default)]
    pub format: Format,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Found out line by line.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// `time=… level=… msg=…`.
    Logfmt,
    /// Kubernetes: `E0105 10:00:00.000000       1 file.go:1] text`.
    Klog,
    /// RFC 3164 and RFC 5424.
    Syslog,
    /// The common and combined format of nginx and Apache.
    Nginx,
    /// A time at the start, then text.
    Plain,
}

fn timeout() -> f64 {
    15.0
}

fn concurrent() -> usize {
    2
}

fn bytes() -> u64 {
    64 << 20
}
