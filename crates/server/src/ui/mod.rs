//! The page: rendered on the server, live by server-sent events, usable without a script. Behind a session; what may be
//! done from it is what the API allows the same person.

mod assets;
mod guard;
mod incident;
mod incidents;
mod login;
mod markdown;
mod pages;
mod routes;
mod settings;
mod words;
mod writeup;

pub(crate) use assets::status_assets;
pub(crate) use markdown::render as markdown;
pub(crate) use pages::Pages;
pub(crate) use routes::routes;
pub(crate) use words::{clean, coded, span, title_case};
