//! What is said in a call, and what is answered to a request, as TwiML. Pure: outside text is text and never a verb.
//! <https://www.twilio.com/docs/voice/twiml>.

use firebell_core::ports::notifier::Message;

use crate::notice::Lines;
use crate::notice::text::{Unit, all, fit, marked_up};

/// Longest text that is read aloud, characters after escaping: about a minute. The whole document, the text twice, stays
/// below the 4,000 characters that the API takes.
const SPOKEN: usize = 900;

/// How it is said.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    pub(super) language: String,
    pub(super) voice: Option<String>,
}

impl Voice {
    fn say(&self, escaped: &str) -> String {
        let voice =
            self.voice.as_ref().map(|v| format!(" voice=\"{}\"", all(marked_up(v)))).unwrap_or_default();
        format!("<Say language=\"{}\"{voice}>{escaped}</Say>", all(marked_up(&self.language)))
    }
}

/// The whole of a call. `action` is where key presses go; without it nothing can be pressed.
pub(super) fn call(message: &Message, voice: &Voice, action: Option<&str>) -> String {
    let lines = Lines::of(message);
    // Nobody can write down an address that is read aloud.
    let body: Vec<&str> = lines.body.lines().filter(|l| !l.contains("://")).collect();
    let spoken = format!("Page from Firebell. {}. {}", lines.title(), body.join(" "));
    let text = voice.say(&fit(marked_up(spoken.trim()), SPOKEN, Unit::Chars));
    let Some(action) = action else {
        return format!("<Response><Pause length=\"1\"/>{text}<Pause length=\"1\"/>{text}</Response>");
    };
    let keys = voice.say("Press 1 to acknowledge. Press 2 to escalate.");
    let action = all(marked_up(action));
    let gather = format!(
        "<Gather input=\"dtmf\" numDigits=\"1\" timeout=\"8\" method=\"POST\" action=\"{action}\">{text}{keys}</Gather>"
    );
    let end = voice.say("No key was pressed. This page stays open.");
    format!("<Response><Pause length=\"1\"/>{gather}{gather}{end}</Response>")
}

/// What to answer a request with.
pub(super) fn answer(text: &str, spoken: bool, voice: &Voice) -> String {
    let escaped = fit(marked_up(text), SPOKEN, Unit::Chars);
    match (text.is_empty(), spoken) {
        (true, _) => "<Response></Response>".to_owned(),
        (_, true) => format!("<Response>{}</Response>", voice.say(&escaped)),
        (_, false) => format!("<Response><Message>{escaped}</Message></Response>"),
    }
}
