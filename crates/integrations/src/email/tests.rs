//! Real SMTP conversations over TCP with a small sink, and with Debian's `aiosmtpd` where it is installed.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier as _};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::{Config, Email};
use crate::doubles::{Fault, faulty, free_port, until};

#[derive(Debug, Default, Clone)]
struct Mail {
    to: Vec<String>,
    data: String,
}

type Box = Arc<Mutex<Vec<Mail>>>;

/// What the sink answers to `RCPT TO` and to the end of `DATA`.
#[derive(Clone, Copy)]
struct Answers {
    rcpt: fn(&str) -> &'static str,
    data: &'static str,
}

const FINE: Answers = Answers { rcpt: |_| "250 OK", data: "250 2.0.0 queued as 1" };

async fn sink(answers: Answers) -> (u16, Box) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let inbox = Box::default();
    let shared = Arc::clone(&inbox);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(talk(socket, answers, Arc::clone(&shared)));
        }
    });
    (port, inbox)
}

async fn talk(socket: tokio::net::TcpStream, answers: Answers, inbox: Box) -> std::io::Result<()> {
    let (read, mut write) = socket.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut mail = Mail::default();
    write.write_all(b"220 sink ESMTP\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let upper = line.to_ascii_uppercase();
        let answer = if upper.starts_with("EHLO") {
            "250-sink\r\n250 8BITMIME"
        } else if upper.starts_with("MAIL FROM") {
            mail = Mail::default();
            "250 OK"
        } else if upper.starts_with("RCPT TO") {
            mail.to.push(line[8..].trim_matches(['<', '>', ' ']).to_owned());
            (answers.rcpt)(&line)
        } else if upper == "DATA" {
            write.write_all(b"354 go on\r\n").await?;
            while let Some(line) = lines.next_line().await? {
                if line == "." {
                    break;
                }
                mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                mail.data.push('\n');
            }
            if answers.data.starts_with('2') {
                inbox.lock().expect("a lock").push(mail.clone());
            }
            answers.data
        } else if upper == "QUIT" {
            write.write_all(b"221 bye\r\n").await?;
            break;
        } else {
            "250 OK"
        };
        write.write_all(answer.as_bytes()).await?;
        write.write_all(b"\r\n").await?;
    }
    Ok(())
}

fn email(port: u16) -> Email {
    let config: Config = serde_json::from_value(json!({"name": "oncall", "host": "127.0.0.1", "port": port,
        "encryption": "none", "from": "Firebell <firebell@example.com>", "to": ["oncall@example.com"], "timeout_s": 0.5}))
    .expect("a configuration");
    Email::new(&config).expect("builds")
}

fn message() -> Message {
    Message {
        key: "INC-2026-0042:31:0".into(),
        incident: "INC-2026-0042".into(),
        audience: "internal".into(),
        subject: "SEV1: checkout is down".into(),
        body: "Customers <b>cannot</b> buy.\n.\nWe look into it – 10:30.".into(),
        to: Vec::new(),
        link: "https://firebell.example/i/INC-2026-0042?a=1&b=2".into(),
        ..Message::default()
    }
}

