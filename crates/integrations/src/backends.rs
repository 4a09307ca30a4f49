//! The registry of what Firebell reads from and writes to: one line per telemetry backend, notifier and platform.
//! Senders of alerts are registered elsewhere (`registry`).

use std::sync::Arc;

use firebell_core::ports::chat::ChatRooms;
use firebell_core::ports::notifier::Notifier;
use firebell_core::ports::telemetry::TelemetrySource;
use firebell_core::secrets::Mask;
use firebell_oncall::Roster;
use firebell_oncall::model::{Contact, ContactKind, Person};
use serde::Deserialize;

use crate::masked::Masked;
use crate::platform::HttpPlatform;
use crate::replies::{Listener, Receiver};
use crate::settings::ConfigError;
use crate::{
    discord, email, httpsms, jaeger, logfiles, matrix, mattermost, msteams, ntfy, platform, prometheus,
    pushover, slack, statuspage, telegram, twilio, webhook,
};

/// One `[[telemetry]]` entry; `kind` says which.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TelemetryConfig {
    /// Prometheus and compatible systems.
    Prometheus(prometheus::Config),
    /// Jaeger and compatible systems.
    Jaeger(jaeger::Config),
    /// Log files.
    Logfiles(logfiles::Config),
}

/// One `[[notifiers]]` entry; `kind` says which.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NotifierConfig {
    /// E-mail over SMTP.
    Email(email::Config),
    /// Signed webhook.
    Webhook(webhook::Config),
    /// SMS and calls by Twilio.
    Twilio(twilio::Config),
    /// SMS and calls by any gateway with an HTTP API.
    Httpsms(httpsms::Config),
    /// Push by ntfy.
    Ntfy(ntfy::Config),
    /// Push by Pushover.
    Pushover(pushover::Config),
    /// Telegram.
    Telegram(telegram::Config),
    /// Slack.
    Slack(slack::Config),
    /// Microsoft Teams.
    Msteams(msteams::Config),
    /// Mattermost.
    Mattermost(mattermost::Config),
    /// Matrix.
    Matrix(matrix::Config),
    /// Discord.
    Discord(discord::Config),
    /// Atlassian Statuspage.
    Statuspage(statuspage::Config),
}

/// The `[platform]` entry.
pub type PlatformConfig = platform::Config;

/// Builds a telemetry source; calls nothing. The embedded OTLP store ([`crate::otlp::OtlpStore`]) and the change
/// ledger ([`crate::changes::Ledger`]) are built by whoever owns what they read.
///
/// # Errors
/// Names the adapter and the field that cannot be used.
pub fn build_telemetry(
    config: &TelemetryConfig,
    mask: &Mask,
) -> Result<Arc<dyn TelemetrySource>, ConfigError> {
    let source: Arc<dyn TelemetrySource> = match config {
        TelemetryConfig::Prometheus(c) => Arc::new(prometheus::Prometheus::new(c)?),
        TelemetryConfig::Jaeger(c) => Arc::new(jaeger::Jaeger::new(c)?),
        TelemetryConfig::Logfiles(c) => Arc::new(logfiles::LogFiles::new(c)?),
    };
    Ok(Arc::new(Masked::new(source, mask)))
}

/// Builds a notifier; calls nothing.
///
/// # Errors
/// Names the adapter and the field that cannot be used.
pub fn build_notifier(config: &NotifierConfig) -> Result<Arc<dyn Notifier>, ConfigError> {
    Ok(match config {
        NotifierConfig::Email(c) => Arc::new(email::Email::new(c)?),
        NotifierConfig::Webhook(c) => Arc::new(webhook::Webhook::new(c)?),
        NotifierConfig::Twilio(c) => Arc::new(twilio::Twilio::new(c)?),
        NotifierConfig::Httpsms(c) => Arc::new(httpsms::HttpSms::new(c)?),
        NotifierConfig::Ntfy(c) => Arc::new(ntfy::Ntfy::new(c)?),
        NotifierConfig::Pushover(c) => Arc::new(pushover::Pushover::new(c)?),
        NotifierConfig::Telegram(c) => Arc::new(telegram::Telegram::new(c)?),
        NotifierConfig::Slack(c) => Arc::new(slack::Slack::new(c)?),
        NotifierConfig::Msteams(c) => Arc::new(msteams::MsTeams::new(c)?),
        NotifierConfig::Mattermost(c) => Arc::new(mattermost::Mattermost::new(c)?),
        NotifierConfig::Matrix(c) => Arc::new(matrix::Matrix::new(c)?),
        NotifierConfig::Discord(c) => Arc::new(discord::Discord::new(c)?),
        NotifierConfig::Statuspage(c) => Arc::new(statuspage::Statuspage::new(c)?),
    })
}

