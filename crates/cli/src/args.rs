//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use crate::bench_args::*;
pub(crate) use crate::incident_args::*;
pub(crate) use crate::oncall_args::*;
pub(crate) use crate::templates_args::*;
use crate::values::{faults, incident_id, rows, severities};

/// Runs production incidents from the first alert to the postmortem's last action item.
///
/// Exit codes: 0 done, 1 failed, 2 wrong use or input, 3 not reachable, 4 not found, 5 refused by the incident's state,
/// 6 no permission, 7 checked and found wanting.
#[derive(Debug, Parser)]
#[command(name = "firebell", version, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the server is.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Address of a running server [default: the one that wrote DIR/server.json].
    #[arg(long, env = "FIREBELL_URL")]
    pub(crate) url: Option<String>,
    /// Token to sign in with [default: the administrator's of DIR/server.json].
    #[arg(long, env = "FIREBELL_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Data folder of the server [default: firebell-data].
    #[arg(long, env = "FIREBELL_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

impl ServerArgs {
    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_DATA))
    }
}

/// Data folder of a server that is told of no other.
pub(crate) const DEFAULT_DATA: &str = "firebell-data";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a whole incident against a small simulated company: fault, alert, investigation, mitigation, postmortem.
    Demo(DemoArgs),
    /// Run the server.
    Serve(ServeArgs),
    /// Declare an incident and follow it; starts a server in the process if none runs.
    #[command(visible_alias = "incident-response")]
    Respond(RespondArgs),
    /// Look at incidents and act on them.
    #[command(subcommand)]
    Incident(IncidentCommand),
    /// Look at alerts, silence them.
    #[command(subcommand)]
    Alert(AlertCommand),
    /// Who is on call, when, and who else.
    #[command(subcommand)]
    Oncall(OnCallCommand),
    /// Templates of updates: list, preview, lint.
    #[command(subcommand)]
    Templates(TemplatesCommand),
    /// Heartbeats: what must be heard of regularly, and our own.
    #[command(subcommand)]
    Heartbeat(HeartbeatCommand),
    /// The audit log: who did what.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Investigate an evidence bundle, or the configured systems, and report.
    Investigate(InvestigateArgs),
    /// Collect evidence bundles.
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Investigate every labelled bundle below a folder and print a scorecard.
    Bench(BenchArgs),
    /// Look into log files.
    #[command(subcommand)]
    Logs(LogsCommand),
    /// Explain traces of any system: Jaeger JSON, OTLP JSON or a table of spans.
    #[command(subcommand)]
    Trace(TraceCommand),
    /// The weekly incident report.
    Weekly(WeeklyArgs),
    /// Effects that were given up and need a person.
    #[command(subcommand)]
    DeadLetter(DeadLetterCommand),
    /// Check a configuration file without starting anything.
    CheckConfig(CheckConfigArgs),
    /// Reach every configured system and say what is wrong.
    Doctor(DoctorArgs),
    /// Write a commented configuration and show what to paste into Prometheus and Alertmanager.
    Init(InitArgs),
    /// Print the sign-in token of the server on this machine.
    Token(TokenArgs),
    /// Print shell completions.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
    /// The simulated company alone.
    #[command(hide = true)]
    Shop(ShopArgs),
}

