//! Rows: reading a column, and inserts of many rows with few statements.

use std::collections::BTreeSet;
use std::str::FromStr;

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::{Error, Tx};

/// Most rows of one statement. Inserts are cut into powers of two, so that a connection caches few statement texts.
const ROWS_MAX: usize = 256;

pub async fn insert_all<E, A>(tx: &Tx, rows: Vec<E::Model>) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let length = largest_power_of_two(rows.len().min(ROWS_MAX));
        let chunk: Vec<E::Model> = rows.by_ref().take(length).collect();
        E::insert_many::<A, _>(chunk.into_iter().map(IntoActiveModel::into_active_model))
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Parses a text of the database into the value that it stands for.
pub(crate) fn parsed<T: FromStr>(text: String) -> Result<T, Error> {
    text.parse().map_err(|_| Error::invariant(format!("{text} is no {}", std::any::type_name::<T>())))
}

/// Reads a list that a column stores as JSON. Entries that this version can't read are left out.
pub(crate) fn listed<T: DeserializeOwned>(json: &Value) -> Vec<T> {
    let entries = json.as_array().into_iter().flatten();
    entries.filter_map(|entry| T::deserialize(entry).ok()).collect()
}

/// Returns the plain uuids of typed ids, to bind.
pub(crate) fn uuids<I: Copy>(ids: &BTreeSet<I>, plain: impl Fn(I) -> Uuid) -> Vec<Uuid> {
    ids.iter().map(|id| plain(*id)).collect()
}

/// Returns the largest power of two up to `number`, which must be positive.
fn largest_power_of_two(number: usize) -> usize {
    1 << number.ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_is_a_sum_of_powers_of_two() {
        for number in 1..=600 {
            let mut left: usize = number;
            let mut statements = 0;
            while left > 0 {
                left -= largest_power_of_two(left.min(ROWS_MAX));
                statements += 1;
            }
            assert!(statements <= 10);
        }
    }
}
