//! Sets that are kept.

/// Reverse-reachable sets one after another.
pub(in crate::influence) struct ReverseSets {
    ends: Vec<usize>,
    members: Vec<u32>,
}

impl ReverseSets {
    /// No sets yet.
    pub fn none() -> Self {
        Self::with_capacity(0, 0)
    }

    pub fn with_capacity(n_sets: usize, n_members: usize) -> Self {
        Self { ends: Vec::with_capacity(n_sets), members: Vec::with_capacity(n_members) }
    }

    /// Adds one set.
    pub fn push(&mut self, members: &[u32]) {
        self.members.extend_from_slice(members);
        self.ends.push(self.members.len());
    }

    /// Adds other sets after these.
    pub fn append(&mut self, other: &Self) {
        let before = self.members.len();
        self.ends.extend(other.ends.iter().map(|end| before + end));
        self.members.extend_from_slice(&other.members);
    }

    /// The number of sets.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// All members of all sets.
    pub fn members(&self) -> &[u32] {
        &self.members
    }

    /// The members of one set, its root first.
    pub fn set(&self, set: usize) -> &[u32] {
        let start = if set == 0 { 0 } else { self.ends[set - 1] };
        &self.members[start..self.ends[set]]
    }
}
