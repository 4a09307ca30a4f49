//! The sections of the page, in the order in which they are needed.

use firebell_core::verdict::{EvidenceRef, Hypothesis, Outcome};

use super::graph::graph;
use super::markup::{claim, esc, refs, section};
use super::pictures::{chart, marks, when};
use crate::investigation::changes::{self, Finding};
use crate::investigation::figures::{Figure, figures};
use crate::investigation::path::{Check, Edge, edges};
use crate::investigation::{Investigation, facts};
use crate::text;
use crate::words::{clock, second, span};

pub(super) fn write(i: &Investigation<'_>, out: &mut String) {
    head(i, out);
    out.push_str("<main>\n");
    section(out, "path", "From the cause to what is felt", &path(i));
    section(out, "when", "What happened when", &when(i));
    let (rows, cut) = changes::rows(i.verdict, i.telemetry);
    let marks = marks(i, &rows);
    let figures = figures(i.verdict, i.telemetry);
    let charts: String = figures.iter().map(|f| figure(f, &chart(f, &marks))).collect();
    section(out, "charts", "What moved", &charts);
    section(out, "against", "What speaks against it, and what was ruled out", &ruled_out(i));
    section(out, "changes", "Changes", &changed(&rows, cut));
    section(out, "help", "What would help", &mitigations(i));
    section(out, "next", "What to look at next", &next(i));
    section(out, "evidence", "Evidence", &evidence(i));
    section(out, "gaps", "What could not be seen", &gaps(i));
    out.push_str("</main>\n");
    foot(i, out);
}

fn head(i: &Investigation<'_>, out: &mut String) {
    let (word, what) = facts::headline(i.verdict);
    let class = match i.verdict.verdict {
        Outcome::Cause => "bad",
        Outcome::Healthy | Outcome::Recovered => "good",
        Outcome::InsufficientEvidence => "warn",
    };
    let sure =
        i.verdict.hypotheses.first().filter(|_| facts::blames(i.verdict)).map_or_else(String::new, |h| {
            format!(
                "<p class=\"sure\"><strong>{}</strong> {}</p>\n",
                facts::percent(h.confidence),
                facts::sureness(h.confidence)
            )
        });
    let onset = i.verdict.onset.map_or_else(String::new, |o| format!("onset {}, ", second(o)));
    let claims: String = facts::explanation(i).iter().map(|c| format!("{} ", claim(c))).collect();
    out.push_str(&format!(
        "<header class=\"{class}\">\n<p class=\"word\">{word}</p>\n<h1>{}</h1>\n{sure}<p class=\"soft\">{onset}seen: {}</p>\n",
        esc(&what),
        esc(&text::line(i.of, 200))
    ));
    out.extend(i.beside.iter().map(|b| format!("<p>{}</p>\n", esc(&text::line(b, 400)))));
    if !claims.is_empty() {
        out.push_str(&format!("<p class=\"why\">{}</p>\n", claims.trim_end()));
    }
    out.push_str("</header>\n");
}

fn path(i: &Investigation<'_>) -> String {
    let mut out = String::new();
    if let Some((svg, cut)) = graph(i) {
        out.push_str(&format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Service graph\">{svg}</div>\n"
        ));
        if cut > 0 {
            out.push_str(&format!("<p class=\"soft\">{cut} more components are not drawn.</p>\n"));
        }
    }
    let steps = edges(i.verdict, i.telemetry);
    if !steps.is_empty() && facts::blames(i.verdict) {
        out.push_str("<ol class=\"path\">\n");
        out.extend(steps.iter().map(step));
        out.push_str("</ol>\n");
    }
    out
}

