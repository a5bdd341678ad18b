//! The figures that a comparison adds to a row, in every form of the API.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaField, MetaType, MetaTypeId, Registry};
use async_graphql::resolver_utils::{ContainerType, resolve_container};
use async_graphql::{
    CacheControl, Context, ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
};
use sea_orm::sqlx::Row as _;
use sea_orm::{DbErr, FromQueryResult, QueryResult, TryGetError, TryGetable};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::added::Added;
use super::column::{Kind, Measure, camel_case, snake_case};
use super::{Row, added};
use crate::scalar::{Amount, BillCurrency, DocumentCurrency, ForeignAmount, Percentage, Units};

/// The figures that are added to a row of a report: of the earlier period, and the difference. None has a value if the report
/// is not compared.
#[derive(Clone)]
pub struct Compared<R> {
    /// The added columns in their order, or none.
    cells: Vec<(&'static str, Option<Cell>)>,
    row: PhantomData<fn() -> R>,
}

/// A value of an added column.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
enum Cell {
    Count(i64),
    Amount(Amount),
    OfBills(ForeignAmount<BillCurrency>),
    OfDocuments(ForeignAmount<DocumentCurrency>),
    Units(Units),
    Percentage(Percentage),
}

impl Cell {
    fn read(row: &QueryResult, pre: &str, measure: &Measure) -> Result<Option<Self>, TryGetError> {
        fn value<T: TryGetable>(row: &QueryResult, pre: &str, name: &str) -> Result<Option<T>, TryGetError> {
            row.try_get_nullable(pre, name)
        }
        let name = measure.name;
        match measure.kind {
            Kind::Count | Kind::DaysLeft => Ok(value(row, pre, name)?.map(Cell::Count)),
            Kind::Amount | Kind::Average => Ok(value(row, pre, name)?.map(Cell::Amount)),
            Kind::BillAmount => Ok(value(row, pre, name)?.map(Cell::OfBills)),
            Kind::DocumentAmount => Ok(value(row, pre, name)?.map(Cell::OfDocuments)),
            Kind::Units | Kind::Days | Kind::Times => Ok(value(row, pre, name)?.map(Cell::Units)),
            Kind::Percentage => Ok(value(row, pre, name)?.map(Cell::Percentage)),
        }
    }

    fn to_value(self) -> Value {
        match self {
            Cell::Count(count) => count.into(),
            Cell::Amount(amount) => Value::String(amount.0.to_string()),
            Cell::OfBills(foreign) => Value::String(foreign.amount.to_string()),
            Cell::OfDocuments(foreign) => Value::String(foreign.amount.to_string()),
            Cell::Units(units) => Value::String(units.0.to_string()),
            Cell::Percentage(percentage) => Value::String(percentage.0.to_string()),
        }
    }
}

impl<R> fmt::Debug for Compared<R> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cells.fmt(out)
    }
}

impl<R: Row> FromQueryResult for Compared<R> {
    fn from_query_result(row: &QueryResult, pre: &str) -> Result<Self, DbErr> {
        Self::from_query_result_nullable(row, pre).map_err(Into::into)
    }

    fn from_query_result_nullable(row: &QueryResult, pre: &str) -> Result<Self, TryGetError> {
        let measures = R::measures();
        // The first one tells for all: most reports are not compared, and have many rows.
        let first = measures.first().and_then(Added::of);
        let is_compared =
            first.zip(row.try_as_pg_row()).is_some_and(|(added, row)| row.try_column(added.before).is_ok());
        let cells = match is_compared {
            true => added::added(&measures)
                .iter()
                .map(|measure| Ok((measure.name, Cell::read(row, pre, measure)?)))
                .collect::<Result<_, TryGetError>>()?,
            false => Vec::new(),
        };
        Ok(Compared { cells, row: PhantomData })
    }
}

impl<R: Row> Serialize for Compared<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.cells.len()))?;
        for (name, cell) in &self.cells {
            map.serialize_entry(name, cell)?;
        }
        map.end()
    }
}

impl<R: Row> OutputType for Compared<R> {
    fn type_name() -> Cow<'static, str> {
        format!("Compared{}", R::type_name()).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let fields = added::added(&R::measures()).into_iter().map(|measure| {
                let field = describe(registry, &measure);
                (field.name.clone(), field)
            });
            MetaType::Object {
                name: Self::type_name().into_owned(),
                description: None,
                fields: fields.collect(),
                cache_control: CacheControl::default(),
                extends: false,
                shareable: false,
                resolvable: true,
                keys: None,
                visible: None,
                inaccessible: false,
                interface_object: false,
                tags: Vec::new(),
                is_subscription: false,
                rust_typename: Some(std::any::type_name::<Self>()),
                directive_invocations: Vec::new(),
                requires_scopes: Vec::new(),
            }
        })
    }

    async fn resolve(&self, context: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(context, self).await
    }
}

impl<R: Row> ContainerType for Compared<R> {
    async fn resolve_field(&self, context: &Context<'_>) -> ServerResult<Option<Value>> {
        let field = context.item.node.name.node.as_str();
        let is_added = ["Before", "Difference", "DifferencePct"].iter().any(|ending| field.ends_with(ending));
        if !is_added {
            return Ok(None);
        }
        // Validation has found the field in the schema. A report that is not compared has no cell for it.
        let name = snake_case(field);
        let cell = self.cells.iter().find(|(own, _)| *own == name).and_then(|(_, cell)| *cell);
        Ok(Some(cell.map_or(Value::Null, Cell::to_value)))
    }
}

/// Returns an added column as a field of the schema.
fn describe(registry: &mut Registry, measure: &Measure) -> MetaField {
    let ty = match measure.kind {
        Kind::Count | Kind::DaysLeft => <Option<i64> as OutputType>::create_type_info(registry),
        Kind::Amount
        | Kind::BillAmount
        | Kind::DocumentAmount
        | Kind::Average
        | Kind::Units
        | Kind::Days
        | Kind::Times
        | Kind::Percentage => <Option<Amount> as OutputType>::create_type_info(registry),
    };
    MetaField {
        name: camel_case(measure.name),
        description: Some(added::definition(measure.name)),
        args: Default::default(),
        ty,
        deprecation: Default::default(),
        cache_control: CacheControl::default(),
        external: false,
        requires: None,
        provides: None,
        visible: None,
        shareable: false,
        inaccessible: false,
        tags: Vec::new(),
        override_from: None,
        compute_complexity: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}
