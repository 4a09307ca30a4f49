//! The API held against its own OpenAPI document by schemathesis.

use std::path::Path;
use std::process::Command;

/// Seconds of requests.
const SECONDS: &str = "40";

#[test]
fn the_api_answers_as_its_document_says_whatever_is_asked() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let output = Command::new("bash")
        .args(["scripts/fuzz-api", SECONDS])
        .env("FIREBELL", env!("CARGO_BIN_EXE_firebell"))
        .env("CARGO_TARGET_DIR", target)
        .current_dir(root)
        .output()
        .expect("bash starts");
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}