/// By what a notifier reaches people's own contacts; none where it reaches customers.
pub fn contact_kind(config: &NotifierConfig) -> Option<ContactKind> {
    Some(match config {
        NotifierConfig::Email(_) => ContactKind::Email,
        NotifierConfig::Webhook(_) => ContactKind::Webhook,
        NotifierConfig::Twilio(c) if c.mode == twilio::Mode::Voice => ContactKind::Voice,
        NotifierConfig::Httpsms(c) if c.mode == httpsms::Mode::Voice => ContactKind::Voice,
        NotifierConfig::Twilio(_) | NotifierConfig::Httpsms(_) => ContactKind::Sms,
        NotifierConfig::Ntfy(_) => ContactKind::Ntfy,
        NotifierConfig::Pushover(_) => ContactKind::Pushover,
        NotifierConfig::Telegram(_) => ContactKind::Telegram,
        NotifierConfig::Slack(_) => ContactKind::Slack,
        NotifierConfig::Msteams(_) => ContactKind::Teams,
        NotifierConfig::Mattermost(_) => ContactKind::Mattermost,
        NotifierConfig::Matrix(_) => ContactKind::Matrix,
        NotifierConfig::Discord(_) => ContactKind::Discord,
        NotifierConfig::Statuspage(_) => return None,
    })
}

/// By which of their contacts people are known in a channel, by its name (`slack/ops`); none where it has no accounts.
pub fn contacts_of(channel: &str) -> &'static [ContactKind] {
    match channel.split('/').next().unwrap_or_default() {
        "twilio" | "httpsms" => &[ContactKind::Sms, ContactKind::Voice],
        "pushover" => &[ContactKind::Pushover],
        "telegram" => &[ContactKind::Telegram],
        "slack" => &[ContactKind::Slack],
        "msteams" => &[ContactKind::Teams],
        "mattermost" => &[ContactKind::Mattermost],
        "matrix" => &[ContactKind::Matrix],
        "discord" => &[ContactKind::Discord],
        _ => &[],
    }
}

/// People of the roster whose account of a channel this is; several may share a telephone. `name` is what the channel calls
/// the account.
pub fn people_of<'a>(roster: &'a Roster, channel: &str, account: &str, name: &str) -> Vec<&'a Person> {
    let kinds = contacts_of(channel);
    let digits = |number: &str| number.chars().filter(char::is_ascii_digit).collect::<String>();
    let same = |contact: &Contact| {
        let address = contact.address.trim();
        if account.is_empty() || address.is_empty() {
            return false;
        }
        match contact.kind {
            ContactKind::Sms | ContactKind::Voice => digits(address) == digits(account),
            // Names are unique on a server of one's own, and it vouches for them; elsewhere anybody may take a name.
            // What looks like an id is one: somebody could take another's for a name.
            ContactKind::Mattermost => match address.strip_prefix('@') {
                Some(own) => own == name,
                None => address == account || (address == name && address.len() != 26),
            },
            _ => address == account,
        }
    };
    let is_theirs = |c: &Contact| kinds.contains(&c.kind) && same(c);
    roster.people.iter().filter(|p| p.contacts.iter().any(is_theirs)).collect()
}

