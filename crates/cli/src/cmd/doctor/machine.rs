//! This machine: the running server, the address that one would listen on, the data folder.

use std::path::Path;

use super::{Check, Level};
use crate::client::{Client, ServerFile};
use crate::compose::DEFAULT_LISTEN;
use crate::config::File;

/// Looks at all three.
pub(super) async fn looks(file: &File, data: &Path) -> Vec<Check> {
    let mut checks = vec![folder(data)];
    let running = running(data).await;
    if running.level == Level::Ok {
        checks.extend(heartbeat(data).await);
    }
    if running.level == Level::Warn {
        checks.push(listen(file.server.listen.as_deref().unwrap_or(DEFAULT_LISTEN)).await);
    }
    checks.push(running);
    checks
}

/// The server that announced itself in the folder.
async fn running(data: &Path) -> Check {
    let check = |level, detail: String| Check::new("server", level, detail);
    let Some(file) = ServerFile::read(data).filter(ServerFile::may_run) else {
        return check(Level::Warn, format!("none runs on {}; `firebell serve` starts one", data.display()));
    };
    let Ok(client) = Client::new(&file.url, &file.token) else {
        return check(Level::Fail, format!("{} names no address", data.join(ServerFile::NAME).display()));
    };
    if !client.is_up().await {
        let text = format!(
            "process {} does not answer at {}; look at its log, or start it again",
            file.pid, file.url
        );
        return check(Level::Fail, text);
    }
    match client.is_known().await {
        Ok(true) => check(Level::Ok, format!("answers at {}", file.url)),
        Ok(false) => {
            check(Level::Fail, format!("another server answers at {}; start this one again", file.url))
        }
        Err(error) => check(Level::Fail, format!("{}: {error:#}", file.url)),
    }
}

/// How the running server's own heartbeat does; it is asked, for a beat of ours would hide that it does not beat.
async fn heartbeat(data: &Path) -> Option<Check> {
    let file = ServerFile::read(data)?;
    let answer = Client::new(&file.url, &file.token).ok()?.get("/api/v1/heartbeats").await.ok()?;
    let own = answer.get("own").filter(|own| !own.is_null())?;
    let text = |name: &str| own.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    Some(match (text("failing_since"), text("last_at")) {
        ("", "") => Check::new("heartbeat", Level::Warn, format!("nothing was sent to {} yet", text("to"))),
        ("", at) => Check::new("heartbeat", Level::Ok, format!("{} took the last one at {at}", text("to"))),
        (since, _) => {
            Check::new("heartbeat", Level::Fail, format!("fails since {since}: {}", text("reason")))
        }
    })
}

/// Whether a server could listen there.
async fn listen(address: &str) -> Check {
    match tokio::net::TcpListener::bind(address).await {
        Ok(_) => Check::new("listen", Level::Ok, format!("{address} is free")),
        Err(e) => {
            let text =
                format!("cannot listen on {address}: {e}; name another in [server] listen, or with --listen");
            Check::new("listen", Level::Fail, text)
        }
    }
}

/// Whether a server could write there. One that is not there yet is made at start, below the nearest that is.
fn folder(data: &Path) -> Check {
    let check = |level, detail: String| Check::new("data", level, detail);
    if !data.exists() {
        let above =
            data.ancestors().skip(1).map(|a| if a.as_os_str().is_empty() { Path::new(".") } else { a });
        let Some(above) = above.into_iter().find(|a| a.exists()) else {
            return check(Level::Fail, format!("{} cannot be made", data.display()));
        };
        return match probe(above) {
            Ok(()) => check(Level::Ok, format!("{} will be made", data.display())),
            Err(e) => {
                check(Level::Fail, format!("{} cannot be made: {}: {e}", data.display(), above.display()))
            }
        };
    }
    match probe(data) {
        Ok(()) => check(Level::Ok, format!("{} can be written", data.display())),
        Err(e) => {
            check(Level::Fail, format!("{} cannot be written: {e}; name another with --data", data.display()))
        }
    }
}

/// Writes a file there and takes it away again.
fn probe(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".firebell-doctor-{}", std::process::id()));
    std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_is_tried_and_left_as_it_was() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(folder(dir.path()).level, Level::Ok);
        let (new, file) = (dir.path().join("a/b"), dir.path().join("file"));
        assert_eq!(folder(&new).level, Level::Ok);
        assert!(!new.exists() && !dir.path().join("a").exists());
        std::fs::write(&file, "x").expect("written");
        assert_eq!(folder(&file).level, Level::Fail);
        assert_eq!(folder(&file.join("below")).level, Level::Fail);
        assert_eq!(std::fs::read_dir(dir.path()).expect("there").count(), 1);
    }

    #[tokio::test]
    async fn an_address_in_use_is_told() {
        let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = taken.local_addr().expect("an address").to_string();
        assert_eq!(listen(&address).await.level, Level::Fail);
        drop(taken);
        assert_eq!(listen(&address).await.level, Level::Ok);
    }
}
