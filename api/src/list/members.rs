//! The members of the rows of a list: those that the caller names with `fields`, and records beside their ids with `expand`.

use std::collections::{BTreeSet, HashSet};

use actix_web::HttpRequest;
use serde_json::{Map, Value};
use service::expand::{self, Expansion};
use service::{Db, Tx};

use crate::Caller;
use crate::problem::{ApiError, ErrorCode};
use crate::schema::row_fields;

/// The lists that show records beside their ids, and which.
const EXPANDED: &[(&str, &[Expansion])] = &[
    ("/v1/applications", &[Expansion::Customer]),
    ("/v1/counts", &[Expansion::Location]),
    ("/v1/customers", &[Expansion::PriceTier, Expansion::PriceList]),
    ("/v1/invoices", &[Expansion::Customer]),
    ("/v1/lots", &[Expansion::Product]),
    ("/v1/orders", &[Expansion::Customer, Expansion::Location]),
    ("/v1/payments", &[Expansion::Customer]),
    ("/v1/pos/sales", &[Expansion::Customer, Expansion::Location, Expansion::Register]),
    ("/v1/products", &[Expansion::Category]),
    ("/v1/registers", &[Expansion::Location]),
    ("/v1/shipments", &[Expansion::Customer, Expansion::Location]),
    ("/v1/stock/documents", &[Expansion::Location]),
    ("/v1/stock/holds", &[Expansion::Customer, Expansion::Location]),
    ("/v1/stock/levels", &[Expansion::Product, Expansion::Location]),
    ("/v1/stock/movements", &[Expansion::Product, Expansion::Location]),
    ("/v1/stock/oversold", &[Expansion::Product, Expansion::Location]),
    ("/v1/vouchers", &[Expansion::Customer]),
];

/// Returns the records that the list at a path shows beside their ids.
pub fn expansions(path: &str) -> &'static [Expansion] {
    EXPANDED.iter().find(|(list, _)| *list == path).map_or(&[], |(_, expansions)| expansions)
}

/// The members that a caller asked for.
#[derive(Debug, Default)]
pub struct Members {
    /// All if absent.
    fields: Option<Vec<String>>,
    expanded: Vec<Expansion>,
}

impl Members {
    /// Splits `fields` and `expand` off a query. Returns the rest of it too.
    pub fn split(request: &HttpRequest, query: &str) -> Result<(Self, String), ApiError> {
        let mut members = Members::default();
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let names = |value: &str| -> Vec<String> {
                let value: String =
                    form_urlencoded::parse(format!("v={value}").as_bytes()).map(|(_, text)| text).collect();
                let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
                // Each row is looked at for each name, so a repeated one counts once.
                let mut seen = HashSet::new();
                parts.filter(|part| seen.insert(*part)).map(str::to_owned).collect()
            };
            match pair.split_once('=') {
                Some(("fields", value)) => members.fields = Some(names(value)),
                Some(("expand", value)) => members.expanded = parse_expansions(request, &names(value))?,
                _ => rest.push(pair),
            }
        }
        members.check(request)?;
        Ok((members, rest.join("&")))
    }

    /// Rejects fields that no row has.
    fn check(&self, request: &HttpRequest) -> Result<(), ApiError> {
        let Some(fields) = &self.fields else { return Ok(()) };
        let known = row_fields(request);
        let is_known = |name: &str| {
            known.iter().any(|known| known == name) || self.expanded.iter().any(|one| one.member() == name)
        };
        let detail = match fields.iter().find(|name| !is_known(name)) {
            Some(unknown) => format!("`{unknown}` is not one of {}.", known.join(", ")),
            None if fields.is_empty() => "Name at least one field.".to_owned(),
            None => return Ok(()),
        };
        Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("fields"))
    }

    /// Returns the columns of the rows in a table: the members that the caller asked for, or all.
    pub fn columns(&self, request: &HttpRequest) -> Vec<String> {
        let mut columns = self.fields.clone().unwrap_or_else(|| row_fields(request));
        if self.fields.is_none() {
            columns.extend(self.expanded.iter().map(|expansion| expansion.member().to_owned()));
        }
        let mut seen = BTreeSet::new();
        columns.retain(|column| seen.insert(column.clone()));
        columns
    }

    /// Whether the rows are shown as they are.
    pub fn is_all(&self) -> bool {
        self.fields.is_none() && self.expanded.is_empty()
    }

    /// Puts the records beside their ids.
    pub async fn expand(&self, db: &Db, caller: &Caller, rows: &mut [Value]) -> Result<(), ApiError> {
        if self.expanded.is_empty() {
            return Ok(());
        }
        if caller.is_publishable() {
            return Err(ApiError::of(ErrorCode::NotPublishable).at_parameter("expand"));
        }
        for expansion in &self.expanded {
            caller.require(expansion.scope())?;
        }
        let find = async |tx: &Tx| {
            let mut found = Vec::with_capacity(self.expanded.len());
            for expansion in &self.expanded {
                let id = id_member(*expansion);
                let ids = rows.iter().filter_map(|row| expansion.decode(row[&id].as_str()?));
                let ids: BTreeSet<_> = ids.collect();
                found.push(expand::find(tx, *expansion, ids.into_iter().collect()).await?);
            }
            Ok(found)
        };
        let found = db.read(caller.tenant_id, find).await?;
        for (expansion, records) in self.expanded.iter().zip(found) {
            let id = id_member(*expansion);
            for row in rows.iter_mut() {
                let record = row[&id].as_str().and_then(|id| records.get(id)).cloned();
                row[expansion.member()] = record.unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Leaves out the members that the caller did not ask for.
    pub fn narrow(&self, rows: Vec<Value>) -> Vec<Value> {
        let Some(fields) = &self.fields else { return rows };
        let narrow = |row: Value| {
            let Value::Object(mut members) = row else { return row };
            let asked = fields.iter().filter_map(|name| Some((name.clone(), members.remove(name)?)));
            Value::Object(asked.collect::<Map<_, _>>())
        };
        rows.into_iter().map(narrow).collect()
    }
}

fn id_member(expansion: Expansion) -> String {
    format!("{}_id", expansion.member())
}

fn parse_expansions(request: &HttpRequest, names: &[String]) -> Result<Vec<Expansion>, ApiError> {
    let allowed = expansions(request.path());
    let find = |name: &String| allowed.iter().copied().find(|expansion| expansion.member() == name);
    let mut expanded = Vec::with_capacity(names.len());
    for name in names {
        let Some(expansion) = find(name) else {
            let known: Vec<&str> = allowed.iter().map(|expansion| expansion.member()).collect();
            let detail = match known.as_slice() {
                [] => "This list has nothing to expand. Leave the parameter out.".to_owned(),
                known => format!("`{name}` is not one of {}.", known.join(", ")),
            };
            return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("expand"));
        };
        if !expanded.contains(&expansion) {
            expanded.push(expansion);
        }
    }
    Ok(expanded)
}
