//! Who feels slowness: the callers of a route that became far slower. A service's own share of slow requests tells too
//! little where one page among many is slow: whoever opens that page waits.

use firebell_core::policy::Policy;

use super::measure::{ENOUGH, FAST_S, Pair, slower};
use super::sli::Level;
use crate::run::percent;

/// A route with a smaller share of its service's requests is one that few users come by.
const MAIN_ROUTE: f64 = 0.1;
/// Where nothing is promised, people notice a wait from here on, seconds.
const NOTICED_S: f64 = 0.2;

/// The greatest share of a main route's callers who wait far longer than usual, and how that is known. A route counts
/// where its p95 is over the limit that severity has for p95, and over what was promised. `requests` are the service's,
/// in the time that the routes were measured over.
pub(super) fn waiting(
    service: &str,
    requests: f64,
    routes: &[(String, Pair)],
    policy: &Policy,
) -> Option<(f64, String)> {
    let promised = policy.service(service).and_then(|s| s.slo_latency_p95_ms).map(|ms| ms / 1000.0);
    let too_long = promised.unwrap_or(NOTICED_S);
    let mut worst: Option<(f64, String)> = None;
    for (route, pair) in routes {
        let main = pair.now.requests >= MAIN_ROUTE * requests;
        if !main || pair.now.requests < ENOUGH || pair.base.requests < ENOUGH {
            continue;
        }
        let (Some(ratio), Some(now), Some(usual)) = (slower(pair), pair.now.p95(), pair.base.p95()) else {
            continue;
        };
        if ratio <= policy.severity.sev2_p95_ratio || now < too_long {
            continue;
        }
        let bound = (2.0 * usual).max(FAST_S);
        let slow = |l: &Level| l.slower_than(bound).unwrap_or(0.0);
        let share = (slow(&pair.now) - slow(&pair.base)).max(0.0);
        if worst.as_ref().is_none_or(|w| share > w.0) {
            let text = format!(
                "{} of the callers of {route} at {service} wait far longer than usual: p95 {:.0} ms, {:.0} ms before \
                 (estimate by its requests)",
                percent(share),
                now * 1000.0,
                usual * 1000.0
            );
            worst = Some((share, text));
        }
    }
    worst
}
