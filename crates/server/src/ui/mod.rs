//! The page: rendered on the server, live by server-sent events, usable without a script. Behind a session; what may be
//! done from it is what the API allows the same person.

mod ack;
mod alerts;
mod app;
pub(crate) mod archive;
mod assets;
mod guard;
pub(crate) mod home;
mod incident;
mod incidents;
mod login;
mod markdown;
mod moment;
mod nav;
mod oncall;
mod pages;
mod palette;
pub(crate) mod postmortems;
pub(crate) mod reports;
mod routes;
pub(crate) mod services;
mod settings;
mod undo;
mod words;
mod writeup;

pub(crate) use archive::Archive;
pub(crate) use assets::status_assets;
pub(crate) use guard::same_site;
pub(crate) use markdown::render as markdown;
pub(crate) use pages::Pages;
pub(crate) use routes::routes;
pub(crate) use undo::Undo;
pub(crate) use words::{browser, cause_title, clean, encoded, span, title_case};
