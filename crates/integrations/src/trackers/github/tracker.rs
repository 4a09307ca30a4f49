//! GitHub's REST API: <https://docs.github.com/rest/issues/issues>. GitHub keeps no keys of ours: an issue carries its
//! mark in its text, and before an attempt is repeated the repository's newest issues are looked through for it. They are
//! listed and not searched for: the search knows of a new issue only after a while.

use std::collections::BTreeMap;

use firebell_core::incident::Issue;
use firebell_core::ports::chat::{Answer, Trouble};
use firebell_core::ports::tracker::{IssueStatus, IssueWish, Tracker};
use firebell_core::ports::{BoxFuture, Health};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::config::{Config, is_repo};
use crate::answers::error_text;
use crate::http::{Http, HttpError, Method, Redirects, Reply, excerpt};
use crate::notice::text::web;
use crate::notice::{Again, Hints, trouble};
use crate::replies::at;
use crate::settings::{ConfigError, Connection, Secret, adapter_name};
use crate::trackers::body;

/// Issues of one page, and pages that are looked through for a mark.
const PER_PAGE: usize = 100;
const PAGES: usize = 20;
/// GitHub's clock and ours may differ by so much, seconds.
const SKEW_S: i64 = 600;
/// Issues that are looked at in one go, each by a call of its own: of a token's 5,000 calls an hour 1,200.
const AT_ONCE: usize = 100;
/// Where GitHub limits and does not say for how long, seconds.
const LIMITED_S: u32 = 60;

const HINTS: Hints = Hints {
    provider: "GitHub",
    // What may have arrived is looked for under its mark.
    again: Again::Safe,
    revoked: "the token is not valid any more: make a new one and set `token`",
    forbidden: "the token may not do this: it needs to read and write issues of the repository",
    gone: "there is no such repository that the token sees, or it has no issues: correct `repo`, or the token's access",
};

/// A configured repository.
pub(in crate::trackers) struct Github {
    name: String,
    http: Http,
    repo: String,
    labels: Vec<String>,
}

