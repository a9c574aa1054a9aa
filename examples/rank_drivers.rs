//! Ranks two touchpoints by what they explain of the answer, with the library alone:
//! `cargo run --example rank_drivers --no-default-features`.

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use advocate::data::{Clusters, DesignMatrix, Observations, Outcome};
use advocate::drivers::{Driver, DriverAnalysis};
use advocate::estimators::{Ols, StdErrors};
use ndarray::array;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scores = array![
        [9.0, 7.0],
        [3.0, 6.0],
        [7.0, 8.0],
        [2.0, 3.0],
        [8.0, 9.0],
        [5.0, 4.0],
        [10.0, 8.0],
        [6.0, 9.0],
        [4.0, 6.0],
        [1.0, 5.0]
    ];
    let answers = array![9.0, 4.0, 8.0, 2.0, 9.0, 5.0, 10.0, 8.0, 4.0, 2.0];
    // Some customers answered twice: they are drawn together.
    let customers = Clusters::from_labels(["a", "b", "c", "d", "e", "f", "a", "g", "b", "h"]);
    let design = DesignMatrix::new(vec!["delivery".to_owned(), "support".to_owned()], scores)?;
    let observations = Observations::new(design, Outcome::numeric("recommend", answers)?)?.clustered(customers)?;

    let drivers = [Driver::column("delivery", 0), Driver::column("support", 1)];
    let ranking = DriverAnalysis::default().rank(&observations, &drivers, &[])?;
    for driver in &ranking.drivers {
        let Some(interval) = driver.interval else { continue };
        println!(
            "{}. {}: {:.0} % of what both explain ({:.0} to {:.0} %)",
            driver.rank,
            driver.driver,
            100.0 * driver.share,
            100.0 * interval.share_low,
            100.0 * interval.share_high
        );
    }

    let fit = Ols { std_errors: StdErrors::Cluster, ..Ols::default() }.fit(&observations)?;
    for row in fit.coefficients() {
        println!("{}: {:.3} (standard error {:.3})", row.term, row.estimate, row.std_error);
    }
    Ok(())
}