impl Command {
    /// Whether it serves, so that its log is of interest.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self, Self::Serve(_))
    }
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// Who approves mitigations in the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Approve {
    /// You do.
    Ask,
    /// Two simulated people do.
    Auto,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Which fault [default: connection-pool-exhaustion].
    #[arg(long, value_parser = faults(), hide_possible_values = true)]
    pub(crate) fault: Option<String>,
    /// List the faults.
    #[arg(long)]
    pub(crate) list_faults: bool,
    /// Varies victims, magnitudes, timing and decoys [default: 1].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Who approves mitigations.
    #[arg(long, value_enum, default_value = "ask")]
    pub(crate) approve: Approve,
    /// Run to the end without questions.
    #[arg(long)]
    pub(crate) headless: bool,
    /// Write a summary of the run there, as JSON (`firebell-demo/1`); with --list-faults, print JSON.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
    /// Go on where an interrupted demo stopped.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Folder of the demo's state.
    #[arg(long, default_value = "firebell-demo", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Keep the server and the shop running after the end, for a look around.
    #[arg(long)]
    pub(crate) stay: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Configuration file.
    #[arg(long, env = "FIREBELL_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:7300].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
    /// Data folder.
    #[arg(long, env = "FIREBELL_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RespondArgs {
    /// What is wrong, in a sentence.
    pub(crate) title: String,
    /// More about it.
    #[arg(long, default_value = "")]
    pub(crate) report: String,
    /// Service that is affected; may be given several times.
    #[arg(long = "service")]
    pub(crate) services: Vec<String>,
    /// Severity, instead of what policy decides.
    #[arg(long, value_parser = severities(), ignore_case = true)]
    pub(crate) severity: Option<String>,
    /// An exercise: never counted in reports.
    #[arg(long)]
    pub(crate) drill: bool,
    /// Declare it and return at once.
    #[arg(long)]
    pub(crate) no_follow: bool,
    /// Configuration: names the data folder, and is for the server that is started if none runs.
    #[arg(long, env = "FIREBELL_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check that the audit log is whole, and that the incidents' events are what it says that people caused.
    Verify {
        /// Data folder of the server.
        #[arg(long)]
        data: Option<PathBuf>,
        /// A hash that the log must contain: the head of an earlier check, kept elsewhere.
        #[arg(long)]
        head: Option<String>,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the newest entries.
    List {
        /// Data folder of the server.
        #[arg(long)]
        data: Option<PathBuf>,
        /// So many.
        #[arg(long, default_value = "50")]
        limit: usize,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertCommand {
    /// List alerts, last seen first.
    List {
        /// Resolved ones too.
        #[arg(long)]
        all: bool,
        /// Of one incident.
        #[arg(long, value_parser = incident_id)]
        incident: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = rows())]
        limit: usize,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Silence alerts by matchers; without matchers, list silences.
    Silence {
        /// `name=value`, `name!=value`, `name=~regex`, `name!~regex`.
        matchers: Vec<String>,
        /// How long, minutes.
        #[arg(long, default_value_t = 60)]
        minutes: u32,
        /// Why.
        #[arg(long, default_value = "")]
        comment: String,
        /// End this silence now.
        #[arg(long, value_name = "ID", conflicts_with = "matchers")]
        expire: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("looked_at").required(true).args(["bundle", "config"])))]
pub(crate) struct InvestigateArgs {
    /// Folder of an evidence bundle.
    #[arg(long, value_name = "DIR")]
    pub(crate) bundle: Option<PathBuf>,
    /// Configuration file: asks the systems that it names.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Service to look at first.
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// Start of the time to look at, a normal stretch before the harm included: 2026-01-05T14:00:00Z.
    #[arg(long, value_name = "TIME", requires = "config", conflicts_with = "bundle")]
    pub(crate) from: Option<String>,
    /// End of it; now where it is left out.
    #[arg(long, value_name = "TIME", requires = "config", conflicts_with = "bundle")]
    pub(crate) to: Option<String>,
    /// Instead of --from: how far back from the end, as in 30m, 2h, 1d; one hour where nothing is said.
    #[arg(long, value_name = "SPAN", requires = "config", conflicts_with = "bundle")]
    pub(crate) since: Option<String>,
    /// What somebody said of it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) report: Option<String>,
    /// Data folder of the server: its change ledger is read.
    #[arg(long, value_name = "DIR", requires = "config", conflicts_with = "bundle")]
    pub(crate) data: Option<PathBuf>,
    /// Most questions to one system.
    #[arg(long, value_name = "N", requires = "config", conflicts_with = "bundle")]
    pub(crate) max_queries: Option<u32>,
    /// Most seconds that one system is asked for.
    #[arg(long, value_name = "N", requires = "config", conflicts_with = "bundle")]
    pub(crate) max_seconds: Option<u64>,
    /// Most bytes of answers in all.
    #[arg(long, value_name = "N", requires = "config", conflicts_with = "bundle")]
    pub(crate) max_bytes: Option<usize>,
    /// Form of the report.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Writes the report as one HTML page as well.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Columns of the text, 50 to 120; as wide as the terminal where it is left out.
    #[arg(long, value_name = "N")]
    pub(crate) width: Option<usize>,
    /// The same as --format json.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TraceCommand {
    /// Critical paths, where failures begin, patterns of calls, the service graph.
    Explain(TraceExplainArgs),
}

