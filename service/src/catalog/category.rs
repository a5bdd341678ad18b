//! The tree of categories. Each category stores its path to the root, so that a price rule of a category finds the
//! products of all categories below it.

mod tree;

use std::collections::HashMap;

use ::entity::category;
use domain::id::CategoryId;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::{Code64, Name, one_form};
use sea_orm::sqlx::{self, Row};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::input::{Change, Patched};
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx, input, room};

pub use ::entity::category::Model as Category;
pub use tree::{CategoryNode, CategoryTree, tree};

/// Most levels of the tree.
const DEPTH_MAX: usize = 10;
/// Most categories of the tree.
const CATEGORIES_MAX: usize = 5_000;
const COUNT: &str = "select count(*) as records from category where tenant_id = $1";

/// The fields of a category that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CategoryCreate)]
pub struct CategoryInput {
    /// Your code for the category, unique among categories.
    pub code: Code64,
    /// Name of the category.
    pub name: Name,
    /// Parent category; absent for a root. The tree has at most 10 levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<CategoryId>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub code: Option<String>,
    /// Direct children of this category.
    pub parent_id: Option<CategoryId>,
}

/// Returns the input that would create the category as it is now.
pub fn input_of(row: &Category) -> CategoryInput {
    CategoryInput { code: row.code.clone().into(), name: Name::stored(&row.name), parent_id: row.parent_id }
}

pub async fn create(tx: &Tx, input: &CategoryInput) -> Result<Category, Error> {
    let detail = format!("The tree has at most {CATEGORIES_MAX} categories.");
    room::check_room(tx, "categories", COUNT, CATEGORIES_MAX, detail).await?;
    let lineages = match input.parent_id {
        Some(parent_id) => lock_tree(tx, Some(parent_id)).await?,
        None => HashMap::new(),
    };
    let id = CategoryId(tx.next_id());
    let lineage = check(input, id, &lineages)?;
    let row = Category {
        tenant_id: tx.tenant_id,
        id,
        object: tag::Category,
        code: input.code.to_string(),
        name: input.name.to_string(),
        parent_id: input.parent_id,
        lineage,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    insert_all::<category::Entity, _>(tx, vec![row.clone()])
        .await
        .map_err(|error| reject_taken_code(error, input))?;
    Ok(row)
}

/// Changes a category that is still at version `expected`. Moving it moves all categories below it.
pub async fn update(
    tx: &Tx,
    id: CategoryId,
    expected: Option<i32>,
    change: Change<'_, CategoryInput>,
) -> Result<Patched<Category>, Error> {
    let lineages = lock_tree(tx, None).await?;
    let before = get(tx, id).await?;
    input::check_version(before.version, expected)?;
    let Some(mut input) = change(&input_of(&before))? else {
        return Ok(Patched::unchanged(before));
    };
    input::settle_code(
        tx,
        &mut input.code,
        &before.code,
        "select 1 from category where tenant_id = $1 and code = $2",
    )
    .await?;
    let input = &input;
    let lineage = check(input, id, &lineages)?;
    if lineage != before.lineage {
        move_descendants(tx, &before, &lineage, &lineages).await?;
    }
    let after = Category {
        code: input.code.to_string(),
        name: input.name.to_string(),
        parent_id: input.parent_id,
        lineage,
        version: before.version + 1,
        updated_at: tx.now,
        ..before
    };
    let row = after.into_active_model().reset_all();
    let saved = row.update(tx).await.map_err(Error::from);
    Ok(Patched::changed(saved.map_err(|error| reject_taken_code(error, input))?))
}

pub async fn get(tx: &Tx, id: CategoryId) -> Result<Category, Error> {
    let row = tx.select::<category::Entity>().filter(category::Column::Id.eq(id)).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("category"))?)
}

