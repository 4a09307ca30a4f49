//! Linear's GraphQL API: <https://linear.app/developers/graphql>. An issue is made under an id of our own, derived from
//! its mark, so that an attempt whose answer was lost is found and nothing is filed twice.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use firebell_core::incident::Issue;
use firebell_core::ports::chat::{Answer, Trouble};
use firebell_core::ports::tracker::{IssueStatus, IssueWish, Tracker};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::config::Config;
use super::documents as doc;
use crate::http::{Http, HttpError, Redirects, Reply, excerpt};
use crate::notice::text::web;
use crate::notice::{Again, Hints, trouble};
use crate::replies::at;
use crate::settings::{ConfigError, Connection, Secret, adapter_name};
use crate::trackers::body;

/// Issues that one query asks for: far below what Linear counts as too complex.
const BATCH: usize = 50;
/// … and how many in one go.
const AT_ONCE: usize = 1_000;
/// Where Linear limits and does not say for how long, seconds.
const LIMITED_S: u32 = 60;

const HINTS: Hints = Hints {
    provider: "Linear",
    again: Again::Safe,
    revoked: "the key is not valid any more: make a new one (Settings, API) and set `api_key`",
    forbidden: "the key may not do this: it needs to read and write issues of the team",
    gone: "nothing is there: correct `url`",
};

/// A configured team.
pub(in crate::trackers) struct Linear {
    name: String,
    http: Http,
    team: String,
    labels: Vec<String>,
    /// The team's id and those of the labels, once they are known.
    known: Mutex<Option<(String, Vec<String>)>>,
}

impl Linear {
    pub(in crate::trackers) fn new(name: &str, config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("linear", name)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if config.team.is_empty() || config.team.len() > 64 || !config.team.chars().all(plain) {
            return Err(ConfigError::new(&name, "team", "must be a team's key, like ENG, or its id"));
        }
        let key = config.api_key.resolve(&name, "api_key")?;
        // Personal keys are sent as they are, tokens of OAuth as bearers.
        let header = match key.expose().starts_with("lin_oauth_") {
            true => format!("Bearer {}", key.expose()),
            false => key.expose().to_owned(),
        };
        let connection = Connection {
            url: config.url.clone(),
            headers: BTreeMap::from([("authorization".to_owned(), Secret::Plain(header))]),
            timeout_s: config.timeout_s,
            max_body: 1 << 20,
            ..Connection::default()
        };
        Ok(Self {
            http: Http::new(&name, &connection, Redirects::None)?,
            team: config.team.clone(),
            labels: config.labels.clone(),
            known: Mutex::default(),
            name,
        })
    }

    async fn ask(&self, document: &str, variables: Value) -> Answer<Value> {
        let body = json!({ "query": document, "variables": variables });
        read(&self.http.post_json("", &body, &[]).await)
    }

    /// Id and name of the team.
    async fn find_team(&self) -> Answer<(String, String)> {
        let by = if is_uuid(&self.team) { "id" } else { "key" };
        let data = self.ask(doc::TEAM, json!({"filter": {by: {"eq": self.team}}})).await?;
        let teams = data.pointer("/teams/nodes").and_then(Value::as_array);
        let team =
            teams.into_iter().flatten().find(|t| at(t, "/id") == self.team || at(t, "/key") == self.team);
        let missing = || {
            let reason =
                format!("Linear: there is no team {:?} that the key sees: correct `team`", self.team);
            Trouble::permanent(reason)
        };
        team.map(|t| (at(t, "/id").to_owned(), at(t, "/name").to_owned())).ok_or_else(missing)
    }

    /// Ids of the labels that there are, and names of those that there are not.
    async fn find_labels(&self, team: &str) -> Answer<(Vec<String>, Vec<String>)> {
        if self.labels.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let ours = json!([{"team": {"null": true}}, {"team": {"id": {"eq": team}}}]);
        let filter = json!({"name": {"in": self.labels}, "or": ours});
        let data = self.ask(doc::LABELS, json!({ "filter": filter })).await?;
        let nodes = data.pointer("/issueLabels/nodes").and_then(Value::as_array).cloned().unwrap_or_default();
        let id =
            |name: &String| nodes.iter().find(|n| at(n, "/name") == name).map(|n| at(n, "/id").to_owned());
        let missing = self.labels.iter().filter(|name| id(name).is_none()).cloned().collect();
        Ok((self.labels.iter().filter_map(id).collect(), missing))
    }

