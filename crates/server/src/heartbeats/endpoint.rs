//! `GET`, `POST` or `HEAD` `/heartbeat/NAME`: a beat; `/start` and `/fail` after it say more, and so does an exit code.
//! The key is in a header, or in the path for senders that can set none: `/heartbeat/NAME/KEY`.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::kept::Beat;
use crate::auth::shown_key;
use crate::body;
use crate::metrics::Door;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// Largest body of a failure, bytes.
const MAX_BODY: usize = 64 << 10;
/// Characters of it that are kept.
const SAID: usize = 1000;

/// `/heartbeat/NAME`, the key in a header.
pub(crate) async fn plain(
    State(app): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = shown_key(&headers).unwrap_or_default();
    take(&app, &name, &key, Some(Beat::Well)).await
}

/// `/heartbeat/NAME/SIGNAL`, the key in a header, or `/heartbeat/NAME/KEY`. No key is short enough to be a signal.
pub(crate) async fn in_path(
    State(app): State<Shared>,
    Path((name, second)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    match signal(&second) {
        Some(beat) => {
            let key = shown_key(&headers).unwrap_or_default();
            known(&app, &name, &key)?;
            let beat = said(beat, &headers, body).await?;
            take(&app, &name, &key, Some(beat)).await
        }
        None => take(&app, &name, &second, Some(Beat::Well)).await,
    }
}

/// `/heartbeat/NAME/KEY/SIGNAL`.
pub(crate) async fn with_signal(
    State(app): State<Shared>,
    Path((name, key, third)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    known(&app, &name, &key)?;
    let beat = match signal(&third) {
        Some(beat) => Some(said(beat, &headers, body).await?),
        None => None,
    };
    take(&app, &name, &key, beat).await
}

/// What a path says: `start`, `fail`, or the exit code of a run.
fn signal(text: &str) -> Option<Beat> {
    match text {
        "start" => Some(Beat::Started),
        "fail" => Some(Beat::Failed { exit: None, said: String::new() }),
        code => match code.parse::<u8>() {
            Ok(0) => Some(Beat::Well),
            Ok(exit) => Some(Beat::Failed { exit: Some(exit), said: String::new() }),
            Err(_) => None,
        },
    }
}

/// The beginning of what a run that failed posted with it.
async fn said(beat: Beat, headers: &HeaderMap, body: Body) -> Result<Beat, Problem> {
    let Beat::Failed { exit, .. } = beat else { return Ok(beat) };
    let bytes = body::read(headers, body, MAX_BODY).await?;
    let text = String::from_utf8_lossy(&bytes);
    let said = text.trim().chars().filter(|c| !c.is_control() || *c == '\n').take(SAID).collect();
    Ok(Beat::Failed { exit, said })
}

fn known<'a>(app: &'a App, name: &str, key: &str) -> Result<&'a super::registry::Heart, Problem> {
    app.state.heartbeats.keyed(name, key).ok_or_else(|| {
        app.metrics.turned_away(Door::Source);
        let problem = Problem::unauthorized(
            "no heartbeat with this key: send the key of the [[heartbeats]] entry as `Authorization: Bearer KEY`, or in \
             the path: /heartbeat/NAME/KEY",
        );
        Problem { field: Some("authorization".to_owned()), ..problem }
    })
}

async fn take(app: &App, name: &str, key: &str, beat: Option<Beat>) -> Result<Response, Problem> {
    let heart = known(app, name, key)?;
    let Some(beat) = beat else {
        return Err(Problem::not_found(
            "the last part is none of start, fail, and an exit code from 0 to 255",
        ));
    };
    let engine = (&app.state.handle, &app.state.office);
    app.state.heartbeats.beat(heart, &beat, engine, app.now()).await.map_err(Problem::from)?;
    Ok((StatusCode::OK, "OK\n").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_start_fail_and_exit_codes() {
        let failed = |exit| Some(Beat::Failed { exit, said: String::new() });
        assert_eq!(signal("start"), Some(Beat::Started));
        assert_eq!(
            (signal("fail"), signal("0"), signal("137")),
            (failed(None), Some(Beat::Well), failed(Some(137)))
        );
        assert_eq!(
            (signal("256"), signal("-1"), signal("well"), signal("0123456789abcdef")),
            (None, None, None, None)
        );
    }
}
