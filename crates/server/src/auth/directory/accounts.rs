//! Accounts: people with a role, who come in by a password or by the company's own sign-in.

use firebell_core::audit::Act;
use firebell_core::ports::office::{Change, Deed, Expect};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::state::{ACCOUNT, SESSION, TOKEN};
use super::{Directory, hash, json_of, secret};
use crate::auth::{Role, password};
use crate::problem::Problem;

/// An invitation is good for so long.
const INVITED: SignedDuration = SignedDuration::from_hours(72);
/// Longest name, in characters.
const LONGEST: usize = 64;
/// Names that the record uses for something else.
const RESERVED: [&str; 4] = ["admin", "firebell", "system", "nobody"];

/// A person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    /// As the record, roles and the on-call list name them.
    pub(crate) name: String,
    /// Where they can be reached; also taken at sign-in.
    pub(crate) email: Option<String>,
    /// What they may do.
    pub(crate) role: Role,
    /// Argon2id in PHC form; none until they have set one.
    #[serde(default)]
    password: Option<String>,
    /// A link that lets them set one.
    #[serde(default)]
    invite: Option<Invite>,
    /// `ISSUER subject` at the company's own sign-in.
    #[serde(default)]
    pub(crate) subject: Option<String>,
    /// Shut out.
    #[serde(default)]
    pub(crate) disabled: bool,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// By whom.
    pub(crate) created_by: String,
    /// Last time they signed in.
    #[serde(default)]
    pub(crate) signed_in_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Invite {
    hash: String,
    until: Timestamp,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewAccount {
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) role: Role,
}

impl Account {
    pub(super) fn password(&self) -> Option<String> {
        self.password.clone()
    }

    pub(crate) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Until when an invitation is open, at `now`.
    pub(crate) fn invited_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.invite.as_ref().map(|i| i.until).filter(|until| *until > now)
    }
}

/// Names differ by more than case.
pub(super) fn key_of(name: &str) -> String {
    name.trim().to_lowercase()
}

pub(super) fn checked(new: NewAccount) -> Result<NewAccount, Problem> {
    let name = new.name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > LONGEST {
        return Err(Problem::invalid("name", format!("must have 1 to {LONGEST} characters")));
    }
    if name.chars().any(|c| c.is_control() || matches!(c, '<' | '>' | '"' | '/' | '\\')) {
        return Err(Problem::invalid("name", "holds a character that no name has: < > \" / \\"));
    }
    if RESERVED.contains(&key_of(&name).as_str()) {
        return Err(Problem::invalid("name", format!("{name:?} is taken by Firebell itself: take another")));
    }
    let email = new.email.map(|e| e.trim().to_owned()).filter(|e| !e.is_empty());
    if let Some(email) = &email {
        let whole = email.len() <= 254
            && email.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'))
            && !email.chars().any(|c| c.is_whitespace() || c.is_control() || c == '<' || c == '>');
        if !whole {
            return Err(Problem::invalid("email", "is no e-mail address"));
        }
    }
    Ok(NewAccount { name, email, role: new.role })
}

impl Directory {
    /// All accounts, by name.
    pub(crate) fn accounts(&self) -> Vec<Account> {
        self.state().accounts.values().cloned().collect()
    }

    /// One account.
    pub(crate) fn account(&self, name: &str) -> Option<Account> {
        self.state().accounts.get(&key_of(name)).cloned()
    }

    /// By name or e-mail address.
    pub(super) fn account_by_sign(&self, sign: &str) -> Option<Account> {
        let key = key_of(sign);
        let state = self.state();
        state.accounts.get(&key).cloned().or_else(|| {
            let same = |a: &&Account| a.email.as_ref().is_some_and(|e| e.to_lowercase() == key);
            state.accounts.values().find(same).cloned()
        })
    }

    /// Whether somebody can sign in by a password, or is about to.
    pub(crate) fn has_passwords(&self) -> bool {
        self.state().accounts.values().any(|a| a.password.is_some() || a.invite.is_some())
    }

    /// Whether nobody can administrate yet: the first-run set-up is open as long.
    pub(crate) fn is_new(&self) -> bool {
        !self.state().accounts.values().any(|a| a.role == Role::Admin)
    }

