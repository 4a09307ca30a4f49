//! `firebell serve`.

use serde_json::json;

use crate::args::{DEFAULT_DATA, ServeArgs};
use crate::compose::{self, DEFAULT_LISTEN};
use crate::config;
use crate::exit_code::ExitCode;
use crate::output::{self, Tone, paint};

pub(crate) async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let file = config::load(args.config.as_deref())?;
    let listen =
        args.listen.or_else(|| file.server.listen.clone()).unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
    let data = args.data.or_else(|| file.server.data.clone()).unwrap_or_else(|| DEFAULT_DATA.into());
    let running = compose::start(&file, &listen, &data).await?;
    let sign_in = format!("{}/login?token={}", running.url, running.token);
    if args.json {
        output::json(
            &json!({ "url": running.url, "sign_in": sign_in, "set_up": running.setup, "data": data }),
        );
    } else {
        output::line(&format!(
            "{} listens on {}",
            paint(Tone::Strong, "Firebell"),
            paint(Tone::Link, &running.url)
        ));
        if let Some(setup) = &running.setup {
            output::line(&format!("set up:  {}", paint(Tone::Link, setup)));
        }
        output::line(&format!("sign in: {}", paint(Tone::Link, &sign_in)));
        if file.sources.is_empty() && file.otlp.is_none() {
            output::line(
                "no alert source is configured yet: `firebell init` writes a commented configuration",
            );
        }
    }
    ended().await;
    output::note("stopping; what is under way goes on after the next start");
    running.stop().await;
    Ok(ExitCode::Ok)
}

/// Ctrl-C or SIGTERM.
pub(crate) async fn ended() {
    let ctrl_c = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! { _ = ctrl_c => {}, _ = terminate.recv() => {} }
            }
            Err(_) => {
                let _ = ctrl_c.await;
            }
        }
    }
    #[cfg(not(unix))]
    {
        let _ = ctrl_c.await;
    }
}
