//! Who is asking: people by sessions and tokens, senders by integration keys. What each may do is in `access`.

mod cookie;
mod directory;
mod key;
mod oidc;
mod password;
mod permission;
mod person;
mod role;
mod scope;
mod throttle;
mod tokens;

pub(crate) use cookie::{COOKIE, OIDC_COOKIE, cookie_of, cookie_value};
pub(crate) use directory::{
    Account, ApiToken, Directory, Flash, LONGEST_DAYS, NewAccount, NewToken, Session, SessionView, SignIn,
    Via, Visit, account_key,
};
pub(crate) use key::{KeyHash, shown_key};
#[cfg(test)]
pub(crate) use oidc::Signer;
pub(crate) use oidc::{Identity, LIFE as OIDC_LIFE};
pub use oidc::{Oidc, OidcConfig};
pub(crate) use permission::{LEAD, Permission};
pub(crate) use person::Person;
pub use role::Role;
pub(crate) use scope::{RESOURCES, Scopes};
pub use tokens::Auth;
