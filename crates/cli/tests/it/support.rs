//! Starting the binary and its peers on free ports, and ending them whatever happens.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The binary under test.
pub(crate) fn firebell() -> Command {
    Command::new(env!("CARGO_BIN_EXE_firebell"))
}

/// A child that ends with its owner.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}

/// A program of Debian's, or a printed reason to skip.
pub(crate) fn installed(name: &str) -> bool {
    let there =
        Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        println!("skipped: {name} is not installed");
    }
    there
}

/// Polls until `ask` answers, at most so long.
pub(crate) fn until<T>(what: &str, seconds: u64, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(value) = ask() {
            return value;
        }
        assert!(Instant::now() < deadline, "{what}: not within {seconds} s");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Runs to the end.
pub(crate) fn output(command: &mut Command) -> Output {
    command.output().expect("it starts")
}

/// Standard output as text.
pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A running server.
pub(crate) struct Server {
    process: Option<Process>,
    pub(crate) url: String,
    pub(crate) data: PathBuf,
    config: PathBuf,
    port: u16,
}

impl Server {
    /// Starts a server with this configuration in `dir`.
    pub(crate) fn start(dir: &Path, config: &str) -> Self {
        let file = dir.join("firebell.toml");
        std::fs::write(&file, config).expect("written");
        let port = free_port();
        let mut server = Self {
            process: None,
            url: format!("http://127.0.0.1:{port}"),
            data: dir.join("data"),
            config: file,
            port,
        };
        server.up();
        server
    }

    /// Starts the process on the same data.
    pub(crate) fn up(&mut self) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.data.parent().expect("a parent").join("server.log"))
            .expect("a log");
        let child = firebell()
            .args(["serve", "--listen", &format!("127.0.0.1:{}", self.port), "--config"])
            .arg(&self.config)
            .arg("--data")
            .arg(&self.data)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("it starts");
        self.process = Some(Process(child));
        let url = self.url.clone();
        until("the server answers", 30, || {
            curl(&["-f", &format!("{url}/healthz")]).status.success().then_some(())
        });
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Runs a command against it and answers its JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        self.asked(args).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// The same, of what may be refused.
    pub(crate) fn asked(&self, args: &[&str]) -> Result<Value, String> {
        let out = output(firebell().args(args).arg("--json").arg("--data").arg(&self.data));
        if !out.status.success() {
            return Err(format!("{args:?}: {}{}", text(&out), String::from_utf8_lossy(&out.stderr)));
        }
        Ok(serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{args:?}: {e}: {}", text(&out))))
    }
}

/// `curl -s …`.
pub(crate) fn curl(args: &[&str]) -> Output {
    output(Command::new("curl").args(["-s", "-m", "10", "--expect100-timeout", "9"]).args(args))
}

/// The shared material, or a printed reason to skip.
pub(crate) fn shared(part: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let dir =
        PathBuf::from(std::env::var("FIREBELL_SHARED").unwrap_or_else(|_| default.to_owned())).join(part);
    if dir.exists() {
        return Some(dir);
    }
    println!("skipped: {} is not there", dir.display());
    None
}
