//! Customers who are tied to all others through one of them: their reach follows from that one's.

use super::exact::CoreArcs;
use super::reach::NodeReach;

/// A customer whose word reaches others, and to whom the word comes, through one other customer only.
///
/// The other, the **anchor**, reaches whatever stands behind the pendant with the probability of one edge, so that it is added to
/// what the anchor reaches itself, as trees are. The other way, with `to_anchor` for the probability of the edge back,
/// `reach(pendant) = own(pendant) + to_anchor * (reach(anchor) - share)`: the anchor reaches what is behind the pendant, its `share`,
/// through the pendant alone, who has been reached already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pendant {
    pub node: u32,
    pub anchor: u32,
    /// Probability that the word passes from the pendant to the anchor.
    to_anchor: f64,
    /// What of the anchor's reach is the pendant and what stands behind it.
    share: f64,
    /// Expected worth behind the pendant, itself included.
    own: f64,
}

/// A customer whose reach is a straight line in that of another: `base + factor * reach`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attached {
    /// Whose reach it follows from.
    pub to: u32,
    pub base: f64,
    pub factor: f64,
}

impl Pendant {
    /// The pendant's reach by its anchor's, where that is known or not needed.
    pub fn exact(&self, anchor: Option<f64>) -> Option<f64> {
        if self.to_anchor > 0.0 {
            anchor.map(|reach| self.own + self.to_anchor * (reach - self.share))
        } else {
            Some(self.own)
        }
    }

    /// The pendant attached to its anchor, who is number `number`.
    pub fn attached(&self, number: u32) -> Attached {
        Attached { to: number, base: self.own - self.to_anchor * self.share, factor: self.to_anchor }
    }
}

impl Attached {
    /// What is attached to this one, attached to whom this one is.
    pub fn carries(&self, further: Attached) -> Attached {
        let Attached { base, factor, .. } = further;
        Attached { to: self.to, base: base + factor * self.base, factor: factor * self.factor }
    }

    /// Reach by that of whom it is attached to.
    pub fn reach(&self, to: NodeReach) -> NodeReach {
        let NodeReach { reach, reach_se, exact } = to;
        NodeReach { reach: self.base + self.factor * reach, reach_se: self.factor * reach_se, exact }
    }
}

/// To how many others a customer is tied, by edges in whatever direction, and which one is left when it is one.
#[derive(Debug, Clone, Copy, Default)]
struct Ties {
    n_others: u32,
    /// The numbers of the others, bit by bit the sum without carry (xor).
    others: u32,
}

impl Ties {
    fn turn(&mut self, other: u32) {
        self.others ^= other;
    }
}

/// Takes away whoever is tied to one other customer, until nobody is, and adds what stands behind them to `own`.
///
/// Of each connected part of the core one customer is left, or those of whom everybody is tied to two others at least. The pendants come in the order taken away, so that an anchor who is a pendant itself comes after those behind it.
pub(super) fn pendants(core: &CoreArcs, own: &mut [f64]) -> Vec<Pendant> {
    let n_nodes = own.len();
    let mut ties = vec![Ties::default(); n_nodes];
    for node in 0..n_nodes as u32 {
        for arc in core.row(node) {
            // Of edges both ways one counts.
            if node < arc.node || core.passing(arc.node, node) <= 0.0 {
                for (one, other) in [(node, arc.node), (arc.node, node)] {
                    ties[one as usize].n_others += 1;
                    ties[one as usize].turn(other);
                }
            }
        }
    }
    let mut taken = Vec::new();
    let mut pending: Vec<u32> = (0..n_nodes as u32).filter(|&node| ties[node as usize].n_others == 1).collect();
    while let Some(node) = pending.pop() {
        // The last two of a tree are each tied to the other alone; the second of them stays.
        if ties[node as usize].n_others != 1 {
            continue;
        }
        let anchor = ties[node as usize].others;
        let share = core.passing(anchor, node) * own[node as usize];
        let to_anchor = core.passing(node, anchor);
        taken.push(Pendant { node, anchor, to_anchor, share, own: own[node as usize] });
        own[anchor as usize] += share;
        ties[node as usize].n_others = 0;
        let left = &mut ties[anchor as usize];
        left.n_others -= 1;
        left.turn(node);
        if left.n_others == 1 {
            pending.push(anchor);
        }
    }
    taken
}
