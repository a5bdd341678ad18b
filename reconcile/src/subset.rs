//! The search for the causes that add up to a difference.

/// Most candidates for which every subset is tried.
pub(super) const EXACT_MAX: usize = 20;

/// A candidate of the search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighted {
    /// Its signed quantity.
    pub quantity: i64,
    /// Its cost: better evidence costs less.
    pub cost: u32,
}

/// A subset of one half of the candidates.
#[derive(Debug, Clone, Copy)]
struct Partial {
    sum: i64,
    cost: u32,
    mask: u32,
}

/// Returns the indices of the candidates whose sum is nearest to `target`. Of several such sets, it is the one of the least cost.
///
/// Up to [`EXACT_MAX`] candidates, all subsets are compared. With more, the candidates are tried in the order of their cost, the
/// larger ones first, and each one that brings the sum nearer to `target` is taken.
pub(super) fn choose(target: i64, candidates: &[Weighted]) -> Vec<usize> {
    if candidates.len() > EXACT_MAX { greedy(target, candidates) } else { exact(target, candidates) }
}

/// Compares all subsets: for each subset of one half, the subset of the other half with the nearest sum is looked up.
fn exact(target: i64, candidates: &[Weighted]) -> Vec<usize> {
    let (left, right) = candidates.split_at(candidates.len() / 2);
    let rights = cheapest(subsets(right));
    let mut best: Option<(u64, u32, u32, u32)> = None;
    for one in subsets(left) {
        let wanted = target.saturating_sub(one.sum);
        let at = rights.partition_point(|other| other.sum < wanted);
        let around = rights[at.saturating_sub(1)..rights.len().min(at + 1)].iter();
        for other in around {
            let rest = wanted.abs_diff(other.sum);
            let found = (rest, one.cost + other.cost, one.mask, other.mask);
            if best.is_none_or(|best| found < best) {
                best = Some(found);
            }
        }
    }
    let (_, _, one, other) = best.unwrap_or_default();
    let of = |mask: u32, offset: usize, length: usize| {
        (0..length).filter(move |at| mask >> at & 1 == 1).map(move |at| at + offset)
    };
    of(one, 0, left.len()).chain(of(other, left.len(), right.len())).collect()
}

/// Returns all subsets.
fn subsets(candidates: &[Weighted]) -> Vec<Partial> {
    let mut all = vec![Partial { sum: 0, cost: 0, mask: 0 }];
    for (at, candidate) in candidates.iter().enumerate() {
        for index in 0..all.len() {
            let one = all[index];
            all.push(Partial {
                sum: one.sum.saturating_add(candidate.quantity),
                cost: one.cost + candidate.cost,
                mask: one.mask | 1 << at,
            });
        }
    }
    all
}

/// Returns the cheapest subset for each sum, by sum.
fn cheapest(mut all: Vec<Partial>) -> Vec<Partial> {
    all.sort_unstable_by_key(|one| (one.sum, one.cost, one.mask));
    all.dedup_by_key(|one| one.sum);
    all
}

fn greedy(target: i64, candidates: &[Weighted]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_unstable_by_key(|&at| {
        (candidates[at].cost, std::cmp::Reverse(candidates[at].quantity.unsigned_abs()), at)
    });
    let (mut rest, mut chosen) = (target, Vec::new());
    for at in order {
        let left = rest.saturating_sub(candidates[at].quantity);
        if left.unsigned_abs() < rest.unsigned_abs() {
            rest = left;
            chosen.push(at);
        }
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(quantities: &[i64]) -> Vec<Weighted> {
        quantities.iter().map(|&quantity| Weighted { quantity, cost: 10 }).collect()
    }

    #[test]
    fn the_smallest_rest_wins_then_the_fewest_causes() {
        assert_eq!(choose(7, &candidates(&[3, 4, 7, 100])), [2]);
        assert_eq!(choose(8, &candidates(&[3, 4, 5, 100])), [0, 2]);
        assert_eq!(choose(-6, &candidates(&[1, 1, 3, -6, 5])), [3]);
        assert_eq!(choose(5, &candidates(&[])), [] as [usize; 0]);
        assert_eq!(choose(1, &candidates(&[50])), [] as [usize; 0]);
    }

    #[test]
    fn better_evidence_wins_over_fewer_causes() {
        let costs = [(5, 100), (2, 10), (3, 10)];
        let candidates: Vec<Weighted> =
            costs.iter().map(|&(quantity, cost)| Weighted { quantity, cost }).collect();
        assert_eq!(choose(5, &candidates), [1, 2]);
    }

    #[test]
    fn every_subset_of_twenty_is_tried() {
        let powers: Vec<i64> = (0..20).map(|at| 3_i64.pow(at)).collect();
        let wanted = [0, 7, 9, 13, 19];
        let target = wanted.iter().map(|&at| powers[at]).sum();
        assert_eq!(choose(target, &candidates(&powers)), wanted);
    }

    #[test]
    fn many_candidates_lower_the_rest_one_by_one() {
        let many = vec![1; 50];
        assert_eq!(choose(12, &candidates(&many)).len(), 12);
    }
}
