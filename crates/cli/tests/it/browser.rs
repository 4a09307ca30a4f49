//! The pages in a real browser: Debian's Chromium, driven by playwright-core from `e2e/`.

use std::path::Path;
use std::process::Command;

use crate::support::installed;

#[test]
fn an_incident_is_lived_in_the_browser() {
    if !installed("node") || !installed("chromium") {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e");
    if !folder.join("node_modules/playwright-core").is_dir() {
        println!("skipped: playwright-core is not installed; `npm ci` in {}", folder.display());
        return;
    }
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shots");
    let status = Command::new("node")
        .arg("run.mjs")
        .arg(env!("CARGO_BIN_EXE_firebell"))
        .arg(&shots)
        .current_dir(folder)
        .status()
        .expect("node starts");
    assert!(status.success(), "see what it printed; pictures are in {}", shots.display());
}