    /// Makes the first administrator.
    pub(crate) async fn set_up(
        &self,
        new: NewAccount,
        password: String,
        now: Timestamp,
    ) -> Result<Account, Problem> {
        if !self.is_new() {
            return Err(Problem::conflict(
                "there is an administrator already: sign in, or ask them for an invitation",
            ));
        }
        let new = checked(NewAccount { role: Role::Admin, ..new })?;
        password::check(&password, &new.name).map_err(|why| Problem::invalid("password", why))?;
        let by = new.name.clone();
        let mut account = fresh(new, &by, now);
        account.password = Some(password::hash(password).await?);
        let act = Act::new(&by, "account.set_up", &account.name).with(json!({"role": account.role}));
        self.store(account, Expect::New, act).await
    }

    /// Makes an account; answers it with the secret of the link by which its person sets a password.
    pub(crate) async fn invite(
        &self,
        by: &str,
        new: NewAccount,
        now: Timestamp,
    ) -> Result<(Account, String), Problem> {
        let new = checked(new)?;
        self.email_is_free(&new.name, new.email.as_deref())?;
        let mut account = fresh(new, by, now);
        let key = secret();
        account.invite = Some(Invite { hash: hash(&key), until: after(now) });
        let act = Act::new(by, "account.create", &account.name)
            .with(json!({"role": account.role, "email": account.email}));
        Ok((self.store(account, Expect::New, act).await?, key))
    }

    /// A new link to set a password by; the old password holds until it is used.
    pub(crate) async fn invite_again(&self, by: &str, name: &str, now: Timestamp) -> Result<String, Problem> {
        let mut account = self.known(name)?;
        let key = secret();
        account.invite = Some(Invite { hash: hash(&key), until: after(now) });
        let act = Act::new(by, "account.invite", &account.name);
        self.store(account, Expect::Any, act).await?;
        Ok(key)
    }

    /// Whose invitation a link's secret is.
    pub(crate) fn invited(&self, key: &str, now: Timestamp) -> Option<Account> {
        let shown = hash(key);
        let state = self.state();
        let mut open = state.accounts.values().filter(|a| !a.disabled);
        open.find(|a| a.invite.as_ref().is_some_and(|i| i.hash == shown && i.until > now)).cloned()
    }

    /// Sets the password of who was invited; the link is used up.
    pub(crate) async fn accept_invite(
        &self,
        key: &str,
        password: String,
        now: Timestamp,
    ) -> Result<Account, Problem> {
        let account = self.invited(key, now).ok_or_else(|| {
            Problem::forbidden("this link is not good any more: ask an administrator for a new one")
        })?;
        self.set_password(&account.name, password).await
    }

    /// Changes a password that is known.
    pub(crate) async fn change_password(
        &self,
        name: &str,
        old: String,
        new: String,
    ) -> Result<Account, Problem> {
        let account = self.known(name)?;
        if !password::verify(old, account.password()).await? {
            return Err(Problem::invalid("old", "is not your password"));
        }
        self.set_password(name, new).await
    }

    async fn set_password(&self, name: &str, password: String) -> Result<Account, Problem> {
        let mut account = self.known(name)?;
        password::check(&password, &account.name).map_err(|why| Problem::invalid("password", why))?;
        account.password = Some(password::hash(password).await?);
        account.invite = None;
        let act = Act::new(&account.name, "account.set_password", &account.name);
        self.store(account, Expect::Any, act).await
    }

    /// Changes role, address, and whether somebody is shut out. Who is shut out is signed out everywhere.
    pub(crate) async fn change(
        &self,
        by: &str,
        name: &str,
        role: Role,
        email: Option<String>,
        disabled: bool,
    ) -> Result<Account, Problem> {
        let before = self.known(name)?;
        let checked = checked(NewAccount { name: before.name.clone(), email, role })?;
        self.email_is_free(&before.name, checked.email.as_deref())?;
        let last = {
            let state = self.state();
            let mut others = state.accounts.values().filter(|a| a.name != before.name);
            !others.any(|a| a.role == Role::Admin && !a.disabled)
        };
        if last && before.role == Role::Admin && (role != Role::Admin || disabled) {
            return Err(Problem::conflict(format!(
                "{} is the only administrator: make another one first",
                before.name
            )));
        }
        let account = Account { role, email: checked.email, disabled, ..before };
        let act = Act::new(by, "account.change", &account.name)
            .with(json!({"role": role, "email": account.email, "disabled": disabled}));
        let account = self.store(account, Expect::Any, act).await?;
        if disabled {
            self.end_sessions_of(by, &account.name, None).await?;
        }
        Ok(account)
    }

