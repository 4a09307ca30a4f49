//! What is stolen: data that is carried off and accounts that somebody else uses, as access logs, audit logs and
//! metrics show it; and what looks alike and is not.

use firebell_core::telemetry::{Labels, LogLine, MetricKind, Telemetry};
use firebell_core::verdict::Outcome;
use jiff::Timestamp;

use super::company::Rng;
use super::noise::told;
use super::shapes::{Made, START, is, late};

const STEP: i64 = 15_000;
const LONG: i64 = 240;
const EXFILTRATION: &str = "security.exfiltration";
const TAKEOVER: &str = "security.account_takeover";

/// A quiet system with records of one service.
struct Records {
    made: Made,
    rng: Rng,
}

impl Records {
    fn new(seed: u64) -> Self {
        let mut made = Made::new(seed, STEP, LONG);
        "something is wrong".clone_into(&mut made.t.report);
        Self { made, rng: Rng::new(seed + 100) }
    }

    /// A record at a place of the time between 0 and 1.
    fn add(&mut self, at: f64, text: String, fields: &[(&str, String)]) {
        let ms = START + (at * (LONG * STEP) as f64) as i64;
        self.made.t.logs.push(LogLine {
            source: "logs/web.log".into(),
            line: self.made.t.logs.len() as u64 + 1,
            component: Some("web".into()),
            at: Timestamp::from_millisecond(ms).ok(),
            level: Some("info".into()),
            text,
            fields: fields.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect::<Labels>(),
            trace_id: None,
        });
    }

    /// One request in the way that kinds of logs write it.
    fn request(&mut self, form: usize, at: f64, client: &str, user: &str, path: &str, bytes: u64) {
        let of = |k: &'static str, v: &str| (k, v.to_owned());
        let n = bytes.to_string();
        match form {
            0 => self.add(
                at,
                format!("{client} - {user} [05/Jan/2026:10:00:00 +0000] \"GET {path} HTTP/1.1\" 200 {bytes} \"-\" \"Mozilla/5.0\""),
                &[],
            ),
            1 => self.add(at, format!("served client_ip={client} user={user} path={path} status=200 bytes_sent={bytes}"), &[]),
            2 => self.add(
                at,
                format!("GET {path} HTTP/1.1 200 {bytes}"),
                &[of("client", client), of("user", user), of("path", path), of("status", "200"), of("bytes", &n)],
            ),
            _ => self.add(
                at,
                "GetObject".to_owned(),
                &[
                    of("sourceIPAddress", client),
                    of("userIdentity.userName", user),
                    of("eventName", "GetObject"),
                    of("additionalEventData.bytesTransferredOut", &n),
                ],
            ),
        }
    }

    /// Forty clients who each take some kilobytes at times, `larger` of them from .7 on.
    fn customers(&mut self, form: usize, larger: f64) {
        for i in 0..1_200 {
            let at = f64::from(i) / 1_200.0;
            let who = self.rng.below(40);
            let bytes = (20_000.0 * (0.5 + self.rng.next()) * late(at, larger)) as u64;
            self.request(
                form,
                at,
                &format!("192.0.2.{who}"),
                &format!("user{who}"),
                &format!("/products/{i}"),
                bytes,
            );
        }
    }

