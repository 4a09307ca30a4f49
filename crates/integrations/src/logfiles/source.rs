//! The logs port over files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use firebell_core::ports::telemetry::{Answer, LogQuery, QueryResult, TelemetrySource};
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::secrets::Mask;
use firebell_core::telemetry::TelemetryPart;
use jiff::Timestamp;
use regex::Regex;

use super::config::{Config, Files};
use super::glob;
use super::join::Joiner;
use super::parse::parse;
use super::read::{self, Bounds, End, Event};
use crate::answers::{malformed, refused};
use crate::limits::Limiter;
use crate::sample::Sampler;
use crate::settings::{ConfigError, adapter_name, seconds};
use crate::spans::plain_name;

/// Configured log files.
pub struct LogFiles {
    limiter: Limiter,
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    files: Vec<Files>,
    max_bytes: u64,
    timeout: Duration,
    /// What else is secret here, by the configuration.
    own: Mask,
}

impl LogFiles {
    /// Builds the source; reads nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("logfiles", &config.name)?;
        let timeout = seconds(&name, "timeout_s", config.timeout_s)?;
        for (i, files) in config.files.iter().enumerate() {
            let field = |f: &str| format!("files[{i}].{f}");
            if files.paths.is_empty() || files.paths.iter().any(|p| p.trim().is_empty()) {
                return Err(ConfigError::new(&name, field("paths"), "must name at least one path"));
            }
            if files.component.trim().is_empty() {
                let reason = "must name a component: \"service/checkout\", or \"service/{stem}\"";
                return Err(ConfigError::new(&name, field("component"), reason));
            }
        }
        let extra = config
            .mask
            .iter()
            .enumerate()
            .map(|(i, m)| Regex::new(m).map_err(|e| ConfigError::new(&name, format!("mask[{i}]"), e)))
            .collect::<Result<Vec<Regex>, _>>()?;
        let own = Mask::only(&extra);
        let max_bytes = config.max_bytes_per_file.clamp(64 << 10, 4 << 30);
        // Reading stops by itself; the limiter's deadline is the net below.
        let limiter = Limiter::new(&name, config.max_concurrent, timeout * 2 + Duration::from_secs(1));
        let inner = Inner { name, files: config.files.clone(), max_bytes, timeout, own };
        Ok(Self { limiter, inner: Arc::new(inner) })
    }

    async fn ask(&self, query: &LogQuery) -> QueryResult {
        let (inner, query) = (Arc::clone(&self.inner), query.clone());
        self.limiter
            .run(async {
                let name = self.inner.name.clone();
                match tokio::task::spawn_blocking(move || inner.read(&query)).await {
                    Ok(result) => result,
                    Err(_) => Err(malformed(&name, "reading the files panicked")),
                }
            })
            .await
    }
}

impl Inner {
    fn read(&self, query: &LogQuery) -> QueryResult {
        let until = Instant::now() + self.timeout;
        let mut sampler = Sampler::new(query.window, query.limit);
        let (mut notes, mut read, mut found) = (Vec::new(), 0, 0);
        for files in &self.files {
            for (path, component) in targets(files) {
                if !wanted(query.component.as_deref(), &component) {
                    continue;
                }
                found += 1;
                let bounds = Bounds { max_bytes: self.max_bytes, until };
                match self.file(&path, files, &component, query, bounds, &mut sampler, &mut notes) {
                    Ok(()) => read += 1,
                    Err(e) => notes.push(format!("{} cannot be read: {e}", path.display())),
                }
            }
        }
        if found > 0 && read == 0 {
            return Err(refused(&self.name, notes.join("; ")));
        }
        let (lines, note) = sampler.finish();
        notes.extend(note);
        if found == 0 && query.component.is_none() {
            notes.push("no file matches the configured paths".into());
        }
        Ok(Answer {
            source: self.name.clone(),
            query: format!(
                "{} files of {} from {} to {}",
                found,
                query.component.as_deref().unwrap_or("all components"),
                query.window.start,
                query.window.end
            ),
            part: TelemetryPart::Logs(lines),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        })
    }

    #[expect(clippy::too_many_arguments, reason = "one file's reading, taken out of the loop over files")]
    fn file(
        &self,
        path: &Path,
        files: &Files,
        component: &str,
        query: &LogQuery,
        bounds: Bounds,
        sampler: &mut Sampler,
        notes: &mut Vec<String>,
    ) -> std::io::Result<()> {
        let source = path.display().to_string();
        let around = middle(query.window.start, query.window.end);
        let one = |raw: &str, number| parse(raw, files.format, &source, number, component, around);
        let mut joiner = Joiner::default();
        let mut keep = |record| {
            if let Some(mut record) = record {
                self.own.line(&mut record);
                sampler.push(record);
            }
        };
        let end =
            read::window(path, query.window, bounds, &|raw| one(raw, 0).at, &mut |event| match event {
                Event::Line(raw, number) => keep(joiner.push(one(raw, number), raw)),
                Event::Gap => keep(joiner.finish()),
            })?;
        let lost = joiner.lost;
        keep(joiner.finish());
        match end {
            End::Whole | End::TooOld => {}
            End::Pieces => notes.push(format!(
                "{source} is larger than {} bytes in this window: read in pieces",
                bounds.max_bytes
            )),
            End::OutOfTime => notes.push(format!("{source} was not read to its end: the time was up")),
        }
        if lost > 100 {
            notes.push(format!("{lost} lines of {source} have no time that is understood: set its format"));
        }
        Ok(())
    }

    fn check(&self) -> Health {
        let (mut found, mut problems) = (0, Vec::new());
        for files in &self.files {
            let targets = targets(files);
            if targets.is_empty() {
                problems.push(format!("no file matches {}", files.paths.join(", ")));
            }
            for (path, _) in targets {
                match std::fs::File::open(&path) {
                    Ok(_) => found += 1,
                    Err(e) => problems.push(format!("{} cannot be read: {e}", path.display())),
                }
            }
        }
        let ok = problems.is_empty();
        problems.truncate(5);
        let detail = if ok { format!("{found} files can be read") } else { problems.join("; ") };
        Health { name: self.name.clone(), ok, detail }
    }
}

/// The files of one entry with their components.
fn targets(files: &Files) -> Vec<(PathBuf, String)> {
    let mut out: Vec<(PathBuf, String)> = Vec::new();
    for pattern in &files.paths {
        for path in glob::find(pattern) {
            if out.iter().any(|(p, _)| *p == path) {
                continue;
            }
            let part =
                |p: Option<&std::ffi::OsStr>| p.map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            let file = part(path.file_name());
            let stem = file.split('.').next().unwrap_or("");
            let folder = part(path.parent().and_then(Path::file_name));
            let component = files.component.replace("{stem}", stem).replace("{dir}", &folder);
            out.push((path, component));
        }
    }
    out
}

fn wanted(asked: Option<&str>, component: &str) -> bool {
    asked.is_none_or(|a| a == component || plain_name(a) == plain_name(component))
}

fn middle(a: Timestamp, b: Timestamp) -> Timestamp {
    a.checked_add(b.duration_since(a) / 2).unwrap_or(a)
}

impl TelemetrySource for LogFiles {
    fn name(&self) -> &str {
        &self.inner.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let name = inner.name.clone();
            tokio::task::spawn_blocking(move || inner.check()).await.unwrap_or_else(|_| Health {
                name,
                ok: false,
                detail: "the check panicked".into(),
            })
        })
    }

    fn logs<'a>(&'a self, query: &'a LogQuery) -> Option<BoxFuture<'a, QueryResult>> {
        Some(Box::pin(self.ask(query)))
    }
}
