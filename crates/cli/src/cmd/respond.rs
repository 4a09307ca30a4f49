//! `firebell respond`: declare and follow.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::args::{DEFAULT_DATA, RespondArgs, ServerArgs};
use crate::client::{Client, ServerFile};
use crate::exit_code::ExitCode;
use crate::output;
use crate::{compose, config, follow};

pub(super) async fn run(args: RespondArgs) -> anyhow::Result<ExitCode> {
    let (client, own) = match find(&args).await? {
        Found::Running(client) => (client, None),
        Found::Nothing(data) => {
            let file = config::load(args.config.as_deref())?;
            let listen = file.server.listen.clone().unwrap_or_else(|| "127.0.0.1:0".to_owned());
            output::note("no server runs; starting one in this process");
            let own = compose::start(&file, &listen, &data).await?;
            output::note(&format!("page: {}/login?token={}", own.url, own.token));
            (Client::new(&own.url, &own.token)?, Some(own))
        }
    };
    let result = declare_and_follow(&client, &args, own.as_ref().map(|o| o.data.as_path())).await;
    if let Some(own) = own {
        if result.is_ok() && args.no_follow {
            output::note("the incident is stored; `firebell serve` goes on with it");
        }
        own.stop().await;
    }
    result
}

/// What the arguments mean.
enum Found {
    /// A server that answers, or that was named and so must be there.
    Running(Client),
    /// None; one can be started on this data folder.
    Nothing(PathBuf),
}

/// The data folder is looked for as `serve` does: argument, environment, configuration, default.
async fn find(args: &RespondArgs) -> anyhow::Result<Found> {
    if args.server.url.is_some() {
        return Ok(Found::Running(Client::of(&args.server)?));
    }
    let data = match &args.server.data {
        Some(data) => data.clone(),
        // Secrets that only the running server can read do not matter here.
        None => config::read(args.config.as_deref())?.server.data.unwrap_or_else(|| DEFAULT_DATA.into()),
    };
    Ok(match reach(&args.server, &data).await? {
        Some(client) => Found::Running(client),
        None => Found::Nothing(data),
    })
}

/// The server that wrote its file into the folder, if it still answers: it may be gone, and another may listen there.
async fn reach(args: &ServerArgs, data: &Path) -> anyhow::Result<Option<Client>> {
    if !ServerFile::read(data).is_some_and(|file| file.may_run()) {
        return Ok(None);
    }
    let client = Client::of_folder(args, data)?;
    if !client.is_up().await || (args.token.is_none() && !client.is_known().await?) {
        return Ok(None);
    }
    Ok(Some(client))
}

async fn declare_and_follow(
    client: &Client,
    args: &RespondArgs,
    own: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let body = declaration(&args.title, &args.report, &args.services, args.severity.as_deref(), args.drill);
    let answer = client.post("/api/v1/incidents", &body).await?;
    let id = answer.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if args.no_follow {
        if args.server.json {
            output::json(&answer);
        } else {
            output::line(&id);
        }
        return Ok(ExitCode::Ok);
    }
    follow::follow(client, &id, follow::View { json: args.server.json, own }).await?;
    Ok(ExitCode::Ok)
}

/// The body of a declaration.
pub(super) fn declaration(
    title: &str,
    report: &str,
    services: &[String],
    severity: Option<&str>,
    drill: bool,
) -> Value {
    let mut body = json!({ "title": title, "report": report, "services": services, "drill": drill });
    if let Some(severity) = severity {
        body["severity"] = json!(severity.to_uppercase());
    }
    body
}