fn header(mail: &Mail, name: &str) -> Vec<String> {
    let head = mail.data.split("\n\n").next().unwrap_or("");
    head.lines().filter_map(|l| l.strip_prefix(&format!("{name}: "))).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_mail_arrives_whole_and_its_id_follows_from_the_key() {
    let (port, inbox) = sink(FINE).await;
    let email = email(port);
    for _ in 0..2 {
        let outcome = email.send(&message()).await;
        assert!(
            matches!(&outcome, Outcome::Done { detail, .. } if detail.contains("queued as 1")),
            "{outcome:?}"
        );
    }
    assert!(email.health().await.ok);
    let inbox = inbox.lock().expect("a lock");
    assert_eq!(inbox[0].to, ["oncall@example.com"]);
    assert_eq!(header(&inbox[0], "Message-ID").len(), 1);
    assert_eq!(header(&inbox[0], "Message-ID"), header(&inbox[1], "Message-ID"));
    assert_eq!(header(&inbox[0], "Subject"), ["SEV1: checkout is down"]);
    assert_eq!(header(&inbox[0], "X-Firebell-Incident"), ["INC-2026-0042"]);
    // Long lines are folded on the way.
    let unfolded = inbox[0].data.replace("=\n", "");
    assert!(unfolded.contains("&lt;b&gt;cannot&lt;/b&gt;"), "{unfolded}");
    assert!(inbox[0].data.contains("text/plain") && inbox[0].data.contains("text/html"));
}

#[tokio::test]
async fn outside_text_cannot_add_headers_or_recipients() {
    let (port, inbox) = sink(FINE).await;
    let email = email(port);
    let mut hostile = message();
    hostile.subject = "x\r\nBcc: thief@example.com\r\n\r\nbody".into();
    hostile.incident = "INC\r\nX-Evil: 1".into();
    hostile.audience = "internal\nX-Evil: 2".into();
    let link = format!("<https://status.example.com/status/unsubscribe?s=sub-1&t={}>", "a1".repeat(32));
    hostile.headers =
        vec![("List-Unsubscribe".into(), link.clone()), ("X-More".into(), "1\r\nX-Evil: 3".into())];
    hostile.body = "Look at https://e.example/?a=1&b=2\njavascript:alert(1) <i>x</i>".into();
    assert!(matches!(email.send(&hostile).await, Outcome::Done { .. }));
    let mail = inbox.lock().expect("a lock")[0].clone();
    assert_eq!(mail.to, ["oncall@example.com"]);
    assert!(header(&mail, "Bcc").is_empty() && header(&mail, "X-Evil").is_empty(), "{}", mail.data);
    assert!(mail.data.replace("\n ", " ").contains(&link), "whole, for programs read it: {}", mail.data);
    let html = mail.data.replace("=\n", "").replace("=3D", "=");
    assert!(
        html.contains("<a href=\"https://e.example/?a=1&amp;b=2\">") && !html.contains("<a href=\"java"),
        "{html}"
    );
    for address in ["a@example.com\r\nRCPT TO:<b@example.com>", "not an address", ""] {
        let mut message = message();
        message.to = vec![address.into()];
        assert!(matches!(email.send(&message).await, Outcome::Permanent { .. }), "{address:?}");
    }
}

#[tokio::test]
async fn the_servers_code_decides_what_may_be_repeated() {
    for (data, retry) in [("451 4.3.0 try later", true), ("554 5.7.1 rejected", false)] {
        let (port, _) = sink(Answers { data, ..FINE }).await;
        let outcome = email(port).send(&message()).await;
        assert_eq!(matches!(outcome, Outcome::Retry { .. }), retry, "{outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Permanent { .. }), !retry, "{outcome:?}");
    }
}

#[tokio::test]
async fn one_refused_recipient_does_not_keep_the_mail_from_the_others() {
    let rcpt = |line: &str| if line.contains("gone@") { "550 5.1.1 no such user" } else { "250 OK" };
    let (port, inbox) = sink(Answers { rcpt, ..FINE }).await;
    let mut message = message();
    message.to = vec!["a@example.com".into(), "gone@example.com".into(), "b@example.com".into()];
    let outcome = email(port).send(&message).await;
    let Outcome::Done { detail, .. } = outcome else { panic!("{outcome:?}") };
    assert!(detail.contains("sent to 2 of 3") && detail.contains("gone@example.com"), "{detail}");
    let inbox = inbox.lock().expect("a lock");
    assert_eq!(
        inbox.iter().flat_map(|m| m.to.clone()).collect::<Vec<_>>(),
        ["a@example.com", "b@example.com"]
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_or_does_not_talk_is_tried_again() {
    assert!(matches!(email(free_port()).send(&message()).await, Outcome::Retry { .. }));
    for fault in [Fault::Silent, Fault::Hangup] {
        let server = faulty(fault).await;
        let port = server.url.rsplit(':').next().and_then(|p| p.parse().ok()).expect("a port");
        let outcome = email(port).send(&message()).await;
        assert!(matches!(outcome, Outcome::Retry { .. }), "{fault:?}: {outcome:?}");
        assert!(!email(port).health().await.ok);
    }
}

#[test]
fn configuration_is_checked() {
    let base = json!({"name": "o", "host": "mail.example.com", "from": "f@example.com"});
    for (key, value, field) in [
        ("encryption", json!("none"), "encryption"),
        ("from", json!("nobody"), "from"),
        ("to", json!(["x"]), "to[0]"),
        ("username", json!("u"), "username"),
        ("timeout_s", json!(0), "timeout_s"),
    ] {
        let mut config = base.clone();
        config[key] = value;
        let config: Config = serde_json::from_value(config).expect("a configuration");
        assert_eq!(Email::new(&config).err().map(|e| e.field).as_deref(), Some(field));
    }
    assert!(Email::new(&serde_json::from_value(base).expect("a configuration")).is_ok());
}

#[tokio::test]
async fn a_real_smtp_server_takes_the_mail() {
    let port = free_port();
    let started = Command::new("/usr/bin/python3")
        .args(["-u", "-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(e) => {
            eprintln!("skipped: python3 cannot be started: {e}");
            return;
        }
    };
    let sent = until(Duration::from_secs(15), || async {
        matches!(email(port).send(&message()).await, Outcome::Done { .. }).then_some(())
    })
    .await;
    // Without the module python ends at once.
    let missing = matches!(child.try_wait(), Ok(Some(_)));
    let _ = child.kill();
    let _ = child.wait();
    if sent.is_none() && missing {
        eprintln!("skipped: python3-aiosmtpd is not installed");
        return;
    }
    assert!(sent.is_some(), "the real server took the mail");
}