pub async fn list(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<Category>, Error> {
    let mut query = tx.select::<category::Entity>();
    if let Some(code) = &filter.code {
        query = query.filter(category::Column::Code.eq(&*one_form(code)));
    }
    if let Some(parent_id) = filter.parent_id {
        query = query.filter(category::Column::ParentId.eq(parent_id));
    }
    Ok(page.of(query, category::Column::Id, category::Column::UpdatedAt).all(tx).await?)
}

/// Locks the parent of a new category, or the whole tree for a move, and returns the lineage of each. Without the
/// lock, two moves could make a circle, or a new category could appear below one that moves.
async fn lock_tree(tx: &Tx, parent_id: Option<CategoryId>) -> Result<HashMap<CategoryId, Vec<Uuid>>, Error> {
    let query = sqlx::query(
        "select id from category where tenant_id = $1 and ($2::uuid is null or id = $2)
         order by id for no key update",
    );
    tx.rows(query.bind(tx.tenant_id.0).bind(parent_id.map(|id| id.0))).await?;
    // Read again: only a new statement sees categories that were added while this one waited for the locks.
    let query = sqlx::query(
        "select id, lineage from category where tenant_id = $1 and ($2::uuid is null or id = $2)",
    );
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(parent_id.map(|id| id.0))).await?;
    rows.iter().map(|row| Ok((CategoryId(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// Checks a category and returns its lineage.
fn check(
    input: &CategoryInput,
    id: CategoryId,
    lineages: &HashMap<CategoryId, Vec<Uuid>>,
) -> Result<Vec<Uuid>, Refusal> {
    let mut problems = Problems::default();
    input.code.check(&mut problems, "/code");
    input.name.check(&mut problems, "/name");
    let mut lineage = vec![id.0];
    if let Some(parent_id) = input.parent_id {
        match lineages.get(&parent_id) {
            None => input::add_unknown(&mut problems, "/parent_id", "category"),
            Some(above) if above.contains(&id.0) => {
                problems.invalid("/parent_id", "A category cannot be below itself.");
            }
            Some(above) => lineage.extend(above),
        }
    }
    let below =
        lineages.values().filter_map(|other| other.iter().position(|step| *step == id.0)).max().unwrap_or(0);
    if lineage.len() + below > DEPTH_MAX {
        problems.invalid("/parent_id", format!("The tree of categories has at most {DEPTH_MAX} levels."));
    }
    problems.check()?;
    Ok(lineage)
}

/// Updates the lineage of all categories below a moved one.
async fn move_descendants(
    tx: &Tx,
    moved: &Category,
    lineage: &[Uuid],
    lineages: &HashMap<CategoryId, Vec<Uuid>>,
) -> Result<(), Error> {
    let below = lineages.iter().filter(|(id, other)| **id != moved.id && other.contains(&moved.id.0));
    for (id, other) in below {
        let own: Vec<Uuid> = other.iter().copied().take_while(|step| *step != moved.id.0).collect();
        let query = sqlx::query(
            "update category set lineage = $3, version = version + 1, updated_at = $4
             where tenant_id = $1 and id = $2",
        );
        let whole = [own.as_slice(), lineage].concat();
        tx.execute(query.bind(tx.tenant_id.0).bind(id.0).bind(whole).bind(tx.now)).await?;
    }
    Ok(())
}

fn reject_taken_code(error: Error, input: &CategoryInput) -> Error {
    error.on_constraint("category_code_key", || input::reject_taken("/code", "category", &input.code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> CategoryId {
        CategoryId(Uuid::from_u128(number))
    }

    fn child_of(parent: u128) -> CategoryInput {
        CategoryInput { code: "c".into(), name: "C".into(), parent_id: Some(id(parent)) }
    }

    /// Returns a chain of `depth` categories: 1 is the root, each next one is below the previous one.
    fn chain(depth: u128) -> HashMap<CategoryId, Vec<Uuid>> {
        (1..=depth).map(|own| (id(own), (1..=own).rev().map(Uuid::from_u128).collect())).collect()
    }

    #[test]
    fn lineage_is_self_first_and_root_last() {
        let lineage = check(&child_of(2), id(9), &chain(2)).expect("a lineage");
        assert_eq!(lineage, [9, 2, 1].map(Uuid::from_u128));
    }

    #[test]
    fn circles_are_refused() {
        for parent in [1, 2, 3] {
            assert!(check(&child_of(parent), id(1), &chain(3)).is_err());
        }
    }

    #[test]
    fn the_tree_has_ten_levels_whatever_moves() {
        assert!(check(&child_of(9), id(99), &chain(9)).is_ok());
        assert!(check(&child_of(10), id(99), &chain(10)).is_err());
        // A category with five levels below it moves below the fifth level of another tree.
        let mut lineages = chain(5);
        let other = (101..=105_u128).map(|own| (id(own), (101..=own).rev().map(Uuid::from_u128).collect()));
        lineages.extend(other);
        assert!(check(&child_of(5), id(101), &lineages).is_ok());
        lineages.insert(id(106), (101..=106).rev().map(Uuid::from_u128).collect());
        assert!(check(&child_of(5), id(101), &lineages).is_err());
    }
}
