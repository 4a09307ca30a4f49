//! Incidents and maintenances as Atom (RFC 4287) and RSS 2.0.

use jiff::Timestamp;

use super::board::Board;
use super::public::Posted;
use crate::ui::clean;

/// Entries of a feed.
const MOST: usize = 50;

/// Text between tags, or in an attribute.
pub(super) fn escape(text: &str) -> String {
    clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What an entry says.
struct Entry<'a> {
    link: String,
    title: &'a str,
    published: Timestamp,
    updated: Timestamp,
    /// Said before the updates.
    note: Option<String>,
    updates: &'a [Posted],
}

/// The newest first.
fn entries<'a>(board: &'a Board, url: &str) -> Vec<Entry<'a>> {
    let incidents = board.incidents().map(|i| Entry {
        link: format!("{url}/incidents/{}", i.id),
        title: &i.name,
        published: i.opened_at,
        updated: i.updated_at(),
        note: None,
        updates: &i.updates,
    });
    let time = |at: Timestamp| at.strftime("%-d %b %Y, %H:%M UTC").to_string();
    let maintenances = board.maintenances().map(|m| Entry {
        link: format!("{url}/maintenances/{}", m.id),
        title: &m.name,
        published: m.created_at,
        updated: m.updated_at(),
        note: Some(format!("Maintenance from {} to {}", time(m.starts_at), time(m.ends_at))),
        updates: &m.updates,
    });
    let mut entries: Vec<Entry<'a>> = incidents.chain(maintenances).collect();
    entries.sort_by_key(|e| std::cmp::Reverse(e.updated));
    entries.truncate(MOST);
    entries
}

/// All updates as HTML, newest first.
fn content(e: &Entry<'_>) -> String {
    let note = e.note.as_ref().map(|note| format!("<p>{}</p>", escape(note))).unwrap_or_default();
    let updates = e.updates.iter().map(|u| {
        let body = crate::ui::markdown(&clean(&u.body));
        let subject = if u.subject.is_empty() { crate::ui::title_case(u.status) } else { u.subject.clone() };
        format!("<p><strong>{}</strong> {:.0}</p>{body}", escape(&subject), u.at)
    });
    std::iter::once(note).chain(updates).collect()
}

pub(super) fn atom(board: &Board, url: &str) -> String {
    let entries = entries(board, url);
    let updated = entries.iter().map(|e| e.updated).max().unwrap_or(board.made_at);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>{url}</id>\n<title>{}</title>\n<updated>{updated:.0}</updated>\n\
         <author><name>{}</name></author>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{url}\"/>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{url}/history.atom\"/>\n",
        escape(&board.title),
        escape(&board.title),
        url = escape(url),
    );
    for e in &entries {
        let link = escape(&e.link);
        out.push_str(&format!(
            "<entry>\n<id>{link}</id>\n<title>{}</title>\n<published>{:.0}</published>\n<updated>{:.0}</updated>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{link}\"/>\n<content type=\"html\">{}</content>\n</entry>\n",
            escape(e.title),
            e.published,
            e.updated,
            escape(&content(e)),
        ));
    }
    out.push_str("</feed>\n");
    out
}

pub(super) fn rss(board: &Board, url: &str) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\">\n<channel>\n<title>{}</title>\n\
         <link>{}</link>\n<description>Incidents and their updates</description>\n",
        escape(&board.title),
        escape(url),
    );
    for e in &entries(board, url) {
        let link = escape(&e.link);
        let date = e.updated.strftime("%a, %d %b %Y %H:%M:%S +0000");
        out.push_str(&format!(
            "<item>\n<title>{}</title>\n<link>{link}</link>\n<guid>{link}</guid>\n<pubDate>{date}</pubDate>\n\
             <description>{}</description>\n</item>\n",
            escape(e.title),
            escape(&content(e)),
        ));
    }
    out.push_str("</channel>\n</rss>\n");
    out
}