    /// A sign-in or a deed of an account in the way that kinds of logs write it.
    fn deed(&mut self, form: usize, at: f64, who: (&str, &str, &str, &str), deed: &str) {
        let (account, client, device, country) = who;
        let of = |k: &'static str, v: &str| (k, v.to_owned());
        match form {
            0 => self.add(
                at,
                format!(r#"{deed} account={account} ip={client} user_agent="{device}" country={country} result=success"#),
                &[],
            ),
            1 => self.add(
                at,
                format!(
                    r#"{{"event":"{deed}","user":{{"name":"{account}"}},"client":{{"ip":"{client}","geo":{{"country":"{country}"}}}},"user_agent":"{device}","outcome":"success"}}"#
                ),
                &[],
            ),
            _ => self.add(
                at,
                "audit".to_owned(),
                &[
                    of("protoPayload.methodName", deed),
                    of("protoPayload.authenticationInfo.principalEmail", account),
                    of("protoPayload.requestMetadata.callerIp", client),
                    of("protoPayload.requestMetadata.callerSuppliedUserAgent", device),
                ],
            ),
        }
    }

    /// Thirty people who sign in from home, some of whom change something at times.
    fn people(&mut self, form: usize) {
        for i in 0..600u32 {
            let who = self.rng.below(30);
            let (account, home) = (format!("user{who}"), format!("192.0.{who}.{}", self.rng.below(9)));
            let device = format!("Firefox/{}", 100 + who);
            let deed = if i % 97 == 5 { "password_changed" } else { "login" };
            self.deed(form, f64::from(i) / 600.0, (&account, &home, &device, "NO"), deed);
        }
    }

    fn is(&self, cause: &str) {
        is(&self.made, "service/web", cause);
    }

    /// Neither theft is told, of anything.
    fn is_not(&self, what: &str) {
        let v = self.made.verdict();
        let blamed = v.hypotheses.iter().any(|h| h.cause == EXFILTRATION || h.cause == TAKEOVER);
        assert!(!blamed, "{what}: {}", told(&v));
    }
}

/// A client that carries off data, as an access log shows it.
pub(super) fn carried_off() -> Telemetry {
    carries_off(1, 0).made.t
}

fn carries_off(seed: u64, form: usize) -> Records {
    let mut r = Records::new(seed);
    r.customers(form, 1.0);
    for i in 0..60 {
        let at = 0.75 + 0.2 * f64::from(i) / 60.0;
        r.request(form, at, "203.0.113.9", "user7", &format!("/accounts/{i}/documents"), 4_000_000);
    }
    r
}

/// Accounts that a stranger enters and changes, as an audit log shows it.
pub(super) fn taken_over() -> Telemetry {
    takes_over(0).made.t
}

fn takes_over(form: usize) -> Records {
    let mut r = Records::new(9 + form as u64);
    r.people(form);
    for (i, account) in ["user3", "user11", "user19", "user27"].iter().enumerate() {
        let who = (*account, "203.0.113.9", "curl/8.5", "ZZ");
        let at = 0.75 + 0.04 * i as f64;
        for (k, deed) in ["password_reset", "login", "email_changed"].iter().enumerate() {
            r.deed(form, at + 0.001 * k as f64, who, deed);
        }
    }
    r
}

#[test]
fn a_client_that_carries_off_data_is_found_in_logs_of_every_form() {
    for form in 0..4 {
        for seed in 1..=2 {
            carries_off(seed, form).is(EXFILTRATION);
        }
    }
}

#[test]
fn exports_and_places_never_sent_to_show_it_too() {
    // An account that exports rows.
    let mut r = Records::new(1);
    for i in 0..400 {
        let who = r.rng.below(20);
        let text = format!("audit action=customers.export actor=clerk{who} rows={}", 10 + r.rng.below(30));
        r.add(f64::from(i) / 400.0, text, &[]);
    }
    for i in 0..40 {
        r.add(
            0.8 + f64::from(i) / 400.0,
            "audit action=customers.export actor=clerk3 rows=25000".into(),
            &[],
        );
    }
    r.is(EXFILTRATION);
    // Connections of machines: one to a place that nothing was ever sent to.
    let mut r = Records::new(2);
    for i in 0..400 {
        let dst = ["10.0.0.5", "10.0.0.6", "10.0.0.7"][r.rng.below(3)];
        let text = format!("ACCEPT src=10.0.0.4 dst={dst} dport=443 bytes={}", 50_000 + r.rng.below(50_000));
        r.add(f64::from(i) / 400.0, text, &[]);
    }
    for i in 0..20 {
        let text = "ACCEPT src=10.0.0.4 dst=198.51.100.77 dport=443 bytes=90000000".to_owned();
        r.add(0.8 + f64::from(i) / 200.0, text, &[]);
    }
    r.is(EXFILTRATION);
}

#[test]
fn metrics_of_what_goes_out_show_it_by_destination_and_without() {
    let mut made = Made::new(3, STEP, LONG);
    for (place, rate) in [("10.0.0.5", 90_000.0), ("10.0.0.6", 70_000.0), ("198.51.100.77", 0.0)] {
        let mut total = 1e9;
        let points = (0..LONG)
            .map(|i| {
                let stolen = if rate == 0.0 && i * 10 >= LONG * 7 { 3e6 } else { 0.0 };
                total += (rate + stolen) * STEP as f64 / 1000.0;
                (START + i * STEP, total)
            })
            .collect();
        let labels = [("service", "cart"), ("destination_ip", place)];
        made.push("egress_bytes_total", &labels, MetricKind::Counter, points);
    }
    is(&made, "service/cart", EXFILTRATION);
    let whole = |requests: f64| {
        let mut made = Made::new(4, STEP, LONG);
        made.gauge("network_transmit_bytes_per_second", "cart", 2e6, |at| late(at, 12.0));
        made.gauge("request_rate", "cart", 120.0, move |at| late(at, requests));
        made
    };
    is(&whole(1.0), "service/cart", EXFILTRATION);
    // More customers take more.
    let v = whole(12.0).verdict();
    assert!(v.hypotheses.iter().all(|h| h.cause != EXFILTRATION), "{}", told(&v));
}

#[test]
fn what_takes_much_and_is_usual_is_no_theft() {
    let mut r = Records::new(5);
    r.customers(1, 1.0);
    for night in [0.1, 0.45, 0.8] {
        for i in 0..30 {
            r.request(1, night + 0.001 * f64::from(i), "10.0.0.250", "backup", "/dump", 8_000_000);
        }
    }
    r.is_not("a backup of each night");
    let mut r = Records::new(6);
    r.customers(1, 40.0);
    r.is_not("a release that makes all answers larger");
    let mut r = Records::new(7);
    r.customers(1, 1.0);
    for i in 0..2_000 {
        r.request(1, 0.75 + 0.0001 * f64::from(i), "203.0.113.9", "-", &format!("/products/{i}"), 21_000);
    }
    r.is_not("a client that asks for much of the usual");
    let mut r = Records::new(8);
    r.customers(1, 1.0);
    for i in 0..1_000 {
        r.request(1, f64::from(i) / 1_000.0, "10.0.0.9", "partner", "/feed", 900_000);
    }
    r.is_not("a partner who always takes most");
}

#[test]
fn accounts_that_one_stranger_enters_and_changes_are_taken_over() {
    for form in 0..3 {
        takes_over(form).is(TAKEOVER);
    }
}

#[test]
fn one_account_emptied_and_many_entered_from_many_places_are_taken_over() {
    let mut r = Records::new(12);
    r.people(1);
    let who = ("user8", "198.51.100.4", "Chrome/140", "ZZ");
    for (k, deed) in ["login", "mfa_disabled", "payout_account_changed"].iter().enumerate() {
        r.deed(1, 0.8 + 0.002 * k as f64, who, deed);
    }
    r.is(TAKEOVER);
    let mut r = Records::new(13);
    r.people(2);
    for i in 0..8 {
        let (account, from) = (format!("user{}", 3 * i), format!("198.51.{i}.77"));
        let who = (account.as_str(), from.as_str(), "python-requests/2.32", "");
        r.deed(2, 0.75 + 0.02 * f64::from(i), who, "google.iam.CreateAccessKey");
    }
    r.is(TAKEOVER);
}

#[test]
fn people_who_move_or_have_something_new_are_not_taken_over() {
    let mut r = Records::new(14);
    r.people(1);
    let who = ("user8", "198.51.100.4", "Pixel 12", "NO");
    for (k, deed) in ["login", "phone_changed", "mfa_enrolled", "password_changed"].iter().enumerate() {
        r.deed(1, 0.8 + 0.002 * k as f64, who, deed);
    }
    r.is_not("a new telephone");
    let mut r = Records::new(15);
    r.people(1);
    for i in 0..30 {
        let (account, device) = (format!("user{i}"), format!("Firefox/{}", 100 + i));
        let who = (account.as_str(), "198.51.100.4", device.as_str(), "NO");
        r.deed(1, 0.75 + 0.005 * f64::from(i), who, if i % 6 == 0 { "password_changed" } else { "login" });
    }
    r.is_not("a new office");
    let mut r = Records::new(16);
    r.people(1);
    for deed in ["login", "email_changed", "password_changed"] {
        r.deed(1, 0.8, ("user8", "198.51.100.4", "Firefox/108", "JP"), deed);
    }
    r.is_not("a journey with one's own computer");
    let mut r = Records::new(17);
    r.people(0);
    for i in 0..30 {
        let (account, home, device) =
            (format!("user{i}"), format!("192.0.{i}.3"), format!("Firefox/{}", 100 + i));
        r.deed(0, 0.75 + 0.005 * f64::from(i), (&account, &home, &device, "NO"), "password_reset");
    }
    let v = r.made.verdict();
    assert!(v.verdict != Outcome::Cause, "everybody sets a new password: {}", told(&v));
    r.is_not("everybody sets a new password");
}

#[test]
fn a_theft_is_not_blamed_for_what_fails_beside_it() {
    let mut r = carries_off(21, 1);
    for (service, more) in [("cart", 200.0), ("billing", 90.0)] {
        r.made.gauge("http_5xx_ratio", service, 0.002, |at| late(at, more));
    }
    let v = r.made.verdict();
    let first = v.hypotheses.first().map(|h| h.component.as_str());
    assert!(matches!(first, Some("service/cart" | "service/billing")), "{}", told(&v));
}
