//! One file per subcommand.

mod alert;
mod audit;
mod bench;
mod bundle;
mod check_config;
mod dead_letter;
mod demo;
mod doctor;
mod heartbeat;
mod incident;
mod init;
mod investigate;
mod logs;
mod oncall;
mod replay;
mod respond;
pub(crate) mod serve;
pub(crate) mod shop;
mod templates;
mod token;
mod trace;
mod weekly;

use clap::CommandFactory;

use crate::args::{Cli, Command};
use crate::exit_code::ExitCode;

/// Runs the command.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Respond(args) => respond::run(args).await,
        Command::Incident(command) => incident::run(command).await,
        Command::Alert(command) => alert::run(command).await,
        Command::Oncall(command) => oncall::run(command).await,
        Command::Templates(command) => templates::run(command).await,
        Command::Heartbeat(command) => heartbeat::run(command).await,
        Command::Audit(command) => audit::run(&command),
        Command::Investigate(args) => investigate::run(&args).await,
        Command::Bundle(command) => bundle::run(command).await,
        Command::Logs(command) => logs::run(&command),
        Command::Bench(args) => bench::run(args).await,
        Command::Weekly(args) => weekly::run(args).await,
        Command::DeadLetter(command) => dead_letter::run(command).await,
        Command::CheckConfig(args) => check_config::run(&args),
        Command::Doctor(args) => doctor::run(&args).await,
        Command::Init(args) => init::run(&args),
        Command::Trace(command) => trace::run(command),
        Command::Token(args) => token::run(&args).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "firebell", &mut script);
            crate::output::raw(&script);
            Ok(ExitCode::Ok)
        }
        Command::Shop(args) => shop::run(&args).await,
    }
}
