//! How a command finds its server, and whom it shows a token.

use std::io::{Read, Write};

use serde_json::json;

use crate::commands::{fails, parsed, path, said};
use crate::support::{Server, firebell, free_port, output, text};

/// Takes one request, answers that the caller is unknown, and hands back what was asked.
fn stranger() -> (String, std::thread::JoinHandle<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let taken = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a caller");
        let mut bytes = [0u8; 4096];
        let mut asked = Vec::new();
        while !asked.windows(4).any(|w| w == b"\r\n\r\n") {
            match stream.read(&mut bytes) {
                Ok(n) if n > 0 => asked.extend_from_slice(&bytes[..n]),
                _ => break,
            }
        }
        let _ =
            stream.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        String::from_utf8_lossy(&asked).to_lowercase()
    });
    (url, taken)
}

#[test]
fn the_administrators_token_is_shown_to_its_own_server_only() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path(), "");
    // Its own server, by its file and by its address.
    server.json(&["incident", "list"]);
    server.json(&["incident", "list", "--url", &server.url]);
    let (url, taken) = stranger();
    fails(
        &["incident", "list", "--url", &url, "--data", path(&server.data)],
        6,
        &["--token", "FIREBELL_TOKEN"],
    );
    let named =
        output(firebell().args(["incident", "list", "--data"]).arg(&server.data).env("FIREBELL_URL", &url));
    assert_eq!(named.status.code(), Some(6), "{}", said(&named));
    // The first and only call is the one with a token that was given.
    fails(&["incident", "list", "--url", &url, "--data", path(&server.data), "--token", "mine"], 6, &[]);
    let asked = taken.join().expect("it ends");
    assert!(asked.contains("authorization: bearer mine"), "{asked}");
}

#[test]
fn a_server_that_is_gone_is_told_and_another_on_its_port_is_not_taken_for_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(dir.path(), "");
    assert!(server.json(&["token"])["sign_in"].as_str().is_some_and(|s| s.starts_with(&server.url)));
    server.kill();
    // It could not take its file away.
    assert!(server.data.join("server.json").exists());
    fails(&["token", "--data", path(&server.data)], 3, &["firebell serve"]);
    fails(&["incident", "list", "--data", path(&server.data)], 3, &["has ended", "firebell serve"]);
    // Another server on its port, and its file as if its process still ran.
    let other = Server::start(
        &{
            let d = dir.path().join("other");
            std::fs::create_dir(&d).expect("made");
            d
        },
        "",
    );
    let file = json!({ "url": other.url, "token": "0".repeat(64), "pid": std::process::id() });
    std::fs::write(server.data.join("server.json"), file.to_string()).expect("written");
    fails(&["token", "--data", path(&server.data)], 3, &["firebell serve"]);
    let declared = output(
        firebell().args(["respond", "Catalog is slow", "--no-follow", "--json", "--data"]).arg(&server.data),
    );
    assert_eq!(declared.status.code(), Some(0), "{}", said(&declared));
    assert!(said(&declared).contains("no server runs"), "{}", said(&declared));
    assert_eq!(other.json(&["incident", "list"])["incidents"], json!([]), "it was declared elsewhere");
}

#[test]
fn respond_finds_the_server_of_the_configuration() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path(), "");
    let config = dir.path().join("other.toml");
    // A secret that only the server can read is no reason to start another one.
    let toml = format!(
        "[server]\ndata = {:?}\n[otlp]\nkey = {{ env = \"FIREBELL_NO_SUCH_VARIABLE\" }}\n",
        path(&server.data)
    );
    std::fs::write(&config, toml).expect("written");
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).expect("made");
    let out = output(
        firebell()
            .args(["respond", "Catalog is slow", "--no-follow"])
            .current_dir(&empty)
            .env("FIREBELL_CONFIG", &config),
    );
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    assert!(!said(&out).contains("no server runs"), "{}", said(&out));
    let id = text(&out).trim().to_owned();
    assert_eq!(server.json(&["incident", "show", &id])["incident"]["title"], "Catalog is slow");
    assert_eq!(std::fs::read_dir(&empty).expect("there").count(), 0, "nothing was left where it was called");
    // The argument wins over the configuration.
    let other = dir.path().join("elsewhere");
    let own = output(
        firebell()
            .args(["respond", "Catalog is slow", "--no-follow", "--json", "--data", path(&other)])
            .env("FIREBELL_CONFIG", dir.path().join("firebell.toml")),
    );
    assert_eq!(own.status.code(), Some(0), "{}", said(&own));
    assert!(said(&own).contains("no server runs") && parsed(&own)["id"].is_string(), "{}", said(&own));
}

#[test]
fn an_address_where_nothing_listens_cannot_be_reached() {
    let url = format!("http://127.0.0.1:{}", free_port());
    fails(&["incident", "list", "--url", &url, "--token", "x"], 3, &["cannot be reached"]);
}
