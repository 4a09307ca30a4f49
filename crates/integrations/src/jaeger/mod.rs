//! Jaeger's query API: Jaeger itself, VictoriaTraces, Tempo's and Grafana's compatible end points. Reads traces and
//! call relations. <https://www.jaegertracing.io/docs/latest/apis/>

mod config;
mod source;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use source::Jaeger;
