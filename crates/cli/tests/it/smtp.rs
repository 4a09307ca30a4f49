//! Updates and pages by e-mail arrive at a real SMTP server: Debian's aiosmtpd where it is installed, else a small
//! one in the test.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::support::{Process, Server, curl, free_port, text, until};

/// Where mail arrives.
enum Sink {
    Aiosmtpd { _process: Process, maildir: PathBuf },
    Own(Arc<Mutex<Vec<String>>>),
}

impl Sink {
    fn start(dir: &Path, port: u16) -> Self {
        // Debian's Python has Debian's packages; another one may stand first in PATH.
        let python = ["/usr/bin/python3", "python3"].into_iter().find(|python| {
            let import = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
            import.is_ok_and(|s| s.success())
        });
        let Some(python) = python else {
            println!("python3-aiosmtpd is not installed; the test's own SMTP server takes its place");
            return Self::own(port);
        };
        let maildir = dir.join("mail");
        let child = Command::new(python)
            .args([
                "-m",
                "aiosmtpd",
                "-n",
                "-l",
                &format!("127.0.0.1:{port}"),
                "-c",
                "aiosmtpd.handlers.Mailbox",
            ])
            .arg(&maildir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let process = Process(child);
        until("the SMTP server listens", 20, || TcpStream::connect(("127.0.0.1", port)).ok());
        Self::Aiosmtpd { _process: process, maildir }
    }

    fn own(port: u16) -> Self {
        let mails: Arc<Mutex<Vec<String>>> = Arc::default();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("listens");
        let taken = Arc::clone(&mails);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&taken);
                std::thread::spawn(move || drop(converse(stream, &taken)));
            }
        });
        Self::Own(mails)
    }

    fn mails(&self) -> Vec<String> {
        match self {
            Self::Own(mails) => mails.lock().expect("not poisoned").clone(),
            Self::Aiosmtpd { maildir, .. } => {
                let Ok(entries) = std::fs::read_dir(maildir.join("new")) else { return Vec::new() };
                entries.flatten().filter_map(|e| std::fs::read_to_string(e.path()).ok()).collect()
            }
        }
    }
}

/// The server's side of RFC 5321, as far as a mail needs it.
fn converse(stream: TcpStream, mails: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    out.write_all(b"220 test\r\n")?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                out.write_all(b"354 go on\r\n")?;
                let mut mail = String::new();
                loop {
                    line.clear();
                    if lines.read_line(&mut line)? == 0 || line == ".\r\n" {
                        break;
                    }
                    mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                mails.lock().expect("not poisoned").push(mail);
                out.write_all(b"250 taken\r\n")?;
            }
            "QUIT" => return out.write_all(b"221 bye\r\n"),
            _ => out.write_all(b"250 fine\r\n")?,
        }
    }
}

/// A header of a mail.
fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    let mut head = mail.lines().take_while(|l| !l.trim().is_empty());
    head.find_map(|l| {
        let (n, v) = l.split_once(':')?;
        n.eq_ignore_ascii_case(name).then(|| v.trim())
    })
}

