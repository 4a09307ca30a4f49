//! What every tracker has to stand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use firebell_core::ports::chat::Trouble;
use firebell_core::ports::tracker::{IssueStatus, IssueWish, Tracker};
use jiff::Timestamp;

use crate::doubles::channel::HOSTILE;
use crate::doubles::provider::{Provider, Reply, Seen};

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(super) fn wish(again: bool) -> IssueWish {
    IssueWish {
        mark: "0123456789abcdef0123456789abcdef".to_owned(),
        again,
        asked_at: at("2026-01-05T10:00:00Z"),
        title: "Alert on waits for the pool".to_owned(),
        why: "the pool was full for ten minutes before anybody knew".to_owned(),
        facts: vec![("Owner".to_owned(), "ada".to_owned()), ("Due".to_owned(), "2026-02-01".to_owned())],
        links: vec![("https://firebell.example.com/incidents/INC-1".to_owned(), "INC-1".to_owned())],
        priority: 1,
        due: at("2026-02-01T00:00:00Z"),
    }
}

/// Texts that try everything.
pub(super) fn hostile() -> IssueWish {
    let text = HOSTILE.repeat(60);
    IssueWish {
        title: text.clone(),
        why: text.clone(),
        facts: vec![("Owner".to_owned(), text)],
        ..wish(false)
    }
}

/// A tracker's double: keeps issues, answers as its provider does, and goes wrong as it is told.
pub(super) struct Kind {
    pub(super) make: fn(&str) -> Arc<dyn Tracker>,
    pub(super) check: fn(&Seen) -> Result<(), String>,
    /// What it answers, and whether the request files an issue.
    pub(super) answer: fn(&Shelf, &Seen) -> Reply,
    pub(super) files: fn(&Seen) -> bool,
    /// What it answers when it limits, and for how long, seconds.
    pub(super) limited: (fn() -> Reply, u32),
    pub(super) revoked: fn() -> Reply,
    pub(super) secret: &'static str,
}

/// What was filed.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) issues: std::sync::Mutex<Vec<serde_json::Value>>,
}

impl Shelf {
    pub(super) fn all(&self) -> std::sync::MutexGuard<'_, Vec<serde_json::Value>> {
        self.issues.lock().expect("not poisoned")
    }
}

async fn double(
    kind: &Kind,
    first: impl Fn(&Shelf, &Seen, usize) -> Option<Reply> + Send + Sync + 'static,
) -> (Provider, Arc<Shelf>, Arc<dyn Tracker>) {
    let shelf = Arc::new(Shelf::default());
    let (kept, answer, filed) = (Arc::clone(&shelf), kind.answer, AtomicUsize::new(0));
    let files = kind.files;
    let provider = Provider::start(kind.check, move |seen, _| {
        if files(seen) {
            let before = filed.fetch_add(1, Ordering::SeqCst);
            if let Some(reply) = first(&kept, seen, before) {
                return reply;
            }
        }
        answer(&kept, seen)
    })
    .await;
    let tracker = (kind.make)(&provider.url);
    (provider, shelf, tracker)
}

pub(super) async fn stands_everything(kind: &Kind) {
    // An answer that is lost files nothing twice, cut off or hanging.
    for lost in [Reply::Cut, Reply::Hang, Reply::Is(500, "{}".to_owned()), Reply::Is(502, String::new())] {
        let answer = kind.answer;
        let (provider, shelf, tracker) = double(kind, move |shelf, seen, before| {
            (before == 0).then(|| {
                let _ = answer(shelf, seen);
                lost.clone()
            })
        })
        .await;
        let error = tracker.file(&wish(false)).await.expect_err("no answer");
        assert!(matches!(error, Trouble::Retry { .. }), "{error:?}");
        let found = tracker.file(&wish(true)).await.expect("is found");
        assert_eq!(shelf.all().len(), 1, "one issue");
        assert_eq!(tracker.file(&wish(true)).await.expect("is found again"), found);
        provider.taken();
    }
    // What was refused for a time, or did not get there, is filed later.
    let limited = kind.limited.0;
    let (_provider, shelf, tracker) = double(kind, move |_, _, before| (before == 0).then(limited)).await;
    match tracker.file(&wish(false)).await {
        Err(Trouble::Retry { after_s, .. }) => assert_eq!(after_s, Some(kind.limited.1)),
        other => panic!("{other:?}"),
    }
    tracker.file(&wish(true)).await.expect("is filed");
    assert_eq!(shelf.all().len(), 1);
    // A revoked token is final, names its setting, and is not shown.
    let revoked = kind.revoked;
    let provider = Provider::start(|_| Ok(()), move |_, _| revoked()).await;
    let tracker = (kind.make)(&provider.url);
    let error = tracker.file(&wish(false)).await.expect_err("refused");
    assert!(matches!(&error, Trouble::Permanent { reason } if reason.contains("set `")), "{error:?}");
    let seen = tracker.look(&["acme/shop#1".to_owned()]).await.expect_err("refused");
    assert!(matches!(seen, Trouble::Permanent { .. }), "{seen:?}");
    let health = tracker.health().await;
    assert!(!health.ok && !format!("{error} {}", health.detail).contains(kind.secret), "{health:?}");
    // What is no tracker is no answer.
    let page = |_: &Seen, _: usize| Reply::Is(200, "<html>sign in</html>".to_owned());
    let provider = Provider::start(|_| Ok(()), page).await;
    let tracker = (kind.make)(&provider.url);
    assert!(tracker.file(&wish(false)).await.is_err() && !tracker.health().await.ok);
    // Status, both ways.
    let (provider, shelf, tracker) = double(kind, |_, _, _| None).await;
    let issue = tracker.file(&wish(false)).await.expect("is filed");
    assert!(tracker.health().await.ok, "{:?}", tracker.health().await);
    let look = || async { tracker.look(std::slice::from_ref(&issue.id)).await.expect("an answer") };
    assert_eq!(look().await, [IssueStatus::Open]);
    tracker.close(&issue.id).await.expect("is closed");
    assert_eq!(look().await, [IssueStatus::Done]);
    tracker.close(&issue.id).await.expect("stays closed");
    // Outside text is text.
    tracker.file(&IssueWish { mark: "f".repeat(32), ..hostile() }).await.expect("is filed");
    let filed = shelf.all()[1].clone();
    let written = filed.get("body").or_else(|| filed.get("description")).map(ToString::to_string);
    let written = written.expect("a text");
    assert!(!written.contains("\\u001b") && !written.contains('\u{202E}'), "{written}");
    assert!(!written.contains("@everyone") && !written.contains("(https://evil.example)"), "{written}");
    shelf.all().clear();
    assert!(matches!(&look().await[..], [IssueStatus::Gone(_)]));
    assert!(matches!(tracker.close(&issue.id).await, Err(Trouble::Gone { .. })));
    provider.taken();
}
