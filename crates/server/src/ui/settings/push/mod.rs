//! "Notifications on this device", a section of one's own account.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Serialize;

use super::{Fields, back, text};
use crate::auth::Permission;
use crate::post::push::{self, NewDevice};
use crate::problem::Problem;
use crate::state::{App, Shared};
use crate::ui::guard::{self, Visitor};
use crate::ui::words;

const PATH: &str = "/settings/account";

/// The section.
#[derive(Debug, Serialize)]
pub(super) struct PushView {
    /// May have some.
    may: bool,
    /// By which browsers subscribe; none where the server cannot send.
    key: Option<String>,
    devices: Vec<DeviceLine>,
}

#[derive(Debug, Serialize)]
struct DeviceLine {
    id: String,
    what: String,
    since: String,
    news: bool,
}

/// Of a person.
pub(super) async fn view(app: &App, visitor: &Visitor) -> Result<PushView, Problem> {
    let devices = push::of_person(app, &visitor.person.name).await?;
    let devices = devices
        .into_iter()
        .map(|d| DeviceLine {
            what: words::browser(&d.agent),
            since: words::day(d.created_at),
            news: d.news,
            id: d.id,
        })
        .collect();
    Ok(PushView {
        may: visitor.person.may(Permission::Subscribe),
        key: app.state.post.vapid.as_ref().map(|v| v.public_key().to_owned()),
        devices,
    })
}

/// A form of the section, or what its script sends.
pub(crate) async fn act(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(verb): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, &text(&form, "csrf"))?;
    visitor.person.allowed(Permission::Subscribe)?;
    let (name, id) = (visitor.person.name.as_str(), text(&form, "id"));
    let outcome = match verb.as_str() {
        "add" => {
            let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
            let new = NewDevice {
                endpoint: text(&form, "endpoint"),
                p256dh: text(&form, "p256dh"),
                auth: text(&form, "auth"),
                agent: agent.to_owned(),
                news: form.contains_key("news"),
            };
            // The script has to know, or the browser would believe that it is subscribed.
            push::add(&app, name, new).await?;
            Ok("This device shows notifications from now on.".to_owned())
        }
        "news" => {
            let news = form.contains_key("news");
            push::set_news(&app, name, &id, news).await.map(|_| "That is changed.".to_owned())
        }
        "test" => push::send_test(&app, name, &id)
            .await
            .map(|()| "A test is on its way; it should show within seconds.".to_owned()),
        "remove" => push::remove(&app, name, &id)
            .await
            .map(|()| "That device shows no notifications any more.".to_owned()),
        _ => return Err(Problem::not_found("there is no such form")),
    };
    Ok(back(&app, &visitor, PATH, outcome))
}
