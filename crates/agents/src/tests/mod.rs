//! Agents over in-memory ports.
