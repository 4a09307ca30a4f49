//! Caps on what one request may hold. The size of the whole body is capped by whoever reads it from the socket.

/// Items in one request.
pub(crate) const ITEMS: usize = 10_000;
/// Labels, or annotations, of one alert.
pub(crate) const LABELS: usize = 256;
/// Bytes of a label name.
pub(crate) const LABEL_NAME: usize = 1024;
/// Bytes of a label value or of any other single text.
pub(crate) const TEXT: usize = 16 * 1024;
/// Levels of nesting inside one item.
pub(crate) const DEPTH: usize = 32;
/// Fields of one object.
pub(crate) const FIELDS: usize = 512;
