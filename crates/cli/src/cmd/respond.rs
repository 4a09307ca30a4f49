//! `firebell respond`: declare and follow.

use serde_json::{Value, json};

use crate::args::{RespondArgs, ServerArgs};
use crate::client::{Client, ServerFile};
use crate::exit_code::ExitCode;
use crate::output;
use crate::{compose, config, follow};

pub(super) async fn run(args: RespondArgs) -> anyhow::Result<ExitCode> {
    let running = reach(&args.server).await?;
    let (client, own) = match running {
        Some(client) => (client, None),
        None => {
            let file = config::load(args.config.as_deref())?;
            let listen = file.server.listen.clone().unwrap_or_else(|| "127.0.0.1:0".to_owned());
            output::note("no server runs; starting one in this process");
            let own = compose::start(&file, &listen, &args.server.data).await?;
            output::note(&format!("page: {}/login?token={}", own.url, own.token));
            (Client::new(&own.url, &own.token)?, Some(own))
        }
    };
    let result = declare_and_follow(&client, &args).await;
    if let Some(own) = own {
        if result.is_ok() && args.no_follow {
            output::note("the incident is stored; `firebell serve` goes on with it");
        }
        own.stop().await;
    }
    result
}

/// The running server that the arguments mean, if it answers.
async fn reach(args: &ServerArgs) -> anyhow::Result<Option<Client>> {
    if args.url.is_none() && ServerFile::read(&args.data).is_none() {
        return Ok(None);
    }
    let client = Client::of(args)?;
    // A server that was named must be there; one that left its file behind may be gone.
    if args.url.is_some() || client.is_up().await { Ok(Some(client)) } else { Ok(None) }
}

async fn declare_and_follow(client: &Client, args: &RespondArgs) -> anyhow::Result<ExitCode> {
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
    let incident = follow::follow(client, &id).await?;
    if args.server.json {
        output::json(&serde_json::to_value(&incident)?);
    }
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
