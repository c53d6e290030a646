//! Data of collectives: each rank leaves what it contributes when it comes, and takes its part of the result when it goes.
//!
//! The messages of the algorithms see to it that what a rank needs has come before it goes.

use std::borrow::Cow;

use dlpc_virtual_mpi::arithmetic;
use dlpc_virtual_mpi::wire::gathering::{
    AGREE, ALLGATHER, ALLGATHERV, ALLREDUCE, ALLTOALL, ALLTOALLV, BCAST, BY_THE_RANK, EXSCAN, GATHER, GATHERV,
    NEIGHBOURS, REDUCE, REDUCE_SCATTER, REDUCE_SCATTER_BLOCK, SCAN, SCATTER, SCATTERV,
};
use dlpc_virtual_mpi::wire::{Edge, Gathering};

/// One collective of a communicator.
#[derive(Debug)]
pub(super) struct Meeting {
    first: First,
    /// By place in the communicator.
    contributions: Vec<Option<Contribution>>,
    n_left: usize,
    /// The result of a reduction for all, once it is known.
    combined: Option<Vec<u8>>,
    /// A context that nobody else uses.
    pub(super) context: u32,
}

/// What the rank that came first called: the others have to call the same.
#[derive(Debug)]
struct First {
    rank: u32,
    function: String,
    call: Gathering,
}

#[derive(Debug)]
struct Contribution {
    /// Bytes to each place, one after the other, where they are divided.
    sizes: Vec<u64>,
    bytes: Vec<u8>,
    /// Of a neighbourhood, where each of them goes, and where each one that comes is from.
    targets: Vec<Edge>,
    sources: Vec<Edge>,
}

/// What a rank gets: bytes, and the lengths of the parts that they consist of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) lengths: Vec<i64>,
    pub(super) bytes: Vec<u8>,
}

/// A rank that calls something else than the one that came first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Other {
    pub(super) rank: u32,
    pub(super) function: String,
    /// What differs, if not the functions.
    pub(super) why: &'static str,
}

impl Meeting {
    pub(super) fn new(rank: u32, function: &str, call: &Gathering, n: usize, context: u32) -> Self {
        let first = First { rank, function: function.to_owned(), call: call.clone() };
        let contributions = std::iter::repeat_with(|| None).take(n).collect();
        Self { first, contributions, n_left: 0, combined: None, context }
    }

    /// Takes the contribution of the rank at `place`.
    pub(super) fn come(&mut self, place: usize, call: &Gathering, bytes: Vec<u8>) -> Result<(), Other> {
        let first = &self.first.call;
        let why = match () {
            () if first.kind != call.kind => Some(""),
            () if first.root != call.root => Some("their roots differ"),
            () if (first.operation, first.element) != (call.operation, call.element) => {
                Some("their operations or datatypes differ")
            }
            () if is_reduction(call.kind) && first.block != call.block => Some("their vectors differ in length"),
            () => None,
        };
        if let Some(why) = why {
            return Err(Other { rank: self.first.rank, function: self.first.function.clone(), why });
        }
        let (targets, sources) = (call.targets.clone(), call.sources.clone());
        self.contributions[place] = Some(Contribution { sizes: call.sends.clone(), bytes, targets, sources });
        Ok(())
    }

    /// Returns the part of the rank at `place`, and whether it was the last one; none if what it needs has not come.
    pub(super) fn go(&mut self, place: usize) -> Option<(Part, bool)> {
        let part = self.part(place)?;
        self.n_left += 1;
        Some((part, self.n_left == self.contributions.len()))
    }

    fn part(&mut self, place: usize) -> Option<Part> {
        let n = self.contributions.len();
        let root = self.first.call.root as usize;
        let is_root = place == root;
        if self.first.call.block == 0 && is_of_equal_blocks(self.first.call.kind) {
            // No message is sent for nothing, so nobody waits for another one.
            return Some(Part::default());
        }
        match self.first.call.kind {
            BCAST if !is_root => Some(Part::one(self.bytes(root)?.to_vec())),
            GATHER | GATHERV if is_root => self.all(0..n),
            ALLGATHER | ALLGATHERV | AGREE => self.all(0..n),
            SCATTER | SCATTERV => Some(Part::one(self.divided(root, place)?.to_vec())),
            ALLTOALL | ALLTOALLV => {
                let parts: Option<Vec<Cow<'_, [u8]>>> = (0..n).map(|from| self.divided(from, place)).collect();
                Some(Part::of(parts?.iter().map(AsRef::as_ref)))
            }
            REDUCE if !is_root => Some(Part::default()),
            REDUCE | ALLREDUCE => self.reduced_by_all().map(|bytes| Part::one(bytes.to_vec())),
            REDUCE_SCATTER | REDUCE_SCATTER_BLOCK => self.slice(place),
            NEIGHBOURS => self.of_neighbours(place),
            SCAN => self.reduced(place + 1),
            EXSCAN => self.reduced(place),
            _ => Some(Part::default()),
        }
    }

