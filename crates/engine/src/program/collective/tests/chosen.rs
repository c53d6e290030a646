//! Which algorithm is chosen where the rules are not all: fall-backs, and algorithms that the model names.

use super::*;
use crate::machine::{
    AllgathervAlgorithm, AllreduceAlgorithm, CollectiveOverrides, ReduceScatterAlgorithm, ReduceScatterBlockAlgorithm,
};

const BY_RULE: CollectiveOverrides = CollectiveOverrides {
    library: None,
    barrier: None,
    bcast: None,
    scatter: None,
    gather: None,
    reduce: None,
    allreduce: None,
    allgather: None,
    allgatherv: None,
    alltoall: None,
    reduce_scatter: None,
    reduce_scatter_block: None,
};

#[test]
fn a_vector_with_too_few_elements_is_not_divided() {
    let doubles = |n| Arguments::of(n, 8);
    let allreduce = |p, vector| selection::allreduce(p, vector, BY_RULE).algorithm;
    // One double on 4 to 7 ranks: the rule says ring, which needs an element for each rank; 8 bytes could be divided.
    assert_eq!(allreduce(5, doubles(1)), Algorithm::AllreduceByDoubling);
    assert_eq!(allreduce(5, Arguments::of(8, 1)), Algorithm::AllreduceByRing);
    // Rabenseifner's needs an element for each of 4 ranks that take part.
    let linear = Algorithm::ReduceBcast(ReduceAlgorithm::Linear, BcastAlgorithm::Linear);
    assert_eq!(allreduce(5, Arguments::of(3, 10_000)), linear);
    assert_eq!(allreduce(5, Arguments::of(4, 10_000)), Algorithm::AllreduceByHalving);
    // 4 bytes on 2 ranks: Rabenseifner's; one number: linear.
    let reduce = |vector| selection::reduce(2, vector, BY_RULE).algorithm;
    assert_eq!(reduce(Arguments::of(4, 1)), Algorithm::Reduce(ReduceAlgorithm::Rabenseifner));
    assert_eq!(reduce(Arguments::of(1, 4)), Algorithm::Reduce(ReduceAlgorithm::Linear));
    // One element of 2 MB on 16 ranks cannot be scattered.
    let bcast = |vector| selection::bcast(16, vector, BY_RULE).algorithm;
    assert_eq!(bcast(Arguments::of(2_000_000, 1)), Algorithm::Bcast(BcastAlgorithm::ScatterAllgather));
    assert_eq!(bcast(Arguments::of(1, 2_000_000)), Algorithm::Bcast(BcastAlgorithm::Linear));
    // Nor be sent by halves.
    let bcast = selection::bcast(300, Arguments::of(1, 20_000), BY_RULE);
    assert_eq!(bcast.algorithm, Algorithm::Bcast(BcastAlgorithm::Chain));
}

#[test]
fn an_operation_that_does_not_commute_has_rules_of_its_own() {
    let vector = Arguments::of(10_000, 8).in_order();
    assert_eq!(selection::reduce(20, vector, BY_RULE).algorithm, Algorithm::Reduce(ReduceAlgorithm::InOrderBinary));
    assert_eq!(selection::allreduce(20, vector, BY_RULE).algorithm, Algorithm::AllreduceByDoubling);
    let scattered = Algorithm::ReduceScatterv(ReduceAlgorithm::InOrderBinary);
    assert_eq!(selection::reduce_scatter(20, vector, BY_RULE).algorithm, scattered);
    // Not where the model names one that needs it to commute.
    let named = CollectiveOverrides { allreduce: Some(AllreduceAlgorithm::Rabenseifner), ..BY_RULE };
    let linear = Algorithm::ReduceBcast(ReduceAlgorithm::Linear, BcastAlgorithm::Linear);
    assert_eq!(selection::allreduce(20, vector, named).algorithm, linear);
}

