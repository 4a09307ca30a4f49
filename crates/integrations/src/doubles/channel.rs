//! What every channel has to stand: refusals, silence, answers that are lost, and texts from outside.

use std::sync::Arc;

use firebell_core::effect::Outcome;
use firebell_core::ports::chat::{Control, Does};
use firebell_core::ports::notifier::{Ack, Message, Notifier, Urgency};

use super::provider::{Provider, Reply, Seen};

/// What is particular about one.
pub(crate) struct Channel {
    /// Makes one that speaks to an address, with a time limit of 0.4 s.
    pub(crate) make: fn(&str) -> Arc<dyn Notifier>,
    /// What the provider's documentation asks of a request.
    pub(crate) check: fn(&Seen) -> Result<(), String>,
    /// The provider's answer to a message that it takes.
    pub(crate) taken: fn(&Seen) -> Reply,
    /// Its answer after the token was revoked, and the setting that has to be named then.
    pub(crate) revoked: (Reply, &'static str),
    /// Its answer where the chat or account is gone, and what has to be named then.
    pub(crate) gone: (Reply, &'static str),
    /// It keeps our key.
    pub(crate) safe: bool,
    /// A repetition is preceded by a look for the first one.
    pub(crate) looks: bool,
    /// What must never be shown.
    pub(crate) secret: &'static str,
    /// It understands its own answers: a 200 with a page for signing in is not one.
    pub(crate) reads: bool,
}

/// A page with everything on it.
pub(crate) fn page() -> Message {
    Message {
        key: "INC-2026-0042:31:0".into(),
        incident: "INC-2026-0042".into(),
        audience: "page".into(),
        subject: "SEV1: checkout is down".into(),
        body: "SEV1: checkout is down\n\nTo Ann. Customers cannot buy – since 10:30 UTC.".into(),
        link: "https://firebell.example.com/i/INC-2026-0042?a=1&b=2".into(),
        urgency: Urgency::High,
        ack: Some(Ack {
            link: "https://firebell.example.com/ack/6f1c?t=abc&x=1".into(),
            code: "4711".into(),
            reference: "pg-0042.7".into(),
        }),
        ..Message::default()
    }
}

/// A plan to decide on, and something whose command no button carries.
pub(crate) fn decisions() -> Vec<Control> {
    let plan = "INC-2027-0001 0123456789abcdef";
    vec![
        Control::new("Approve 01234567", Does::Give(format!("approve {plan}"))).confirmed("Go?"),
        Control::new("Reject 01234567", Does::Ask(format!("reject {plan}"))),
        Control::new("Approve", Does::Give(format!("approve {}", "x".repeat(120)))),
    ]
}

/// Text from outside that tries everything.
pub(crate) const HOSTILE: &str = "<b>x</b> & <!channel> <@U123> @everyone @here @all @room <https://evil.example|Sign in> \
    [Sign in](https://evil.example) ]]> </Say><Redirect>https://evil.example</Redirect> *bold* _it_ `code` ~s~ | # h {text} \
    \"quote\" 'q' \\ \u{202E}txt.exe \u{0}\u{1b}[31m\r\nTo: +15550000000&Body=x \u{1F525}";

/// A page about it, far too long.
pub(crate) fn hostile() -> Message {
    Message {
        subject: HOSTILE.repeat(20),
        body: format!("{HOSTILE}\n\n").repeat(400),
        key: "hostile".into(),
        ..page()
    }
}

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Done { detail, .. } => detail,
        Outcome::Retry { reason, .. } | Outcome::Permanent { reason } => reason,
    }
}

