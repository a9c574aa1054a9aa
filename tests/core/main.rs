//! The core, held through its public interface: against numbers from elsewhere, against what must hold of every
//! method, against companies of known truth, and against awkward input.

mod actions;
mod agreement;
mod awkward;
mod brute_force;
mod classes;
mod contract;
mod correlations;
mod families;
mod imports;
mod inputs;
mod known_defects;
mod methods;
mod missing;
mod oracles;
mod recovery;
mod scenarios;
mod uncertainty;
