//! `firebell alert …`.

use firebell_core::alert::Alert;
use firebell_core::silence::{Matcher, Silence};
use serde_json::{Value, json};

use super::incident::percent;
use crate::args::{AlertCommand, ServerArgs};
use crate::client::Client;
use crate::exit_code::{ExitCode, coded};
use crate::output::{self, Tone, paint};

pub(super) async fn run(command: AlertCommand) -> anyhow::Result<ExitCode> {
    match command {
        AlertCommand::List { all, incident, limit, server } => list(&server, all, incident, limit).await,
        AlertCommand::Silence { matchers, minutes, comment, expire, server } => {
            let client = Client::of(&server)?;
            if let Some(id) = expire {
                let answer = client.delete(&format!("/api/v1/silences/{}", percent(&id))).await?;
                if server.json {
                    output::json(&answer);
                } else {
                    output::line(&format!("silence {id} has ended"));
                }
                return Ok(ExitCode::Ok);
            }
            if matchers.is_empty() {
                return silences(&client, &server).await;
            }
            let matchers: Vec<Matcher> = matchers.iter().map(|m| matcher(m)).collect::<Result<_, _>>()?;
            let body = json!({ "matchers": matchers, "minutes": minutes, "comment": comment });
            let answer = client.post("/api/v1/silences", &body).await?;
            if server.json {
                output::json(&answer);
            } else {
                output::line(answer.get("id").and_then(Value::as_str).unwrap_or_default());
            }
            Ok(ExitCode::Ok)
        }
    }
}

async fn list(
    server: &ServerArgs,
    all: bool,
    incident: Option<String>,
    limit: usize,
) -> anyhow::Result<ExitCode> {
    let mut path = format!("/api/v1/alerts?limit={limit}");
    if !all {
        path.push_str("&firing=true");
    }
    if let Some(incident) = incident {
        path.push_str(&format!("&incident={}", percent(&incident)));
    }
    let answer = Client::of(server)?.get(&path).await?;
    if server.json {
        output::json(&answer);
        return Ok(ExitCode::Ok);
    }
    let alerts: Vec<Alert> = serde_json::from_value(answer.get("alerts").cloned().unwrap_or_default())?;
    if alerts.is_empty() {
        output::line(if all { "no alerts yet" } else { "nothing fires; --all shows resolved alerts" });
    }
    for a in alerts {
        let state = if a.firing { paint(Tone::Bad, "firing  ") } else { paint(Tone::Good, "resolved") };
        let silenced = if a.silenced_by.is_empty() { "" } else { " (silenced)" };
        output::line(&format!(
            "{state} {} {} {} x{}{silenced} {}",
            paint(Tone::Dim, &a.last_seen.to_string()),
            output::clean(a.name()),
            a.service.as_deref().map(output::clean).unwrap_or_default(),
            a.count,
            a.incident.map(|i| i.0).unwrap_or_default(),
        ));
    }
    Ok(ExitCode::Ok)
}

async fn silences(client: &Client, server: &ServerArgs) -> anyhow::Result<ExitCode> {
    let answer = client.get("/api/v1/silences").await?;
    if server.json {
        output::json(&answer);
        return Ok(ExitCode::Ok);
    }
    let silences: Vec<Silence> = serde_json::from_value(answer.get("silences").cloned().unwrap_or_default())?;
    let now = jiff::Timestamp::now();
    for s in silences {
        let matchers: Vec<String> = s.matchers.iter().map(show).collect();
        output::line(&format!(
            "{} {:<8} until {} by {}: {} {}",
            s.id,
            s.state(now),
            s.ends_at,
            output::clean(&s.created_by),
            output::clean(&matchers.join(" ")),
            paint(Tone::Dim, &s.comment),
        ));
    }
    Ok(ExitCode::Ok)
}

fn show(m: &Matcher) -> String {
    let sign = match (m.is_equal, m.is_regex) {
        (true, false) => "=",
        (false, false) => "!=",
        (true, true) => "=~",
        (false, true) => "!~",
    };
    format!("{}{sign}{:?}", m.name, m.value)
}

/// `name=value` and its relatives.
fn matcher(text: &str) -> anyhow::Result<Matcher> {
    let wrong = || {
        coded(
            ExitCode::Usage,
            format!("{text:?} is not a matcher: write name=value, name!=value, name=~regex or name!~regex"),
        )
    };
    let at = text.find(['=', '!']).filter(|at| *at > 0).ok_or_else(wrong)?;
    let (name, rest) = text.split_at(at);
    let signs = [("=~", true, true), ("!~", false, true), ("!=", false, false), ("=", true, false)];
    let (sign, is_equal, is_regex) =
        signs.into_iter().find(|(s, _, _)| rest.starts_with(s)).ok_or_else(wrong)?;
    let value = rest[sign.len()..].trim_matches('"').to_owned();
    let matcher = Matcher { name: name.trim().to_owned(), value, is_regex, is_equal };
    matcher.check().map_err(|e| coded(ExitCode::Usage, e))?;
    Ok(matcher)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read_as_amtool_reads_them() {
        for (text, equal, regex, value) in [
            ("service=checkout", true, false, "checkout"),
            ("service!=checkout", false, false, "checkout"),
            ("service=~\"check.*\"", true, true, "check.*"),
            ("service!~a|b", false, true, "a|b"),
            ("summary=a=b", true, false, "a=b"),
        ] {
            let m = matcher(text).expect(text);
            assert_eq!((m.is_equal, m.is_regex, m.value.as_str()), (equal, regex, value), "{text}");
        }
        for bad in ["service", "=x", "", "a=~("] {
            assert!(matcher(bad).is_err(), "{bad}");
        }
    }
}
