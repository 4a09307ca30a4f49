//! Accounts of people who come by the company's own sign-in. They are found by the subject that the provider gives them and
//! by nothing else: names and addresses can be changed there, and would let somebody in as somebody else.

use firebell_core::audit::Act;
use firebell_core::ports::office::{Deed, Expect};
use jiff::Timestamp;
use serde_json::json;

use super::accounts::{checked, fresh};
use super::sessions::{Via, Visit};
use super::{Account, Directory, NewAccount};
use crate::auth::{Identity, Role};
use crate::problem::Problem;

/// Who acts where nobody here does.
const OIDC: &str = "oidc";

impl Directory {
    /// The account of a subject.
    pub(crate) fn account_by_subject(&self, subject: &str) -> Option<Account> {
        self.state().accounts.values().find(|a| a.subject.as_deref() == Some(subject)).cloned()
    }

    /// Begins a session for whom the provider vouches: their account is made the first time, and has the role of their
    /// groups each time. Answers the cookie's value.
    ///
    /// # Errors
    /// A sentence for them, if they may not come in; that is in the audit log too.
    pub(crate) async fn vouched(
        &self,
        identity: Identity,
        visit: Visit,
        now: Timestamp,
    ) -> Result<String, Problem> {
        let subject = identity.subject.clone();
        match self.admitted(identity, now).await {
            Ok(account) => self.begin(&account.name, Via::Oidc, visit, now).await,
            Err(problem) => {
                let act = Act::new("nobody", "session.refused", &subject)
                    .with(json!({"via": Via::Oidc, "address": visit.address, "why": problem.sentence()}));
                self.handle.perform(Deed { act: Some(act), changes: Vec::new() }).await?;
                Err(problem)
            }
        }
    }

    async fn admitted(&self, identity: Identity, now: Timestamp) -> Result<Account, Problem> {
        let known = self.account_by_subject(&identity.subject);
        if let Some(account) = known.as_ref().filter(|a| a.disabled) {
            return Err(Problem::forbidden(format!(
                "The account of {} is shut out: ask an administrator of Firebell.",
                account.name
            )));
        }
        let Some(role) = identity.role else {
            // What their groups let them do before has ended.
            if let Some(account) = known {
                self.end_sessions_of(OIDC, &account.name, None).await?;
            }
            return Err(Problem::forbidden(no_role(&identity)));
        };
        match known {
            Some(account) if account.role == role => Ok(account),
            Some(mut account) => {
                let act = Act::new(OIDC, "account.change", &account.name)
                    .with(json!({"role": role, "before": account.role, "groups": identity.groups}));
                account.role = role;
                self.store(account, Expect::Any, act).await
            }
            None => self.admit(identity, role, now).await,
        }
    }

    async fn admit(&self, identity: Identity, role: Role, now: Timestamp) -> Result<Account, Problem> {
        let Identity { subject, name, email, groups, .. } = identity;
        let taken = self.account(&name).is_some() || self.configured.person(&name).is_some();
        let mail = email.as_deref().and_then(|e| self.account_by_sign(e));
        if let Some(theirs) = taken.then(|| name.clone()).or(mail.map(|a| a.name)) {
            let sub = subject.split_once(' ').map_or(subject.as_str(), |(_, sub)| sub);
            return Err(Problem::conflict(format!(
                "{theirs} has an account here already, which is not linked with this sign-in. If it is yours, ask an \
                 administrator to link it: Settings, People, {theirs}, with the subject {sub}"
            )));
        }
        // An address that no account could have is left out; nobody stays outside for it.
        let new = NewAccount { name, email, role };
        let new = checked(new.clone()).or_else(|_| checked(NewAccount { email: None, ..new }))?;
        let mut account = fresh(new, OIDC, now);
        account.subject = Some(subject.clone());
        let act = Act::new(OIDC, "account.create", &account.name)
            .with(json!({"role": account.role, "subject": subject, "groups": groups}));
        self.store(account, Expect::New, act).await
    }

    /// Links an account with a subject of the company's own sign-in, or with none.
    pub(crate) async fn link(
        &self,
        by: &str,
        name: &str,
        subject: Option<String>,
    ) -> Result<Account, Problem> {
        let mut account = self.known(name)?;
        if let Some(subject) = &subject {
            let (_, sub) = subject.split_once(' ').unwrap_or_default();
            if sub.is_empty() || sub.len() > 255 || sub.chars().any(char::is_control) {
                return Err(Problem::invalid("subject", "must have 1 to 255 characters"));
            }
            if let Some(other) = self.account_by_subject(subject).filter(|a| a.name != account.name) {
                return Err(Problem::invalid("subject", format!("is {}'s already", other.name)));
            }
        }
        let act = Act::new(by, "account.link", &account.name).with(json!({"subject": subject}));
        account.subject = subject;
        self.store(account, Expect::Any, act).await
    }
}

fn no_role(identity: &Identity) -> String {
    let groups = match identity.groups.as_slice() {
        [] => "The provider names no group of yours".to_owned(),
        // A few are enough to see what is wrong.
        some => format!("None of your groups ({}) has a role here", some[..some.len().min(8)].join(", ")),
    };
    format!(
        "{} may not come in. {groups}: ask an administrator of Firebell to add one of them to [oidc.roles].",
        identity.name
    )
}
