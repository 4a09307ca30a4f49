//! Figures in a sentence: error rates, latency against its baseline, users affected, error budget burnt.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::normal::patterns;

/// A figure and the words that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    pub(super) value: f64,
    /// The same in normal times, where the words give it.
    pub(super) baseline: Option<f64>,
    pub(super) quote: String,
}

macro_rules! pct {
    () => {
        r"([0-9]{1,3}(?:[.,][0-9]{1,4})?) ?(?:%|percent\b|per cent\b|pct\b)"
    };
}
macro_rules! dur {
    () => {
        r"([0-9]{1,7}(?:\.[0-9]{1,4})?) ?(ms|msecs?|milliseconds?|us|microseconds?|s|secs?|seconds?|m|mins?|minutes?)\b"
    };
}
macro_rules! words {
    ($n:literal) => {
        concat!(r"(?:[ :=>~(/-]+[a-z'][a-z0-9'/-]*){0,", $n, r"}?[ :=>~(-]+")
    };
}
macro_rules! err {
    () => {
        r"\b(?:(?:http )?5(?:xx|0[0-9])s?|errors?|failures?|failed requests?|exceptions?)(?: rates?| ratio| percentage| responses)?"
    };
}
macro_rules! requests {
    () => {
        r"(?:requests?|calls?|traffic|orders?|payments?|transactions?|checkouts?|log ?-?ins?|sign ?-?ins?|responses?|jobs?|messages?|attempts?|quer(?:y|ies)|writes?|reads?|uploads?|downloads?|deliver(?:y|ies)|e-?mails?|api calls?|connections?)"
    };
}
macro_rules! who {
    () => {
        r"(?:users?|customers?|clients?|people|accounts?|tenants?|merchants?|shoppers?|buyers?|subscribers?|members?|visitors?|organi[sz]ations?|sessions?|guests?|players?|viewers?|sellers?)"
    };
}
macro_rules! lat {
    () => {
        r"\b(?:p ?9[059]|p ?50|95th percentile|percentile|latenc(?:y|ies)|response times?|load(?:ing)? times?|slow(?:er|ness|down)?|render(?:ing)? times?|duration|tak(?:e|es|ing))\b"
    };
}

/// Words that make a percentage near "errors" a figure of something else.
const OTHER_PERCENT: &[&str] = &[
    "cpu",
    "disk",
    "memory",
    "heap",
    "usage",
    "utilization",
    "utilisation",
    "rollout",
    "canary",
    "flag",
    "swap",
    "capacity",
    "budget",
    "full",
    "target",
    "slo",
    "objective",
    "sla",
    "threshold",
    "limit",
];

static ERROR_FROM_TO: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        concat!(err!(), words!("6"), r"from ", pct!(), words!("3"), r"(?:to|>) ?(?:[a-z]+ ){0,2}", pct!()),
        concat!(err!(), words!("5"), pct!(), r" ?-?> ?", pct!()),
    ])
});
static SUCCESS_FROM_TO: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[concat!(
        r"\b(?:success (?:rate|ratio)|availability|successful requests)",
        words!("6"),
        r"from ",
        pct!(),
        words!("3"),
        r"(?:to|>) ?(?:[a-z]+ ){0,2}",
        pct!()
    )])
});
static SUCCESS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        concat!(r"\b(?:success (?:rate|ratio)|availability)", words!("6"), pct!()),
        concat!(
            pct!(),
            r" of (?:all |the |our |[a-z]+ ){0,3}",
            requests!(),
            r"(?: [a-z]+){0,2} (?:succeed\w*|fine|ok|okay|successful)\b"
        ),
    ])
});
static ERROR_ALL: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"\b(?:all|every|each)(?: of)?(?: the| our| single)?(?: [a-z]+)? (?:requests?|calls?|responses?)(?: to [a-z]+(?: [a-z]+)?| is| are| now| currently){0,3} (?:fail\w*|error\w*|return(?:s|ing)? (?:a |an )?(?:5\w\w|http 5\w\w|errors?)|tim(?:e|es|ing) ?out|reject\w*|being rejected)",
    ])
});
static ERROR_NOW: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        concat!(
            pct!(),
            r" of (?:all |the |our |[a-z]+ ){0,3}",
            requests!(),
            r"(?:(?: [a-z]+){0,3}) (?:fail\w*|error\w*|return\w*|time ?-?out|timing out|reject\w*|5xx|500s?|drop\w*|declined|lost|broken|unsuccessful)"
        ),
        concat!(pct!(), r" (?:http |of )?(?:errors?|failures?|5xx|500s?)\b"),
        concat!(err!(), words!("7"), pct!()),
        concat!(
            r"\bfail\w*(?: for| on| in)?(?: about| around| roughly)? ",
            pct!(),
            r" of (?:all |the |our )?",
            requests!()
        ),
    ])
});
static ERROR_AS_RATIO: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[concat!(
        r"\b(?:errors?|failures?|5xx|50[0-9])(?: [a-z]+)? (?:ratio|rate)",
        words!("4"),
        r"(0?\.[0-9]{1,6})(?:$|[ ,;)])"
    )])
});
static BASELINE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        concat!(
            r"\b(?:vs|versus|against|compared (?:to|with)|instead of|baseline|normal(?:ly)?|usual(?:ly)?|typical(?:ly)?|up from|was)\b[.:]?(?: [a-z]+){0,4}[ :=~(]*",
            pct!()
        ),
        concat!(pct!(), r"(?: is| was)?(?: the| our)? (?:baseline|normal|usual|normally|usually)\b"),
    ])
});

