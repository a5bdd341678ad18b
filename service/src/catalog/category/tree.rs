//! The categories as a tree.

use std::collections::HashMap;

use domain::id::CategoryId;
use domain::refusal::Refusal;
use domain::tag;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::{Error, Tx};

/// Categories as a tree.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CategoryTree {
    pub object: tag::CategoryTree,
    /// Root categories, or the category of `root_id`.
    #[schema(max_items = 5000)]
    pub categories: Vec<CategoryNode>,
}

/// A category with the categories below it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CategoryNode {
    /// Id of the category.
    pub id: CategoryId,
    /// Your code for it.
    #[schema(max_length = 64, example = "fasteners")]
    pub code: String,
    /// The name.
    #[schema(max_length = 200, example = "Fasteners")]
    pub name: String,
    /// Number of active products directly in the category.
    #[schema(minimum = 0, example = 12)]
    pub products: i64,
    /// Categories directly below it, by code.
    #[schema(no_recursion, max_items = 5000)]
    pub children: Vec<CategoryNode>,
}

/// Returns the whole tree, or the part that starts at one category.
pub async fn tree(tx: &Tx, root_id: Option<CategoryId>) -> Result<CategoryTree, Error> {
    let query = sqlx::query(
        "select c.id, c.parent_id, c.code, c.name, coalesce(held.products, 0) as products
         from category c
         left join (
             select category_id, count(*) as products from product
             where tenant_id = $1 and category_id is not null and status = 'active' group by category_id
         ) held on held.category_id = c.id
         where c.tenant_id = $1 and ($2::uuid is null or $2 = any(c.lineage))
         order by c.code",
    );
    let mut below: HashMap<Option<Uuid>, Vec<CategoryNode>> = HashMap::new();
    for row in tx.rows(query.bind(tx.tenant_id.0).bind(root_id.map(|id| id.0))).await? {
        let id = CategoryId(row.try_get("id")?);
        // The first category of a partial tree has no parent in it.
        let parent: Option<Uuid> =
            if Some(id) == root_id { None } else { row.try_get::<Option<Uuid>, _>("parent_id")? };
        below.entry(parent).or_default().push(CategoryNode {
            id,
            code: row.try_get("code")?,
            name: row.try_get("name")?,
            products: row.try_get("products")?,
            children: Vec::new(),
        });
    }
    if root_id.is_some() && below.is_empty() {
        return Err(Refusal::not_found("category").into());
    }
    Ok(CategoryTree { object: tag::CategoryTree, categories: build_subtree(&mut below, None) })
}

/// Returns the children of `parent`, each with all categories below it. The tree has no circles and few levels.
fn build_subtree(
    below: &mut HashMap<Option<Uuid>, Vec<CategoryNode>>,
    parent: Option<Uuid>,
) -> Vec<CategoryNode> {
    let mut nodes = below.remove(&parent).unwrap_or_default();
    for node in &mut nodes {
        node.children = build_subtree(below, Some(node.id.0));
    }
    nodes
}
