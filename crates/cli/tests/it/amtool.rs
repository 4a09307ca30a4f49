//! Debian's amtool against the Alertmanager API that Firebell serves.

use std::process::Command;

use crate::support::{Server, installed, output, text};

const KEY: &str = "0123456789abcdef";

#[test]
fn amtool_adds_queries_and_silences() {
    if !installed("amtool") {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let config = format!("[[sources]]\nname = \"am\"\nkind = \"alertmanager\"\nkey = \"{KEY}\"\n");
    let server = Server::start(dir.path(), &config);
    let url = format!("--alertmanager.url={}/am/{KEY}", server.url);
    let amtool = |args: &[&str]| {
        let out = output(Command::new("amtool").arg(&url).args(args));
        assert!(out.status.success(), "{args:?}: {}{}", text(&out), String::from_utf8_lossy(&out.stderr));
        text(&out)
    };
    amtool(&["alert", "add", "DiskFull", "service=inventory", "severity=warning"]);
    crate::support::until("the alert is listed", 10, || {
        amtool(&["alert", "query"]).contains("DiskFull").then_some(())
    });
    let id =
        amtool(&["silence", "add", "alertname=DiskFull", "--comment=known", "--author=ada", "--duration=1h"]);
    assert!(amtool(&["silence", "query"]).contains(id.trim()));
    amtool(&["silence", "expire", id.trim()]);
    assert!(!amtool(&["silence", "query"]).contains(id.trim()));
    let alerts = server.json(&["alert", "list"]);
    assert_eq!(alerts["alerts"][0]["labels"]["alertname"], "DiskFull");
}
