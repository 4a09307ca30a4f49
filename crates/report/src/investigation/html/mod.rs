//! The report as one HTML page: no script, nothing loaded, a content security policy of its own; pictures are SVG in it.

mod graph;
mod markup;
mod pictures;
mod sections;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::Investigation;
use super::facts;
use crate::{draw, text};

const PAGE: &str = include_str!("../../../templates/investigation.css");

static STYLE: LazyLock<String> = LazyLock::new(|| format!("{}{PAGE}", draw::CSS));

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
});

/// The policy under which the page is to be served; the page carries the same in a `meta` element.
pub fn policy() -> &'static str {
    &POLICY
}

/// The page.
pub fn page(i: &Investigation<'_>) -> String {
    let (word, what) = facts::headline(i.verdict);
    let title = text::html(&text::visible(&format!("{word}: {what}")));
    let mut body = String::new();
    sections::write(i, &mut body);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        policy(),
        *STYLE
    )
}
