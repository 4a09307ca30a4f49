//! Real servers and stateful emulators for the tests of channels. `scripts/peers` installs them; where they are missing a
//! test is skipped and says so.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::free_port;

/// A process that ends with the test.
pub(crate) struct Peer {
    pub(crate) url: String,
    child: Child,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> PathBuf {
    std::env::var_os("FIREBELL_PEERS").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/firebell-peers"),
        PathBuf::from,
    )
}

/// The folder's file, or `None` (said on the terminal).
fn found(relative: &str) -> Option<PathBuf> {
    let path = folder().join(relative);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there: run scripts/peers, or set FIREBELL_PEERS", path.display());
    None
}

async fn start(mut command: Command, port: u16, ready: &str) -> Option<Peer> {
    let program = command.get_program().to_string_lossy().into_owned();
    let child = match command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(child) => child,
        Err(e) => {
            eprintln!("skipped: {program} cannot be started: {e}");
            return None;
        }
    };
    let mut peer = Peer { url: format!("http://127.0.0.1:{port}"), child };
    let address = format!("{}{ready}", peer.url);
    crate::http::install_tls();
    let client =
        reqwest::Client::builder().no_proxy().tls_certs_only(std::iter::empty()).build().expect("a client");
    for _ in 0..1200 {
        if client.get(&address).send().await.is_ok() {
            return Some(peer);
        }
        // Without its modules it ends at once.
        if matches!(peer.child.try_wait(), Ok(Some(_))) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    eprintln!("skipped: {program} did not begin to listen: run scripts/peers");
    None
}

/// The emulator of one service: `slack`, `twilio`.
pub(crate) async fn emulate(service: &str) -> Option<Peer> {
    let script = found("emulate/node_modules/emulate/dist/index.js")?;
    let node = found("node")?;
    let port = free_port();
    let mut command = Command::new(node);
    command.arg(script).args(["start", "--service", service, "--port", &port.to_string()]);
    start(command, port, "/").await
}

/// A homeserver that lives in a folder and lets anybody register.
pub(crate) async fn synapse(folder: &std::path::Path) -> Option<Peer> {
    use base64::Engine as _;
    let python = found("py/bin/python")?;
    let port = free_port();
    let dir = folder.display();
    let config = format!(
        "server_name: localhost\nreport_stats: false\npid_file: {dir}/pid\nmedia_store_path: {dir}/media\n\
         signing_key_path: {dir}/key\nmacaroon_secret_key: macaroon\nform_secret: form\nbcrypt_rounds: 4\n\
         enable_registration: true\nenable_registration_without_verification: true\n\
         rc_joins: {{local: {{per_second: 100, burst_count: 100}}}}\n\
         rc_invites: {{per_user: {{per_second: 100, burst_count: 100}}}}\n\
         rc_room_creation: {{per_second: 100, burst_count: 100}}\n\
         rc_message: {{per_second: 100, burst_count: 100}}\n\
         suppress_key_server_warning: true\ntrusted_key_servers: []\nlog_config: {dir}/log.yaml\n\
         listeners:\n  - {{port: {port}, type: http, bind_addresses: ['127.0.0.1'], resources: [{{names: [client]}}]}}\n\
         database: {{name: sqlite3, args: {{database: '{dir}/hs.db'}}}}\n"
    );
    let seed = base64::engine::general_purpose::STANDARD_NO_PAD.encode([7; 32]);
    std::fs::write(folder.join("key"), format!("ed25519 a_test {seed}\n")).expect("written");
    std::fs::write(folder.join("log.yaml"), "version: 1\nroot: {level: ERROR}\n").expect("written");
    std::fs::write(folder.join("hs.yaml"), config).expect("written");
    let mut command = Command::new(python);
    command.args(["-m", "synapse.app.homeserver", "-c"]).arg(folder.join("hs.yaml")).current_dir(folder);
    start(command, port, "/_matrix/client/versions").await
}