/// What a call came to.
enum Got {
    Is(Value),
    /// 404: deleted, or not to be seen by this token.
    Missing,
    /// 410 and 301: deleted or moved for good.
    Gone(&'static str),
}

impl Github {
    pub(in crate::trackers) fn new(name: &str, config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("github", name)?;
        if !is_repo(&config.repo) {
            return Err(ConfigError::new(&name, "repo", "must be owner/repository, as in acme/shop"));
        }
        let header = |name: &str, value: &str| (name.to_owned(), Secret::Plain(value.to_owned()));
        let connection = Connection {
            url: config.url.clone(),
            bearer_token: Some(config.token.clone()),
            headers: BTreeMap::from([
                header("accept", "application/vnd.github+json"),
                header("x-github-api-version", "2022-11-28"),
            ]),
            timeout_s: config.timeout_s,
            max_body: 16 << 20,
            ..Connection::default()
        };
        Ok(Self {
            http: Http::new(&name, &connection, Redirects::None)?,
            repo: config.repo.clone(),
            labels: config.labels.clone(),
            name,
        })
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer<Got> {
        let headers: &[(&'static str, &str)] =
            if body.is_some() { &[("content-type", "application/json")] } else { &[] };
        let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        read(&self.http.call(method, path, query, headers, body).await)
    }

    /// The repository is there and is seen: what else is missing is really gone.
    async fn repository(&self, repo: &str) -> Answer<Value> {
        match self.ask(Method::GET, &format!("repos/{repo}"), &[], None).await? {
            Got::Is(value) => Ok(value),
            Got::Missing | Got::Gone(_) => {
                Err(trouble(HINTS.refused(&format!("no repository {repo}"), HINTS.gone)))
            }
        }
    }

    /// The issue that carries this mark, among those that were made since it was asked for.
    async fn made(&self, wish: &IssueWish) -> Answer<Option<Issue>> {
        let since = wish.asked_at.checked_sub(SignedDuration::from_secs(SKEW_S)).unwrap_or(Timestamp::MIN);
        let text = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let (mark, size) = (body::mark(wish), PER_PAGE.to_string());
        for page in 1..=PAGES {
            let page = page.to_string();
            let query = [
                ("state", "all"),
                ("sort", "created"),
                ("direction", "desc"),
                ("since", text.as_str()),
                ("per_page", size.as_str()),
                ("page", page.as_str()),
            ];
            let list =
                match self.ask(Method::GET, &format!("repos/{}/issues", self.repo), &query, None).await? {
                    Got::Is(Value::Array(list)) => list,
                    Got::Is(_) => {
                        return Err(Trouble::retry("GitHub: an answer that is no list, is `url` right?"));
                    }
                    Got::Missing | Got::Gone(_) => {
                        return Err(trouble(HINTS.refused("no issues", HINTS.gone)));
                    }
                };
            if let Some(found) = list.iter().find(|i| at(i, "/body").contains(&mark)) {
                return Ok(self.issue(found));
            }
            let older = |i: &Value| at(i, "/created_at").parse::<Timestamp>().is_ok_and(|made| made < since);
            if list.len() < PER_PAGE || list.last().is_some_and(older) {
                return Ok(None);
            }
        }
        let most = PAGES * PER_PAGE;
        Err(Trouble::permanent(format!(
            "GitHub: whether the issue was filed cannot be told: more than {most} issues were made since"
        )))
    }

    fn issue(&self, value: &Value) -> Option<Issue> {
        let number = value.get("number").and_then(Value::as_u64)?;
        let key = format!("{}#{number}", self.repo);
        Some(Issue { id: key.clone(), key, url: web(at(value, "/html_url"))?.to_owned() })
    }

    async fn file_it(&self, wish: &IssueWish) -> Answer<Issue> {
        if wish.again
            && let Some(there) = self.made(wish).await?
        {
            return Ok(there);
        }
        let body = json!({"title": body::title(wish), "body": body::body(wish), "labels": self.labels});
        let path = format!("repos/{}/issues", self.repo);
        match self.ask(Method::POST, &path, &[], Some(body)).await? {
            Got::Is(made) => self
                .issue(&made)
                .ok_or_else(|| Trouble::retry("GitHub: an answer that is no issue, is `url` right?")),
            Got::Missing | Got::Gone(_) => Err(trouble(HINTS.refused("no issues", HINTS.gone))),
        }
    }

    async fn stands(&self, id: &str) -> Answer<IssueStatus> {
        let (repo, number) = parts(id)?;
        Ok(match self.ask(Method::GET, &format!("repos/{repo}/issues/{number}"), &[], None).await? {
            Got::Is(issue) => standing(&issue),
            Got::Gone(what) => IssueStatus::Gone(format!("GitHub: {what}")),
            Got::Missing => {
                self.repository(repo).await?;
                IssueStatus::Gone("GitHub: it was deleted".to_owned())
            }
        })
    }

    async fn close_it(&self, id: &str) -> Answer<()> {
        match self.stands(id).await? {
            IssueStatus::Gone(reason) => return Err(Trouble::Gone { reason }),
            // Closed as it is: that it was called off stays visible.
            IssueStatus::Done | IssueStatus::Cancelled => return Ok(()),
            IssueStatus::Open => {}
        }
        let (repo, number) = parts(id)?;
        let body = json!({"state": "closed", "state_reason": "completed"});
        match self.ask(Method::PATCH, &format!("repos/{repo}/issues/{number}"), &[], Some(body)).await? {
            Got::Is(_) => Ok(()),
            Got::Missing => Err(Trouble::retry("GitHub: the issue was there and is not any more")),
            Got::Gone(what) => Err(Trouble::Gone { reason: format!("GitHub: {what}") }),
        }
    }

    async fn look_at(&self, ids: &[String]) -> Answer<Vec<IssueStatus>> {
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            all.push(self.stands(id).await?);
        }
        Ok(all)
    }

    async fn state(&self) -> Answer<String> {
        let repository = self.repository(&self.repo).await?;
        if repository.get("has_issues") == Some(&Value::Bool(false)) {
            return Err(Trouble::permanent(format!("GitHub: {} has issues turned off", self.repo)));
        }
        if repository.get("archived") == Some(&Value::Bool(true)) {
            return Err(Trouble::permanent(format!("GitHub: {} is archived: nothing is taken", self.repo)));
        }
        Ok(format!("GitHub, issues of {}", excerpt(at(&repository, "/full_name"))))
    }
}

/// Repository and number of an issue.
fn parts(id: &str) -> Answer<(&str, u64)> {
    let split = id.rsplit_once('#').and_then(|(repo, n)| Some((repo, n.parse::<u64>().ok()?)));
    split
        .filter(|(repo, _)| is_repo(repo))
        .ok_or_else(|| Trouble::permanent(format!("GitHub: {id:?} is no issue")))
}

fn standing(issue: &Value) -> IssueStatus {
    match (at(issue, "/state"), at(issue, "/state_reason")) {
        ("closed", "not_planned" | "duplicate") => IssueStatus::Cancelled,
        ("closed", _) => IssueStatus::Done,
        _ => IssueStatus::Open,
    }
}

fn read(answer: &Result<Reply, HttpError>) -> Answer<Got> {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => return Err(trouble(HINTS.unanswered(error))),
    };
    let said = error_text(reply);
    match reply.status {
        200..=299 => match serde_json::from_slice(&reply.body) {
            Ok(value) => Ok(Got::Is(value)),
            Err(_) => Err(Trouble::retry("GitHub: an answer that is no JSON, is `url` right?")),
        },
        301 => Ok(Got::Gone("it was moved to another repository")),
        404 => Ok(Got::Missing),
        410 => Ok(Got::Gone("it was deleted")),
        // Limits of both kinds come with 403 too.
        403 if said.to_ascii_lowercase().contains("rate limit") => Err(Trouble::Retry {
            reason: format!("GitHub: too many calls, {said}"),
            after_s: Some(reply.retry_after_s.unwrap_or(LIMITED_S)),
        }),
        _ => Err(trouble(HINTS.status(reply, &said, None))),
    }
}

impl Tracker for Github {
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
