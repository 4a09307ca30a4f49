//! Markdown of updates as HTML that can do nothing but be read: raw HTML becomes text, pictures vanish, links lead to
//! web addresses only.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

/// Renders. The answer is safe to put into a page as it is.
pub(crate) fn render(markdown: &str) -> String {
    let mut links: Vec<bool> = Vec::new();
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let allowed = firebell_report::is_web(dest_url);
            links.push(allowed);
            allowed.then_some(event)
        }
        Event::End(TagEnd::Link) if links.pop() != Some(true) => None,
        // A message's headings must not compete with the page's.
        Event::Start(Tag::Heading { .. }) => Some(Event::Start(Tag::Strong)),
        Event::End(TagEnd::Heading(_)) => Some(Event::End(TagEnd::Strong)),
        other => Some(other),
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn nothing_from_outside_takes_effect() {
        for (text, shown) in [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n"),
            ("[x](javascript:alert(1))", "<p>x</p>\n"),
            ("[x](https://e.example/)", "<p><a href=\"https://e.example/\">x</a></p>\n"),
            ("![x](https://e.example/p.png)", "<p>x</p>\n"),
            ("**now**", "<p><strong>now</strong></p>\n"),
        ] {
            assert_eq!(render(text), shown, "{text}");
        }
    }
}
