//! Working memory of one thread.

/// Room for the set being drawn and for who is in it already. Made once; nothing is allocated per set.
pub(in crate::influence) struct Scratch {
    /// The last set in which each node was met.
    met: Vec<u32>,
    /// The number of the last set.
    last: u32,
    /// Room for one more than there are nodes.
    members: Vec<u32>,
}

impl Scratch {
    pub fn new(n_nodes: usize) -> Self {
        Self { met: vec![0; n_nodes], last: 0, members: vec![0; n_nodes + 1] }
    }

    /// The room for up to `n_sets` sets, one after the other.
    pub fn room(&mut self, n_sets: u32) -> SetInHand<'_> {
        if self.last > u32::MAX - n_sets {
            self.met.fill(0);
            self.last = 0;
        }
        let set = self.last;
        self.last += n_sets;
        SetInHand { met: &mut self.met, set, members: &mut self.members, n_members: 0 }
    }
}

/// The set being drawn. It lives in registers as long as nobody but the sampler's own loop holds a reference to it.
pub(super) struct SetInHand<'scratch> {
    met: &'scratch mut [u32],
    set: u32,
    /// The first `n_members` are the set.
    members: &'scratch mut [u32],
    n_members: usize,
}

impl SetInHand<'_> {
    /// The next set.
    #[inline(always)]
    pub fn begin(&mut self) {
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

    /// Who has been met so far.
    #[inline(always)]
    pub fn met(&self) -> Met<'_> {
        Met { met: self.met, set: self.set }
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

/// Who is in the set so far.
#[derive(Clone, Copy)]
pub(in crate::influence) struct Met<'scratch> {
    met: &'scratch [u32],
    set: u32,
}

impl Met<'_> {
    #[inline(always)]
    pub fn holds(self, node: u32) -> bool {
        self.met[node as usize] == self.set
    }
}
