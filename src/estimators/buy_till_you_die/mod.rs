//! Buy till you die: how often a customer will buy again, whether one has left, and what the purchases will be worth.
//!
//! A customer is a [`History`]: how many repeat purchases, when the last of them, and how long ago the first purchase.
//! [`Customers`] are made from columns or, with [`PurchaseLog`], from the purchases themselves. [`BgNbd`] fits how
//! often customers buy and when they leave, [`GammaGamma`] what they spend; the fitted [`BgNbdModel`] and
//! [`GammaGammaModel`] are plain numbers that predict, and [`LifetimeValue`] multiplies the two; [`LogSpend`] puts
//! them together on the scale of logarithms. [`HoldOut`] holds the
//! predictions against what was bought after the fit.
//!
//! Both fits climb a log-likelihood in the logarithms of the parameters with its exact first and second derivatives
//! (`climb`). A model whose maximum lies at infinity is a [`BuyTillYouDieError`] that names the parameters.

// What callers use.
pub mod bg_nbd;
pub mod bg_nbd_model;
pub mod customers;
pub mod error;
pub mod gamma_gamma;
pub mod gamma_gamma_model;
pub mod history;
pub mod hold_out;
pub mod lifetime_value;
pub mod log_spend;
pub mod parameter;
pub mod purchase_log;
// What the fits and predictions are made of.
mod bg_nbd_likelihood;
mod climb;
mod gamma_gamma_likelihood;
mod while_alive;

#[cfg(test)]
mod simulated;

pub use bg_nbd::{BgNbd, BgNbdFit};
pub use bg_nbd_model::{BgNbdModel, PurchaseCount, PurchaseForecast};
pub use customers::Customers;
pub use error::BuyTillYouDieError;
pub use gamma_gamma::{GammaGamma, GammaGammaFit};
pub use gamma_gamma_model::GammaGammaModel;
pub use history::{History, HistoryError, Horizon};
pub use hold_out::{HoldOut, HoldOutReport, TrackedPeriod};
pub use lifetime_value::LifetimeValue;
pub use log_spend::LogSpend;
pub use parameter::ParameterEstimate;
pub use purchase_log::{Calibration, Purchase, PurchaseLog, TimeUnit};
