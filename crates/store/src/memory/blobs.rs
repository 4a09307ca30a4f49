//! Evidence by content hash, in memory.

use std::sync::Arc;

use firebell_core::ports::BoxFuture;
use firebell_core::ports::agent::BlobStore;

use super::store::Shared;
use crate::codec;

/// The blob store of a [`super::MemoryStore`].
#[derive(Debug, Clone)]
pub struct MemoryBlobs {
    shared: Arc<Shared>,
}

impl MemoryBlobs {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl BlobStore for MemoryBlobs {
    fn put<'a>(&'a self, bytes: Vec<u8>) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(async move {
            codec::check_blob_size(&bytes).map_err(|e| e.to_string())?;
            let sha256 = codec::sha256(&bytes);
            let mut state = self.shared.write();
            state.blobs.put(sha256.clone(), bytes.into());
            state.commit();
            Ok(sha256)
        })
    }

    fn get<'a>(&'a self, sha256: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, String>> {
        Box::pin(async move { Ok(self.shared.read().blobs.get(sha256).map(|bytes| bytes.to_vec())) })
    }
}
