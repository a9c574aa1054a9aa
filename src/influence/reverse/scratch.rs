//! Working memory of one thread.

/// The set being drawn, and who is in it already. Made once; nothing is allocated per set.
pub(in crate::influence) struct Scratch {
    /// The last set in which each node was met.
    met: Vec<u32>,
    set: u32,
    /// The first `n_members` are the set; there is room for one more than there are nodes.
    members: Vec<u32>,
    n_members: usize,
}

impl Scratch {
    pub fn new(n_nodes: usize) -> Self {
        Self { met: vec![0; n_nodes], set: 0, members: vec![0; n_nodes + 1], n_members: 0 }
    }

    pub fn begin(&mut self) {
        if self.set == u32::MAX {
            self.met.fill(0);
            self.set = 0;
        }
        self.set += 1;
        self.n_members = 0;
    }

    /// Adds the node to the set if the edge to it is live and it is not there yet. Whether it is cannot be foreseen, so
    /// there is no branch: the node is written in any case and counted if it belongs.
    #[inline(always)]
    pub fn meet_if(&mut self, node: u32, live: bool) {
        let met = &mut self.met[node as usize];
        let new = live & (*met != self.set);
        *met = if new { self.set } else { *met };
        self.members[self.n_members] = node;
        self.n_members += usize::from(new);
    }

    #[inline(always)]
    pub fn meet(&mut self, node: u32) {
        self.meet_if(node, true);
    }

    #[inline(always)]
    pub fn has_met(&self, node: u32) -> bool {
        self.met[node as usize] == self.set
    }

    /// The set so far, each member once, in the order met.
    #[inline(always)]
    pub fn members(&self) -> &[u32] {
        &self.members[..self.n_members]
    }

    #[inline(always)]
    pub fn member(&self, place: usize) -> u32 {
        self.members[place]
    }

    #[inline(always)]
    pub fn n_members(&self) -> usize {
        self.n_members
    }
}