/// Builds what reads the answers of a channel; none for channels that are not answered over HTTP (Matrix is asked, see
/// [`matrix::Matrix::sync`]), or whose secret for it is not configured.
///
/// # Errors
/// Names the adapter and the field that cannot be used.
pub fn build_receiver(config: &NotifierConfig) -> Result<Option<Arc<dyn Receiver>>, ConfigError> {
    fn shared<R: Receiver + 'static>(receiver: Option<R>) -> Option<Arc<dyn Receiver>> {
        receiver.map(|r| Arc::new(r) as Arc<dyn Receiver>)
    }
    Ok(match config {
        NotifierConfig::Twilio(c) => shared(twilio::Settings::new(c)?),
        NotifierConfig::Pushover(c) => shared(pushover::Settings::new(c)?),
        NotifierConfig::Telegram(c) => shared(telegram::Settings::new(c)?),
        NotifierConfig::Slack(c) => shared(slack::Settings::new(c)?),
        NotifierConfig::Msteams(c) => shared(msteams::Settings::new(c)?),
        NotifierConfig::Mattermost(c) => shared(mattermost::Settings::new(c)?),
        NotifierConfig::Discord(c) => shared(discord::Settings::new(c)?),
        NotifierConfig::Email(_)
        | NotifierConfig::Webhook(_)
        | NotifierConfig::Httpsms(_)
        | NotifierConfig::Ntfy(_)
        | NotifierConfig::Statuspage(_)
        | NotifierConfig::Matrix(_) => None,
    })
}

/// Gives a channel the address that its provider calls back, where the configuration names none: below `public_url`, if
/// providers can reach that. `secret` signs what they sign nothing of themselves.
#[must_use]
pub fn with_callback(config: &NotifierConfig, public_url: &str, secret: &str) -> NotifierConfig {
    let mut config = config.clone();
    // An address without TLS is on a machine of one's own, a name without a dot in a network of one's own: nobody calls.
    let host = public_url.strip_prefix("https://").and_then(|rest| rest.split(['/', ':']).next());
    if !host.is_some_and(|host| host.contains('.')) {
        return config;
    }
    let url = |kind: &str, name: &str| format!("{}/hooks/{kind}/{name}", public_url.trim_end_matches('/'));
    match &mut config {
        // Not for calls: who hears "press 1" must be heard, so that address is named by somebody who has tried it.
        NotifierConfig::Twilio(c) if c.callback_url.is_none() && c.mode == twilio::Mode::Sms => {
            c.callback_url = Some(url("twilio", &c.name));
        }
        NotifierConfig::Pushover(c) if c.callback_url.is_none() && c.callback_secret.is_none() => {
            c.callback_url = Some(url("pushover", &c.name));
            c.callback_secret = Some(secret.into());
        }
        NotifierConfig::Mattermost(c)
            if c.url.is_some() && c.callback_url.is_none() && c.action_secret.is_none() =>
        {
            c.callback_url = Some(url("mattermost", &c.name));
            c.action_secret = Some(secret.into());
        }
        _ => {}
    }
    config
}

/// Builds what asks a channel for its answers; none for channels that call by themselves.
///
/// # Errors
/// Names the adapter and the field that cannot be used.
pub fn build_listener(config: &NotifierConfig) -> Result<Option<Arc<dyn Listener>>, ConfigError> {
    Ok(match config {
        NotifierConfig::Matrix(c) => Some(Arc::new(matrix::Matrix::new(c)?)),
        _ => None,
    })
}

/// Builds what opens rooms in a chat; none for channels that cannot, or that lack what it takes.
///
/// # Errors
/// Names the adapter and the field that cannot be used.
pub fn build_rooms(config: &NotifierConfig) -> Result<Option<Arc<dyn ChatRooms>>, ConfigError> {
    fn shared<R: ChatRooms + 'static>(rooms: Option<R>) -> Option<Arc<dyn ChatRooms>> {
        rooms.map(|r| Arc::new(r) as Arc<dyn ChatRooms>)
    }
    Ok(match config {
        NotifierConfig::Slack(c) => shared(slack::SlackRooms::new(c)?),
        NotifierConfig::Mattermost(c) => shared(mattermost::MattermostRooms::new(c)?),
        NotifierConfig::Matrix(c) => shared(matrix::MatrixRooms::new(c)?),
        NotifierConfig::Msteams(c) => shared(msteams::MsTeamsRooms::new(c)?),
        _ => None,
    })
}

