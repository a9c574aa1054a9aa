//! How far a command has come, on stderr: a bar on a terminal, and in a log a line now and then.

use super::print;
use crate::pipeline::Progress;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// What a log hears of no more often than this; a run that takes less says nothing there.
const LOG_EVERY: Duration = Duration::from_secs(15);

/// What is shown of the progress of a command.
pub(super) struct Shown {
    bar: ProgressBar,
    log: Option<Log>,
}

/// Lines of a log.
struct Log {
    last: Cell<Instant>,
}

/// A bar on stderr, hidden where that is no terminal.
pub(super) fn bar(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

impl Shown {
    /// The bar or the lines, or nothing for who asked for quiet.
    pub fn unless(quiet: bool) -> Self {
        let is_log = !quiet && !std::io::stderr().is_terminal();
        Self { bar: bar(quiet), log: is_log.then(|| Log { last: Cell::new(Instant::now()) }) }
    }

    pub fn show(&self, progress: &Progress) {
        if let Some(log) = &self.log {
            log.hear(progress, Instant::now(), &|line| print::talk(line));
            return;
        }
        if let Progress::Reading { bytes_done, bytes_total, .. } = progress {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {bytes} of {total_bytes}") {
                self.bar.set_style(style);
            }
            self.bar.set_length(*bytes_total);
            self.bar.set_position(*bytes_done);
        } else {
            self.bar.set_style(ProgressStyle::default_spinner());
        }
        self.bar.set_message(in_words(progress));
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Log {
    /// Says a line where the last one, or the start, is long enough ago.
    fn hear(&self, progress: &Progress, now: Instant, say: &dyn Fn(&str)) {
        if now.duration_since(self.last.get()) < LOG_EVERY {
            return;
        }
        self.last.set(now);
        match progress {
            Progress::Reading { bytes_done, bytes_total, .. } => {
                say(&format!("{}: {} of {}", in_words(progress), HumanBytes(*bytes_done), HumanBytes(*bytes_total)));
            }
            _ => say(&in_words(progress)),
        }
    }
}

fn in_words(progress: &Progress) -> String {
    match progress {
        Progress::Reading { source, .. } => format!("reading {source}"),
        Progress::Step(step) => (*step).to_owned(),
        Progress::Outcome { step, doing, outcome, number, of } => {
            format!("{step}: {doing} {outcome} ({number} of {of} {})", if *of == 1 { "outcome" } else { "outcomes" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn a_log_hears_what_is_being_done_now_and_then_and_nothing_of_a_short_run() {
        let start = Instant::now();
        let log = Log { last: Cell::new(start) };
        let said = RefCell::new(Vec::new());
        let step = "fitting models and ranking drivers";
        let outcome =
            Progress::Outcome { step, doing: "drivers of", outcome: "recommend".to_owned(), number: 3, of: 7 };
        let reading = Progress::Reading { source: "orders".to_owned(), bytes_done: 3 << 20, bytes_total: 12 << 20 };
        for (seconds, progress) in [(14, &reading), (16, &reading), (30, &Progress::Step(step)), (31, &outcome)] {
            log.hear(progress, start + Duration::from_secs(seconds), &|line| said.borrow_mut().push(line.to_owned()));
        }
        let expected = [
            "reading orders: 3.00 MiB of 12.00 MiB",
            "fitting models and ranking drivers: drivers of recommend (3 of 7 outcomes)",
        ];
        assert_eq!(*said.borrow(), expected);
    }
}
