//! Every command: its exit code, its JSON, and the words that tell what to do next.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Process, Server, firebell, output, text, until};

const KEY: &str = "0123456789abcdef";

/// Runs a command away from any data folder.
pub(crate) fn run(args: &[&str]) -> Output {
    output(firebell().args(args).current_dir(std::env::temp_dir()).env("NO_COLOR", "1"))
}

pub(crate) fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

pub(crate) fn parsed(out: &Output) -> Value {
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", text(out), said(out)))
}

/// A code, and words that must be said on standard error.
pub(crate) fn fails(args: &[&str], code: i32, words: &[&str]) {
    let out = run(args);
    assert_eq!(out.status.code(), Some(code), "{args:?}: {}{}", text(&out), said(&out));
    for word in words {
        assert!(said(&out).contains(word), "{args:?}: {word:?} is not in {:?}", said(&out));
    }
    assert!(!said(&out).contains("panicked"), "{args:?}: {}", said(&out));
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn failures_name_what_failed_and_what_to_do_next() {
    let dir = tempfile::tempdir().expect("a folder");
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).expect("made");
    let broken = dir.path().join("broken");
    std::fs::create_dir(&broken).expect("made");
    std::fs::write(broken.join("bundle.json"), "{\"format\": \"other/9\"}").expect("written");
    fails(&["investigate", "--bundle", path(&empty)], 2, &["bundle.json"]);
    fails(&["investigate", "--bundle", path(&broken)], 2, &["bundle.json", "other/9"]);
    fails(&["bench", path(&empty)], 2, &["answer.json"]);
    fails(&["token", "--data", path(&empty)], 3, &["firebell serve"]);
    fails(&["incident", "list", "--data", path(&empty)], 3, &["firebell serve", "--url"]);
    fails(&["demo", "--fault", "no-such-fault"], 2, &["--fault", "connection-pool-exhaustion"]);
    fails(
        &["demo", "--json", "/nonexistent/x.json", "--data", path(&dir.path().join("never"))],
        2,
        &["--json", "x.json"],
    );
    assert!(!dir.path().join("never").exists(), "a run whose summary cannot be written does not begin");
    fails(&["serve", "--config", path(&dir.path().join("none.toml"))], 2, &["none.toml", "firebell init"]);
    fails(&["serve", "--listen", "nowhere", "--data", path(&empty)], 2, &["--listen"]);
    fails(&["doctor", "--config", path(&dir.path().join("none.toml"))], 2, &["firebell init"]);
    fails(&["check-config", path(&dir.path().join("none.toml"))], 2, &["none.toml", "firebell init"]);
    fails(&["init", path(&dir.path().join("sub/dir/x.toml"))], 2, &["sub/dir", "make it first"]);
    let new = dir.path().join("new.toml");
    fails(&["init", path(&new), "--prometheus", "nonsense"], 2, &["--prometheus", "nonsense", "url"]);
    fails(&["init", path(&new), "--prometheus", "a\"\nb = \"c"], 2, &["--prometheus", "url"]);
    assert!(!new.exists());
    fails(&["incident", "list", "--url", "nonsense", "--token", "x"], 2, &["--url", "http://127.0.0.1:7300"]);
    let server = ["--url", "http://127.0.0.1:9", "--token", "x"];
    fails(&[&["incident", "show", "../agents"][..], &server].concat(), 2, &["INC-2026-0042"]);
    fails(&[&["incident", "replay", "INC-1/ack?x"][..], &server].concat(), 2, &["INC-2026-0042"]);
    fails(&[&["incident", "list", "--limit", "0"][..], &server].concat(), 2, &["--limit"]);
    fails(&[&["incident", "severity", "INC-1", "SEV9", "--reason", "x"][..], &server].concat(), 2, &["SEV4"]);
    fails(
        &["alert", "silence", "nonsense", "--url", "http://127.0.0.1:9", "--token", "x"],
        2,
        &["name=value"],
    );
    fails(&["demo", "--data", path(&broken)], 2, &["not empty"]);
}

