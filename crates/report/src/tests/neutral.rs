//! Text from outside takes no effect anywhere, and nothing panics whatever it is.

use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::incident::fold;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::story::{self, Outside, Stage};
use crate::{
    Templates, content_security_policy, draft, entry_line, measured, one_line, phase_line, postmortem, text,
};

/// Texts that try.
pub(crate) const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) ![x](https://evil.example/p.png)",
    "{{ 7*7 }}{% for x in range(9) %}{{ x }}{% endfor %}",
    "</style></section><h1>owned</h1>",
    "a | b || c\n| --- |\n# heading\n```\ncode",
    "https://evil.example/login and www.evil.example",
    "\u{1b}[2J\u{1b}]8;;http://evil.example\u{7}click\u{202e}txt.exe",
    "`` ` ``` \\` &lt;b&gt; &#60;script&#62; &amp;",
    "@everyone <!channel> @here",
    "[ref]: https://evil.example\n\n[ref]",
    "1. one\n- two\n> three\n    four\n***five***\n~~six~~",
];

/// What chat systems, trackers and our own page understand.
fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM
}

/// What Markdown shows of `markdown`: its text, and whether anything but one plain paragraph is in it.
fn shown(markdown: &str) -> (String, bool) {
    let (mut text, mut plain) = (String::new(), true);
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Text(t) => text.push_str(&t),
            Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
            _ => plain = false,
        }
    }
    (text, plain)
}

fn check_markdown(outside: &str) {
    let markdown = text::markdown(outside, 200);
    let (seen, plain) = shown(&format!("x {markdown}"));
    let wanted = format!("x {}", text::line(outside, 200));
    assert_eq!(seen.replace('\u{2060}', "").trim_end(), wanted.trim_end(), "{outside:?} became {markdown:?}");
    assert!(plain, "{outside:?} became markup: {markdown:?}");
}

#[test]
fn hostile_texts_are_shown_as_they_are() {
    HOSTILE.iter().for_each(|outside| check_markdown(outside));
    assert_eq!(text::markdown("@everyone look", 99), "@\u{2060}everyone look");
    assert_eq!(text::markdown("pg_pool_waiting stays readable", 99), "pg_pool_waiting stays readable");
    assert_eq!(text::line("a\u{1b}[31m\n b\u{202e}c", 99), "a [31m bc");
}

#[test]
fn a_text_at_the_start_of_a_line_is_no_block() {
    for outside in [
        "# no heading",
        "- no item",
        "1. no item",
        "1) no item",
        "+ no",
        "=== no",
        "> no quote",
        "---",
        "- - -",
    ] {
        let markdown = text::markdown(outside, 99);
        let (seen, plain) = shown(&markdown);
        assert!(plain, "{outside:?} became {markdown:?}");
        assert_eq!(seen, outside);
    }
}

fn check_page(html: &str) {
    let after_style = html.split_once("</style>").expect("the page has a style block").1;
    assert_eq!(html.matches("<style>").count(), 1);
    let mut rest = after_style;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let tag: String = rest.chars().take_while(|c| *c != '>').collect();
        let name: String =
            tag.trim_start_matches('/').chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        let known = [
            "head",
            "body",
            "header",
            "h1",
            "h2",
            "h3",
            "nav",
            "ol",
            "ul",
            "li",
            "a",
            "main",
            "section",
            "p",
            "strong",
            "em",
            "code",
            "pre",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "div",
            "figure",
            "figcaption",
            "svg",
            "g",
            "path",
            "text",
            "rect",
            "polyline",
            "line",
            "circle",
            "html",
        ];
        assert!(known.contains(&name.as_str()), "unexpected <{tag}>");
        let bare = outside_quotes(&tag);
        assert!(
            !bare.contains(" on") && !bare.contains("style=") && !bare.contains("src="),
            "unexpected <{tag}>"
        );
        if name == "a" && !tag.starts_with('/') {
            assert!(
                tag.contains("href=\"#") || tag.contains("href=\"https://firebell.example/"),
                "unexpected <{tag}>"
            );
        }
    }
}

/// A tag without the values of its attributes.
fn outside_quotes(tag: &str) -> String {
    tag.split('"').step_by(2).collect::<Vec<_>>().join("\"")
}

/// Nothing but text and links to ourselves, as Markdown readers understand it.
fn check_links(markdown: &str) {
    for event in Parser::new_ext(markdown, options()) {
        let forbidden = match &event {
            Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Image { .. }) => true,
            Event::Start(Tag::Link { dest_url, .. }) => !dest_url.starts_with("https://firebell.example/"),
            _ => false,
        };
        assert!(!forbidden, "{event:?} in {markdown}");
    }
}

fn check_everything(outside: &Outside) {
    let records = story::records(Stage::Resolved, outside);
    let incident = fold(&records).expect("it begins with its opening");
    let policy = story::policy();
    let cx = story::cx(&policy, 1900);
    let templates = Templates::built_in().expect("the built-in templates are right");
    for audience in Audience::ALL {
        for reason in
            [UpdateReason::Declared, UpdateReason::Cadence, UpdateReason::AllClear, UpdateReason::FalseAlarm]
        {
            let update = draft(&templates, &incident, audience, reason, &cx, "agent").expect("it renders");
            assert!(!update.subject.chars().any(char::is_control), "{:?}", update.subject);
            check_links(&update.body);
        }
    }
    let written = postmortem(&incident, &records, &[], &measured(&incident));
    check_page(&written.html);
    check_links(&written.markdown);
    one_line(&incident, &cx);
    let mut lines = vec![phase_line(&incident, cx.now)];
    lines.extend(
        records.iter().map(|r| entry_line(&firebell_core::incident::describe(r), incident.opened_at)),
    );
    assert!(lines.iter().all(|l| !l.chars().any(char::is_control)));
}

#[test]
fn hostile_texts_do_nothing_in_any_document() {
    for text in HOSTILE {
        check_everything(&Outside { title: text.to_owned(), other: text.to_owned() });
    }
}

#[test]
fn the_page_forbids_all_but_its_own_style() {
    let written = postmortem(&story::incident(Stage::Resolved), &[], &[], &Default::default());
    let policy = content_security_policy();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"));
    assert!(written.html.contains(&format!("content=\"{policy}\"")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_shown_as_it_is(text in "[ -~\\n\\t\u{e9}\u{1f525}]{0,80}") {
        check_markdown(&text);
    }

    #[test]
    fn marks_in_any_order_are_shown_as_they_are(text in "[\\\\`*_\\[\\]()<>!#|~&;:/.@a1 -]{0,60}") {
        check_markdown(&text);
    }

    #[test]
    fn no_text_panics_or_takes_effect(title in "\\PC{0,60}", other in "[\\x00-\\x7f\u{202e}\u{fffe}]{0,120}") {
        check_everything(&Outside { title, other });
    }
}
