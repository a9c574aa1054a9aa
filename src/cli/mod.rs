//! The command line: arguments, progress, what is printed, exit codes. stdout is data, stderr is talk.

mod arguments;
mod flat;
mod influence;
mod init;
mod names;
mod nps;
mod print;
mod progress;
mod purchases;
mod quarantine;
mod score;
mod study;

use arguments::{Arguments, Command};
use clap::Parser;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt;
use std::io::Write;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

/// Why a command ended without its result.
struct Failure {
    exit_code: u8,
    message: String,
}

impl Failure {
    fn new(exit_code: u8, message: impl Into<String>) -> Self {
        Self { exit_code, message: message.into() }
    }
}

impl From<crate::pipeline::PipelineError> for Failure {
    fn from(error: crate::pipeline::PipelineError) -> Self {
        Self::new(error.exit_code(), error.in_words())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "advocate: {}", self.message)
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    // Wrong usage prints its own words and ends with 2, help and version with 0.
    let arguments = Arguments::parse();
    let panic_text = hear_panics();
    // A bug ends with 1 and with what the panic said.
    let Ok(done) = std::panic::catch_unwind(|| dispatch(&arguments)) else {
        let text = panic_text.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(std::io::stderr(), "{text}\nadvocate: this is a bug; please report it with the lines above");
        return ExitCode::from(1);
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nothing is left to do if even this cannot be written.
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::from(failure.exit_code)
        }
    }
}

/// Keeps what the last panic said instead of printing it: some panics are those of a foreign reader over a damaged file,
/// which intake turns into an error about the file.
fn hear_panics() -> Arc<Mutex<String>> {
    let last = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&last);
    std::panic::set_hook(Box::new(move |panic| {
        let mut text = panic.to_string();
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            text.push_str(&format!("\n{backtrace}"));
        }
        *heard.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }));
    last
}

/// Development builds have a bug when they are asked to, so that what becomes of one can be tested.
#[cfg(debug_assertions)]
#[expect(clippy::panic, reason = "that is what it is for")]
fn bug_on_demand() {
    if std::env::var_os("ADVOCATE_BUG").is_some() {
        panic!("a bug was asked for");
    }
}

fn dispatch(arguments: &Arguments) -> Result<(), Failure> {
    #[cfg(debug_assertions)]
    bug_on_demand();
    match &arguments.command {
        Command::Run(run) => study::run(run),
        Command::Evaluate(evaluate) => study::evaluate(evaluate),
        Command::Score(score) => score::score(score),
        Command::Init(init) => init::init(init),
        Command::Check(check) => study::check(check),
        Command::Schema => study::schema(),
        Command::Quarantine(quarantine) => quarantine::quarantine(quarantine),
        Command::Link(link) => study::link(link),
        Command::Simulate(simulate) => study::simulate(simulate),
        Command::Nps(nps) => nps::nps(nps),
        Command::Drivers(drivers) => flat::drivers(drivers),
        Command::Fit(fit) => flat::fit(fit),
        Command::Influence(influence) => influence::influence(influence),
    }
}
