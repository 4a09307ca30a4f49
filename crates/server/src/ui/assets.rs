//! Style and script, part of the program. Their names carry a hash of their content, so that browsers keep them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::problem::Problem;

const CSS: &str = concat!(
    include_str!("assets/app.css"),
    include_str!("assets/pages.css"),
    include_str!("../../../report/src/draw/draw.css"),
    include_str!("incident/incident.css"),
    include_str!("settings/settings.css"),
    include_str!("settings/webhooks/webhooks.css"),
);
const JS: &str = concat!(include_str!("assets/live.js"), include_str!("settings/push/push.js"));
const PALETTE: &str = include_str!("assets/palette.js");
const STATUS: &str = include_str!("../status/status.css");
const ICON: &str = include_str!("assets/icon.svg");

/// Names under `/assets/`.
pub(super) struct Names {
    pub(super) css: String,
    status: String,
    pub(super) js: String,
    pub(super) palette: String,
    pub(super) icon: String,
}

pub(super) static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let name = |stem: &str, content: &str, end: &str| {
        format!("{stem}-{}.{end}", &hex::encode(Sha256::digest(content.as_bytes()))[..12])
    };
    Names {
        css: name("app", CSS, "css"),
        status: name("status", STATUS, "css"),
        js: name("live", JS, "js"),
        palette: name("palette", PALETTE, "js"),
        icon: name("icon", ICON, "svg"),
    }
});

/// The style sheet of the public status page, and its icon.
pub(crate) fn status_assets() -> (&'static str, &'static str) {
    (&NAMES.status, &NAMES.icon)
}

/// `GET /assets/{name}`: open to all.
pub(super) async fn show(Path(name): Path<String>) -> Result<Response, Problem> {
    let (content, kind) = if name == NAMES.css {
        (CSS, "text/css; charset=utf-8")
    } else if name == NAMES.status {
        (STATUS, "text/css; charset=utf-8")
    } else if name == NAMES.js {
        (JS, "text/javascript; charset=utf-8")
    } else if name == NAMES.palette {
        (PALETTE, "text/javascript; charset=utf-8")
    } else if name == NAMES.icon {
        (ICON, "image/svg+xml")
    } else {
        return Err(Problem::not_found("there is no such asset"));
    };
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, content).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a phone on a bad line has to fetch.
    const MOST_SCRIPT: usize = 120 << 10;

    #[test]
    fn the_scripts_stay_small() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut all = Vec::new();
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "js") {
                    all.push(path);
                }
            }
        }
        assert!(all.len() >= 2, "{all:?}");
        let bytes: u64 = all.iter().map(|p| std::fs::metadata(p).expect("a file").len()).sum();
        assert!(bytes < MOST_SCRIPT as u64, "{bytes} bytes of script: at most {MOST_SCRIPT}");
        assert!(JS.len() + PALETTE.len() <= bytes as usize, "a script is elsewhere");
    }
}
