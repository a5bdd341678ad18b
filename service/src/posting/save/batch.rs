//! The rows that every batch may write, saved by one call.

use domain::book::{Book, Posting};
use domain::document::DocumentKind;
use domain::id::CommandId;
use domain::stock::{Level, LevelKey};
use sea_orm::sqlx::{self, Row};

use super::promise;
use crate::posting::table::command::CommandRow;
use crate::posting::table::event::EventRow;
use crate::posting::table::journal::{EntryLineRow, EntryRow};
use crate::posting::table::level::LevelRow;
use crate::posting::table::movement::MovementRow;
use crate::posting::table::sale::{SaleRow, TenderRow};
use crate::posting::table::sales_line::SalesLineRow;
use crate::posting::table::series::SeriesRow;
use crate::posting::{Accepted, Outcome, Recorded};
use crate::{Error, Tx, command};

/// The function is in `migration/replaceable/36_post.sql`.
const POST_BATCH: &str = "select post_batch_2( \
     p_tenant => $1, p_now => $2, p_currency => $3, p_levels => $4, p_series => $5, p_movements => $6, p_sales => $7, \
     p_tenders => $8, p_sales_lines => $9, p_entries => $10, p_entry_lines => $11, p_events => $12, p_commands => $13) \
     as commands";

/// One list of rows for each table.
pub(super) struct Rows<'a> {
    currency: &'a str,
    levels: Vec<LevelRow>,
    series: Vec<SeriesRow<'a>>,
    movements: Vec<MovementRow<'a>>,
    sales: Vec<SaleRow<'a>>,
    tenders: Vec<TenderRow<'a>>,
    sales_lines: Vec<SalesLineRow<'a>>,
    entries: Vec<EntryRow<'a>>,
    entry_lines: Vec<EntryLineRow<'a>>,
    events: Vec<EventRow>,
    commands: Vec<CommandRow<'a>>,
}

