//! Follows an incident in the terminal: every entry of its timeline as it comes, until it is closed.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use firebell_core::incident::{Entry, Incident};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::client::Client;
use crate::output::{self, Tone, paint};

/// One event of the stream.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) position: u64,
    pub(crate) incident: String,
    pub(crate) kind: String,
    pub(crate) entry: Entry,
}

impl Event {
    /// As the server streams it.
    fn json(&self) -> Value {
        json!({ "position": self.position, "incident": self.incident, "type": self.kind, "entry": self.entry })
    }
}

/// An answer's body as it comes.
type Parts = std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<Vec<u8>>> + Send>>;

/// Reads a stream of events; reconnects where it broke and misses none.
pub(crate) struct Events {
    client: Client,
    path: String,
    after: Option<u64>,
    stream: Option<Parts>,
    buffer: Vec<u8>,
}

impl Events {
    /// The stream at `path`, from after a position.
    pub(crate) fn new(client: Client, path: &str, after: Option<u64>) -> Self {
        Self { client, path: path.to_owned(), after, stream: None, buffer: Vec::new() }
    }

    /// The next event; waits for the server where it is away.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.take() {
                self.after = Some(event.position);
                return event;
            }
            if self.stream.is_none() {
                let path = self
                    .after
                    .map_or_else(|| self.path.clone(), |after| format!("{}?after={after}", self.path));
                match self.client.stream(&path).await {
                    Ok(answer) => {
                        self.buffer.clear();
                        self.stream =
                            Some(Box::pin(answer.bytes_stream().map(|part| part.map(|b| b.to_vec()))));
                    }
                    Err(_) => {
                        tokio::time::sleep(Duration::from_millis(500)).await;
                        continue;
                    }
                }
            }
            match self.stream.as_mut().expect("it was just opened").next().await {
                Some(Ok(part)) => self.buffer.extend_from_slice(&part),
                Some(Err(_)) | None => {
                    self.stream = None;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    /// Takes one whole event from the buffer; comments and unknown events are skipped.
    fn take(&mut self) -> Option<Event> {
        loop {
            let end = self.buffer.windows(2).position(|w| w == b"\n\n")?;
            let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let text = String::from_utf8_lossy(&block);
            let data: String =
                text.lines().filter_map(|l| l.strip_prefix("data:")).map(str::trim_start).collect();
            let Ok(value) = serde_json::from_str::<Value>(&data) else { continue };
            let entry = value.get("entry").cloned().and_then(|e| serde_json::from_value(e).ok());
            let (Some(position), Some(entry)) = (value.get("position").and_then(Value::as_u64), entry) else {
                continue;
            };
            let word = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            return Some(Event { position, incident: word("incident"), kind: word("type"), entry });
        }
    }
}

/// A timeline entry as a line, with the time since the incident was opened.
pub(crate) fn line(entry: &Entry, incident: &Incident) -> String {
    let since = entry.at.duration_since(incident.opened_at).as_secs_f64();
    let tone = match entry.kind.as_str() {
        "state" | "verdict" => Tone::Strong,
        "mitigation" | "severity" => Tone::Warn,
        "finding" => Tone::Link,
        "clock" | "agent" => Tone::Dim,
        "alert" => Tone::Bad,
        _ => Tone::Good,
    };
    format!(
        "{} {} {} {}",
        paint(Tone::Dim, &format!("{since:>7.1}s")),
        paint(tone, &format!("{:<10}", entry.kind)),
        paint(Tone::Dim, &format!("{:<14}", shorten(&entry.who, 14))),
        output::clean(&shorten(&entry.text.replace('\n', " "), 400)),
    )
}

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most - 1).collect();
    cut.push('…');
    cut
}

/// How an incident is followed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    /// One JSON object a line instead of text.
    pub(crate) json: bool,
    /// The data folder of a server that ends with this command.
    pub(crate) own: Option<&'a Path>,
}

/// Follows one incident to its end; Ctrl-C stops the looking, not the incident. As JSON, each event is a line as the
/// server streams it, and the last line holds the incident as it stands then.
pub(crate) async fn follow(client: &Client, id: &str, view: View<'_>) -> anyhow::Result<()> {
    let path = format!("/api/v1/incidents/{id}");
    let mut incident: Incident = client.read(&path, "incident").await?;
    if !view.json {
        output::line(&head(&incident, &client.url));
    }
    let mut events = Events::new(client.clone(), &format!("{path}/events"), None);
    // Listened for from here on: a Ctrl-C between two events counts as well.
    let mut ended = pin!(crate::cmd::serve::ended());
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = &mut ended => {
                output::note(&parting(id, view.own));
                break;
            }
        };
        if view.json {
            output::json_line(&event.json());
        } else {
            output::line(&line(&event.entry, &incident));
        }
        match event.kind.as_str() {
            "plans_proposed" | "severity_changed" | "phase_entered" | "decided" => {
                incident = client.read(&path, "incident").await?;
                if event.kind == "plans_proposed" && !view.json {
                    waiting(&incident);
                }
            }
            "closed" => {
                incident = client.read(&path, "incident").await?;
                if incident.closed_at.is_some() {
                    break;
                }
            }
            _ => {}
        }
    }
    if view.json {
        let incident: Value = client.read(&path, "incident").await?;
        output::json_line(&json!({ "type": "incident", "incident": incident }));
    }
    Ok(())
}

/// What happens to an incident that nobody follows any more.
fn parting(id: &str, own: Option<&Path>) -> String {
    match own {
        None => format!("{id} goes on; `firebell incident show {id} --follow` looks again"),
        Some(data) => format!(
            "the server ends with this command, and {id} stands still until `firebell serve --data {}` goes on with it",
            data.display()
        ),
    }
}

/// What waits for a decision, and how to give it.
fn waiting(incident: &Incident) {
    for plan in incident.plans.iter().filter(|p| p.status == firebell_core::incident::PlanStatus::Proposed) {
        output::line(&format!(
            "         {} {}\n         {}",
            paint(Tone::Warn, "waits for approval:"),
            output::clean(&plan.plan.title),
            paint(Tone::Link, &format!("firebell incident approve {} {}", incident.id, plan.hash)),
        ));
    }
}

/// The heading of an incident.
pub(crate) fn head(incident: &Incident, url: &str) -> String {
    format!(
        "{} {} {}\n{}",
        output::severity(incident.severity.severity),
        paint(Tone::Strong, incident.id.as_str()),
        output::clean(&incident.title),
        paint(Tone::Link, &format!("{url}/incidents/{}", incident.id)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stops_looking_is_told_whether_the_incident_goes_on() {
        assert!(parting("INC-1", None).contains("INC-1 goes on; `firebell incident show INC-1 --follow`"));
        let own = parting("INC-1", Some(Path::new("here")));
        assert!(own.contains("stands still") && own.contains("firebell serve --data here"), "{own}");
    }
}
