//! The command line of `firebell templates`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::ServerArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum TemplatesCommand {
    /// All templates, which of them are your own, and the fields that they may use, by example.
    List {
        #[command(flatten)]
        which: WhichTemplates,
        /// Print JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// What would go out: of an incident that is made up, or of a real one.
    Preview {
        /// To whom [default: to all].
        #[arg(long, value_parser = ["internal", "public", "support", "executives"])]
        audience: Option<String>,
        /// When: declared, cadence, severity_changed, identified, mitigated, all_clear, false_alarm, reopened, merged.
        #[arg(long, default_value = "declared")]
        moment: String,
        /// Of this incident of the running server, as it would go out now; `sample` is the one that is made up.
        #[arg(long, default_value = "sample", value_name = "ID")]
        incident: String,
        #[command(flatten)]
        which: WhichTemplates,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// What templates lack: fields, links, times, zones, length, tone; exits with 7 if anything.
    Lint {
        /// Folder of templates [default: that of the configuration].
        dir: Option<PathBuf>,
        /// Configuration.
        #[arg(long, env = "FIREBELL_CONFIG", value_name = "FILE")]
        config: Option<PathBuf>,
        /// Print JSON instead of text.
        #[arg(long)]
        json: bool,
    },
}

/// Where templates are.
#[derive(Debug, Args)]
pub(crate) struct WhichTemplates {
    /// Folder of templates [default: that of the configuration].
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Configuration.
    #[arg(long, env = "FIREBELL_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}
