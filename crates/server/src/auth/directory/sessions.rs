//! Sessions of the page: a random id in a cookie, its hash here with the person and the token that guards forms. They
//! outlive the process, can be seen, and can be ended from elsewhere.

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use firebell_core::audit::Act;
use firebell_core::ports::office::{Change, Deed, Expect};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::state::{SESSION, State};
use super::{Directory, hash, json_of, secret};
use crate::auth::Person;
use crate::problem::Problem;
use crate::ui::Undo;

/// A session ends when it has not been used for so long.
const IDLE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A session ends after so long, used or not.
const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// One that began at the company's own sign-in ends after so long: roles and leave are decided there, and asked for again.
const LIFE_OIDC: SignedDuration = SignedDuration::from_hours(24);
/// Sessions kept; beyond it the one that was idle longest goes.
const MOST: usize = 10_000;
/// When it was used last is written down no more often than this.
const WRITTEN: SignedDuration = SignedDuration::from_mins(5);

/// What to tell a person after a form was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flash {
    pub(crate) ok: bool,
    pub(crate) text: String,
    /// What takes it back.
    pub(crate) undo: Option<Undo>,
}

/// How somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Via {
    /// By a password.
    Password,
    /// By the company's own sign-in.
    Oidc,
    /// By a token of the configuration.
    Token,
}

/// Where somebody comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visit {
    /// Their browser, as it calls itself.
    pub(crate) agent: String,
    /// Their address.
    pub(crate) address: String,
}

impl Visit {
    /// Of a request.
    pub(crate) fn of(headers: &HeaderMap, address: Option<std::net::IpAddr>) -> Self {
        let agent = headers.get(USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        Self {
            agent: agent.chars().take(200).collect(),
            address: address.map(|a| a.to_canonical().to_string()).unwrap_or_default(),
        }
    }
}

/// A session as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SessionRow {
    pub(super) name: String,
    via: Via,
    csrf: String,
    begun_at: Timestamp,
    pub(super) used_at: Timestamp,
    agent: String,
    address: String,
    #[serde(skip)]
    flash: Option<Flash>,
    /// Of the document.
    #[serde(skip)]
    pub(super) version: u64,
    /// What the store has for `used_at`.
    #[serde(skip)]
    pub(super) written_at: Timestamp,
}

/// A signed-in person.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) person: Person,
    /// Hidden field of every form.
    pub(crate) csrf: String,
    /// By which it is listed and ended; not what the cookie holds.
    pub(crate) id: String,
}

/// A session in a list.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SessionView {
    pub(crate) id: String,
    pub(crate) person: String,
    pub(crate) via: Via,
    pub(crate) begun_at: Timestamp,
    pub(crate) used_at: Timestamp,
    pub(crate) agent: String,
    pub(crate) address: String,
}

