//! Customers drawn from the models themselves, for tests.

use super::customers::Customers;
use super::history::History;
use crate::stats::random::stream;
use rand_distr::{Beta, Distribution, Exp1, Gamma, Uniform};

/// Parameters of a BG/NBD model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Truth {
    pub(super) r: f64,
    pub(super) alpha: f64,
    pub(super) a: f64,
    pub(super) b: f64,
}

/// Customers observed for 20 to 80 weeks.
pub(super) fn customers(truth: Truth, n_customers: usize, seed: u64) -> Customers {
    let mut random = stream(seed, "simulated customers", 0);
    let rates = Gamma::new(truth.r, 1.0 / truth.alpha).expect("positive");
    let chances = Beta::new(truth.a, truth.b).expect("positive");
    let ages = Uniform::new(20.0, 80.0).expect("a range");
    let histories = (0..n_customers).map(|_| {
        let (rate, chance, age): (f64, f64, f64) =
            (rates.sample(&mut random), chances.sample(&mut random), ages.sample(&mut random));
        let (mut frequency, mut recency) = (0, 0.0);
        loop {
            let gap: f64 = Exp1.sample(&mut random);
            let next = recency + gap / rate;
            if next > age {
                break;
            }
            (frequency, recency) = (frequency + 1, next);
            if Uniform::new(0.0, 1.0).expect("a range").sample(&mut random) < chance {
                break;
            }
        }
        History::new(frequency, recency, age).expect("possible")
    });
    Customers::new(histories.collect()).expect("customers")
}

/// The customers with mean values of a Gamma-Gamma model.
pub(super) fn spending(customers: Customers, [p, q, gamma]: [f64; 3], seed: u64) -> Customers {
    let mut random = stream(seed, "simulated spend", 0);
    let rates = Gamma::new(q, 1.0 / gamma).expect("positive");
    let values = customers.histories().iter().map(|history| {
        if history.frequency() == 0 {
            return 0.0;
        }
        let n = f64::from(history.frequency());
        let total = Gamma::new(p * n, 1.0 / rates.sample(&mut random)).expect("positive").sample(&mut random);
        total / n
    });
    let values = values.collect();
    customers.valued(values).expect("one a customer")
}