/// The share of requests that fail.
pub(super) fn error_ratio(sentence: &str) -> Option<Figure> {
    for (list, success) in [(&*ERROR_FROM_TO, false), (&*SUCCESS_FROM_TO, true)] {
        for caps in list.iter().filter_map(|p| p.captures(sentence)) {
            let (Some(before), Some(now)) = (share(&caps, 1), share(&caps, 2)) else { continue };
            let turn = |v: f64| if success { 1.0 - v } else { v };
            return Some(Figure { value: turn(now), baseline: Some(turn(before)), quote: quote(&caps) });
        }
    }
    for (list, success) in [(&*ERROR_NOW, false), (&*SUCCESS, true)] {
        for caps in list.iter().flat_map(|p| p.captures_iter(sentence)) {
            let (Some(value), Some(whole)) = (share(&caps, 1), caps.get(0)) else { continue };
            let after = sentence.get(whole.end()..).unwrap_or("");
            if mentions(whole.as_str(), OTHER_PERCENT)
                || next_words(after, 1, OTHER_PERCENT)
                || OF_USERS.is_match(after)
            {
                continue;
            }
            let baseline = BASELINE.iter().find_map(|p| p.captures(after)).and_then(|c| share(&c, 1));
            let turn = |v: f64| if success { 1.0 - v } else { v };
            return Some(Figure { value: turn(value), baseline: baseline.map(turn), quote: quote(&caps) });
        }
    }
    // Alerts print the ratio as it is: "5xx ratio is 0.34".
    for caps in ERROR_AS_RATIO.iter().filter_map(|p| p.captures(sentence)) {
        let (Some(value), Some(end)) = (number(&caps, 1), caps.get(1).map(|m| m.end())) else { continue };
        let after = sentence.get(end..).unwrap_or("").trim_start();
        let quoted = quote(&caps);
        let a_percentage =
            after.starts_with('%') || after.starts_with("percent") || after.starts_with("per cent");
        if !a_percentage && !mentions(&quoted, OTHER_PERCENT) {
            return Some(Figure { value, baseline: None, quote: quoted });
        }
    }
    let all = ERROR_ALL.iter().find_map(|p| p.captures(sentence))?;
    Some(Figure { value: 1.0, baseline: None, quote: quote(&all) })
}

static OF_USERS: LazyLock<Matcher> =
    LazyLock::new(|| Matcher(patterns(&[concat!(r"^ of (?:all |the |our |[a-z]+ ){0,2}", who!(), r"\b")])));

struct Matcher(Vec<Regex>);

impl Matcher {
    fn is_match(&self, text: &str) -> bool {
        self.0.iter().any(|p| p.is_match(text))
    }
}

static USERS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        concat!(pct!(), r" of (?:all |the |our |[a-z]+ ){0,3}?", who!(), r"\b"),
        concat!(pct!(), r" (?:all |the |our )?", who!(), r"\b"),
        concat!(
            r"\b(?:affected|impacted) ",
            who!(),
            r"[ :=~(]+(?:about |around |roughly |is |are )?",
            pct!()
        ),
        concat!(
            r"\b(?:affect|impact)(?:s|ed|ing)(?: [a-z]+){0,3} ",
            pct!(),
            r"(?: of)?(?: (?:all |the |our )?(?:traffic|them))?"
        ),
    ])
});
const FINE: &[&str] =
    &["fine", "ok", "okay", "unaffected", "unimpacted", "healthy", "normal", "normally", "happy"];