    /// Takes an account away, with its sessions and tokens.
    pub(crate) async fn remove(&self, by: &str, name: &str) -> Result<(), Problem> {
        let account = self.known(name)?;
        self.change(by, name, account.role, account.email.clone(), true).await?;
        let key = key_of(name);
        let tokens: Vec<String> = self.tokens_of(Some(&account.name)).into_iter().map(|t| t.id).collect();
        let mut changes = vec![Change::Remove { kind: ACCOUNT, id: key.clone() }];
        changes.extend(tokens.iter().map(|id| Change::Remove { kind: TOKEN, id: id.clone() }));
        let deed = Deed { act: Some(Act::new(by, "account.remove", &account.name)), changes };
        self.write(deed, |state| {
            state.accounts.remove(&key);
            tokens.iter().for_each(|id| drop(state.tokens.remove(id)));
        })
        .await
    }

    /// Notes that somebody came in, together with their session.
    pub(super) async fn came_in(&self, account: Account, change: Change, act: Act) -> Result<(), Problem> {
        let key = key_of(&account.name);
        let body = json_of(&account)?;
        let changes = vec![change, Change::Put { kind: ACCOUNT, id: key.clone(), body, expect: Expect::Any }];
        self.write(Deed { act: Some(act), changes }, |state| drop(state.accounts.insert(key, account))).await
    }

    pub(super) fn known(&self, name: &str) -> Result<Account, Problem> {
        self.account(name).ok_or_else(|| {
            let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
            Problem::not_found(format!("there is no account {name:?}"))
        })
    }

    pub(super) fn email_is_free(&self, name: &str, email: Option<&str>) -> Result<(), Problem> {
        let Some(email) = email else { return Ok(()) };
        match self.account_by_sign(email) {
            Some(other) if other.name != name => {
                Err(Problem::invalid("email", format!("is {}'s already", other.name)))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn store(&self, account: Account, expect: Expect, act: Act) -> Result<Account, Problem> {
        let key = key_of(&account.name);
        let body = json_of(&account)?;
        let deed = Deed {
            act: Some(act),
            changes: vec![Change::Put { kind: ACCOUNT, id: key.clone(), body, expect }],
        };
        let kept = account.clone();
        self.write(deed, |state| drop(state.accounts.insert(key, kept))).await?;
        Ok(account)
    }

    /// Ends all sessions of somebody, but one.
    pub(crate) async fn end_sessions_of(
        &self,
        by: &str,
        name: &str,
        but: Option<&str>,
    ) -> Result<usize, Problem> {
        let ids: Vec<String> = {
            let state = self.state();
            let theirs = state.sessions.iter().filter(|(id, s)| s.name == name && Some(id.as_str()) != but);
            theirs.map(|(id, _)| id.clone()).collect()
        };
        if ids.is_empty() {
            return Ok(0);
        }
        let deed = Deed {
            act: Some(Act::new(by, "session.end_all", name).with(json!({"sessions": ids.len()}))),
            changes: ids.iter().map(|id| Change::Remove { kind: SESSION, id: id.clone() }).collect(),
        };
        self.write(deed, |state| ids.iter().for_each(|id| drop(state.sessions.remove(id)))).await?;
        Ok(ids.len())
    }
}

pub(super) fn fresh(new: NewAccount, by: &str, now: Timestamp) -> Account {
    Account {
        name: new.name,
        email: new.email,
        role: new.role,
        password: None,
        invite: None,
        subject: None,
        disabled: false,
        created_at: now,
        created_by: by.to_owned(),
        signed_in_at: None,
    }
}

fn after(now: Timestamp) -> Timestamp {
    now.saturating_add(INVITED).unwrap_or(now)
}
