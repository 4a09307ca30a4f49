//! The command line of `firebell oncall`.

use clap::{Args, Subcommand};

use crate::args::ServerArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum OnCallCommand {
    /// Who is on call now, and who comes next.
    Now {
        /// Of this schedule only.
        schedule: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Who is on call when, by whose clock, and when nobody is.
    Show {
        /// Name of the schedule.
        schedule: String,
        /// So many days.
        #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
        /// From then on, as in 2026-01-05T14:00:00Z [default: now].
        #[arg(long, value_name = "TIME")]
        from: Option<jiff::Timestamp>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Put somebody else on call for a while; without --person, list what was entered.
    Override(Box<OverrideArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct OverrideArgs {
    /// Name of the schedule.
    pub(crate) schedule: Option<String>,
    /// Who is on; several times for several people.
    #[arg(long, value_name = "NAME", requires = "schedule")]
    pub(crate) person: Vec<String>,
    /// Only where this person would be: the other stands in for them.
    #[arg(long, value_name = "NAME", requires = "person")]
    pub(crate) instead_of: Option<String>,
    /// The two change shifts: this person has --from to --until until then, and takes the other's time in return.
    #[arg(
        long,
        value_name = "NAME",
        requires_all = ["person", "swap_from", "swap_until"],
        conflicts_with_all = ["instead_of", "shadow"]
    )]
    pub(crate) swap_with: Option<String>,
    /// The other's time that is given in return begins.
    #[arg(long, value_name = "TIME", requires = "swap_with")]
    pub(crate) swap_from: Option<String>,
    /// And ends.
    #[arg(long, value_name = "TIME", requires = "swap_with")]
    pub(crate) swap_until: Option<String>,
    /// Only goes along, with whoever is on or with this person, and is not called.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", requires = "person", conflicts_with = "instead_of")]
    pub(crate) shadow: Option<String>,
    /// Since: an instant, or a time by the clock of the schedule as in 2026-12-24T09:00.
    #[arg(long, value_name = "TIME", requires = "person")]
    pub(crate) from: Option<String>,
    /// Until.
    #[arg(long, value_name = "TIME", requires = "person")]
    pub(crate) until: Option<String>,
    /// Why.
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    /// Take this one back.
    #[arg(long, value_name = "ID", conflicts_with = "schedule")]
    pub(crate) remove: Option<String>,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// To whom an escalation is handed over.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct HandOverTo {
    /// A person of the roster.
    pub(crate) person: Option<String>,
    /// Whoever is on call by this schedule.
    #[arg(long)]
    pub(crate) schedule: Option<String>,
    /// All members of this team.
    #[arg(long)]
    pub(crate) team: Option<String>,
    /// Another escalation policy, from its first step.
    #[arg(long)]
    pub(crate) policy: Option<String>,
}
