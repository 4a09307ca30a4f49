//! `firebell token`: how to sign in to the server on this machine.

use serde_json::json;

use crate::args::TokenArgs;
use crate::client::{Client, ServerFile};
use crate::exit_code::{ExitCode, coded};
use crate::output;

pub(super) async fn run(args: &TokenArgs) -> anyhow::Result<ExitCode> {
    let data = args.server.data();
    let none = || {
        let text = format!("no server runs on {}; start one with `firebell serve`", data.display());
        coded(ExitCode::Unreachable, text)
    };
    let file = ServerFile::read(&data).filter(ServerFile::may_run).ok_or_else(none)?;
    // A link to a server that is gone helps nobody, and one to another server gives the token away.
    let client = Client::new(&file.url, &file.token)?;
    if !client.is_up().await || !client.is_known().await? {
        return Err(none());
    }
    let sign_in = format!("{}/login?token={}", file.url, file.token);
    if args.server.json {
        output::json(&json!({ "url": file.url, "token": file.token, "sign_in": sign_in }));
    } else {
        output::line(&sign_in);
    }
    Ok(ExitCode::Ok)
}