/// The share of users who are affected. `80% of users are fine` is 20 %.
pub(super) fn users_affected(sentence: &str) -> Option<Figure> {
    for caps in USERS.iter().flat_map(|p| p.captures_iter(sentence)) {
        let (Some(value), Some(whole)) = (share(&caps, 1), caps.get(0)) else { continue };
        let after = sentence.get(whole.end()..).unwrap_or("");
        let of_requests = ["of", "requests", "calls", "cpu", "disk", "memory"];
        if next_words(after, 1, &of_requests) || next_words(after, 1, OTHER_PERCENT) {
            continue;
        }
        let fine = next_words(after, 4, FINE)
            || after.starts_with(" are not affected")
            || after.starts_with(" are not impacted")
            || after.starts_with(" not affected");
        let value = if fine { 1.0 - value } else { value };
        return Some(Figure { value, baseline: None, quote: quote(&caps) });
    }
    None
}

static SLO: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        concat!(
            pct!(),
            r" of (?:the |our |its )?(?:[a-z0-9-]+ ){0,3}?error budget(?: [a-z]+){0,3} (?:burn\w*|consumed|spent|used|gone|exhausted)"
        ),
        concat!(
            r"\b(?:burn\w*|consumed|spent|used)(?: [a-z]+){0,2} ",
            pct!(),
            r" of (?:the |our |its )?(?:[a-z0-9-]+ ){0,3}?error budget"
        ),
        concat!(r"\berror budget(?: [a-z]+){0,4}[ :]+", pct!(), r" (?:burn\w*|consumed|spent|used|gone)"),
        concat!(
            r"\berror budget (?:burn\w*|consumed|consumption|spent|used)(?: (?:is|at|by|of))*[ :]+",
            pct!()
        ),
    ])
});

/// The share of the error budget that is burnt.
pub(super) fn slo_burnt(sentence: &str) -> Option<Figure> {
    let caps = SLO.iter().find_map(|p| p.captures(sentence))?;
    Some(Figure { value: share(&caps, 1)?, baseline: None, quote: quote(&caps) })
}

static LATENCY_CHANGE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        concat!(
            r"\bfrom (?:about |around |roughly |[a-z]+ )?",
            dur!(),
            r"(?: [a-z]+){0,2} (?:to|->) (?:about |around |over |nearly |almost |[a-z]+ ){0,2}",
            dur!()
        ),
        concat!(dur!(), r" ?-> ?", dur!()),
    ])
});
static LATENCY_BARE: LazyLock<Vec<Regex>> =
    LazyLock::new(|| patterns(&[concat!(r"\bfrom ([0-9]{1,7}(?:\.[0-9]{1,4})?) (?:to|->) ", dur!())]));
static LATENCY_AGAINST: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[concat!(
        dur!(),
        r"[ ,(]+(?:vs|versus|against|compared (?:to|with)|instead of|where|normal(?:ly)?|usual(?:ly)?|baseline|up from|typically)\b\.?(?: [a-z]+){0,4}[ :=~(]*",
        dur!()
    )])
});
static LATENCY_NORMALLY: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[concat!(
        r"\b(?:normal(?:ly)?|usual(?:ly)?|baseline|typically)(?: [a-z]+){0,2}[ :=~(]*",
        dur!(),
        r"[ ,)]+(?:[a-z]+ ){0,3}?(?:now|currently|today|but)(?: [a-z]+){0,3}[ :=~]*",
        dur!()
    )])
});
static LATENCY_TIMES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        concat!(lat!(), words!("8"), r"([0-9]{1,4}(?:\.[0-9]{1,2})?) ?-?(?:x|times|fold)\b"),
        r"\b([0-9]{1,4}(?:\.[0-9]{1,2})?) ?-?(?:x|times|fold)(?: as)? (?:slow(?:er)?|higher latency|the (?:normal|usual|baseline) (?:latency|p95|response time)|(?:normal|usual|baseline) (?:latency|p95|response time))",
    ])
});
static LATENCY_TIMES_WORD: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        concat!(
            lat!(),
            words!("5"),
            r"(doubled|tripled|quadrupled|tenfold|(?:two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|fifty|hundred) times)\b"
        ),
        r"\b((?:two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|fifty|hundred) times)(?: as)? slow(?:er)?\b",
    ])
});
static LATENCY_WORD: LazyLock<Matcher> = LazyLock::new(|| Matcher(patterns(&[lat!()])));

