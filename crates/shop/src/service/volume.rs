//! A service's data volume: a folder of real files with a size that writes cannot exceed.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::Error;

/// Size of every volume.
pub(crate) const SIZE: u64 = 40 * 1024 * 1024;
/// Old logs that lie on a volume from the start.
const OLD_LOGS: usize = 24 * 1024 * 1024;

/// The active copy of a volume; a standby is another folder.
pub(crate) struct Volume {
    root: PathBuf,
    active: Mutex<PathBuf>,
}

impl Volume {
    /// Opens the volume below `root`, with `copy` as the active one.
    pub(crate) fn open(root: PathBuf, copy: &str) -> Result<Self, Error> {
        let active = root.join(copy);
        fs::create_dir_all(&active).map_err(Error::file(&active))?;
        Ok(Self { root, active: Mutex::new(active) })
    }

    /// Puts years of rotated logs there, so that the volume is two thirds full as such volumes are.
    pub(crate) fn fill(&self) -> Result<(), Error> {
        let path = self.path("app.log.1");
        if !path.exists() {
            let line = b"time=2026-01-01T00:00:00Z level=info msg=\"stock movement\" sku=1042 delta=-1\n";
            let text: Vec<u8> = line.iter().copied().cycle().take(OLD_LOGS).collect();
            fs::write(&path, text).map_err(Error::file(&path))?;
        }
        Ok(())
    }

    /// A file on the active copy.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).join(name)
    }

    /// A file on another copy; makes the copy's folder.
    pub(crate) fn path_on(&self, copy: &str, name: &str) -> Result<PathBuf, Error> {
        let dir = self.root.join(copy);
        fs::create_dir_all(&dir).map_err(Error::file(&dir))?;
        Ok(dir.join(name))
    }

    /// Makes another copy the active one.
    pub(crate) fn activate(&self, copy: &str) {
        *self.active.lock().unwrap_or_else(PoisonError::into_inner) = self.root.join(copy);
    }

    /// Bytes of all files on the active copy.
    pub(crate) fn used(&self) -> u64 {
        let dir = self.active.lock().unwrap_or_else(PoisonError::into_inner).clone();
        used_in(&dir)
    }

    /// Whether so many bytes more fit; the error is the system's for a full disk.
    pub(crate) fn room_for(&self, bytes: u64) -> io::Result<()> {
        if self.used() + bytes > SIZE {
            return Err(io::Error::from_raw_os_error(28));
        }
        Ok(())
    }

    /// Appends to a file what fits, as a file system does: the last write on a full disk is a short one, and an
    /// error. With a rotation size the file is renamed to `.old` when it is larger.
    pub(crate) fn append(&self, name: &str, bytes: &[u8], rotate_at: Option<u64>) -> io::Result<()> {
        let path = self.path(name);
        if let Some(limit) = rotate_at
            && fs::metadata(&path).is_ok_and(|m| m.len() > limit)
        {
            fs::rename(&path, path.with_extension("log.old"))?;
        }
        let room = usize::try_from(SIZE.saturating_sub(self.used())).unwrap_or(usize::MAX);
        let fits = bytes.len().min(room);
        OpenOptions::new().create(true).append(true).open(path)?.write_all(&bytes[..fits])?;
        self.room_for((bytes.len() - fits) as u64)
    }

    /// Removes the logs of the active copy; gives the bytes that this made free.
    pub(crate) fn free_logs(&self) -> io::Result<u64> {
        let before = self.used();
        let dir = self.active.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|n| n.to_string_lossy().contains(".log")) {
                fs::remove_file(path)?;
            }
        }
        Ok(before.saturating_sub(self.used()))
    }
}

fn used_in(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    entries.flatten().filter_map(|e| e.metadata().ok()).filter(|m| m.is_file()).map(|m| m.len()).sum()
}

#[cfg(test)]
mod tests {
    //! A disk that is really full.

    use super::*;

    #[test]
    fn takes_what_fits_and_refuses_the_rest_until_logs_are_freed() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let volume = Volume::open(dir.path().to_owned(), "primary").expect("the volume opens");
        volume.fill().expect("old logs");
        let chunk = vec![b'x'; 4 * 1024 * 1024];
        let written = (0..10).take_while(|_| volume.append("app.log", &chunk, None).is_ok()).count();
        assert_eq!(written, 4);
        volume.append("app.log", b"and a few bytes more", None).expect_err("the volume is full");
        let full = volume.append("app.log", &chunk, None).expect_err("the volume is full");
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        assert_eq!(volume.used(), SIZE, "no byte is left for anybody");
        assert!(volume.free_logs().expect("logs are removed") > SIZE / 2);
        assert!(volume.append("app.log", &chunk, Some(1)).is_ok());
    }
}
