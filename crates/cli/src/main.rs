//! The `firebell` binary: the composition root, and the only crate that knows every other one.

mod archive;
mod args;
mod bench_args;
mod client;
mod cmd;
mod compose;
mod config;
mod exit_code;
mod follow;
mod incident_args;
mod oncall_args;
mod output;
mod rooms;
mod templates_args;
mod trackers;
mod values;

use std::io::IsTerminal as _;

use clap::Parser;

use crate::args::Cli;
use crate::exit_code::ExitCode;

/// The writer's thread makes and drops many small texts; the C library's allocator took a quarter of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let as_json = values::ask_for_json(std::env::args_os());
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are no errors.
        Err(error) if as_json && error.use_stderr() => {
            let text = error.render().to_string();
            let text = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
            output::failure(text, ExitCode::Usage, true);
            return ExitCode::Usage.into();
        }
        Err(error) => error.exit(),
    };
    init_logs(&cli);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let text = format!("the runtime could not be started: {error}");
            output::failure(&text, ExitCode::Failure, as_json);
            return ExitCode::Failure.into();
        }
    };
    let code = match runtime.block_on(cmd::run(cli)) {
        Ok(code) => code,
        Err(error) => {
            let code = exit_code::of(&error);
            output::failure(&format!("{error:#}"), code, as_json);
            code
        }
    };
    // A blocked read of the terminal must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    code.into()
}

/// Logs go to standard error; `FIREBELL_LOG` filters them (`firebell=debug`), `FIREBELL_LOG_FORMAT=json` structures
/// them. Commands that talk to a person are quiet unless asked.
fn init_logs(cli: &Cli) {
    let default = if cli.command.is_server() { "info" } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("FIREBELL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    // Colours are for terminals; a file or a journal keeps plain text.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    if std::env::var("FIREBELL_LOG_FORMAT").is_ok_and(|f| f == "json") {
        builder.json().init();
    } else {
        builder.with_target(false).compact().init();
    }
}
