//! Agents over in-memory ports: a small shop of counters, histograms and logs.

mod case;
mod fakes;
mod plans;
mod recovery;
mod team;

use fakes::World;
