//! The command line of `firebell incident`.

use clap::Subcommand;

use crate::args::{HandOverTo, ServerArgs, YesNo};
use crate::values::{Roles, incident_id, rows, severities};

#[derive(Debug, Subcommand)]
pub(crate) enum IncidentCommand {
    /// List incidents, newest first.
    List {
        /// Those that are over too.
        #[arg(long)]
        all: bool,
        /// Words in id or title.
        #[arg(long)]
        text: Option<String>,
        /// Of one service.
        #[arg(long)]
        service: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = rows())]
        limit: usize,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show one with its timeline, hypotheses and plans.
    Show {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// Follow it until it is closed; with --json one JSON object a line.
        #[arg(long)]
        follow: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Declare one.
    Declare {
        /// What is wrong, in a sentence.
        title: String,
        /// More about it.
        #[arg(long, default_value = "")]
        report: String,
        /// Service that is affected; may be given several times.
        #[arg(long = "service")]
        services: Vec<String>,
        /// Severity, instead of what policy decides.
        #[arg(long, value_parser = severities(), ignore_case = true)]
        severity: Option<String>,
        /// An exercise.
        #[arg(long)]
        drill: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Acknowledge: I take it.
    Ack {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Open rooms in the chats that are configured, and the bridge; what stands already stays.
    Room {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// In this chat only: slack/ops.
        #[arg(long)]
        chat: Option<String>,
        /// Only who is invited sees it (yes), or everybody (no), instead of what policy says.
        #[arg(long, value_enum)]
        private: Option<YesNo>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Archive its rooms in chats now, instead of a week after its end.
    Archive {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// The room of this chat only: slack/ops.
        #[arg(long)]
        chat: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Let the escalation sleep; then it begins again.
    Snooze {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// For so many minutes, a week at most.
        #[arg(long, default_value = "30", value_parser = clap::value_parser!(u32).range(1..=10_080))]
        minutes: u32,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Hand the escalation over to somebody, or to another policy.
    Handover {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        #[command(flatten)]
        to: HandOverTo,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Ask for more people; the escalation goes on beside it.
    Request {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// Names as in the roster.
        #[arg(required_unless_present_any = ["schedule", "team"])]
        people: Vec<String>,
        /// Whoever is on call by it.
        #[arg(long)]
        schedule: Vec<String>,
        /// All of its members.
        #[arg(long)]
        team: Vec<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// The escalation's next step, now.
    Escalate {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give a role to a person; to yourself: you take it, or accept it.
    Role {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// Which.
        #[arg(value_parser = Roles)]
        role: String,
        /// Name as configured.
        person: String,
        /// They only stand in for whoever holds it.
        #[arg(long)]
        deputy: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Say that you cannot take a role: the next one is asked.
    Decline {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// Which.
        #[arg(value_parser = Roles)]
        role: String,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Add a note to the timeline.
    Note {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// Text.
        text: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Say of which kind it is, and whether it is only for its members.
    Kind {
        /// Incident id.
        id: String,
        /// availability, performance, security, data, other.
        kind: String,
        /// Only for its members [default: security is].
        #[arg(long, value_enum)]
        restricted: Option<YesNo>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Override severity, with a reason.
    Severity {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// Which.
        #[arg(value_parser = severities(), ignore_case = true)]
        severity: String,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Say go (or, with --reject, no-go) on a mitigation plan.
    Approve {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// Hash of the plan [default: the one that waits, if it is one].
        plan: Option<String>,
        /// No-go.
        #[arg(long)]
        reject: bool,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Say that it is over.
    Resolve {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// How, in a sentence.
        #[arg(long)]
        summary: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Say that it is not over.
    Reopen {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Merge it into another.
    Merge {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// The one in which it goes on.
        #[arg(long, value_parser = incident_id)]
        into: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Cancel it as a false alarm.
    Cancel {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Ask for a postmortem that policy does not require.
    Postmortem {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Rebuild it from its events and recorded evidence and compare byte for byte.
    Replay {
        /// Incident id.
        #[arg(value_parser = incident_id)]
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}