    async fn place(&self) -> Answer<(String, Vec<String>)> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(known);
        }
        let (team, _) = self.find_team().await?;
        // A label that is missing keeps no issue back; `firebell doctor` names it.
        let (labels, missing) = self.find_labels(&team).await?;
        if !missing.is_empty() {
            tracing::warn!(tracker = %self.name, ?missing, "there are no such labels: issues go without them");
        }
        let known = (team, labels);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }

    /// Issues by id, as they stand; what is not there is left out.
    async fn nodes(&self, ids: &[String]) -> Answer<Vec<Value>> {
        let variables = json!({"filter": {"id": {"in": ids}}, "first": ids.len()});
        let data = self.ask(doc::LOOK, variables).await?;
        data.pointer("/issues/nodes")
            .and_then(Value::as_array)
            .cloned()
            .ok_or_else(|| Trouble::retry("Linear: an answer without issues, is `url` right?"))
    }

    async fn made(&self, id: &str) -> Answer<Option<Issue>> {
        Ok(self.nodes(&[id.to_owned()]).await?.first().and_then(issue))
    }

    async fn file_it(&self, wish: &IssueWish) -> Answer<Issue> {
        let id = id_of(&wish.mark);
        if wish.again
            && let Some(there) = self.made(&id).await?
        {
            return Ok(there);
        }
        let (team, labels) = self.place().await?;
        let mut input = json!({
            "id": id,
            "teamId": team,
            "title": body::title(wish),
            "description": body::body(wish),
            // Urgent is for what burns now: follow-up work begins at high.
            "priority": (wish.priority + 1).clamp(2, 4),
            "dueDate": wish.due.strftime("%Y-%m-%d").to_string(),
        });
        if !labels.is_empty() {
            input["labelIds"] = json!(labels);
        }
        match self.ask(doc::FILE, json!({ "input": input })).await {
            Ok(data) => match data.pointer("/issueCreate/issue").and_then(issue) {
                Some(issue) => Ok(issue),
                None => {
                    let nothing = || Trouble::retry("Linear: an answer without an issue, is `url` right?");
                    self.made(&id).await?.ok_or_else(nothing)
                }
            },
            Err(Trouble::Permanent { reason }) => {
                // The team may have been deleted since, or made anew.
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
                // An id that is taken is ours: nobody else derives it.
                match self.made(&id).await {
                    Ok(Some(there)) => Ok(there),
                    _ => Err(Trouble::Permanent { reason }),
                }
            }
            Err(other) => Err(other),
        }
    }

    async fn close_it(&self, id: &str) -> Answer<()> {
        let nodes = self.nodes(&[id.to_owned()]).await?;
        match nodes.first().map(standing) {
            None => return Err(gone("it was deleted")),
            Some(IssueStatus::Gone(reason)) => return Err(gone(&reason)),
            Some(IssueStatus::Done | IssueStatus::Cancelled) => return Ok(()),
            Some(IssueStatus::Open) => {}
        }
        let data = self.ask(doc::STATES, json!({ "id": id })).await?;
        let states = data.pointer("/issue/team/states/nodes").and_then(Value::as_array);
        let position = |state: &&Value| state.get("position").and_then(Value::as_f64).unwrap_or(f64::MAX);
        let done = states
            .into_iter()
            .flatten()
            .filter(|state| at(state, "/type") == "completed")
            .min_by(|a, b| position(a).total_cmp(&position(b)));
        let Some(done) = done else {
            return Err(Trouble::permanent("Linear: the team has no state of the type completed: add one"));
        };
        let data = self.ask(doc::MOVE, json!({"id": id, "input": {"stateId": at(done, "/id")}})).await?;
        match data.pointer("/issueUpdate/success") {
            Some(Value::Bool(true)) => Ok(()),
            _ => Err(Trouble::retry("Linear: the issue was not moved")),
        }
    }

    async fn look_at(&self, ids: &[String]) -> Answer<Vec<IssueStatus>> {
        let mut all = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let nodes = self.nodes(batch).await?;
            let of = |id: &String| {
                let node = nodes.iter().find(|n| at(n, "/id") == id);
                node.map_or_else(|| IssueStatus::Gone("Linear: it was deleted".to_owned()), standing)
            };
            all.extend(batch.iter().map(of));
        }
        Ok(all)
    }

    async fn state(&self) -> Answer<String> {
        let data = self.ask(doc::VIEWER, json!({})).await?;
        let (team, title) = self.find_team().await?;
        let (_, missing) = self.find_labels(&team).await?;
        if !missing.is_empty() {
            let names = missing.join(", ");
            let reason =
                format!("Linear: there is no label {names}: add it there, or take it out of `labels`");
            return Err(Trouble::permanent(reason));
        }
        Ok(format!("Linear, team {}, as {}", excerpt(&title), excerpt(at(&data, "/viewer/name"))))
    }
}