impl<'a> Rows<'a> {
    /// Makes the rows of accepted commands, of all responses, of changed levels, and of what was done before the first
    /// command.
    pub(super) fn new(
        tx: &Tx,
        book: &'a Book,
        (accepted, recorded): (&'a [Accepted<'a>], &'a [Recorded<'a>]),
        (changed, served): (&[(LevelKey, Level)], &Posting),
    ) -> Self {
        let mut rows = Rows {
            currency: &book.setup.settings.currency,
            levels: changed.iter().map(LevelRow::new).collect(),
            series: book.series.iter().map(|(series, next)| SeriesRow { series, next: *next }).collect(),
            movements: Vec::new(),
            sales: Vec::new(),
            tenders: Vec::new(),
            sales_lines: Vec::new(),
            entries: Vec::new(),
            entry_lines: Vec::new(),
            events: Vec::new(),
            commands: recorded.iter().map(CommandRow::new).collect(),
        };
        rows.add_events_of_served(tx, (accepted, recorded), served);
        for accepted in accepted {
            rows.add(accepted);
            rows.add_events(tx, accepted);
        }
        rows
    }

    fn add(&mut self, accepted: &'a Accepted<'a>) {
        let (by, posting) = (accepted.command_id, &accepted.posting);
        let entry_mode = accepted.request.entry_mode;
        self.movements
            .extend(posting.movements.iter().map(|movement| MovementRow::new(movement, entry_mode, by)));
        if let Outcome::Sale(sale) = &accepted.outcome {
            self.sales.push(SaleRow::new(sale, by));
            let tenders = sale.tenders.iter().zip(1..);
            self.tenders.extend(tenders.map(|(tender, line_no)| TenderRow::new(sale.id, line_no, tender)));
        }
        self.sales_lines.extend(posting.sales_lines.iter().map(SalesLineRow::new));
        for entry in &posting.entries {
            self.entries.push(EntryRow::new(entry, by));
            let lines = entry.lines.iter().zip(1..);
            self.entry_lines.extend(lines.map(|(line, line_no)| EntryLineRow::new(entry, line_no, line)));
        }
    }

    /// Adds the events of what was done to orders before the first command. They name the first command.
    fn add_events_of_served(
        &mut self,
        tx: &Tx,
        (accepted, recorded): (&[Accepted<'_>], &[Recorded<'_>]),
        served: &Posting,
    ) {
        // A dry run records no command. Its events are rolled back.
        let first = recorded.first().map_or_else(|| tx.command_id(), |recorded| recorded.command_id);
        for (kind, order) in promise::first_events(served, accepted) {
            self.add_event(tx, first, kind, (DocumentKind::Order, order));
        }
    }

    /// Adds one event for the accepted command if it changed its document, `stock.oversold` if it took more than was available,
    /// `stock.unsellable_sold` if it sold expired or recalled stock, one each if a forced sale redeemed more of a voucher than
    /// its balance or was discounted or below cost beyond what the caller may do, `pos_sale.exception_raised`
    /// if a forced sale differs from our rules, `pos_sale.clock_ahead` if its till's clock was
    /// ahead, one event for each order whose credit hold it ended, and one for each other order that it
    /// allocated to or delayed.
    fn add_events(&mut self, tx: &Tx, accepted: &Accepted<'_>) {
        let (by, document) = (accepted.command_id, accepted.outcome.document());
        if !accepted.outcome.is_unchanged() {
            self.add_event(tx, by, accepted.request.command.name(), document);
        }
        if !accepted.posting.short.is_empty() {
            self.add_event(tx, by, "stock.oversold", document);
        }
        if accepted.posting.unsellable {
            self.add_event(tx, by, "stock.unsellable_sold", document);
        }
        if accepted.posting.over_discounted {
            self.add_event(tx, by, "pos_sale.over_discounted", document);
        }
        if let Outcome::Sale(sale) = &accepted.outcome
            && sale.said_at.is_some()
        {
            self.add_event(tx, by, "pos_sale.clock_ahead", document);
        }
        if !accepted.posting.exceptions.is_empty() {
            self.add_event(tx, by, "pos_sale.exception_raised", document);
        }
        if accepted.posting.overdrawn {
            self.add_event(tx, by, "voucher.overdrawn", document);
        }
        if accepted.posting.below_cost {
            self.add_event(tx, by, "pos_sale.sold_below_cost", document);
        }
        for id in &accepted.posting.released {
            self.add_event(tx, by, "order.released", (DocumentKind::Order, id.0));
        }
        for (kind, order) in promise::events(&accepted.posting, Some(document.1)) {
            self.add_event(tx, by, kind, (DocumentKind::Order, order));
        }
    }

    fn add_event(
        &mut self,
        tx: &Tx,
        by: CommandId,
        kind: &'static str,
        (document_kind, document_id): (DocumentKind, uuid::Uuid),
    ) {
        let document_kind = document_kind.word();
        self.events.push(EventRow { id: tx.next_id(), kind, command_id: by, document_kind, document_id });
    }

    /// Writes the rows. Returns the number of command rows written.
    pub(super) async fn save(&self, tx: &Tx) -> Result<i64, Error> {
        let query = sqlx::query(POST_BATCH)
            .bind(tx.tenant_id.0)
            .bind(tx.now)
            .bind(self.currency)
            .bind(&self.levels)
            .bind(&self.series)
            .bind(&self.movements)
            .bind(&self.sales)
            .bind(&self.tenders)
            .bind(&self.sales_lines)
            .bind(&self.entries)
            .bind(&self.entry_lines)
            .bind(&self.events)
            .bind(&self.commands);
        let row = tx.row(query).await.map_err(command::key_held)?;
        let row = row.ok_or_else(|| Error::invariant("the save function returns one row"))?;
        Ok(row.try_get::<i32, _>("commands")?.into())
    }
}
