//! Pictures: what they hold, that hostile text stays text, that equal data gives equal bytes.

use super::*;

const EVIL: &str = "</title></svg><script>alert(1)</script>\" onload=\"x' & \u{202e}";
const T0: i64 = 1_795_772_500_000;

fn rise() -> Vec<(i64, f64)> {
    (0..12).map(|n| (T0 + n * 5000, if n < 6 { 0.0 } else { n as f64 / 12.0 })).collect()
}

fn marks(label: &str) -> Vec<Mark> {
    [
        (MarkKind::Deploy, 28_000),
        (MarkKind::Onset, 30_000),
        (MarkKind::Alert, 31_000),
        (MarkKind::Flag, 900_000),
    ]
    .into_iter()
    .map(|(kind, after)| Mark { at: T0 + after, kind, label: label.to_owned() })
    .collect()
}

fn every(text: &str) -> Vec<String> {
    let line = |faint| Line { name: text.to_owned(), points: rise(), faint };
    let drawn = [line(false), line(true)];
    let show = |v: f64| format!("{v:.2}/s");
    let chart = LineChart {
        title: text,
        desc: text,
        lines: &drawn,
        show: &show,
        marks: &marks(text),
        shade: Some((T0 + 20_000, T0 + 40_000)),
    };
    let at: Vec<i64> = (0..40).map(|n| T0 + n * n * 20).collect();
    let counted = Bars { title: text, desc: text, at: &at, window: (T0, T0 + 60_000), marks: &marks(text) };
    let row = |depth, start_us, failed| Row {
        component: text.to_owned(),
        operation: text.to_owned(),
        depth,
        start_us,
        duration_us: 1500,
        failed,
    };
    let trace = Waterfall { title: text, desc: text, rows: &[row(0, 0, true), row(1, 300, false)] };
    let node = |cause, ill, alerts| Node { name: text.to_owned(), kind: text.to_owned(), cause, ill, alerts };
    let calls = Graph {
        title: text,
        desc: text,
        nodes: &[node(false, true, 2), node(true, true, 0), node(false, false, 0)],
        edges: &[Edge { caller: 0, callee: 1 }, Edge { caller: 1, callee: 2 }, Edge { caller: 2, callee: 0 }],
        path: &[Step { from: 1, to: 0, why: text.to_owned() }],
    };
    let mut out = vec![spark(text, &at, (T0, T0 + 60_000))];
    for size in [Size::Wide, Size::Narrow] {
        out.extend(
            [lines(&chart, size), bars(&counted, size), waterfall(&trace, size)].into_iter().flatten(),
        );
    }
    out.extend(graph(&calls));
    out
}

#[test]
fn hostile_text_is_text_and_no_picture_brings_a_style_or_a_script() {
    let all = every(EVIL);
    assert_eq!(all.len(), 8);
    for svg in all {
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg}");
        assert_eq!(svg.matches("</svg>").count(), 1, "{svg}");
        assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script"), "{svg}");
        assert!(!svg.contains("onload=\"") && !svg.contains(" style=") && !svg.contains('\u{202e}'), "{svg}");
        assert!(svg.contains("role=\"img\"") && svg.contains("<title>"), "{svg}");
    }
}

#[test]
fn equal_data_gives_equal_bytes() {
    assert_eq!(every("orders"), every("orders"));
}

#[test]
fn a_chart_has_lines_axes_marks_and_a_legend() {
    let lines_of = [
        Line { name: "code=500".to_owned(), points: rise(), faint: false },
        Line { name: "code=200".to_owned(), points: vec![(T0, 1.0)], faint: true },
    ];
    let show = |v: f64| format!("{:.0} %", v * 100.0);
    let chart = LineChart {
        title: "http_requests_total",
        desc: "went from 0 to 0.9",
        lines: &lines_of,
        show: &show,
        marks: &marks("checkout 5.9.0"),
        shade: None,
    };
    insta::assert_snapshot!(lines(&chart, Size::Narrow).expect("a picture").replace("><", ">\n<"));
}

#[test]
fn nothing_gives_no_picture_and_extremes_give_a_finite_one() {
    let show = |v: f64| v.to_string();
    let of = |points: Vec<(i64, f64)>| {
        let drawn = [Line { name: "x".to_owned(), points, faint: false }];
        lines(
            &LineChart { title: "x", desc: "", lines: &drawn, show: &show, marks: &[], shade: None },
            Size::Wide,
        )
    };
    assert_eq!(of(Vec::new()), None);
    for points in [
        vec![(0, 0.0)],
        vec![(0, f64::MAX), (1, f64::MIN)],
        vec![(i64::MAX - 1, 1e-300), (i64::MAX, 5e-324)],
        vec![(T0, -3.0), (T0 + 1, 7.0)],
    ] {
        let svg = of(points.clone()).expect("a picture");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{points:?}: {svg}");
    }
    let none = Bars { title: "", desc: "", at: &[5], window: (10, 20), marks: &[] };
    assert_eq!(bars(&none, Size::Wide), None);
    assert_eq!(waterfall(&Waterfall { title: "", desc: "", rows: &[] }, Size::Wide), None);
}

#[test]
fn callers_stand_above_whom_they_call_and_circles_end() {
    assert_eq!(super::layers::layers(4, &[(0, 1), (1, 2), (0, 2), (2, 3)]), [[0], [1], [2], [3]]);
    let circle = super::layers::layers(3, &[(0, 1), (1, 2), (2, 0)]);
    assert_eq!(circle.iter().flatten().count(), 3);
    // A wide layer wraps.
    let star: Vec<(usize, usize)> = (1..=9).map(|n| (0, n)).collect();
    assert!(super::layers::layers(10, &star).iter().all(|row| row.len() <= 3));
}

#[test]
fn times_on_an_axis_are_round() {
    let words: Vec<String> = super::axis::times(T0, T0 + 60_000, 5).into_iter().map(|t| t.1).collect();
    assert_eq!(words, ["09:41:45", "09:42:00", "09:42:15", "09:42:30"]);
    assert_eq!(super::axis::values(0.0, 0.43, 4.0), [0.0, 0.2, 0.4, 0.6000000000000001]);
}

#[test]
fn a_picture_alone_carries_the_sheet_that_its_policy_allows() {
    let alone = standalone(&every("orders")[1]);
    let sheet = alone.split("<style>").nth(1).and_then(|t| t.split("</style>").next()).expect("a sheet");
    let hash = STANDARD.encode(Sha256::digest(sheet.as_bytes()));
    assert!(
        POLICY.contains(&format!("style-src 'sha256-{hash}'")) && !POLICY.contains("unsafe"),
        "{}",
        *POLICY
    );
    // It stands inside XML as it is.
    assert!(!CSS.contains('<') && !CSS.contains('&'));
}