/// Builds the platform's client; calls nothing. It is a telemetry source too: what runs now is evidence.
///
/// # Errors
/// Names the field that cannot be used.
pub fn build_platform(config: &PlatformConfig) -> Result<Arc<HttpPlatform>, ConfigError> {
    Ok(Arc::new(HttpPlatform::new(config)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_by_kind_and_unknown_fields_are_refused() {
        let prometheus = r#"{"kind":"prometheus","name":"main","url":"http://127.0.0.1:9090/x"}"#;
        let config: TelemetryConfig = serde_json::from_str(prometheus).expect("parses");
        assert_eq!(
            build_telemetry(&config, &Mask::default()).map(|t| t.name().to_owned()).as_deref(),
            Ok("prometheus/main")
        );
        let webhook =
            r#"{"kind":"webhook","name":"st","url":"http://127.0.0.1:1/","secret":"0123456789abcdef"}"#;
        let config: NotifierConfig = serde_json::from_str(webhook).expect("parses");
        assert_eq!(build_notifier(&config).map(|n| n.name().to_owned()).as_deref(), Ok("webhook/st"));
        let typo = r#"{"kind":"prometheus","name":"main","url":"http://x/","urll":"y"}"#;
        let error = serde_json::from_str::<TelemetryConfig>(typo).expect_err("unknown field").to_string();
        assert!(error.contains("urll"), "{error}");
        assert!(serde_json::from_str::<TelemetryConfig>(r#"{"kind":"loki","name":"x"}"#).is_err());
    }

    #[test]
    fn the_blocks_in_the_readmes_are_read_and_answered_where_they_say_so() {
        let mut kinds = Vec::new();
        for (kind, answered) in [
            ("email", false),
            ("webhook", false),
            ("twilio", true),
            ("httpsms", false),
            ("ntfy", false),
            ("pushover", true),
            ("telegram", true),
            ("slack", true),
            ("msteams", true),
            ("mattermost", true),
            ("matrix", false),
            ("discord", false),
            ("statuspage", false),
        ] {
            let path =
                std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(kind).join("README.md");
            let text = std::fs::read_to_string(path).expect("a README");
            let block =
                text.split_once("```toml\n").and_then(|(_, rest)| rest.split_once("```")).expect("a block").0;
            // Secrets come from variables and files that are not here.
            let mut lines: Vec<String> = Vec::new();
            for line in block.lines() {
                let is_secret = line.contains("{ env = ") || line.contains("{ file = ");
                let line = match line.split_once(" = {") {
                    Some((name, _)) if is_secret && name == "headers" => "headers = {}".to_owned(),
                    Some((name, _)) if is_secret && !name.starts_with('#') => {
                        let secret = match name {
                            "webhook_url" => "https://example.com/s",
                            "token" if kind == "pushover" => "azGDORePK8gMaC0QOYAMyEEuzJnyUi",
                            "token" if kind == "telegram" => "123456:not-a-real-token",
                            _ => "bm90IGEgcmVhbCBzZWNyZXQsIGJ1dCBsb25n",
                        };
                        format!("{name} = {secret:?}")
                    }
                    _ => line.to_owned(),
                };
                lines.push(line);
            }
            let document: toml::Table = toml::from_str(&lines.join("\n")).expect("TOML");
            for entry in document["notifiers"].as_array().expect("notifiers") {
                let config: NotifierConfig = entry.clone().try_into().expect("a configuration");
                let name = build_notifier(&config).map(|n| n.name().to_owned()).expect("builds");
                assert!(name.starts_with(&format!("{kind}/")), "{name}");
                let receiver = build_receiver(&config).expect("builds");
                assert_eq!(receiver.is_some(), answered, "{kind}");
                assert!(receiver.is_none_or(|r| r.name() == name));
                kinds.push(kind);
            }
        }
        assert_eq!(kinds.len(), 13);
    }

    #[test]
    fn who_calls_back_is_given_the_address_that_they_can_reach() {
        let secret = "0123456789abcdef";
        for text in [
            r#"{"kind":"pushover","name":"a","token":"azGDORePK8gMaC0QOYAMyEEuzJnyUi","to":[]}"#,
            r#"{"kind":"mattermost","name":"a","url":"https://chat.example.com","token":"t","to":[]}"#,
            r#"{"kind":"twilio","name":"a","mode":"sms","account_sid":"AC00000000000000000000000000000000",
                "auth_token":"t","from":"+15551234567"}"#,
        ] {
            let config: NotifierConfig = serde_json::from_str(text).expect("parses");
            let answered = |config: &NotifierConfig| {
                build_notifier(config).expect("builds");
                build_receiver(config).expect("builds").is_some()
            };
            assert!(!answered(&config));
            for unreachable in ["http://127.0.0.1:7300", "https://firebell:7300/a.b"] {
                assert!(!answered(&with_callback(&config, unreachable, secret)));
            }
            let given = with_callback(&config, "https://firebell.example.com/", secret);
            assert!(answered(&given), "{text}");
            let kind = text.split('"').nth(3).unwrap_or_default();
            let expected = Some(format!("https://firebell.example.com/hooks/{kind}/a"));
            let url = |config: &NotifierConfig| match config {
                NotifierConfig::Pushover(c) => c.callback_url.clone(),
                NotifierConfig::Mattermost(c) => c.callback_url.clone(),
                NotifierConfig::Twilio(c) => c.callback_url.clone(),
                _ => None,
            };
            assert_eq!(url(&given), expected);
            // What the configuration names stays.
            assert_eq!(url(&with_callback(&given, "https://other.example.com", secret)), expected);
        }
    }

    #[test]
    fn an_account_is_its_persons_as_the_channel_writes_it() {
        let roster = Roster::from_toml(
            "[[people]]\nname = \"ana\"\ncontacts = [{ kind = \"slack\", address = \"U0ANA\" }, \
             { kind = \"sms\", address = \"+4915112345678\" }, { kind = \"mattermost\", address = \"@ana\" }, \
             { kind = \"teams\", address = \"t-ana\", enabled = false }]\n[[people]]\nname = \"bo\"\n\
             contacts = [{ kind = \"sms\", address = \"+4915112345678\" }, { kind = \"mattermost\", address = \"bo\" }]\n",
        )
        .expect("a roster");
        for (channel, account, name, expected) in [
            ("slack/ops", "U0ANA", "", &["ana"][..]),
            // What somebody calls themselves is no account.
            ("slack/ops", "U0EVE", "U0ANA", &[]),
            ("matrix/ops", "U0ANA", "", &[]),
            ("twilio/sms", "4915112345678", "", &["ana", "bo"]),
            ("mattermost/ops", "abc", "ana", &["ana"]),
            ("mattermost/ops", "abc", "bo", &["bo"]),
            ("mattermost/ops", "", "bo", &[]),
            // By a contact that is not to be called by they are known all the same.
            ("msteams/ops", "t-ana", "", &["ana"]),
        ] {
            let found = people_of(&roster, channel, account, name);
            let names: Vec<&str> = found.iter().map(|p| p.name.as_str()).collect();
            assert_eq!(names, expected, "{channel} {account} {name}");
        }
    }

    #[test]
    fn a_secret_that_is_too_short_names_its_field() {
        let webhook = r#"{"kind":"webhook","name":"st","url":"http://127.0.0.1:1/","secret":"short"}"#;
        let config: NotifierConfig = serde_json::from_str(webhook).expect("parses");
        let error = build_notifier(&config).err().expect("refused");
        assert_eq!((error.adapter.as_str(), error.field.as_str()), ("webhook/st", "secret"));
        assert!(!error.to_string().contains("short"), "{error}");
    }
}