#[test]
fn a_wrong_configuration_is_told_field_by_field() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("firebell.toml");
    for (toml, words) in [
        (
            "[[sources]]\nname = \"a\"\nkind = \"nagios\"\nkey = \"0123456789\"\n",
            &["kind", "nagios", "alertmanager"][..],
        ),
        ("[[sources]]\nname = \"a\"\nkind = \"alertmanager\"\nkey = \"short\"\n", &["key", "8 characters"]),
        (
            "[[tokens]]\nname = \"a\"\ntoken = \"0123456789abcdef\"\nrole = \"king\"\n",
            &["role", "king", "commander"],
        ),
        ("page_channels = [\"email/nobody\"]\n", &["email/nobody"]),
        ("[server]\nlisten = 7\n", &["listen"]),
        ("[[telemetry]]\nkind = \"prometheus\"\nname = \"m\"\nurl = \"not an address\"\n", &["url"]),
        ("[[services]]\nname = \"a\"\n[[services]]\nname = \"a\"\n", &["services", "twice"]),
        ("[templates]\ndir = \"/nonexistent\"\n", &["templates: dir", "/nonexistent"]),
        ("[times]\nsoak_s = -5\n", &["times.soak_s", "-5"]),
        (
            "[otlp]\nkey = { env = \"FIREBELL_NO_SUCH_VARIABLE\" }\n",
            &["otlp: key", "FIREBELL_NO_SUCH_VARIABLE"],
        ),
    ] {
        std::fs::write(&file, toml).expect("written");
        fails(&["check-config", path(&file)], 7, words);
        let out = run(&["check-config", path(&file), "--json"]);
        let answer = parsed(&out);
        assert_eq!((out.status.code(), &answer["ok"]), (Some(7), &json!(false)), "{toml}");
        assert!(answer["error"].as_str().is_some_and(|e| words.iter().all(|w| e.contains(w))), "{answer}");
        // A server refuses it as well, before it does anything.
        let data = dir.path().join("never");
        assert_eq!(
            run(&["serve", "--config", path(&file), "--data", path(&data)]).status.code(),
            Some(2),
            "{toml}"
        );
        assert!(!data.exists(), "{toml}");
    }
}

