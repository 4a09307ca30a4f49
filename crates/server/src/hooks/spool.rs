//! What was promised and is not done yet: one file each, beside the store and not in it. It is written when the store is
//! slow, which is when it could not be written there.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::take::Taken;

/// Files that are taken at most; more is an outage that people see elsewhere.
const MOST: usize = 5_000;

/// Where they are.
fn folder(data: &Path) -> PathBuf {
    data.join("answers")
}

fn path(data: &Path, mark: &str) -> PathBuf {
    folder(data).join(format!("{}.json", mark.rsplit(':').next().unwrap_or(mark)))
}

/// Writes one, durably.
///
/// # Errors
/// When it may not be there after a crash.
pub(super) fn put(data: &Path, taken: &Taken) -> std::io::Result<()> {
    let folder = folder(data);
    std::fs::create_dir_all(&folder)?;
    if std::fs::read_dir(&folder)?.count() >= MOST {
        return Err(std::io::Error::other(format!("{MOST} answers wait in {} already", folder.display())));
    }
    let path = path(data, &taken.mark);
    let part = path.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(&serde_json::to_vec(taken).map_err(std::io::Error::other)?)?;
    file.sync_all()?;
    std::fs::rename(&part, &path)?;
    std::fs::File::open(&folder)?.sync_all()
}

/// Takes one away that is done.
pub(super) fn remove(data: &Path, mark: &str) {
    if let Err(error) = std::fs::remove_file(path(data, mark))
        && error.kind() != std::io::ErrorKind::NotFound
    {
        // It is done once more after the next start, and its mark says that it was done.
        tracing::warn!(%error, "an answer that is done could not be taken away");
    }
}

/// All that wait, oldest first. One that cannot be read is left for people to look at.
pub(super) fn all(data: &Path) -> Vec<Taken> {
    let Ok(entries) = std::fs::read_dir(folder(data)) else { return Vec::new() };
    let mut found: Vec<Taken> = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        match std::fs::read(&path).map_err(|e| e.to_string()).and_then(|bytes| {
            serde_json::from_slice(&bytes).map_err(|e| format!("line {}, column {}", e.line(), e.column()))
        }) {
            Ok(taken) => found.push(taken),
            Err(error) => {
                tracing::error!(%error, path = %path.display(), "an answer that waits cannot be read")
            }
        }
    }
    found.sort_by(|a, b| (a.at, &a.mark).cmp(&(b.at, &b.mark)));
    found
}
