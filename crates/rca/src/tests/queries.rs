//! The next best query: what it asks for, that it asks for nothing that was seen, that its answer tells.

use firebell_core::next_query::Ask;
use firebell_core::telemetry::Telemetry;

use super::faults::run;
use crate::{Settings, investigate, next_queries};

fn pool() -> Telemetry {
    run(3, "checkout fails", |_| {}, |_, m, _| m.pool = (300.0, 0.5, 1.0)).0
}

fn asks(t: &Telemetry) -> Vec<Ask> {
    let settings = Settings::default();
    next_queries(t, &investigate(t, &settings), &settings).into_iter().map(|q| q.ask).collect()
}

#[test]
fn what_was_taken_away_is_asked_for_and_what_is_there_is_not() {
    let whole = pool();
    let blind = |keep: fn(&mut Telemetry)| {
        let mut t = whole.clone();
        keep(&mut t);
        t
    };
    let no_spans = blind(|t| t.spans.clear());
    let lead = investigate(&no_spans, &Settings::default()).hypotheses[0].component.clone();
    let traces = |t: &Telemetry| asks(t).iter().any(|a| matches!(a, Ask::Traces { .. }));
    assert!(traces(&no_spans), "{:?}", asks(&no_spans));
    assert!(!traces(&whole), "{:?}", asks(&whole));
    let no_pool = blind(|t| t.series.retain(|s| !s.name.contains("pool")));
    let asked = asks(&no_pool);
    assert!(!asked.is_empty());
    assert!(
        asked.iter().all(|a| a.component().is_none_or(|c| whole_components(&whole).contains(&c.to_owned()))),
        "{asked:?}"
    );
    assert!(lead.contains('/'));
}

fn whole_components(t: &Telemetry) -> Vec<String> {
    investigate(t, &Settings::default()).hypotheses.into_iter().map(|h| h.component).collect()
}

#[test]
fn queries_are_ordered_by_value_and_equal_input_gives_equal_queries() {
    let mut t = pool();
    t.spans.clear();
    t.logs.clear();
    let settings = Settings::default();
    let verdict = investigate(&t, &settings);
    let queries = next_queries(&t, &verdict, &settings);
    assert!(queries.len() >= 2, "{queries:?}");
    assert!(queries.windows(2).all(|w| w[0].value >= w[1].value));
    assert!(queries.iter().all(|q| q.gain_bits > 0.0 && !q.command.is_empty() && q.expects.len() == 2));
    assert_eq!(queries, next_queries(&t.clone(), &verdict, &settings));
}

#[test]
fn nothing_is_asked_where_nothing_is_wrong_or_known() {
    let settings = Settings::default();
    let empty = Telemetry::default();
    assert!(next_queries(&empty, &investigate(&empty, &settings), &settings).is_empty());
    let (calm, _) = run(4, "", |_| {}, |_, _, _| {});
    let verdict = investigate(&calm, &settings);
    if verdict.verdict == firebell_core::verdict::Outcome::Healthy {
        assert!(next_queries(&calm, &verdict, &settings).is_empty());
    }
}
