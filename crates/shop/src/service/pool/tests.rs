//! The pool's bounds.

use super::*;

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(20);

fn pool(size: usize) -> (tempfile::TempDir, Arc<Pool>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let pool = Pool::new(dir.path().join("db.sqlite"), size);
    (dir, pool)
}

#[tokio::test]
async fn lends_out_no_more_than_its_size_and_counts_who_gave_up() {
    let (_dir, pool) = pool(2);
    let held = (pool.acquire(LONG).await.expect("first"), pool.acquire(LONG).await.expect("second"));
    let refused = pool.acquire(SHORT).await.err().expect("the pool is exhausted");
    assert!(refused.to_string().contains("pool of 2 exhausted"), "{refused}");
    assert_eq!((pool.in_use(), pool.waiting(), pool.timeouts()), (2, 0, 1));
    drop(held);
    assert!(pool.acquire(LONG).await.is_ok());
    assert_eq!(pool.in_use(), 0);
}

#[tokio::test]
async fn growing_lets_waiters_through_at_once() {
    let (_dir, pool) = pool(1);
    let _held = pool.acquire(LONG).await.expect("first");
    let waiter = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.acquire(LONG).await.is_ok() }
    });
    while pool.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    pool.resize(2);
    assert!(waiter.await.expect("the waiter ends"));
}

#[tokio::test]
async fn shrinking_takes_effect_as_connections_come_back() {
    let (_dir, pool) = pool(2);
    let held = (pool.acquire(LONG).await.expect("first"), pool.acquire(LONG).await.expect("second"));
    pool.resize(1);
    drop(held);
    let _one = pool.acquire(LONG).await.expect("one is left");
    assert!(pool.acquire(SHORT).await.is_err());
}

#[tokio::test]
async fn a_cancelled_wait_is_not_counted_for_ever() {
    let (_dir, pool) = pool(1);
    let _held = pool.acquire(LONG).await.expect("first");
    let cancelled = tokio::time::timeout(SHORT, pool.acquire(LONG)).await;
    assert!(cancelled.is_err() && pool.waiting() == 0);
}

#[tokio::test]
async fn connections_of_an_earlier_file_are_not_lent_again() {
    let (dir, pool) = pool(1);
    let lease = pool.acquire(LONG).await.expect("first");
    lease.with(|c| c.execute_batch("CREATE TABLE old (a)")).expect("a table");
    pool.reopen(dir.path().join("other.sqlite"));
    drop(lease);
    let lease = pool.acquire(LONG).await.expect("second");
    assert!(lease.with(|c| c.execute_batch("SELECT * FROM old")).is_err());
}
