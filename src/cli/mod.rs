//! The command line: arguments, progress, what is printed, exit codes. stdout is data, stderr is talk.

mod arguments;
mod flat;
mod print;
mod purchases;
mod study;

use arguments::{Arguments, Command};
use clap::Parser;
use std::fmt;
use std::io::Write;
use std::process::ExitCode;

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
        Self::new(error.exit_code(), crate::pipeline::in_full(&error))
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
    // A bug ends with 1 and its own words, which the panic has printed already.
    let Ok(done) = std::panic::catch_unwind(|| dispatch(&arguments)) else {
        let _ = writeln!(std::io::stderr(), "advocate: this is a bug; please report it with the lines above");
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

fn dispatch(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Run(run) => study::run(run),
        Command::Evaluate(evaluate) => study::evaluate(evaluate),
        Command::Check(check) => study::check(check),
        Command::Simulate(simulate) => study::simulate(simulate),
        Command::Nps(nps) => flat::nps(nps),
        Command::Drivers(drivers) => flat::drivers(drivers),
        Command::Fit(fit) => flat::fit(fit),
        Command::Influence(influence) => flat::influence(influence),
    }
}
