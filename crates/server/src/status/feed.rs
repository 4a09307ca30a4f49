//! Incidents as Atom (RFC 4287) and RSS 2.0.

use super::board::Board;
use super::public::PublicIncident;
use crate::ui::clean;

/// Incidents in a feed.
const MOST: usize = 50;

/// Text between tags, or in an attribute.
pub(super) fn escape(text: &str) -> String {
    clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn incidents(board: &Board) -> impl Iterator<Item = &PublicIncident> {
    board.incidents().take(MOST)
}

/// All updates of an incident as HTML, newest first.
fn content(i: &PublicIncident) -> String {
    i.updates
        .iter()
        .map(|u| {
            let body = crate::ui::markdown(&clean(&u.body));
            format!("<p><strong>{}</strong> {:.0}</p>{body}", escape(&u.subject), u.at)
        })
        .collect()
}

pub(super) fn atom(board: &Board, url: &str) -> String {
    let updated = incidents(board).map(PublicIncident::updated_at).max().unwrap_or(board.made_at);
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
    for i in incidents(board) {
        let link = escape(&format!("{url}/incidents/{}", i.id));
        out.push_str(&format!(
            "<entry>\n<id>{link}</id>\n<title>{}</title>\n<published>{:.0}</published>\n<updated>{:.0}</updated>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{link}\"/>\n<content type=\"html\">{}</content>\n</entry>\n",
            escape(&i.name),
            i.opened_at,
            i.updated_at(),
            escape(&content(i)),
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
    for i in incidents(board) {
        let link = escape(&format!("{url}/incidents/{}", i.id));
        let date = i.updated_at().strftime("%a, %d %b %Y %H:%M:%S +0000");
        out.push_str(&format!(
            "<item>\n<title>{}</title>\n<link>{link}</link>\n<guid>{link}</guid>\n<pubDate>{date}</pubDate>\n\
             <description>{}</description>\n</item>\n",
            escape(&i.name),
            escape(&content(i)),
        ));
    }
    out.push_str("</channel>\n</rss>\n");
    out
}