#[test]
fn updates_and_pages_arrive_by_mail() {
    let dir = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let sink = Sink::start(dir.path(), port);
    let config = format!(
        r#"
page_channels = ["email/oncall"]
[channels]
internal = ["email/oncall"]
executives = ["email/oncall"]
[[notifiers]]
kind = "email"
name = "oncall"
host = "127.0.0.1"
port = {port}
encryption = "none"
from = "Firebell <firebell@example.com>"
to = ["everybody@example.com"]
[times]
gather_s = 1
[[people]]
name = "Ada"
email = "ada@example.com"
roles = ["on_call", "incident_commander"]
[[services]]
name = "checkout"
customer_facing = true
revenue = true
"#
    );
    let server = Server::start(dir.path(), &config);
    // A title with line ends must not become headers of its own.
    let title =
        "High error rate on checkout API, customers cannot complete purchases\r\nBcc: thief@example.com";
    let declared = server.json(&["respond", title, "--service", "checkout", "--no-follow"]);
    let id = declared["id"].as_str().expect("an id").to_owned();
    let mails = until("a page and updates to two audiences arrive", 60, || {
        let mails: Vec<String> = sink
            .mails()
            .into_iter()
            .filter(|m| header(m, "x-firebell-incident") == Some(id.as_str()))
            .collect();
        let for_whom = |who: &str| mails.iter().any(|m| header(m, "x-firebell-audience") == Some(who));
        (for_whom("internal") && for_whom("executives") && mails.len() >= 3).then_some(mails)
    });
    for mail in &mails {
        assert!(header(mail, "from").is_some_and(|f| f.contains("firebell@example.com")), "{mail}");
        assert!(header(mail, "subject").is_some_and(|s| !s.is_empty()), "{mail}");
        assert_eq!(header(mail, "bcc"), None, "{mail}");
    }
    let internal = mails.iter().find(|m| header(m, "x-firebell-audience") == Some("internal")).expect("one");
    assert!(internal.contains("SEV1"), "{internal}");
    // One mail for each key: a repeat would carry the same Message-ID.
    let mut ids: Vec<_> = mails.iter().filter_map(|m| header(m, "message-id")).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "a mail was sent twice");
    until("the record says that they were delivered", 30, || {
        let shown = server.json(&["incident", "show", &id]);
        let updates = shown["incident"]["updates"].as_array()?.clone();
        let internal = updates.iter().find(|u| u["audience"] == "internal")?;
        (internal["delivered"] == serde_json::json!(["email/oncall"])).then_some(())
    });
    let dead = server.json(&["dead-letter", "list"]);
    assert_eq!(dead["effects"].as_array().map(Vec::len), Some(0), "{dead}");
}

#[test]
fn who_subscribes_to_the_status_page_is_asked_back_told_and_let_go_by_mail() {
    let dir = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let sink = Sink::start(dir.path(), port);
    let config = format!(
        r#"
[[notifiers]]
kind = "email"
name = "customers"
host = "127.0.0.1"
port = {port}
encryption = "none"
from = "Status <status@example.com>"
[[services]]
name = "checkout"
customer_facing = true
"#
    );
    let server = Server::start(dir.path(), &config);
    let post = |url: &str, form: &str| text(&curl(&["-X", "POST", "--data", form, url]));
    let to_customer = || -> Vec<String> {
        let mails = sink.mails().into_iter();
        mails.filter(|m| header(m, "to").is_some_and(|to| to.contains("eve@example.com"))).collect()
    };
    let said = post(&format!("{}/status/subscribe/email", server.url), "email=eve%40example.com");
    assert!(said.contains("a mail is on its way"), "{said}");
    let mail = until("it is asked back", 30, || to_customer().pop());
    let confirm = link(&mail, "/status/confirm?");
    assert!(text(&curl(&[&confirm])).contains("<button"), "a look confirms nothing");
    assert!(post(&confirm, "").contains("You are subscribed"));
    let declared =
        server.json(&["respond", "Checkout is down for everybody", "--service", "checkout", "--no-follow"]);
    let id = declared["id"].as_str().expect("an id").to_owned();
    let token = std::fs::read_to_string(server.data.join("admin.token")).expect("a token");
    let update = r#"{"audience": "public", "subject": "Errors in checkout", "body": "We look into it."}"#;
    let said = text(&curl(&[
        "-X",
        "POST",
        "-H",
        &format!("authorization: Bearer {}", token.trim()),
        "--data",
        update,
        &format!("{}/api/v1/incidents/{id}/updates", server.url),
    ]));
    assert!(said.contains("events"), "{said}");
    let told = until("the post arrives", 60, || {
        to_customer().into_iter().find(|m| m.contains("Errors in checkout"))
    });
    assert_eq!(header(&told, "list-unsubscribe-post"), Some("List-Unsubscribe=One-Click"), "{told}");
    let end = link(&told, "/status/unsubscribe?");
    assert!(told.replace("\r\n", "\n").replace("\n ", " ").contains(&format!("<{end}>")), "{told}");
    assert!(post(&end, "List-Unsubscribe=One-Click").contains("You are unsubscribed"));
}

/// An address in the text of a mail.
fn link(mail: &str, mark: &str) -> String {
    let plain = mail.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
    let word = plain.split_whitespace().find(|w| w.starts_with("http") && w.contains(mark));
    word.unwrap_or_else(|| panic!("no link to {mark}: {plain}")).to_owned()
}
