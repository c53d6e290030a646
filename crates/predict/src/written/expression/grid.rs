//! Grids of ranks, numbered as those of MPI: the last dimension first.

/// Returns the sides of the grid of `n` ranks that is as near to a square, or a cube, as whole sides can be: their sum is
/// the least, the largest side first. Sides beyond the dimensions are 1.
///
/// Up to 200 ranks this is what `MPI_Dims_create` of MPICH 4.0.2 gives in 1 to 3 dimensions, and that of Open MPI 4.1.4 but
/// for two grids that are less square: 12 x 6 for 72 ranks, and 18 x 10 for 180.
pub(crate) fn sides(n: u32, dimensions: u32) -> [u32; 3] {
    if dimensions <= 1 {
        return [n, 1, 1];
    }
    let mut divisors = (1..=n.isqrt()).filter(|side| n.is_multiple_of(*side));
    if dimensions == 2 {
        let short = divisors.next_back().unwrap_or(1);
        return [n / short, short, 1];
    }
    // The shortest of three sides is at most the cube root.
    let shortest = divisors.take_while(|side| u64::from(*side).pow(3) <= u64::from(n));
    let grids = shortest.map(|side| {
        let [long, middle, _] = sides(n / side, 2);
        [long, middle, side]
    });
    grids.min_by_key(|sides| sides.iter().map(|side| u64::from(*side)).sum::<u64>()).unwrap_or([n, 1, 1])
}

#[cfg(test)]
mod tests {
    use super::sides;

    /// What `MPI_Dims_create` of MPICH 4.0.2 and of Open MPI 4.1.4 gives, but for 72, where the latter gives 12 x 6.
    #[test]
    fn sides_are_as_near_to_each_other_as_they_can_be() {
        let grids = [(1, 2, [1, 1, 1]), (6, 2, [3, 2, 1]), (7, 2, [7, 1, 1]), (12, 2, [4, 3, 1]), (72, 2, [9, 8, 1])];
        let cubes = [(8, 3, [2, 2, 2]), (12, 3, [3, 2, 2]), (30, 3, [5, 3, 2]), (13, 3, [13, 1, 1]), (5, 1, [5, 1, 1])];
        for (n, dimensions, expected) in grids.into_iter().chain(cubes) {
            assert_eq!(sides(n, dimensions), expected, "{n} in {dimensions}");
        }
    }
}
