//! Files of an incident: the postmortem and the bundle. Only what lies inside the data folder is served, whatever the
//! record or the request says; symbolic links are resolved first.

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use firebell_core::incident::{Event, EventRecord, Incident};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::problem::Problem;
use crate::state::App;

/// Largest file that is served in one piece.
const MAX_FILE: u64 = 256 << 20;
/// Pieces of a download that wait for the network.
const IN_FLIGHT: usize = 8;
/// Size of a piece.
const PIECE: usize = 64 << 10;

/// A form of the postmortem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Markdown.
    Markdown,
    /// A page.
    Html,
}

/// The postmortem as people wrote it last; `original` asks for the one that was made from the record.
pub(crate) async fn postmortem(
    app: &App,
    incident: &Incident,
    records: &[EventRecord],
    form: Form,
    original: bool,
) -> Result<Response, Problem> {
    let bytes = match edited(incident, records).filter(|_| !original) {
        Some(text) if form == Form::Markdown => text.as_bytes().to_vec(),
        Some(text) => edited_page(incident, text).into_bytes(),
        None => stored(app, incident, form).await?,
    };
    Ok(match form {
        Form::Markdown => ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], bytes).into_response(),
        Form::Html => {
            let policy = format!("{}; frame-ancestors 'none'", firebell_report::content_security_policy());
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
                (header::CONTENT_SECURITY_POLICY, policy),
            ];
            (headers, bytes).into_response()
        }
    })
}

/// The text that a person wrote last.
pub(crate) fn edited<'a>(incident: &Incident, records: &'a [EventRecord]) -> Option<&'a str> {
    let version = incident.postmortem_edits.last()?.version;
    let at = records.binary_search_by_key(&version, |r| r.version).ok()?;
    match &records.get(at)?.event {
        Event::PostmortemEdited { text } => Some(text),
        _ => None,
    }
}

fn edited_page(incident: &Incident, text: &str) -> String {
    let note = incident.postmortem_edits.last().map_or_else(String::new, |edit| {
        format!("Edited by {} on {} UTC.", edit.by, edit.at.strftime("%-d %b %Y %H:%M"))
    });
    let title = format!("Postmortem of {}: {}", incident.id, incident.title);
    firebell_report::edited_postmortem(&title, incident.restricted, &note, text)
}

/// The Markdown that was made from the record.
pub(crate) async fn written(app: &App, incident: &Incident) -> Result<String, Problem> {
    let bytes = stored(app, incident, Form::Markdown).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn stored(app: &App, incident: &Incident, form: Form) -> Result<Vec<u8>, Problem> {
    let missing = || Problem::not_found(format!("{} has no postmortem yet", incident.id));
    let (markdown, html) = incident.postmortem.as_ref().ok_or_else(missing)?;
    let root = app.state.data_dir.clone();
    let path = PathBuf::from(if form == Form::Markdown { markdown } else { html });
    blocking(move || read_inside(&root, &path)).await?.ok_or_else(missing)
}

/// The invitation to the postmortem's meeting, made from the record as it is now.
pub(crate) fn invitation(app: &App, incident: &Incident) -> Result<Response, Problem> {
    let missing = || Problem::not_found(format!("{} has no postmortem meeting", incident.id));
    let text = firebell_report::invitation(incident, app.state.handle.policy()).ok_or_else(missing)?;
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}-postmortem.ics\"", incident.id)),
    ];
    Ok((headers, text).into_response())
}

/// The bundle, packed as it is sent.
pub(crate) async fn bundle(app: &App, incident: &Incident) -> Result<Response, Problem> {
    let dir = folder(app, incident).await?;
    let name = format!("{}-bundle", incident.id);
    let (pieces, out) = tokio::sync::mpsc::channel(IN_FLIGHT);
    let top = name.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = pack(&dir, &top, Pieces { pieces: pieces.clone(), held: Vec::new() }) {
            tracing::warn!(%error, "a bundle could not be sent whole");
            // The receiver sees a broken body, not a short file that looks whole.
            let _ = pieces.blocking_send(Err(error));
        }
    });
    let body = Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(out));
    let headers = [
        (header::CONTENT_TYPE, "application/gzip".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.tar.gz\"")),
    ];
    Ok((headers, body).into_response())
}

/// One file of the bundle.
pub(crate) async fn bundle_file(app: &App, incident: &Incident, path: &str) -> Result<Response, Problem> {
    let dir = folder(app, incident).await?;
    let missing = || Problem::not_found("the bundle has no such file");
    let plain = Path::new(path).components().all(|c| matches!(c, Component::Normal(_)));
    if !plain || path.contains('\\') || path.contains('\0') {
        return Err(missing());
    }
    let file = dir.join(path);
    let bytes = blocking(move || read_inside(&dir, &file)).await?.ok_or_else(missing)?;
    // Never a type that a browser would run: what is in there came from outside.
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CONTENT_DISPOSITION, "attachment")];
    Ok((headers, bytes).into_response())
}

async fn folder(app: &App, incident: &Incident) -> Result<PathBuf, Problem> {
    let missing = || Problem::not_found(format!("{} has no archived evidence yet", incident.id));
    let path = PathBuf::from(incident.bundle.as_ref().ok_or_else(missing)?);
    let root = app.state.data_dir.clone();
    blocking(move || Ok(inside(&root, &path)?.filter(|dir| dir.is_dir()))).await?.ok_or_else(missing)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Problem::internal(&error)),
        Err(error) => Err(Problem::internal(&error)),
    }
}

/// The real path, if it exists and lies in `root`. The record names paths below the data folder, which may have been
/// moved since.
fn inside(root: &Path, path: &Path) -> std::io::Result<Option<PathBuf>> {
    let root = root.canonicalize()?;
    match root.join(path).canonicalize() {
        Ok(real) => Ok(real.starts_with(&root).then_some(real)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The bytes of a file, if it lies in `root`.
pub(crate) fn read_inside(root: &Path, path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let Some(real) = inside(root, path)? else { return Ok(None) };
    let meta = std::fs::metadata(&real)?;
    if !meta.is_file() || meta.len() > MAX_FILE {
        return Ok(None);
    }
    std::fs::read(real).map(Some)
}

fn pack(dir: &Path, top: &str, out: Pieces) -> std::io::Result<()> {
    let mut tar = tar::Builder::new(GzEncoder::new(out, Compression::fast()));
    // A link could lead out of the folder.
    tar.follow_symlinks(false);
    tar.mode(tar::HeaderMode::Deterministic);
    tar.append_dir_all(top, dir)?;
    tar.into_inner()?.finish()?.flush()
}

/// Writes into a channel; fails once nobody listens, which ends the packing.
struct Pieces {
    pieces: tokio::sync::mpsc::Sender<std::io::Result<Vec<u8>>>,
    held: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        self.pieces
            .blocking_send(Ok(std::mem::take(&mut self.held)))
            .map_err(|_| std::io::Error::new(std::io::ErrorKind::BrokenPipe, "the receiver has gone"))
    }
}
