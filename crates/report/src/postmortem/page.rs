//! The HTML page. Raw HTML in Markdown becomes text, links lead to web addresses only, nothing is loaded, and the page
//! itself forbids everything but its one style block.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};
use sha2::{Digest, Sha256};

use super::document::{Block, Section};
use crate::text;

const RESTRICTED: &str = "<p class=\"banner\">Restricted: for the members of this incident only.</p>\n";
const STYLE: &str = include_str!("../../templates/postmortem.css");

/// The policy under which the page is to be served; the page carries the same in a `meta` element.
pub fn content_security_policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

pub(super) fn page(title: &str, restricted: bool, sections: &[Section]) -> String {
    let title = text::html(title);
    let mut nav = String::new();
    let mut body = String::new();
    for section in sections {
        nav.push_str(&format!("<li><a href=\"#{}\">{}</a></li>\n", section.id, text::html(section.title)));
        body.push_str(&format!("<section id=\"{}\">\n<h2>{}</h2>\n", section.id, text::html(section.title)));
        for block in &section.blocks {
            match block {
                Block::Markdown(markdown) => body.push_str(&to_html(markdown)),
                Block::Figure { html, .. } => body.push_str(html),
            }
        }
        body.push_str("</section>\n");
    }
    let banner = if restricted { RESTRICTED } else { "" };
    let nav = format!("<nav aria-label=\"Sections\">\n<ol>\n{nav}</ol>\n</nav>\n");
    whole(&title, &format!("{banner}<h1>{title}</h1>\n"), &nav, &body)
}

fn whole(title: &str, head: &str, nav: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n{head}</header>\n\
         {nav}<main>\n{body}</main>\n</body>\n</html>\n",
        content_security_policy()
    )
}

/// The page of a postmortem that a person wrote anew; `note` says who and when.
pub fn edited_postmortem(title: &str, restricted: bool, note: &str, markdown: &str) -> String {
    let title = text::html(title);
    let banner = if restricted { RESTRICTED } else { "" };
    let body = format!("<p class=\"banner\">{}</p>\n{}", text::html(note), to_html(markdown));
    whole(&title, banner, "", &body)
}

/// Markdown to HTML that can do nothing but be read.
pub(super) fn to_html(markdown: &str) -> String {
    let mut links: Vec<bool> = Vec::new();
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).flat_map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => vec![Event::Text(raw)],
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => Vec::new(),
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let allowed = is_web(dest_url);
            links.push(allowed);
            if allowed { vec![event] } else { Vec::new() }
        }
        Event::End(TagEnd::Link) if links.pop() != Some(true) => Vec::new(),
        // Wide tables scroll inside their own box on a phone.
        Event::Start(Tag::Table(_)) => vec![raw("<div class=\"scroll\" tabindex=\"0\">"), event],
        Event::End(TagEnd::Table) => vec![event, raw("</div>\n")],
        other => vec![other],
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

fn raw(text: &'static str) -> Event<'static> {
    Event::Html(CowStr::Borrowed(text))
}

fn is_web(url: &str) -> bool {
    text::is_web(url) || url.starts_with('#')
}