#[test]
fn what_init_writes_is_checked_and_what_is_missing_is_told_by_doctor() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("firebell.toml");
    let out = run(&["init", path(&file), "--prometheus", "http://127.0.0.1:9", "--json"]);
    let answer = parsed(&out);
    assert_eq!(out.status.code(), Some(0));
    let written = std::fs::read_to_string(&file).expect("written");
    // The snippets carry the key of the file: they can be pasted as they are.
    for snippet in ["alertmanager_yml", "prometheus_yml"] {
        let yml = answer[snippet].as_str().expect("a snippet");
        let key = yml.lines().find_map(|l| l.trim().strip_prefix("credentials: ")).expect("a key");
        assert!(written.contains(key), "{snippet}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "others can read keys: {mode:o}");
    }
    assert_eq!(parsed(&run(&["check-config", path(&file), "--json"]))["ok"], true);
    fails(&["init", path(&file)], 2, &["--force"]);
    assert_eq!(run(&["init", path(&file), "--force"]).status.code(), Some(0));
    let out = run(&["init", path(&file), "--force", "--prometheus", "http://127.0.0.1:9", "--json"]);
    assert_eq!(out.status.code(), Some(0));
    // Nothing listens on port 9: doctor says so, and what is not configured.
    let doctor = |file: &Path| {
        let out =
            run(&["doctor", "--config", path(file), "--data", path(&dir.path().join("data")), "--json"]);
        let answer = parsed(&out);
        let level = move |name: &str| {
            let checks = answer["checks"].as_array().expect("checks");
            let check = checks.iter().find(|c| c["name"] == name && c["detail"] != "");
            check.map_or_else(
                || panic!("{name}: {answer}"),
                |c| c["level"].as_str().unwrap_or_default().to_owned(),
            )
        };
        (out.status.code(), level)
    };
    let listen = |toml: &str, address: &str| {
        toml.replace("[server]\n", &format!("[server]\nlisten = \"{address}\"\n"))
    };
    std::fs::write(&file, listen(&written, "127.0.0.1:0")).expect("written");
    let (code, level) = doctor(&file);
    assert_eq!(code, Some(7));
    for (name, expected) in [
        ("configuration", "ok"),
        ("data", "ok"),
        ("listen", "ok"),
        ("server", "warn"),
        ("prometheus/main", "fail"),
        ("platforms", "warn"),
        ("people", "warn"),
        ("page_channels", "warn"),
        ("tokens", "warn"),
    ] {
        assert_eq!(level(name), expected, "{name}");
    }
    let words = text(&run(&["doctor", "--config", path(&file)]));
    assert!(words.contains("FAIL prometheus/main") && words.contains("warn platforms"), "{words}");
    // What only warns does not fail.
    let quiet = dir.path().join("quiet.toml");
    std::fs::write(&quiet, "[server]\nlisten = \"127.0.0.1:0\"\n").expect("written");
    assert_eq!(doctor(&quiet).0, Some(0));
    // Chats that open rooms and bridges are asked as such.
    let rooms = dir.path().join("rooms.toml");
    let slack = "[[notifiers]]\nkind = \"slack\"\nname = \"ops\"\ntoken = \"xoxb-1\"\nurl = \"http://127.0.0.1:9/api\"\n";
    let war_room =
        "[war_room]\nbridge = \"jitsi\"\n[[war_room.chats]]\nchat = \"slack/ops\"\nseverities = [\"SEV1\"]\n";
    std::fs::write(&rooms, format!("[server]\nlisten = \"127.0.0.1:0\"\n{slack}{war_room}"))
        .expect("written");
    let (_, level) = doctor(&rooms);
    let levels = ["slack/ops", "rooms slack/ops", "bridge jitsi"].map(level);
    assert_eq!(levels, ["fail", "fail", "ok"]);
    // So does the folder of people and schedules.
    let folder = dir.path().join("oncall");
    std::fs::create_dir(&folder).expect("made");
    std::fs::write(folder.join("people.toml"), "people = 3\n").expect("written");
    let rostered = dir.path().join("rostered.toml");
    std::fs::write(&rostered, "[server]\nlisten = \"127.0.0.1:0\"\n[oncall]\nfolder = \"oncall\"\n")
        .expect("written");
    let (code, level) = doctor(&rostered);
    assert_eq!((code, level("configuration").as_str()), (Some(7), "fail"));
    // What a server would refuse fails here, and the rest is looked at all the same.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let wrong = format!("[templates]\ndir = \"/nonexistent\"\n{}", listen("[server]\n", &address));
    std::fs::write(&quiet, wrong).expect("written");
    let (code, level) = doctor(&quiet);
    assert_eq!((code, level("configuration").as_str(), level("listen").as_str()), (Some(7), "fail", "fail"));
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let out = run(&["completions", shell]);
        assert_eq!(out.status.code(), Some(0), "{shell}");
        for command in ["demo", "respond", "incident-response", "check-config", "dead-letter", "investigate"]
        {
            assert!(text(&out).contains(command), "{shell}: {command}");
        }
    }
    // Values as well; fish is told of those of options only.
    for (shell, values) in [
        ("bash", &["credential-stuffing", "communications_lead", "SEV3"][..]),
        ("zsh", &["credential-stuffing", "communications_lead", "SEV3"]),
        ("fish", &["credential-stuffing", "SEV3"]),
    ] {
        let script = text(&run(&["completions", shell]));
        for value in values {
            assert!(script.contains(value), "{shell}: {value}");
        }
    }
    let help = text(&run(&["--help"]));
    assert!(help.contains("Exit codes: 0 done, 1 failed, 2 wrong use"), "{help}");
    let faults = parsed(&run(&["demo", "--list-faults", "--json"]));
    let names: Vec<&str> =
        faults["faults"].as_array().expect("faults").iter().filter_map(|f| f["name"].as_str()).collect();
    for fault in
        ["connection-pool-exhaustion", "n-plus-one", "credential-stuffing", "flapping-alert", "disk-full"]
    {
        assert!(names.contains(&fault), "{fault}: {names:?}");
    }
    assert_eq!(names.len(), 11);
}

