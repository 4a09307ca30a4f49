//! The blob stores that agents use.

use std::sync::Arc;

use firebell_core::ports::agent::BlobStore;
use firebell_core::ports::store::{Reader, Store};
use firebell_store::contracts::samples::event;
use firebell_store::{Durability, MemoryStore, SqliteStore};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

async fn check(blobs: &dyn BlobStore) -> String {
    let bytes = b"up{job=\"checkout\"} 1\n".repeat(10_000);
    let hash = blobs.put(bytes.clone()).await.unwrap();
    assert_eq!(blobs.put(bytes.clone()).await.unwrap(), hash, "twice is the same as once");
    assert_eq!(blobs.get(&hash).await.unwrap(), Some(bytes));
    assert_eq!(blobs.get("0000").await.unwrap(), None);
    let large = blobs.put(vec![0; (64 << 20) + 1]).await.unwrap_err();
    assert!(large.contains("narrow the query"), "{large}");
    hash
}

#[test]
fn memory_keeps_blobs() {
    let store = MemoryStore::new();
    let hash = block_on(check(&store.blobs()));
    assert!(store.reader().blob_get(&hash).unwrap().is_some());
}

#[test]
fn sqlite_keeps_blobs_beside_a_busy_writer() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, reader) = SqliteStore::open(dir.path(), Durability::Power).unwrap();
    let blobs = Arc::new(store.blobs().unwrap());
    let writer = std::thread::spawn(move || {
        for version in 1..=50 {
            store.transact(&mut |tx| tx.append(&[event(1, version)])).unwrap();
        }
        store
    });
    let hash = block_on(check(&*blobs));
    let hashes: Vec<String> =
        (0..50u32).map(|n| block_on(blobs.put(n.to_le_bytes().repeat(1000))).unwrap()).collect();
    let store = writer.join().unwrap();
    assert_eq!(reader.position().unwrap(), 50);
    assert!(hashes.iter().all(|hash| reader.blob_get(hash).unwrap().is_some()));
    // Compressed: 210 kB of repeated text take a fraction of that.
    assert!(reader.blob_get(&hash).unwrap().is_some());
    drop((store, reader, blobs));
}