fn gone(what: &str) -> Trouble {
    Trouble::Gone { reason: format!("Linear: {}", what.trim_start_matches("Linear: ")) }
}

fn issue(node: &Value) -> Option<Issue> {
    let (id, key) = (at(node, "/id"), at(node, "/identifier"));
    let url = web(at(node, "/url"))?;
    (!id.is_empty() && !key.is_empty()).then(|| Issue {
        id: id.to_owned(),
        key: excerpt(key),
        url: url.to_owned(),
    })
}

fn standing(node: &Value) -> IssueStatus {
    if node.get("trashed") == Some(&Value::Bool(true)) {
        return IssueStatus::Gone("Linear: it was put into the bin".to_owned());
    }
    match at(node, "/state/type") {
        "completed" => IssueStatus::Done,
        "canceled" | "duplicate" => IssueStatus::Cancelled,
        _ => IssueStatus::Open,
    }
}

/// What an answer says. Linear tells most of what went wrong with status 200, and limits with status 400.
fn read(answer: &Result<Reply, HttpError>) -> Answer<Value> {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => return Err(trouble(HINTS.unanswered(error))),
    };
    let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    if let Some(error) = value.pointer("/errors/0") {
        return Err(refusal(reply, error));
    }
    if !reply.ok() {
        return Err(trouble(HINTS.status(reply, &reply.excerpt(), None)));
    }
    match value.get("data") {
        Some(data) if data.is_object() => Ok(data.clone()),
        _ => Err(Trouble::retry("Linear: an answer without data, is `url` right?")),
    }
}

fn refusal(reply: &Reply, error: &Value) -> Trouble {
    let said = [at(error, "/extensions/userPresentableMessage"), at(error, "/message")];
    let said = excerpt(said.into_iter().find(|s| !s.is_empty()).unwrap_or_default());
    let code = at(error, "/extensions/code").to_ascii_uppercase();
    let kind = at(error, "/extensions/type").to_ascii_lowercase();
    match (code.as_str(), kind.as_str()) {
        ("RATELIMITED", _) | (_, "ratelimited") => Trouble::Retry {
            reason: format!("Linear: too many calls, {said}"),
            after_s: Some(reply.retry_after_s.unwrap_or(LIMITED_S)),
        },
        ("AUTHENTICATION_ERROR" | "UNAUTHENTICATED", _) | (_, "authentication error") => {
            trouble(HINTS.refused(&said, HINTS.revoked))
        }
        ("FORBIDDEN", _) | (_, "forbidden") => trouble(HINTS.refused(&said, HINTS.forbidden)),
        ("INTERNAL_SERVER_ERROR" | "LOCK_TIMEOUT", _)
        | (_, "internal error" | "lock timeout" | "network error" | "bootstrap error") => {
            Trouble::Retry { reason: format!("Linear: {said}"), after_s: reply.retry_after_s }
        }
        _ if !reply.ok() && reply.status != 400 => trouble(HINTS.status(reply, &said, None)),
        _ => Trouble::permanent(format!("Linear: {said}")),
    }
}

/// The id of the issue with this mark: shaped as a random one, which is what Linear takes.
fn id_of(mark: &str) -> String {
    let digest = Sha256::digest(format!("firebell issue {mark}"));
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}

impl Tracker for Linear {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async move {
            let name = self.name.clone();
            match self.state().await {
                Ok(detail) => Health { name, ok: true, detail },
                Err(trouble) => Health { name, ok: false, detail: trouble.to_string() },
            }
        })
    }

    fn file<'a>(&'a self, wish: &'a IssueWish) -> BoxFuture<'a, Answer<Issue>> {
        Box::pin(self.file_it(wish))
    }

    fn close<'a>(&'a self, issue: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(self.close_it(issue))
    }

    fn look<'a>(&'a self, issues: &'a [String]) -> BoxFuture<'a, Answer<Vec<IssueStatus>>> {
        Box::pin(self.look_at(issues))
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }
}
