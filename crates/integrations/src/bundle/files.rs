//! Which files a bundle consists of. Refuses links, paths that leave the parent folder, and sizes past the caps.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use super::error::{Broken, Error};

/// Most bytes read from one file.
const MAX_FILE: u64 = 1 << 30;
/// Most files of one bundle.
const MAX_FILES: usize = 20_000;
/// Deepest folder below the bundle.
const MAX_DEPTH: usize = 4;

/// One file to read.
pub(super) struct Entry {
    /// Path on disk.
    pub path: PathBuf,
    /// Path inside the bundle, with `/`; files of an included folder start with the include's own text.
    pub name: String,
    /// Path inside its own folder, without the include's text: decides how it is read.
    pub local: String,
    /// Bytes.
    pub size: u64,
}

/// All files below `dir`, sorted, with names prefixed by `prefix`.
pub(super) fn list(dir: &Path, prefix: &str, broken: &mut Vec<Broken>) -> Result<Vec<Entry>, Error> {
    let mut found = Vec::new();
    walk(dir, dir, prefix, 0, &mut found, broken)?;
    found.sort_by(|a: &Entry, b: &Entry| a.name.cmp(&b.name));
    Ok(found)
}

fn walk(
    root: &Path,
    dir: &Path,
    prefix: &str,
    depth: usize,
    found: &mut Vec<Entry>,
    broken: &mut Vec<Broken>,
) -> Result<(), Error> {
    let io = |source| Error::Io { path: dir.to_owned(), what: "list the folder", source };
    let items = match fs::read_dir(dir) {
        Ok(items) => items,
        Err(e) if dir != root => {
            let inside = dir.strip_prefix(root).unwrap_or(dir).display();
            let reason = format!("cannot be listed: {e}");
            broken.push(Broken { file: format!("{prefix}{inside}"), line: 0, reason });
            return Ok(());
        }
        Err(e) => return Err(io(e)),
    };
    for item in items {
        let item = item.map_err(io)?;
        let path = item.path();
        let local = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .components()
            .map(|c| c.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/");
        let name = format!("{prefix}{local}");
        // The entry's own type, not its target's: a link must not lead out of the bundle.
        let kind = item.file_type().map_err(io)?;
        if kind.is_symlink() {
            broken.push(Broken { file: name, line: 0, reason: "is a link; links are not followed".into() });
        } else if kind.is_dir() {
            if depth >= MAX_DEPTH {
                broken.push(Broken { file: name, line: 0, reason: "is nested too deep; left out".into() });
            } else {
                walk(root, &path, prefix, depth + 1, found, broken)?;
            }
        } else if !kind.is_file() {
            broken.push(Broken {
                file: name,
                line: 0,
                reason: "is neither a file nor a folder; left out".into(),
            });
        } else {
            if found.len() >= MAX_FILES {
                return Err(Error::TooLarge {
                    path: root.to_owned(),
                    reason: format!("holds more than {MAX_FILES} files; split it"),
                });
            }
            let size = item.metadata().map_or(0, |m| m.len());
            found.push(Entry { path, name, local, size });
        }
    }
    Ok(())
}

/// The folder that an `include` names: inside the bundle's parent folder, without links on the way.
pub(super) fn resolve_include(dir: &Path, include: &str) -> Result<PathBuf, String> {
    let asked = Path::new(include);
    let mut parts: Vec<std::ffi::OsString> = Vec::new();
    let here = dir.canonicalize().map_err(|e| e.to_string())?;
    let parent = here.parent().ok_or("the bundle has no parent folder")?;
    if let Some(last) = here.file_name() {
        parts.push(last.to_owned());
    }
    for part in asked.components() {
        match part {
            Component::Normal(p) => parts.push(p.to_owned()),
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop().ok_or_else(|| format!("include {include:?} leaves the parent folder"))?;
            }
            Component::RootDir | Component::Prefix(_) => {
                return Err(format!("include {include:?} is not a relative path"));
            }
        }
    }
    if parts.is_empty() {
        return Err(format!("include {include:?} is the parent folder itself; name a folder in it"));
    }
    let wanted = parts.iter().fold(parent.to_owned(), |p, part| p.join(part));
    let real = wanted.canonicalize().map_err(|e| format!("include {include:?} cannot be opened: {e}"))?;
    if real != wanted {
        return Err(format!("include {include:?} goes through a link; links are not followed"));
    }
    if !real.is_dir() {
        return Err(format!("include {include:?} is not a folder"));
    }
    if here.starts_with(&real) {
        return Err(format!("include {include:?} contains the bundle itself"));
    }
    Ok(real)
}

/// A file's bytes, capped.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let file = fs::File::open(path).map_err(|e| format!("cannot be opened: {e}"))?;
    let size = file.metadata().map_err(|e| format!("cannot be read: {e}"))?.len();
    if size > MAX_FILE {
        return Err(format!("is {size} bytes long, more than {MAX_FILE}; split it"));
    }
    let mut out = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // The file may grow while it is read.
    file.take(MAX_FILE).read_to_end(&mut out).map_err(|e| format!("cannot be read: {e}"))?;
    Ok(out)
}

/// A file's text; bytes that are not UTF-8 become the replacement character.
pub(super) fn text(path: &Path) -> Result<String, String> {
    bytes(path).map(as_text)
}

/// Bytes as text; those that are not UTF-8 become the replacement character.
pub(super) fn as_text(raw: Vec<u8>) -> String {
    match String::from_utf8(raw) {
        Ok(text) => text,
        Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
    }
}

/// Distinct includes in order.
pub(super) fn distinct(includes: &[String]) -> Vec<&String> {
    let mut seen = BTreeSet::new();
    includes.iter().filter(|i| seen.insert(i.as_str())).collect()
}