#[test]
fn alerts_are_listed_and_silenced_from_the_command_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = format!("[[sources]]\nname = \"am\"\nkind = \"alertmanager\"\nkey = \"{KEY}\"\n");
    let server = Server::start(dir.path(), &config);
    assert_eq!(server.json(&["alert", "list"])["alerts"], json!([]));
    let silence =
        server.json(&["alert", "silence", "service=checkout", "alertname=~High.*", "--minutes", "5"]);
    let id = silence["id"].as_str().expect("an id").to_owned();
    let body =
        json!([{"labels": {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"}}]);
    let sent = crate::support::curl(&[
        "-f",
        "-H",
        &format!("authorization: Bearer {KEY}"),
        "-H",
        "content-type: application/json",
        "-d",
        &body.to_string(),
        &format!("{}/api/v2/alerts", server.url),
    ]);
    assert!(sent.status.success());
    let alert = until("it is an alert", 10, || {
        server.json(&["alert", "list"])["alerts"].as_array()?.first().cloned()
    });
    assert_eq!(alert["silenced_by"], json!([id]));
    assert_eq!(
        server.json(&["incident", "list", "--all"])["incidents"],
        json!([]),
        "silenced alerts open nothing"
    );
    let list = server.json(&["alert", "silence"]);
    assert_eq!(list["silences"][0]["id"], json!(id));
    let ended = output(firebell().args(["alert", "silence", "--expire", &id, "--data"]).arg(&server.data));
    assert!(ended.status.success(), "{}", said(&ended));
    // It fires still, and nothing keeps it from its incident any more.
    until("its incident is opened", 20, || {
        (!server.json(&["incident", "list"])["incidents"].as_array()?.is_empty()).then_some(())
    });
    let of = |id: &str| {
        output(firebell().args(["alert", "silence", "--expire", id, "--data"]).arg(&server.data))
            .status
            .code()
    };
    assert_eq!(of("no-such-silence"), Some(4));
}

#[test]
fn all_verbs_of_an_incident_answer_json_and_refusals_have_their_codes() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = "[[tokens]]\nname = \"Vera\"\nrole = \"viewer\"\ntoken = \"vera-token-0123456789\"\n\
                  [[people]]\nname = \"Ada\"\nroles = [\"on_call\", \"incident_commander\"]\n";
    let server = Server::start(dir.path(), config);
    let declare = |title: &str| {
        let answer =
            server.json(&["incident", "declare", title, "--service", "catalog", "--severity", "sev3"]);
        answer["id"].as_str().expect("an id").to_owned()
    };
    let (first, second) = (declare("Search is slow"), declare("Search results are empty"));
    assert_ne!(first, second);
    for args in [
        &["incident", "ack", &first][..],
        &["incident", "role", &first, "incident_commander", "Ada"],
        &["incident", "note", &first, "the index is being rebuilt"],
        &["incident", "severity", &first, "SEV2", "--reason", "half of the customers"],
        &["incident", "postmortem", &first],
    ] {
        let answer = server.json(args);
        assert_eq!(answer["id"], json!(first), "{args:?}");
        assert!(answer["events"].as_array().is_some_and(|e| !e.is_empty()), "{args:?}: {answer}");
    }
    let again = server.json(&["incident", "ack", &first]);
    assert_eq!(again["events"], json!([]), "a repeated command is a no-op");
    let code = |args: &[&str]| {
        let out = output(firebell().args(args).arg("--data").arg(&server.data));
        (out.status.code(), said(&out))
    };
    assert_eq!(code(&["incident", "severity", &first, "SEV9", "--reason", "x"]).0, Some(2));
    let unknown = code(&["incident", "approve", &first, "no-such-plan"]);
    assert_eq!(unknown.0, Some(4), "{}", unknown.1);
    let nowhere = code(&["incident", "merge", &first, "--into", "INC-9"]);
    assert!(nowhere.0 == Some(4) && nowhere.1.contains("into"), "{}", nowhere.1);
    let nothing = code(&["incident", "approve", &second]);
    assert_eq!(nothing.0, Some(5), "{}", nothing.1);
    assert_eq!(
        code(&["bundle", "collect", "--incident", "INC-1999-0001", "--out", path(&dir.path().join("b"))]).0,
        Some(4)
    );
    let viewer = code(&["incident", "ack", &second, "--token", "vera-token-0123456789"]);
    assert_eq!(viewer.0, Some(6), "{}", viewer.1);
    let seen = output(
        firebell()
            .args(["incident", "list", "--json", "--token", "vera-token-0123456789", "--data"])
            .arg(&server.data),
    );
    assert_eq!(parsed(&seen)["incidents"].as_array().map(Vec::len), Some(2));
    server.json(&["incident", "merge", &second, "--into", &first]);
    let shown = server.json(&["incident", "show", &second]);
    assert_eq!(shown["incident"]["status"], "merged");
    let merged = code(&["incident", "reopen", &second, "--reason", "x"]);
    assert_eq!(merged.0, Some(5), "{}", merged.1);
    server.json(&["incident", "resolve", &first, "--summary", "the index is back"]);
    // What happens after it was written must not change what it is rebuilt from.
    until("the postmortem is written", 60, || {
        server.json(&["incident", "show", &first])["incident"]["postmortem"].is_array().then_some(())
    });
    server.json(&["incident", "reopen", &first, "--reason", "empty again"]);
    server.json(&["incident", "cancel", &first, "--reason", "a drill that nobody announced"]);
    assert_eq!(server.json(&["incident", "list"])["incidents"], json!([]));
    let all = server.json(&["incident", "list", "--all", "--text", "slow", "--service", "catalog"]);
    assert_eq!(all["incidents"].as_array().map(Vec::len), Some(1));
    for id in [&first, &second] {
        let replay = server.json(&["incident", "replay", id]);
        assert_eq!(replay["same"], true, "{replay}");
    }
    assert_eq!(server.json(&["dead-letter", "list"])["effects"], json!([]));
    assert_eq!(code(&["dead-letter", "retry", "INC-1999-0001:1:0"]).0, Some(4));
    let weekly = output(firebell().args(["weekly", "--data"]).arg(&server.data));
    assert!(text(&weekly).starts_with("Week "), "{}{}", text(&weekly), said(&weekly));
    assert!(server.json(&["weekly"]).is_object());
    assert_eq!(code(&["weekly", "--week", "someday"]).0, Some(2));
    assert_eq!(server.json(&["token"])["url"], json!(server.url));
}

#[test]
fn respond_starts_a_server_where_none_runs_and_the_incident_goes_on_with_the_next() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let title = "Slow API response times, p95 latency increased from 200ms to 2s";
    // By the name of the workflow's document.
    let out =
        output(firebell().args(["incident-response", title, "--no-follow", "--json", "--data"]).arg(&data));
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    let id = parsed(&out)["id"].as_str().expect("an id").to_owned();
    assert!(said(&out).contains("no server runs"), "{}", said(&out));
    assert!(!data.join("server.json").exists(), "a server that ended is not announced");
    let log = std::fs::File::create(dir.path().join("log")).expect("a log");
    let child = firebell()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .stdout(std::process::Stdio::null())
        .stderr(log)
        .spawn()
        .expect("it starts");
    let process = Process(child);
    let shown = until("the incident is there", 30, || {
        let out = output(firebell().args(["incident", "show", &id, "--json", "--data"]).arg(&data));
        out.status.success().then(|| parsed(&out))
    });
    assert_eq!(shown["incident"]["severity"]["severity"], "SEV2");
    assert_eq!(shown["incident"]["title"], title);
    // With a server, the same command declares there.
    let second = output(firebell().args(["respond", title, "--drill", "--no-follow", "--data"]).arg(&data));
    assert!(second.status.success(), "{}", said(&second));
    assert!(text(&second).trim().ends_with("-0002"), "{}", text(&second));
    drop(process);
    // A server that was named must be there.
    let named = output(firebell().args(["respond", title, "--url", "http://127.0.0.1:9", "--token", "x"]));
    assert_eq!(named.status.code(), Some(3), "{}", said(&named));
}

#[cfg(unix)]
#[test]
fn a_server_that_is_asked_to_stop_stops_in_order() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let mut child = firebell()
        .args(["serve", "--listen", "127.0.0.1:0", "--json", "--data"])
        .arg(&data)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    until("it is announced", 30, || data.join("server.json").exists().then_some(()));
    // The same data cannot be served twice, nor the same port.
    let second = output(firebell().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data));
    assert_eq!(second.status.code(), Some(2), "two servers on one data folder: {}", said(&second));
    assert!(said(&second).contains("--data"), "{}", said(&second));
    let file = std::fs::read_to_string(data.join("server.json")).expect("it is announced");
    let url =
        serde_json::from_str::<Value>(&file).expect("JSON")["url"].as_str().expect("an address").to_owned();
    fails(
        &["serve", "--listen", url.trim_start_matches("http://"), "--data", path(&dir.path().join("other"))],
        2,
        &["--listen"],
    );
    assert!(!said(&second).contains("panicked"), "{}", said(&second));
    let stopped = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(stopped.expect("kill runs").success());
    let status = until("it ends", 20, || child.try_wait().expect("a child"));
    assert_eq!(status.code(), Some(0));
    assert!(!data.join("server.json").exists());
}