fn step(e: &Edge) -> String {
    let order = match (e.order, e.after_s) {
        (Check::Holds, Some(s)) if s > 0.0 => format!("{} later", span(s)),
        (Check::Holds, _) => "at the same time".to_owned(),
        (Check::Fails, Some(s)) => format!("{} earlier than its cause", span(-s)),
        _ => "its time is not known".to_owned(),
    };
    let call = if e.call == Check::Holds { "the call is known" } else { "no telemetry shows the call" };
    let mark = |c: Check, words: &str| {
        let (class, sign) = match c {
            Check::Holds => ("good", "✓"),
            Check::Fails => ("bad", "✗"),
            Check::Unknown => ("warn", "?"),
        };
        format!("<span class=\"check {class}\">{sign} {words}</span>")
    };
    let at = e.at.map(clock).map_or_else(String::new, |at| format!(" <time>{at}</time>"));
    format!(
        "<li><strong>{}</strong> → <strong>{}</strong>{at}<br>{} {} <span class=\"soft\">{}</span>{}</li>\n",
        esc(&e.from),
        esc(&e.to),
        mark(e.order, &order),
        mark(e.call, call),
        esc(&e.why),
        refs(&e.ids)
    )
}

fn figure(f: &Figure, picture: &str) -> String {
    format!(
        "<figure>\n{picture}<figcaption><code>{}</code> <strong>{}</strong>{}</figcaption>\n</figure>\n",
        esc(&f.title),
        esc(&f.change()),
        refs(std::slice::from_ref(&f.id))
    )
}

fn ruled_out(i: &Investigation<'_>) -> String {
    let Some(leader) = i.verdict.hypotheses.first().filter(|_| facts::blames(i.verdict)) else {
        return String::new();
    };
    let mut out = String::new();
    let list = |claims: &[facts::Claim]| -> String {
        claims.iter().map(|c| format!("<li>{}</li>\n", claim(c))).collect()
    };
    let doubts = facts::doubts(leader);
    if !doubts.is_empty() {
        out.push_str(&format!("<ul class=\"doubt\">\n{}</ul>\n", list(&doubts)));
    }
    if let Some(text) = facts::separates(i.verdict) {
        out.push_str(&format!("<p>{}</p>\n", esc(&text)));
    }
    for r in facts::ruled_out(i.verdict) {
        out.push_str(&format!(
            "<h3>{}. {} <span class=\"soft\">{}</span></h3>\n<ul class=\"out\">\n{}</ul>\n",
            r.rank,
            esc(&r.what),
            facts::percent(r.confidence),
            list(&r.why)
        ));
    }
    out
}

fn changed(rows: &[changes::Row], cut: usize) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Changes\"><table>\n<thead><tr><th scope=\"col\">UTC</th>\
         <th scope=\"col\">Change</th><th scope=\"col\">Finding</th></tr></thead>\n<tbody>\n",
    );
    for r in rows {
        let (class, word) = match r.finding {
            Finding::Blamed => ("bad", "blamed"),
            Finding::Suspected => ("warn", "suspected"),
            Finding::Rejected => ("soft", "rejected"),
        };
        out.push_str(&format!(
            "<tr><td><time>{}</time></td><td><strong>{}</strong> {} {} <code>{}</code></td><td><span class=\"check {class}\">{word}</span> {}{}</td></tr>\n",
            r.at,
            esc(&r.component),
            r.kind,
            esc(&r.what),
            esc(&r.id),
            esc(&r.why),
            refs(&r.ids)
        ));
    }
    out.push_str("</tbody>\n</table></div>\n");
    if cut > 0 {
        out.push_str(&format!("<p class=\"soft\">{cut} more, further from the onset.</p>\n"));
    }
    out
}

fn mitigations(i: &Investigation<'_>) -> String {
    let Some(h) =
        i.verdict.hypotheses.first().filter(|h| facts::blames(i.verdict) && !h.mitigations.is_empty())
    else {
        return String::new();
    };
    let items: String = h
        .mitigations
        .iter()
        .map(|m| {
            let back = match (&m.inverse, m.reversible) {
                (Some(inverse), true) => {
                    format!("<span class=\"soft\">can be undone by {}</span>", esc(inverse))
                }
                _ => "<span class=\"check warn\">cannot be undone</span>".to_owned(),
            };
            format!(
                "<li><strong>{}</strong> on {}; {back}</li>\n",
                esc(&m.action.replace('_', " ")),
                esc(&m.target)
            )
        })
        .collect();
    format!("<ul>\n{items}</ul>\n")
}

