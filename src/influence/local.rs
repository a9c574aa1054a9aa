//! Exact reach where only a few core nodes can be reached: a tree in closed form, a tangle by conditioning.

use super::exact::CoreArcs;

/// Core nodes that one node may reach for its reach to be worked out exactly.
const NODES_MAX: usize = 16;
/// Conditioned states allowed for one node; a tangle of five or six joins needs no more.
const STATES_MAX: usize = 64;

/// A set of local nodes.
type Nodes = u32;

/// The part of the core that one node can reach; that node is local node 0.
pub(super) struct LocalGraph {
    own: Vec<f64>,
    /// Probability from one local node (row) to another (column).
    passing: [[f64; NODES_MAX]; NODES_MAX],
    outward: [Nodes; NODES_MAX],
    states_left: usize,
}

impl LocalGraph {
    /// Collects what `start` can reach, or `None` if that is too much.
    pub fn around(start: u32, core: &CoreArcs, own: &[f64]) -> Option<Self> {
        let mut nodes = vec![start];
        let mut next = 0;
        while let Some(&node) = nodes.get(next) {
            for arc in core.row(node) {
                if !nodes.contains(&arc.node) {
                    if nodes.len() == NODES_MAX {
                        return None;
                    }
                    nodes.push(arc.node);
                }
            }
            next += 1;
        }
        let mut passing = [[0.0; NODES_MAX]; NODES_MAX];
        let mut outward = [0; NODES_MAX];
        for (place, &node) in nodes.iter().enumerate() {
            for arc in core.row(node) {
                if let Some(other) = nodes.iter().position(|&node| node == arc.node) {
                    passing[place][other] = arc.probability;
                    outward[place] |= 1 << other;
                }
            }
        }
        let own = nodes.iter().map(|&node| own[node as usize]).collect();
        Some(Self { own, passing, outward, states_left: STATES_MAX })
    }

    /// Reach of local node 0, or `None` if it takes too many states.
    pub fn reach(mut self) -> Option<f64> {
        self.expected(1, &[0; NODES_MAX])
    }

    /// Expected sum over the nodes reached, given that `reached` are, and that for each node the edges from `failed`
    /// have not passed the word on.
    ///
    /// Where the rest is a tree this is a sum of products. Where two routes meet, one node next to those reached is
    /// conditioned on: it is reached, or all edges to it so far fail.
    fn expected(&mut self, reached: Nodes, failed: &[Nodes; NODES_MAX]) -> Option<f64> {
        self.states_left = self.states_left.checked_sub(1)?;
        let entry = self.entry(reached, failed);
        let node = match self.tree_sum(reached, &entry) {
            Ok(sum) => return Some(sum),
            Err(node) => node,
        };
        let if_reached = self.expected(reached | 1 << node, failed)?;
        if entry[node] >= 1.0 {
            return Some(if_reached);
        }
        let mut failed = *failed;
        failed[node] |= reached;
        let if_not = self.expected(reached, &failed)?;
        Some(entry[node] * if_reached + (1.0 - entry[node]) * if_not)
    }

    /// Probability that each node not yet reached is reached straight from those that are.
    fn entry(&self, reached: Nodes, failed: &[Nodes; NODES_MAX]) -> [f64; NODES_MAX] {
        let mut entry = [0.0; NODES_MAX];
        for from in members(reached) {
            for to in members(self.outward[from] & !reached) {
                if failed[to] & (1 << from) == 0 {
                    entry[to] += self.passing[from][to] * (1.0 - entry[to]);
                }
            }
        }
        entry
    }

    /// The sum of own sums times the probability to be reached, if every node has one way in.
    ///
    /// An edge back to a node that lies on the only way to where the edge starts reaches nobody new. Any other second
    /// way in is a meeting of routes; the error names the node next to those reached through which one of them leads.
    fn tree_sum(&self, reached: Nodes, entry: &[f64; NODES_MAX]) -> Result<f64, usize> {
        let mut probability = *entry;
        let mut ancestors: [Nodes; NODES_MAX] = [0; NODES_MAX];
        let mut top = [0; NODES_MAX];
        let mut pending = Vec::with_capacity(NODES_MAX);
        let mut seen = reached;
        for node in members(self.all() & !reached) {
            if entry[node] > 0.0 {
                seen |= 1 << node;
                ancestors[node] = 1 << node;
                top[node] = node;
                pending.push(node);
            }
        }
        while let Some(node) = pending.pop() {
            for next in members(self.outward[node] & !reached) {
                if seen & (1 << next) == 0 {
                    seen |= 1 << next;
                    probability[next] = probability[node] * self.passing[node][next];
                    ancestors[next] = ancestors[node] | 1 << next;
                    top[next] = top[node];
                    pending.push(next);
                } else if ancestors[node] & (1 << next) == 0 {
                    return Err(top[node]);
                }
            }
        }
        let share = |node: usize| if reached & (1 << node) == 0 { probability[node] } else { 1.0 };
        Ok(members(seen).map(|node| share(node) * self.own[node]).sum())
    }

    fn all(&self) -> Nodes {
        (1 << self.own.len()) - 1
    }
}

/// The members of a set, ascending.
fn members(mut nodes: Nodes) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let node = (nodes != 0).then(|| nodes.trailing_zeros() as usize)?;
        nodes &= nodes - 1;
        Some(node)
    })
}