impl Channel {
    async fn provider(&self, answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Provider {
        Provider::start(self.check, answer).await
    }

    async fn meets(&self, reply: Reply) -> Outcome {
        let provider = self.provider(move |_, _| reply.clone()).await;
        let outcome = (self.make)(&provider.url).send(&page()).await;
        assert!(!provider.taken().is_empty(), "nothing was sent");
        assert!(!reason(&outcome).contains(self.secret), "a secret is shown: {outcome:?}");
        outcome
    }

    /// All of it.
    pub(crate) async fn stands_everything(&self) {
        self.is_sent_once().await;
        self.obeys_limits_and_refusals().await;
        self.stands_silence().await;
        self.fits_any_text().await;
    }

    async fn is_sent_once(&self) {
        let taken = self.taken;
        let provider = self.provider(move |seen, _| taken(seen)).await;
        let channel = (self.make)(&provider.url);
        for _ in 0..2 {
            let outcome = channel.send(&page()).await;
            assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        }
        assert_eq!(provider.taken().len(), 1, "the same key again is not sent again");
    }

    async fn obeys_limits_and_refusals(&self) {
        let wait = |status| Reply::With(status, vec![("retry-after", "17".into())], "{}".into());
        let outcome = self.meets(wait(429)).await;
        assert!(
            matches!(&outcome, Outcome::Retry { after_s: Some(17), reason } if reason.contains("too many")),
            "{outcome:?}"
        );
        let outcome = self.meets(wait(503)).await;
        assert!(matches!(&outcome, Outcome::Retry { after_s: Some(17), .. }), "{outcome:?}");
        assert!(!reason(&outcome).contains("arrived"), "{outcome:?}");
        let outcome = self.meets(Reply::Is(500, "oops".into())).await;
        assert!(matches!(&outcome, Outcome::Retry { .. }), "{outcome:?}");
        self.tells_doubt(&outcome);
        let (reply, setting) = &self.revoked;
        let outcome = self.meets(reply.clone()).await;
        assert!(matches!(&outcome, Outcome::Permanent { reason } if reason.contains(setting)), "{outcome:?}");
        let (reply, what) = &self.gone;
        let outcome = self.meets(reply.clone()).await;
        assert!(matches!(&outcome, Outcome::Permanent { reason } if reason.contains(what)), "{outcome:?}");
        let away = Reply::With(302, vec![("location", "http://192.0.2.1/".into())], String::new());
        let outcome = self.meets(away).await;
        assert!(matches!(&outcome, Outcome::Permanent { .. }), "{outcome:?}");
        let outcome = self.meets(Reply::Is(200, "<html><title>Sign in</title></html>".into())).await;
        if self.reads {
            assert!(!matches!(&outcome, Outcome::Done { .. }), "{outcome:?}");
        }
    }

    fn tells_doubt(&self, outcome: &Outcome) {
        let said = reason(outcome);
        let wanted = if self.safe { "shown once" } else { "may have arrived" };
        assert!(said.contains(wanted), "{wanted:?} is missing: {said}");
    }

    async fn stands_silence(&self) {
        let nobody = format!("http://127.0.0.1:{}", super::free_port());
        let outcome = (self.make)(&nobody).send(&page()).await;
        assert!(
            matches!(&outcome, Outcome::Retry { reason, .. } if !reason.contains("arrived")),
            "{outcome:?}"
        );
        assert!(!reason(&outcome).contains(self.secret), "a secret is shown: {outcome:?}");
        for first in [Reply::Cut, Reply::Hang] {
            let taken = self.taken;
            let provider =
                self.provider(move |seen, n| if n == 0 { first.clone() } else { taken(seen) }).await;
            let channel = (self.make)(&provider.url);
            let outcome = channel.send(&page()).await;
            assert!(matches!(&outcome, Outcome::Retry { .. }), "{outcome:?}");
            self.tells_doubt(&outcome);
            assert!(!reason(&outcome).contains(self.secret), "a secret is shown: {outcome:?}");
            let again = channel.send(&page()).await;
            assert!(matches!(&again, Outcome::Done { .. }), "{again:?}");
            let posts = provider.taken().iter().filter(|s| s.method != "GET" || !self.looks).count();
            assert!(posts <= 2, "{posts} attempts for two");
        }
    }

    async fn fits_any_text(&self) {
        let taken = self.taken;
        let provider = self.provider(move |seen, _| taken(seen)).await;
        let channel = (self.make)(&provider.url);
        let mut bare = hostile();
        bare.key = "bare".into();
        (bare.link, bare.ack) = ("javascript:alert(1)".into(), None);
        let mut odd = page();
        odd.key = "odd".into();
        (odd.subject, odd.body, odd.link) = (String::new(), String::new(), String::new());
        odd.ack =
            Some(Ack { link: "data:text/html,x".into(), code: "0 or 1".into(), reference: "a b\"".into() });
        for message in [hostile(), bare, odd] {
            let outcome = channel.send(&message).await;
            assert!(matches!(&outcome, Outcome::Done { .. }), "{}: {outcome:?}", message.key);
        }
        for seen in provider.taken() {
            let text = String::from_utf8_lossy(&seen.body).into_owned();
            assert!(!text.contains("javascript:") && !text.contains("data:text"), "{text}");
            assert!(
                !text.contains('\u{202E}') && !text.contains("%E2%80%AE"),
                "direction is turned around: {text}"
            );
        }
    }
}
