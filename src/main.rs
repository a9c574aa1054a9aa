//! The command line of advocate.

use std::process::ExitCode;

fn main() -> ExitCode {
    advocate::cli::main()
}
