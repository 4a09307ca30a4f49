//! Puts the sections together.

use firebell_core::incident::{EventRecord, Incident};
use firebell_core::review::Times;

use super::document::{Block, Section, to_markdown};
use super::{actions, cause, clocks, factors, follow_up, page, summary, timeline, whys};
use crate::charts::Chart;
use crate::text;

/// A postmortem in both forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postmortem {
    /// GitHub-flavoured Markdown, without pictures.
    pub markdown: String,
    /// A whole page: no script, nothing loaded, styles in one block.
    pub html: String,
}

/// What all sections are written from.
pub(super) struct Record<'a> {
    pub(super) incident: &'a Incident,
    pub(super) records: &'a [EventRecord],
    pub(super) charts: &'a [Chart],
    pub(super) times: &'a Times,
}

/// Writes the postmortem of an incident from its events, charts and measured times.
pub fn postmortem(
    incident: &Incident,
    records: &[EventRecord],
    charts: &[Chart],
    times: &Times,
) -> Postmortem {
    let record = Record { incident, records, charts, times };
    let sections = vec![
        Section::new("summary", "Summary", vec![Block::Markdown(summary::summary(&record))]),
        Section::new("impact", "Impact", vec![Block::Markdown(summary::impact(&record))]),
        Section::new("times", "Measured times", vec![Block::Markdown(clocks::times(&record))]),
        Section::new("severity", "Severity", vec![Block::Markdown(summary::severity(&record))]),
        Section::new("cause", "Cause and evidence", vec![Block::Markdown(cause::cause(&record))]),
        Section::new("charts", "Charts", cause::charts(&record)),
        Section::new(
            "rivals",
            "Rival hypotheses and what was ruled out",
            vec![Block::Markdown(cause::rivals(&record))],
        ),
        Section::new("mitigation", "What was done", vec![Block::Markdown(actions::actions(&record))]),
        Section::new("whys", "Five whys", vec![Block::Markdown(whys::whys(&record))]),
        Section::new("factors", "Contributing factors", factors::factors(&record)),
        Section::new("well", "What went well", vec![Block::Markdown(clocks::well(&record))]),
        Section::new("poorly", "What went poorly", vec![Block::Markdown(clocks::poorly(&record))]),
        Section::new("follow-up", "Action items", vec![Block::Markdown(follow_up::action_items(&record))]),
        Section::new("timeline", "Timeline", vec![Block::Markdown(timeline::timeline(&record))]),
        Section::new("participants", "Participants", vec![Block::Markdown(follow_up::participants(&record))]),
        Section::new("gaps", "What could not be seen", vec![Block::Markdown(follow_up::gaps(&record))]),
        Section::new(
            "appendix",
            "Appendix: evidence and artifacts",
            vec![Block::Markdown(follow_up::appendix(&record))],
        ),
    ];
    let drill = if incident.drill { "Drill: " } else { "" };
    let plain = format!("{drill}Postmortem of {}: {}", incident.id, text::line(&incident.title, 160));
    let heading = text::markdown(&plain, 240);
    Postmortem {
        markdown: to_markdown(&heading, &sections),
        html: page::page(&text::line(&plain, 240), incident.restricted, &sections),
    }
}
