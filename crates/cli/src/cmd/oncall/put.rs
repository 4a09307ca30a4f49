//! `firebell oncall override`.

use serde_json::{Map, Value, json};

use super::{list, text};
use crate::args::OverrideArgs;
use crate::client::Client;
use crate::cmd::incident::percent;
use crate::exit_code::{ExitCode, coded};
use crate::output;

pub(super) async fn run(args: &OverrideArgs) -> anyhow::Result<ExitCode> {
    let client = Client::of(&args.server)?;
    if let Some(id) = &args.remove {
        let answer = client.delete(&format!("/api/v1/overrides/{}", percent(id))).await?;
        if args.server.json {
            output::json(&answer);
        } else {
            output::line(&format!("{id} no longer counts"));
        }
        return Ok(ExitCode::Ok);
    }
    let Some(schedule) = &args.schedule else { return all(&client, args).await };
    if args.person.is_empty() {
        return all(&client, args).await;
    }
    let (Some(from), Some(until)) = (&args.from, &args.until) else {
        return Err(coded(ExitCode::Usage, "give --from and --until, such as 2026-12-24T09:00".to_owned()));
    };
    let mut body = Map::new();
    body.insert("schedule".to_owned(), json!(schedule));
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    if let Some(other) = &args.swap_with {
        put("kind", json!("swap"));
        put("first", json!(other));
        put("second", json!(one(&args.person)?));
        put("first_from", json!(from));
        put("first_until", json!(until));
        put("second_from", json!(args.swap_from));
        put("second_until", json!(args.swap_until));
    } else {
        if let Some(of) = &args.shadow {
            put("kind", json!("shadow"));
            put("person", json!(one(&args.person)?));
            if !of.is_empty() {
                put("of", json!(of));
            }
        } else if let Some(instead_of) = &args.instead_of {
            put("kind", json!("cover"));
            put("person", json!(one(&args.person)?));
            put("instead_of", json!(instead_of));
        } else {
            put("kind", json!("override"));
            put("people", json!(args.person));
        }
        put("from", json!(from));
        put("until", json!(until));
    }
    body.insert("reason".to_owned(), json!(args.reason));
    let answer = client.post("/api/v1/overrides", &Value::Object(body)).await?;
    if args.server.json {
        output::json(&answer);
        return Ok(ExitCode::Ok);
    }
    output::line(answer.get("override").map(|o| text(o, "id")).unwrap_or_default());
    for found in list(&answer, "findings") {
        let line = format!("{}; {}", text(found, "problem"), text(found, "advice"));
        output::note(&output::clean(&line));
    }
    Ok(ExitCode::Ok)
}

/// The one person who stands in for another, swaps or goes along.
fn one(people: &[String]) -> anyhow::Result<&String> {
    match people {
        [person] => Ok(person),
        _ => Err(coded(ExitCode::Usage, "it is one person who does this: give --person once".to_owned())),
    }
}

/// What was entered.
async fn all(client: &Client, args: &OverrideArgs) -> anyhow::Result<ExitCode> {
    let of = args.schedule.as_ref().map(|s| format!("?schedule={}", percent(s))).unwrap_or_default();
    let answer = client.get(&format!("/api/v1/overrides{of}")).await?;
    if args.server.json {
        output::json(&answer);
        return Ok(ExitCode::Ok);
    }
    let all = list(&answer, "overrides");
    if all.is_empty() {
        output::line("no override was entered");
    }
    for one in all {
        let people: Vec<&str> = ["person", "first", "second", "instead_of", "of"]
            .iter()
            .map(|field| text(one, field))
            .chain(list(one, "people").iter().filter_map(Value::as_str))
            .filter(|t| !t.is_empty())
            .collect();
        let span = |a: &str, b: &str| format!("{} to {}", text(one, a), text(one, b));
        let swap = !text(one, "first_from").is_empty();
        let when = if swap {
            format!("{} for {}", span("first_from", "first_until"), span("second_from", "second_until"))
        } else {
            span("from", "until")
        };
        let line = format!(
            "{} {} {} {} {when} {}",
            text(one, "id"),
            text(one, "schedule"),
            text(one, "kind"),
            people.join(", "),
            text(one, "reason")
        );
        output::line(&output::clean(line.trim_end()));
    }
    Ok(ExitCode::Ok)
}