    fn bytes(&self, place: usize) -> Option<&[u8]> {
        self.contributions[place].as_ref().map(|contribution| contribution.bytes.as_slice())
    }

    fn all(&self, places: std::ops::Range<usize>) -> Option<Part> {
        let n_expected = &self.first.call.recvs;
        // Who contributes nothing may not have come.
        let of = |place: usize| self.bytes(place).or((n_expected.get(place) == Some(&0)).then_some(&[]));
        let all: Option<Vec<&[u8]>> = places.map(of).collect();
        Some(Part::of(all?.into_iter()))
    }

    /// Returns what the neighbours of a rank have for it.
    fn of_neighbours(&self, place: usize) -> Option<Part> {
        let me = u32::try_from(place).ok();
        let of = |edge: &Edge| {
            let Some(from) = edge.place else { return Some(&[][..]) };
            let there = self.contributions[from as usize].as_ref()?;
            let back = Edge { place: me, ..*edge };
            let i = there.targets.iter().position(|target| *target == back)?;
            let size = |i: usize| there.sizes.get(i).and_then(|size| usize::try_from(*size).ok());
            let start = (0..i).map(size).sum::<Option<usize>>()?;
            there.bytes.get(start..start + size(i)?)
        };
        let parts: Option<Vec<&[u8]>> = self.contributions[place].as_ref()?.sources.iter().map(of).collect();
        Some(Part::of(parts?.into_iter()))
    }

    /// Returns what the rank at `from` has for the one at `to`.
    fn divided(&self, from: usize, to: usize) -> Option<Cow<'_, [u8]>> {
        let Some(Contribution { sizes, bytes, .. }) = &self.contributions[from] else {
            // No message is sent for nothing.
            return Some(Cow::Borrowed(&[]));
        };
        let size = |i: usize| sizes.get(i).and_then(|size| usize::try_from(*size).ok());
        let start = (0..to).map(size).sum::<Option<usize>>()?;
        bytes.get(start..start + size(to)?).map(Cow::Borrowed)
    }

    /// Returns the contributions of the first `n` ranks, combined in their order.
    fn reduced(&self, n: usize) -> Option<Part> {
        if n == 0 {
            return Some(Part::default());
        }
        let (operation, element) = (self.first.call.operation, self.first.call.element);
        if operation == BY_THE_RANK {
            return self.all(0..n);
        }
        let mut combined = self.bytes(0)?.to_vec();
        for place in 1..n {
            let mut right = self.bytes(place)?.to_vec();
            arithmetic::combine(operation, element, &combined, &mut right)?;
            combined = right;
        }
        Some(Part::one(combined))
    }

    fn reduced_by_all(&mut self) -> Option<&[u8]> {
        if self.combined.is_none() {
            self.combined = Some(self.reduced(self.contributions.len())?.bytes);
        }
        self.combined.as_deref()
    }

    /// Returns the block of the result that goes to a rank; all of the contributions if it combines them itself.
    fn slice(&mut self, place: usize) -> Option<Part> {
        let sizes = self.first.call.recvs.clone();
        let is_own = self.first.call.operation == BY_THE_RANK;
        let length = |i: usize| sizes.get(i).and_then(|size| usize::try_from(*size).ok());
        let start = (0..place).map(length).sum::<Option<usize>>()?;
        let end = start + length(place)?;
        if start == end && !is_own {
            return Some(Part::default());
        }
        let all = self.reduced_by_all()?;
        Some(Part::one(if is_own { all.to_vec() } else { all.get(start..end)?.to_vec() }))
    }
}

const fn is_of_equal_blocks(kind: u32) -> bool {
    is_reduction(kind) || matches!(kind, BCAST | GATHER | ALLGATHER)
}

const fn is_reduction(kind: u32) -> bool {
    matches!(kind, REDUCE | ALLREDUCE | REDUCE_SCATTER | REDUCE_SCATTER_BLOCK | SCAN | EXSCAN)
}

impl Part {
    fn one(bytes: Vec<u8>) -> Self {
        Self { lengths: vec![i64::try_from(bytes.len()).unwrap_or(i64::MAX)], bytes }
    }