#[test]
fn an_algorithm_that_does_not_go_with_the_ranks_has_another_in_its_place() {
    use AllgatherAlgorithm::{Bruck, Neighbor, RecursiveDoubling, Ring};
    let allgather = |algorithm, p| {
        let named = CollectiveOverrides { allgather: Some(algorithm), ..BY_RULE };
        selection::allgather(p, Bytes(100), named).algorithm
    };
    assert_eq!(allgather(RecursiveDoubling, 8), Algorithm::Allgather(RecursiveDoubling));
    assert_eq!(allgather(RecursiveDoubling, 6), Algorithm::Allgather(Bruck));
    assert_eq!(allgather(Neighbor, 6), Algorithm::Allgather(Neighbor));
    assert_eq!(allgather(Neighbor, 7), Algorithm::Allgather(Ring));
    let block = |p| {
        let named = CollectiveOverrides {
            reduce_scatter_block: Some(ReduceScatterBlockAlgorithm::Butterfly),
            allgatherv: Some(AllgathervAlgorithm::Neighbor),
            ..BY_RULE
        };
        let allgatherv = selection::allgatherv(p, Bytes(100), named).algorithm;
        (selection::reduce_scatter_block(p, Bytes(100), named).algorithm, allgatherv)
    };
    let butterfly = Algorithm::ReduceScatter(ReduceScatterWay::Butterfly);
    let in_order = Algorithm::ReduceScatter(ReduceScatterWay::ButterflyInOrder);
    assert_eq!(block(8), (in_order, Algorithm::Allgather(Neighbor)));
    assert_eq!(block(7), (butterfly, Algorithm::Allgather(Ring)));
}

#[test]
fn parts_of_a_collective_have_the_algorithms_that_the_model_names() {
    let named = CollectiveOverrides {
        bcast: Some(BcastAlgorithm::Chain),
        reduce: Some(ReduceAlgorithm::Binary),
        scatter: Some(ScatterAlgorithm::Binomial),
        allreduce: Some(AllreduceAlgorithm::Nonoverlapping),
        allgatherv: Some(AllgathervAlgorithm::GathervBcast),
        reduce_scatter: Some(ReduceScatterAlgorithm::Nonoverlapping),
        reduce_scatter_block: Some(ReduceScatterBlockAlgorithm::Linear),
        ..BY_RULE
    };
    let (reduce, bcast) = (ReduceAlgorithm::Binary, BcastAlgorithm::Chain);
    assert_eq!(selection::allreduce(9, Bytes(64), named).algorithm, Algorithm::ReduceBcast(reduce, bcast));
    assert_eq!(selection::allgatherv(9, Bytes(64), named).algorithm, Algorithm::GathervBcast(bcast));
    assert_eq!(selection::reduce_scatter(9, Bytes(64), named).algorithm, Algorithm::ReduceScatterv(reduce));
    let then_scattered = Algorithm::ReduceThenScatter(reduce, ScatterAlgorithm::Binomial);
    assert_eq!(selection::reduce_scatter_block(9, Bytes(64), named).algorithm, then_scattered);
}

#[test]
fn nothing_is_sent_of_nothing() {
    let nothing = Arguments::of(0, 8);
    for collective in [
        selection::bcast(8, nothing, BY_RULE),
        selection::gather(8, nothing, BY_RULE),
        selection::allreduce(8, nothing, BY_RULE),
        selection::reduce_scatter_block(8, nothing, BY_RULE),
        selection::scan(nothing, BY_RULE),
    ] {
        assert_eq!(messages(collective, 8), []);
    }
    assert_eq!(messages(selection::barrier(4, BY_RULE), 4).len(), 6);
}

#[test]
fn bytes_are_taken_for_the_largest_numbers_that_they_can_be() {
    let elements = |bytes| {
        let arguments = Arguments::from(Bytes(bytes));
        (arguments.elements, arguments.element_bytes)
    };
    assert_eq!(elements(80), (10, 8));
    assert_eq!(elements(20), (5, 4));
    assert_eq!(elements(6), (3, 2));
    assert_eq!(elements(7), (7, 1));
    assert_eq!(elements(0), (0, 8));
}
