//! Tests of the incident.
