//! How far a channel was read. Slack lists what was said in the order in which it was begun: a reply in an old thread, a
//! reaction to an old message stand where they began, and nothing lists them as new. So besides the latest hours, which are
//! read each time, one page of what is older is read: round after round, from the younger to the older.

/// What stands for nothing.
const NONE: &str = "-";

/// How far a channel was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    /// The latest that was heard.
    pub(super) at: String,
    /// What is older than this comes next in the round; empty where a round begins.
    pub(super) upto: String,
    /// Where things stood as the round began.
    pub(super) began: String,
    /// Where they stood as the round before began: what was replied since is news.
    pub(super) since: String,
}

impl Place {
    /// As it was written.
    pub(super) fn read(text: &str) -> Self {
        let mut parts = text.split(' ').map(|part| if part == NONE { "" } else { part }.to_owned());
        let mut next = || parts.next().unwrap_or_default();
        Self { at: next(), upto: next(), began: next(), since: next() }
    }

    /// As it is kept: the time alone where nothing old was read yet.
    pub(super) fn written(&self) -> String {
        let older = [&self.upto, &self.began, &self.since];
        if older.iter().all(|part| part.is_empty()) {
            return self.at.clone();
        }
        let part = |part: &String| if part.is_empty() { NONE.to_owned() } else { part.clone() };
        [&self.at, &self.upto, &self.began, &self.since].map(part).join(" ")
    }

    /// A page was read down to this message, exclusively; none where nothing older is left.
    pub(super) fn turn(&mut self, down_to: Option<&str>) {
        if self.upto.is_empty() {
            self.began = self.at.clone();
        }
        match down_to {
            Some(ts) => ts.clone_into(&mut self.upto),
            None => {
                self.since = std::mem::take(&mut self.began);
                self.upto.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written_and_as_it_was_before() {
        let old = Place::read("1800000004.000300");
        assert_eq!((old.at.as_str(), old.upto.as_str()), ("1800000004.000300", ""));
        for text in ["", "1800000004.000300", "3.1 - - 2.1", "3.1 1.5 3.0 2.1"] {
            assert_eq!(Place::read(text).written(), text);
        }
    }

    #[test]
    fn a_round_looks_for_what_came_since_the_one_before_began() {
        let mut place = Place::read("30.0");
        place.turn(Some("20.0"));
        place.at = "31.0".to_owned();
        place.turn(Some("10.0"));
        assert_eq!(place.written(), "31.0 10.0 30.0 -");
        place.turn(None);
        assert_eq!(place.written(), "31.0 - - 30.0");
    }
}