/// How many times its baseline the latency is.
pub(super) fn latency_ratio(sentence: &str) -> Option<Figure> {
    if LATENCY_WORD.is_match(sentence) {
        let changes = [(&*LATENCY_CHANGE, false), (&*LATENCY_AGAINST, true), (&*LATENCY_NORMALLY, false)];
        for (list, now_first) in changes {
            let Some(caps) = list.iter().find_map(|p| p.captures(sentence)) else { continue };
            let (Some(one), Some(two)) = (seconds(&caps, 1, 2), seconds(&caps, 3, 4)) else { continue };
            let (before, now) = if now_first { (two, one) } else { (one, two) };
            if let Some(value) = over(now, before) {
                return Some(Figure { value, baseline: None, quote: quote(&caps) });
            }
        }
        if let Some(caps) = LATENCY_BARE.iter().find_map(|p| p.captures(sentence)) {
            // "from 200 to 2000 ms": the unit stands once.
            let value = over(number(&caps, 2)?, number(&caps, 1)?)?;
            return Some(Figure { value, baseline: None, quote: quote(&caps) });
        }
    }
    if let Some(caps) = LATENCY_TIMES.iter().find_map(|p| p.captures(sentence)) {
        return Some(Figure { value: number(&caps, 1)?, baseline: None, quote: quote(&caps) });
    }
    let caps = LATENCY_TIMES_WORD.iter().find_map(|p| p.captures(sentence))?;
    const TIMES: [(&str, f64); 16] = [
        ("doubled", 2.0),
        ("two", 2.0),
        ("tripled", 3.0),
        ("three", 3.0),
        ("quadrupled", 4.0),
        ("four", 4.0),
        ("five", 5.0),
        ("six", 6.0),
        ("seven", 7.0),
        ("eight", 8.0),
        ("nine", 9.0),
        ("ten", 10.0),
        ("twelve", 12.0),
        ("fifteen", 15.0),
        ("twenty", 20.0),
        ("fifty", 50.0),
    ];
    let word = caps.get(1)?.as_str();
    let value = TIMES.iter().find(|(name, _)| word.starts_with(name)).map_or(100.0, |(_, n)| *n);
    Some(Figure { value, baseline: None, quote: quote(&caps) })
}

fn over(now: f64, before: f64) -> Option<f64> {
    let ratio = now / before;
    (before > 0.0 && ratio.is_finite()).then_some(ratio)
}

fn number(caps: &Captures<'_>, i: usize) -> Option<f64> {
    caps.get(i)?.as_str().replace(',', ".").parse().ok()
}

/// A percentage as a ratio; more than a hundred is not a share.
fn share(caps: &Captures<'_>, i: usize) -> Option<f64> {
    number(caps, i).map(|percent| percent / 100.0).filter(|ratio| *ratio <= 1.0)
}

fn seconds(caps: &Captures<'_>, value: usize, unit: usize) -> Option<f64> {
    let value = number(caps, value)?;
    let unit = caps.get(unit)?.as_str();
    let factor = match unit {
        "us" => 1e-6,
        _ if unit.starts_with("micro") => 1e-6,
        _ if unit.starts_with("ms") || unit.starts_with("milli") => 1e-3,
        _ if unit.starts_with('m') => 60.0,
        _ => 1.0,
    };
    Some(value * factor)
}

fn quote(caps: &Captures<'_>) -> String {
    caps.get(0).map_or_else(String::new, |m| m.as_str().trim().to_owned())
}

fn word_list(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

fn mentions(text: &str, list: &[&str]) -> bool {
    word_list(text).any(|word| list.contains(&word))
}

/// Whether one of the next `count` words, before a comma, is of the list.
fn next_words(after: &str, count: usize, list: &[&str]) -> bool {
    let clause = after.split([',', ':', ';']).next().unwrap_or("");
    word_list(clause).take(count).any(|word| list.contains(&word))
}
