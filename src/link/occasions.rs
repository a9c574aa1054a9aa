//! Junctures, such as renewals, and exposures to campaigns: how far away they are and how many there were.

use super::plan::LinkPlan;
use super::sql::{Aggregates, Derived, Part, Reading, Role, before, days, literal, quoted};
use crate::study::Advance;

impl LinkPlan {
    /// Days since the last and, where it is known in advance, to the next juncture of each kind.
    pub(super) fn met(&self, reading: &Reading) -> Part {
        let mut sums = Aggregates::default();
        let mut columns = Vec::new();
        for juncture in &self.details.junctures {
            let (kind, is) = (&juncture.kind, format!("x.kind = {}", literal(&juncture.kind)));
            sums.add(format!("last_{kind}"), "MAX(x.t)", &format!("{is} AND x.t < a.t"));
            let last = format!("met.{}", quoted(&format!("last_{kind}")));
            columns.push(Derived::days_since(format!("days_since_{kind}"), &last));
            let known = match juncture.advance {
                Advance::Unknown => continue,
                Advance::Known => "",
                Advance::KnownFrom => " AND x.known_t < a.t",
            };
            sums.add(format!("next_{kind}"), "MIN(x.t)", &format!("{is} AND x.t >= a.t{known}"));
            let until = days(&format!("met.{} - a.t", quoted(&format!("next_{kind}"))));
            columns.push(Derived::new(Role::History, format!("days_to_{kind}"), until));
        }
        let from = format!("{} a JOIN {} x ON x.customer = a.customer", reading.anchors, reading.table("junctures"));
        Part::by_row("met", sums.by_row(&from), columns)
    }

    /// Exposures to all campaigns together and to those that the plan names.
    pub(super) fn exposed(&self, reading: &Reading) -> Part {
        let mut sums = Aggregates::default();
        let mut columns = Vec::new();
        let all = std::iter::once((String::new(), String::new()));
        let named = self
            .details
            .campaigns
            .iter()
            .map(|campaign| (format!("_{campaign}"), format!("x.campaign = {} AND ", literal(campaign))));
        for (suffix, is) in all.chain(named) {
            let name = format!("exposures{suffix}");
            for &days in &self.history_windows_days {
                sums.count(format!("{name}_{days}d"), &format!("{is}{}", before("x.t", days)));
            }
            sums.add(format!("last{suffix}"), "MAX(x.t)", &format!("{is}x.t < a.t"));
            columns.extend(self.by_window(&name).map(|name| Derived::count(Role::History, "exposed", name)));
            let last = format!("exposed.{}", quoted(&format!("last{suffix}")));
            columns.push(Derived::days_since(format!("days_since_exposure{suffix}"), &last));
        }
        let from = format!(
            "{} a JOIN {} x ON x.customer = a.customer\n  WHERE x.t < a.t",
            reading.anchors,
            reading.table("exposures")
        );
        Part::by_row("exposed", sums.by_row(&from), columns)
    }
}