fn next(i: &Investigation<'_>) -> String {
    let mut out = String::new();
    if !i.asked.is_empty() {
        let items: String =
            i.asked.iter().map(|a| format!("<li>{}</li>\n", esc(&text::line(a, 300)))).collect();
        out.push_str(&format!("<p>Asked already, to tell the hypotheses apart:</p>\n<ul>\n{items}</ul>\n"));
    }
    if !i.next.is_empty() {
        out.push_str("<ol>\n");
    }
    for q in i.next {
        let expects: String = q
            .expects
            .iter()
            .map(|e| {
                format!(
                    "<li>If hypothesis {} holds: {} ({})</li>\n",
                    e.rank,
                    esc(&e.outcome),
                    facts::percent(e.probability)
                )
            })
            .collect();
        out.push_str(&format!(
            "<li><strong>{}</strong> <span class=\"soft\">expected to tell {:.2} bits</span>\n<ul>\n{expects}</ul>\n<pre tabindex=\"0\"><code>{}</code></pre></li>\n",
            esc(&q.question),
            q.gain_bits,
            esc(&text::line(&q.command, 2000))
        ));
    }
    if !i.next.is_empty() {
        out.push_str("</ol>\n");
    }
    out
}

fn evidence(i: &Investigation<'_>) -> String {
    i.verdict.hypotheses.iter().map(hypothesis).collect()
}

fn hypothesis(h: &Hypothesis) -> String {
    let open = if h.rank == 1 { " open" } else { "" };
    let mut out = format!(
        "<details{open}>\n<summary>{}. {} <span class=\"soft\">{}</span></summary>\n",
        h.rank,
        esc(&facts::named(h)),
        facts::percent(h.confidence)
    );
    let rows =
        h.evidence.iter().map(|e| (e, "for", "good")).chain(h.against.iter().map(|e| (e, "against", "bad")));
    for (e, word, class) in rows {
        out.push_str(&cited(e, word, class));
    }
    out.push_str("</details>\n");
    out
}

fn cited(e: &EvidenceRef, word: &str, class: &str) -> String {
    let window = e.window.map_or_else(String::new, |w| {
        format!("<dt>window</dt><dd>{} to {}</dd>", second(w.start), second(w.end))
    });
    format!(
        "<details class=\"cited\" id=\"{0}\">\n<summary><span class=\"check {class}\">{word}</span> <b>{0}</b> {1}</summary>\n\
         <dl><dt>source</dt><dd><code>{2}</code></dd><dt>query</dt><dd><code>{3}</code></dd>{window}<dt>sha256</dt><dd><code>{4}</code></dd></dl>\n</details>\n",
        esc(&e.id),
        esc(&text::line(&e.reading, 300)),
        esc(&e.source),
        esc(&text::line(&e.query, 1000)),
        esc(&e.sha256)
    )
}

fn gaps(i: &Investigation<'_>) -> String {
    if i.verdict.gaps.is_empty() {
        return String::new();
    }
    let items: String =
        i.verdict.gaps.iter().map(|g| format!("<li>{}</li>\n", esc(&text::line(g, 600)))).collect();
    format!("<ul>\n{items}</ul>\n")
}

fn foot(i: &Investigation<'_>, out: &mut String) {
    let s = &i.verdict.stats;
    let memory = match s.peak_rss_bytes {
        0 => String::new(),
        bytes => format!(", {} MB of memory", bytes / 1_000_000),
    };
    out.push_str(&format!(
        "<footer><p class=\"soft\">{} series, {}, {} in {} ms{memory}. All times are UTC.</p></footer>\n",
        s.series,
        text::count(s.log_lines, "log line"),
        text::count(s.spans, "span"),
        s.wall_ms
    ));
}
