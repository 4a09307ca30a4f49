//! Who is asking: people by tokens and sessions, senders by integration keys. What each may do is in `access`.

mod key;
mod person;
mod role;
mod session;
mod tokens;

pub(crate) use key::{KeyHash, shown_key};
pub(crate) use person::Person;
pub use role::Role;
pub(crate) use session::{COOKIE, Flash, Session, Sessions, cookie_value};
pub use tokens::Auth;