    fn of<'b>(parts: impl Iterator<Item = &'b [u8]>) -> Self {
        let mut all = Self::default();
        for part in parts {
            all.lengths.push(i64::try_from(part.len()).unwrap_or(i64::MAX));
            all.bytes.extend_from_slice(part);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use dlpc_virtual_mpi::wire::gathering::UNSIGNED;

    use super::*;

    fn call(kind: u32) -> Gathering {
        Gathering {
            kind,
            context: 0,
            root: 0,
            operation: 3,
            element: UNSIGNED,
            block: 2,
            sends: vec![1, 1],
            recvs: vec![1, 1],
            targets: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// Two ranks that come with these bytes.
    fn met(kind: u32) -> Meeting {
        let mut meeting = Meeting::new(0, "MPI_X", &call(kind), 2, 9);
        meeting.come(0, &call(kind), vec![1, 2]).expect("the same");
        meeting.come(1, &call(kind), vec![3, 4]).expect("the same");
        meeting
    }

    fn bytes_of(kind: u32) -> [Vec<u8>; 2] {
        let mut meeting = met(kind);
        [0, 1].map(|place| {
            let (part, is_last) = meeting.go(place).expect("what it needs");
            assert_eq!(is_last, place == 1);
            part.bytes
        })
    }

    #[test]
    fn every_rank_gets_its_part() {
        assert_eq!(bytes_of(BCAST), [vec![], vec![1, 2]]);
        assert_eq!(bytes_of(GATHER), [vec![1, 2, 3, 4], vec![]]);
        assert_eq!(bytes_of(ALLGATHER), [vec![1, 2, 3, 4], vec![1, 2, 3, 4]]);
        assert_eq!(bytes_of(SCATTER), [vec![1], vec![2]]);
        assert_eq!(bytes_of(ALLTOALL), [vec![1, 3], vec![2, 4]]);
        // Sums: (1 + 3, 2 + 4).
        assert_eq!(bytes_of(REDUCE), [vec![4, 6], vec![]]);
        assert_eq!(bytes_of(ALLREDUCE), [vec![4, 6], vec![4, 6]]);
        assert_eq!(bytes_of(REDUCE_SCATTER), [vec![4], vec![6]]);
        assert_eq!(bytes_of(SCAN), [vec![1, 2], vec![4, 6]]);
        assert_eq!(bytes_of(EXSCAN), [vec![], vec![1, 2]]);
    }

    #[test]
    fn neighbours_get_what_is_for_them() {
        // Each rank is twice the neighbour of the other one: what goes out by edge 0 comes in by edge 0, whichever is named first.
        let edge = |place, number| Edge { place: Some(place), number };
        let of = |other| Gathering {
            targets: vec![edge(other, 0), edge(other, 1)],
            sources: vec![edge(other, 1), edge(other, 0)],
            ..call(NEIGHBOURS)
        };
        let mut meeting = Meeting::new(0, "MPI_X", &of(1), 2, 9);
        meeting.come(0, &of(1), vec![1, 2]).expect("the same");
        meeting.come(1, &of(0), vec![3, 4]).expect("the same");
        assert_eq!([0, 1].map(|place| meeting.go(place).expect("its part").0.bytes), [[4, 3], [2, 1]]);
    }

    #[test]
    fn a_rank_does_not_go_with_what_has_not_come() {
        let mut meeting = Meeting::new(1, "MPI_Bcast", &call(BCAST), 2, 9);
        meeting.come(1, &call(BCAST), Vec::new()).expect("the first");
        assert_eq!(meeting.go(1), None);
    }

    #[test]
    fn who_gets_nothing_waits_for_nobody() {
        let nothing = Gathering { block: 0, ..call(BCAST) };
        let mut meeting = Meeting::new(1, "MPI_Bcast", &nothing, 2, 9);
        meeting.come(1, &nothing, Vec::new()).expect("the first");
        assert_eq!(meeting.go(1), Some((Part::default(), false)));
    }

    #[test]
    fn who_calls_something_else_is_told_who_came_first() {
        let mut meeting = Meeting::new(1, "MPI_Bcast", &call(BCAST), 2, 9);
        let other = meeting.come(0, &call(GATHER), Vec::new()).expect_err("another collective");
        assert_eq!((other.rank, other.function.as_str(), other.why), (1, "MPI_Bcast", ""));
        let root = Gathering { root: 1, ..call(BCAST) };
        assert_eq!(meeting.come(0, &root, Vec::new()).expect_err("another root").why, "their roots differ");
    }
}