impl Session {
    /// Whether a form carries this session's guard, in constant time.
    pub(crate) fn guards(&self, shown: &str) -> bool {
        self.csrf.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl SessionRow {
    fn is_over(&self, now: Timestamp) -> bool {
        let life = if self.via == Via::Oidc { LIFE_OIDC } else { LIFE };
        now.duration_since(self.used_at) > IDLE || now.duration_since(self.begun_at) > life
    }
}

impl Directory {
    /// Begins a session; answers the cookie's value.
    pub(crate) async fn begin(
        &self,
        name: &str,
        via: Via,
        visit: Visit,
        now: Timestamp,
    ) -> Result<String, Problem> {
        let cookie = secret();
        let id = hash(&cookie);
        let row = SessionRow {
            name: name.to_owned(),
            via,
            csrf: secret(),
            begun_at: now,
            used_at: now,
            agent: visit.agent,
            address: visit.address,
            flash: None,
            version: 1,
            written_at: now,
        };
        let act = Act::new(name, "session.begin", &id[..12])
            .with(json!({"via": via, "address": row.address, "agent": row.agent}));
        let put = Change::Put { kind: SESSION, id: id.clone(), body: json_of(&row)?, expect: Expect::New };
        match self.account(name) {
            Some(mut account) if via != Via::Token => {
                account.signed_in_at = Some(now);
                self.came_in(account, put, act).await?;
            }
            _ => self.write(Deed { act: Some(act), changes: vec![put] }, |_| {}).await?,
        }
        let stale = {
            let mut state = self.state();
            let stale = stale(&state, now);
            state.sessions.insert(id, row);
            stale
        };
        if !stale.is_empty() {
            let changes = stale.iter().map(|id| Change::Remove { kind: SESSION, id: id.clone() }).collect();
            let gone = |state: &mut State| stale.iter().for_each(|id| drop(state.sessions.remove(id)));
            self.write(Deed { act: None, changes }, gone).await?;
        }
        Ok(cookie)
    }

    /// The session of a cookie's value. Whoever is shut out, or has another role by now, is so at once.
    pub(crate) fn session(&self, cookie: &str, now: Timestamp) -> Option<Session> {
        let id = hash(cookie);
        let mut state = self.state();
        let row = state.sessions.get(&id).filter(|row| !row.is_over(now))?;
        let person = match row.via {
            Via::Token => self.configured.person(&row.name)?,
            Via::Password | Via::Oidc => {
                let account = state.accounts.get(&super::accounts::key_of(&row.name))?;
                if account.disabled {
                    return None;
                }
                Person::new(&account.name, account.role)
            }
        };
        let row = state.sessions.get_mut(&id)?;
        row.used_at = row.used_at.max(now);
        let session = Session { person, csrf: row.csrf.clone(), id: id.clone() };
        if row.used_at.duration_since(row.written_at) > WRITTEN {
            self.write_use(&id, row);
        }
        Some(session)
    }

    /// Writes down when a session was used, beside the request. A session that was ended meanwhile stays ended: the
    /// version does not fit.
    fn write_use(&self, id: &str, row: &mut SessionRow) {
        let Ok(body) = json_of(row) else { return };
        let expect = Expect::Version(row.version);
        row.written_at = row.used_at;
        row.version += 1;
        let put = Change::Put { kind: SESSION, id: id.to_owned(), body, expect };
        let handle = self.handle.clone();
        tokio::spawn(async move {
            if let Err(error) = handle.perform(Deed { act: None, changes: vec![put] }).await {
                tracing::debug!(%error, "when a session was used last could not be written");
            }
        });
    }

    /// Ends a session by its id; answers whether it was there.
    pub(crate) async fn end(&self, by: &str, id: &str) -> Result<bool, Problem> {
        let Some(name) = self.state().sessions.get(id).map(|s| s.name.clone()) else { return Ok(false) };
        let act = Act::new(by, "session.end", &id[..id.len().min(12)]).with(json!({"person": name}));
        let deed =
            Deed { act: Some(act), changes: vec![Change::Remove { kind: SESSION, id: id.to_owned() }] };
        self.write(deed, |state| drop(state.sessions.remove(id))).await?;
        Ok(true)
    }

    /// Sessions of one person, or of all; used last first.
    pub(crate) fn sessions_of(&self, name: Option<&str>, now: Timestamp) -> Vec<SessionView> {
        let state = self.state();
        let wanted = |s: &SessionRow| !s.is_over(now) && name.is_none_or(|name| name == s.name);
        let mut list: Vec<SessionView> = state
            .sessions
            .iter()
            .filter(|(_, s)| wanted(s))
            .map(|(id, s)| SessionView {
                id: id.clone(),
                person: s.name.clone(),
                via: s.via,
                begun_at: s.begun_at,
                used_at: s.used_at,
                agent: s.agent.clone(),
                address: s.address.clone(),
            })
            .collect();
        list.sort_by(|a, b| b.used_at.cmp(&a.used_at).then(a.id.cmp(&b.id)));
        list
    }

    /// Keeps a word for the next page.
    pub(crate) fn tell(&self, id: &str, flash: Flash) {
        if let Some(session) = self.state().sessions.get_mut(id) {
            session.flash = Some(flash);
        }
    }

    /// Takes that word.
    pub(crate) fn told(&self, id: &str) -> Option<Flash> {
        self.state().sessions.get_mut(id)?.flash.take()
    }

    /// How many sessions there are.
    pub(crate) fn sessions(&self) -> usize {
        self.state().sessions.len()
    }
}

/// Sessions that are over, and the idlest where there are too many.
fn stale(state: &State, now: Timestamp) -> Vec<String> {
    let mut stale: Vec<String> =
        state.sessions.iter().filter(|(_, s)| s.is_over(now)).map(|(id, _)| id.clone()).collect();
    if stale.is_empty()
        && state.sessions.len() >= MOST
        && let Some(idlest) = state.sessions.iter().min_by_key(|(_, s)| s.used_at).map(|(id, _)| id.clone())
    {
        stale.push(idlest);
    }
    stale
}
