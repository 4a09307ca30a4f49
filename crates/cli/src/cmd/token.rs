//! `firebell token`: how to sign in to the server on this machine.

use serde_json::json;

use crate::args::TokenArgs;
use crate::client::ServerFile;
use crate::exit_code::{ExitCode, coded};
use crate::output;

pub(super) fn run(args: &TokenArgs) -> anyhow::Result<ExitCode> {
    let file = ServerFile::read(&args.server.data).ok_or_else(|| {
        coded(
            ExitCode::Unreachable,
            format!("no server runs on {}; start one with `firebell serve`", args.server.data.display()),
        )
    })?;
    let sign_in = format!("{}/login?token={}", file.url, file.token);
    if args.server.json {
        output::json(&json!({ "url": file.url, "token": file.token, "sign_in": sign_in }));
    } else {
        output::line(&sign_in);
    }
    Ok(ExitCode::Ok)
}