#[derive(Debug, Args)]
pub(crate) struct TraceExplainArgs {
    /// File of traces, or a folder of them: Jaeger JSON, OTLP JSON, or CSV as in a bundle.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Normal traces of the same system, to compare with.
    #[arg(long, value_name = "FILE")]
    pub(crate) normal: Option<PathBuf>,
    /// Show this trace rather than the slowest and the failing ones.
    #[arg(long, value_name = "ID")]
    pub(crate) trace: Option<String>,
    /// Form of the report.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// The same as --format json.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, in a terminal.
    Text,
    /// For programs: the verdict.
    Json,
    /// One page that needs nothing else.
    Html,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogsCommand {
    /// Mine the templates of log files of any format: how often, since when, how bad, with an example.
    Mine(LogsMineArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LogsMineArgs {
    /// Files, plain or gzip; `-` or none is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Form of the result.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// The same as --format json.
    #[arg(long)]
    pub(crate) json: bool,
    /// How many templates, the most frequent first.
    #[arg(long, value_parser = rows(), default_value = "1000")]
    pub(crate) top: usize,
    /// The lines are messages alone: nothing stands before them.
    #[arg(long)]
    pub(crate) messages: bool,
    /// Year of times that have none [default: this year].
    #[arg(long)]
    pub(crate) year: Option<i16>,
}

impl LogsMineArgs {
    /// Whether JSON is asked for.
    pub(crate) fn as_json(&self) -> bool {
        self.json || self.format == Format::Json
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Write a bundle: the evidence of an incident, or what the systems of a configuration hold of a time.
    Collect(CollectArgs),
    /// Say what a bundle holds, by file, and what of it was left out and why. Exit code 0: all of it is used; 1: parts
    /// are left out, or there is nothing in it; 2: not a bundle.
    Check {
        /// Form of the answer.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
        /// The same as --format json.
        #[arg(long)]
        json: bool,
        /// Folder of the bundle.
        dir: PathBuf,
    },
    /// Write a copy without names of components, hosts, people, addresses, domains, paths and ids, and without secrets,
    /// that gives the same verdict. Look through it before you send it.
    Anonymise {
        /// Folder to write; must not exist or be empty.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Seconds to add to all times; negative ones as --shift-time=-3600.
        #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true,
            value_parser = clap::value_parser!(i64).range(-3_000_000_000..=3_000_000_000))]
        shift_time: i64,
        /// Write which word became which here; whoever has this file can undo it.
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
        /// Print JSON instead of text.
        #[arg(long)]
        json: bool,
        /// Folder of the bundle.
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CollectArgs {
    /// Incident id.
    #[arg(long, value_parser = incident_id, required_unless_present = "config")]
    pub(crate) incident: Option<String>,
    /// Ask the telemetry systems of this configuration instead.
    #[arg(long, value_name = "FILE", conflicts_with = "incident", requires = "from", requires = "to")]
    pub(crate) config: Option<PathBuf>,
    /// From this instant on: 2026-01-05T10:00:00Z.
    #[arg(long, value_name = "TIME", requires = "config", conflicts_with = "incident")]
    pub(crate) from: Option<jiff::Timestamp>,
    /// Up to this instant.
    #[arg(long, value_name = "TIME", requires = "config", conflicts_with = "incident")]
    pub(crate) to: Option<jiff::Timestamp>,
    /// Seconds between the points of a series.
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) step: u32,
    /// Most series of each system.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) max_series: usize,
    /// Most log lines of each system: an even share of the time where there are more.
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub(crate) max_lines: usize,
    /// Most traces of each system: an even share, and failed and slow ones.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) max_traces: usize,
    /// Folder to write; must not exist or be empty.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct WeeklyArgs {
    /// Week, as in 2026-W48 [default: this week].
    #[arg(long)]
    pub(crate) week: Option<String>,
    /// As Markdown, every number with links to the incidents behind it.
    #[arg(long)]
    pub(crate) markdown: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HeartbeatCommand {
    /// When each was last heard of; exits with 7 if one is missed or failed.
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetterCommand {
    /// List them.
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Try one again.
    Retry {
        /// Its key.
        key: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CheckConfigArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Configuration file.
    #[arg(default_value = "firebell.toml")]
    pub(crate) file: PathBuf,
    /// The same, as other commands name it.
    #[arg(long, hide = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Configuration file.
    #[arg(long, env = "FIREBELL_CONFIG", default_value = "firebell.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Data folder [default: as configured, else firebell-data].
    #[arg(long, env = "FIREBELL_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// File to write.
    #[arg(default_value = "firebell.toml")]
    pub(crate) file: PathBuf,
    /// Address of a Prometheus to query.
    #[arg(long)]
    pub(crate) prometheus: Option<String>,
    /// Replace the file if it exists.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShopArgs {
    /// Options as JSON, in a file (it holds keys).
    #[arg(long, value_name = "FILE")]
    pub(crate) options: PathBuf,
}
