//! Bounds of a credential: the locations, the channels and the amount of the documents that it may write.
//!
//! They concern documents: what posts stock or money, reserves or counts. They do not concern master data, and nothing
//! that is read. What has no location or no channel, such as a payment or a journal entry, is not bounded by it.

use std::collections::BTreeSet;

use crate::allocation::Owner;
use crate::bill::{self, BilledGoods};
use crate::book::{Book, Posting};
use crate::command::{Command, Outcome};
use crate::hold::{self, Hold, HoldKind};
use crate::id::{
    BillId, CountId, ExpectedReceiptId, HoldId, LocationId, OrderId, PurchaseOrderId, RegisterId,
    StockDocumentId, TransferId,
};
use crate::number::{ExchangeRate, Money};
use crate::refusal::{Code, Problem, Refusal};
use crate::sales::Totals;
use crate::stock_document::StockDocument;
use crate::supplier_payment::{PaidBill, SupplierPayment};
use crate::tenant::Channel;

/// Bounds of the documents that a credential may write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The locations; all if absent.
    pub locations: Option<BTreeSet<LocationId>>,
    /// The channels; all if absent.
    pub channels: Option<BTreeSet<Channel>>,
    /// The largest amount of one document; none if absent.
    pub amount_max: Option<Money>,
}

/// A location that a command concerns, and the field that names it, which is empty if the path does.
struct Place {
    location_id: LocationId,
    pointer: &'static str,
}

/// The location and the channel that a command concerns, and the exchange rate that it states. Each is absent if the command
/// has none.
#[derive(Default)]
struct Concern {
    place: Option<Place>,
    channel: Option<Channel>,
    rate: Option<ExchangeRate>,
}

impl Concern {
    fn at(place: Option<Place>) -> Self {
        Concern { place, ..Concern::default() }
    }

    fn retail(place: Option<Place>) -> Self {
        Concern::at(place).in_channel(Some(Channel::Retail))
    }

    fn wholesale(place: Option<Place>) -> Self {
        Concern::at(place).in_channel(Some(Channel::Wholesale))
    }

    fn in_channel(self, channel: Option<Channel>) -> Self {
        Concern { channel, ..self }
    }

    fn with_rate(self, rate: Option<ExchangeRate>) -> Self {
        Concern { rate, ..self }
    }
}

impl Bounds {
    /// Returns whether there are no bounds.
    pub fn is_unbounded(&self) -> bool {
        *self == Bounds::default()
    }

    /// Returns the bounds that are within these and `others`.
    #[must_use]
    pub fn within(&self, others: &Bounds) -> Bounds {
        Bounds {
            locations: common(self.locations.as_ref(), others.locations.as_ref()),
            channels: common(self.channels.as_ref(), others.channels.as_ref()),
            amount_max: [self.amount_max, others.amount_max].into_iter().flatten().min(),
        }
    }

    /// Rejects a command at another location or in another channel, by what it names and by the records of the book.
    pub fn check_place(&self, book: &Book, command: &Command) -> Result<(), Refusal> {
        let concerned = concern(book, command);
        if let Some(allowed) = &self.locations {
            if matches!(command, Command::RecallLot(_)) {
                let detail = "A recall concerns every location, and the credential is bound to some.";
                return Err(refuse("", "locations", detail.to_owned(), None));
            }
            let of_lines = ordered_places(book, command).into_iter().chain(billed_places(book, command));
            let several = of_lines.chain(landed_places(book, command));
            let mut places = concerned.place.into_iter().chain(several);
            if let Some(place) = places.find(|place| !allowed.contains(&place.location_id)) {
                let code = book.setup.location(Some(place.location_id)).map_or("", |found| &found.code);
                let detail = format!("The credential may not write documents at the location {code}.");
                return Err(refuse(place.pointer, "locations", detail, None));
            }
        }
        self.check_ended_hold(book, command)?;
        concerned.channel.map_or(Ok(()), |channel| self.check_channel(channel))
    }

    /// Rejects a command that ends a hold at another location or of another channel: one that it uses up or replaces.
    fn check_ended_hold(&self, book: &Book, command: &Command) -> Result<(), Refusal> {
        let Some((hold, pointer)) = ended_hold(book, command) else { return Ok(()) };
        if self.locations.as_ref().is_some_and(|allowed| !allowed.contains(&hold.location_id)) {
            let code = book.setup.location(Some(hold.location_id)).map_or("", |found| &found.code);
            let detail = format!("This ends a hold at the location {code}, which the credential may not do.");
            return Err(refuse(pointer, "locations", detail, None));
        }
        match (&self.channels, hold_channel(hold)) {
            (Some(allowed), Some(channel)) if !allowed.contains(&channel) => {
                let channel: &str = channel.into();
                let detail =
                    format!("This ends a hold of the channel {channel}, which the credential may not do.");
                Err(refuse(pointer, "channels", detail, None))
            }
            _ => Ok(()),
        }
    }

    /// Rejects a rate that a command states, if there is a largest amount: a low rate would make any amount in another currency small.
    pub fn check_rate(&self, book: &Book, command: &Command) -> Result<(), Refusal> {
        if self.amount_max.is_none() || concern(book, command).rate.is_none() {
            return Ok(());
        }
        let detail = "The credential has a largest amount, so the recorded exchange rate counts: leave exchange_rate out.";
        Err(refuse("/exchange_rate", "amount_max", detail.to_owned(), None))
    }

    /// Rejects an amendment of an order with a larger amount: it may take away what was ordered, as a cancellation does.
    pub fn check_before(&self, book: &Book, command: &Command) -> Result<(), Refusal> {
        let Command::AmendOrder(command) = command else { return Ok(()) };
        let order = book.orders.get(&command.order_id);
        order.map_or(Ok(()), |order| self.check_sum("", order.totals().total().abs()))
    }

    /// Rejects a document with a larger amount. A bill for little may settle goods of any value, and post the rest as a difference of
    /// the price. The rejection does not say that value, which is a cost.
    pub fn check_amount(&self, outcome: &Outcome, posting: &Posting) -> Result<(), Refusal> {
        let Some(max) = self.amount_max else { return Ok(()) };
        if let Some((pointer, amount)) = amount(outcome) {
            self.check_sum(pointer, amount)?;
        }
        if matches!(outcome, Outcome::Bill(_)) && posting.entries.iter().any(|entry| entry.total > max) {
            let detail = format!(
                "The credential may write documents of at most {max}; this one settles goods of a larger value."
            );
            return Err(refuse("/lines", "amount_max", detail, None));
        }
        Ok(())
    }

    /// Rejects an amount above the largest one.
    pub fn check_sum(&self, pointer: &str, amount: Money) -> Result<(), Refusal> {
        let Some(max) = self.amount_max.filter(|max| amount > *max) else { return Ok(()) };
        let detail = format!("The credential may write documents of at most {max}; this one has {amount}.");
        Err(refuse(pointer, "amount_max", detail, Some(("amount", amount.to_string()))))
    }

    /// Rejects a write that concerns a document of a channel, if the credential is bound to the other one.
    pub fn check_channel(&self, channel: Channel) -> Result<(), Refusal> {
        if self.channels.as_ref().is_none_or(|allowed| allowed.contains(&channel)) {
            return Ok(());
        }
        let channel: &str = channel.into();
        let detail = format!("The credential may not write documents of the channel {channel}.");
        Err(refuse("", "channels", detail, None))
    }
}

fn common<T: Ord + Copy>(one: Option<&BTreeSet<T>>, other: Option<&BTreeSet<T>>) -> Option<BTreeSet<T>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.intersection(other).copied().collect()),
        (one, other) => one.or(other).cloned(),
    }
}

fn refuse(pointer: &str, bound: &str, detail: String, figure: Option<(&'static str, String)>) -> Refusal {
    let mut params = vec![("bound", bound.to_owned())];
    params.extend(figure);
    let problem =
        Problem { pointer: pointer.to_owned(), code: Code::BoundExceeded, detail: detail.clone(), params };
    Refusal { code: Code::BoundExceeded, detail, problems: vec![problem] }
}

/// Returns what a command concerns. Its place is the location at which it issues, receives, reserves or counts; a place is absent
/// too if its record does not exist.
#[expect(clippy::too_many_lines, reason = "one exhaustive match")]
fn concern(book: &Book, command: &Command) -> Concern {
    let named = |id: Option<LocationId>, pointer| {
        book.setup.location(id).map(|location| Place { location_id: location.id, pointer })
    };
    let at =
        |location_id: Option<LocationId>| location_id.map(|location_id| Place { location_id, pointer: "" });
    let order = |id: &OrderId| at(book.orders.get(id).map(|order| order.location_id));
    let hold = |id: &HoldId| {
        let hold = book.holds.get(id);
        Concern::at(at(hold.map(|hold| hold.location_id))).in_channel(hold.and_then(hold_channel))
    };
    let expected = |id: &ExpectedReceiptId| at(book.expected.get(id).map(|expected| expected.location_id));
    let count = |id: &CountId| Concern::at(at(book.counts.get(id).map(|count| count.location_id)));
    let from = |id: &TransferId| at(book.transfers.get(id).map(|transfer| transfer.from_location_id));
    let to = |id: &TransferId| at(book.transfers.get(id).map(|transfer| transfer.to_location_id));
    match command {
        Command::Sell(command) => Concern::retail(till(book, command.register_id)),
        Command::Refund(command) => Concern::retail(till(book, command.register_id)),
        Command::OpenSession(command) => Concern::retail(till(book, command.register_id)),
        Command::MoveCash(command) => Concern::retail(till(book, command.register_id)),
        Command::CloseSession(command) => Concern::retail(till(book, command.register_id)),
        Command::IssueVoucher(command) => {
            Concern::retail(command.register_id().and_then(|id| till(book, id)))
        }
        Command::PlaceOrder(command) => {
            Concern::wholesale(named(command.location_id, "/location_id")).with_rate(command.exchange_rate)
        }
        Command::AmendOrder(command) => Concern::wholesale(order(&command.order_id)),
        Command::ConfirmOrder(command) => Concern::wholesale(order(&command.0)),
        Command::ReleaseOrder(command) => Concern::wholesale(order(&command.0)),
        Command::CancelOrder(command) => Concern::wholesale(order(&command.0)),
        Command::CloseOrder(command) => Concern::wholesale(order(&command.0)),
        Command::AllocateOrder(command) => Concern::wholesale(order(&command.0)),
        Command::PromiseOrder(command) => Concern::wholesale(order(&command.0)),
        Command::ShipOrder(command) => Concern::wholesale(order(&command.order_id)),
        Command::UndoShipment(command) => {
            Concern::wholesale(book.shipments.get(&command.shipment_id).and_then(order))
        }
        Command::InvoiceOrder(command) => Concern::wholesale(order(&command.0)),
        Command::Return(command) => {
            let original = command.original_id.and_then(|id| book.sold.get(&id.0)?.first());
            let location_id = command.location_id.or(original.map(|sold| sold.location_id));
            Concern::wholesale(named(location_id, "/location_id"))
        }
        Command::ReceivePayment(command) => {
            let till = command.register_id.and_then(|id| till(book, id));
            Concern::wholesale(till).with_rate(command.exchange_rate)
        }
        Command::ReversePayment(command) => {
            Concern::wholesale(command.register_id.and_then(|id| till(book, id)))
        }
        Command::PayOut(command) => {
            let till = command.register_id.and_then(|id| till(book, id));
            Concern::wholesale(till).with_rate(command.exchange_rate)
        }
        Command::Apply(_) => Concern::wholesale(None),
        Command::MoveStock(command) => Concern::at(named(command.location_id, "/location_id")),
        Command::Revalue(command) => Concern::at(named(command.location_id, "/location_id")),
        Command::PlaceHold(command) => {
            let place = match (command.kind, command.register_id) {
                (HoldKind::TillAllotment, Some(id)) => till(book, id),
                _ => named(command.location_id, "/location_id"),
            };
            Concern::at(place).in_channel(match command.kind {
                HoldKind::TillAllotment => Some(Channel::Retail),
                HoldKind::ChannelAllotment => command.channel,
                HoldKind::Hold | HoldKind::Quarantine => None,
            })
        }
        Command::ExtendHold(command) => hold(&command.hold_id),
        Command::ReleaseHold(command) => hold(&command.0),
        Command::DispatchTransfer(command) => {
            Concern::at(named(command.from_location_id, "/from_location_id"))
        }
        Command::ReceiveTransfer(command) => Concern::at(to(&command.transfer_id)),
        Command::CancelTransfer(command) => Concern::at(from(&command.transfer_id)),
        Command::ExpectReceipt(command) => Concern::at(named(command.location_id, "/location_id")),
        Command::RescheduleReceipt(command) => Concern::at(expected(&command.id)),
        Command::CancelExpectedReceipt(command) => Concern::at(expected(&command.0)),
        Command::OpenCount(command) => Concern::at(named(command.location_id, "/location_id")),
        Command::EnterCount(command) => count(&command.count_id),
        Command::CompleteCount(command) => count(&command.count_id),
        Command::RecountLines(command) => count(&command.count_id),
        Command::PostCount(command) => count(&command.count_id),
        Command::ReverseCount(command) => count(&command.count_id),
        Command::CancelCount(command) => count(&command.0),
        // The places of purchase orders, bills and landed costs are those of their lines.
        Command::PlacePurchaseOrder(command) => Concern::default().with_rate(command.exchange_rate),
        Command::RecordBill(command) => Concern::default().with_rate(command.exchange_rate),
        Command::PaySupplier(command) => Concern::default().with_rate(command.exchange_rate),
        Command::SendPurchaseOrder(_)
        | Command::ConfirmPurchaseOrder(_)
        | Command::ReceivePurchaseOrder(_)
        | Command::SendGoodsBack(_)
        | Command::TakeReturnBack(_)
        | Command::CancelPurchaseOrder(_)
        | Command::ClosePurchaseOrder(_)
        | Command::PostLandedCost(_)
        | Command::ReverseLandedCost(_)
        | Command::CreditBill(_)
        | Command::ReverseBill(_)
        | Command::ApplySupplierAdvance(_)
        | Command::ReverseSupplierPayment(_)
        | Command::RecallLot(_)
        | Command::PostEntry(_)
        | Command::OpenBooks(_)
        | Command::CloseYear(_)
        | Command::ValueForeign(_)
        | Command::ReverseEntry(_) => Concern::default(),
    }
}

/// Returns the locations of the receipts over which a landed cost is spread, and those to which their units went; none for
/// other commands.
fn landed_places(book: &Book, command: &Command) -> Vec<Place> {
    let named: BTreeSet<StockDocumentId> = if let Command::PostLandedCost(command) = command {
        command.receipts.iter().map(|named| named.stock_document_id).collect()
    } else if let Command::ReverseLandedCost(command) = command {
        let lines = book.landed.get(&command.original_id).into_iter().flat_map(|landed| &landed.lines);
        lines.map(|line| line.stock_document_id).collect()
    } else {
        return Vec::new();
    };
    let receipts = named.iter().filter_map(|id| book.receipts.get(id));
    let places: BTreeSet<LocationId> =
        receipts.flat_map(|receipt| receipt.lines.iter().flat_map(move |goods| goods.places(book))).collect();
    let pointer = if matches!(command, Command::PostLandedCost(_)) { "/receipts" } else { "" };
    places.into_iter().map(|location_id| Place { location_id, pointer }).collect()
}

/// Returns the locations of the lines of a purchase order; none for other commands. Receipts concern the lines that they name.
fn ordered_places(book: &Book, command: &Command) -> Vec<Place> {
    let of_lines = |id: &PurchaseOrderId, named: BTreeSet<i32>| -> Vec<Place> {
        let lines = book.purchases.get(id).into_iter().flat_map(|order| &order.lines);
        let concerned = lines.filter(|line| named.is_empty() || named.contains(&line.line_no));
        let places: BTreeSet<LocationId> = concerned.map(|line| line.location_id).collect();
        places.into_iter().map(|location_id| Place { location_id, pointer: "" }).collect()
    };
    if let Command::PlacePurchaseOrder(command) = command {
        let named = command.lines.iter().map(|line| line.location_id.or(command.location_id));
        let named: BTreeSet<Option<LocationId>> = named.collect();
        let known = named.into_iter().filter_map(|id| book.setup.location(id));
        return known.map(|location| Place { location_id: location.id, pointer: "/lines" }).collect();
    }
    if let Command::ReceivePurchaseOrder(command) = command {
        let named = command.lines.iter().map(|line| line.line_no).collect();
        return of_lines(&command.id, named);
    }
    if let Command::SendGoodsBack(command) = command {
        let receipt = book.purchase_receipts.get(&command.receipt_id);
        let id = command.location_id.or(receipt.map(|receipt| receipt.location_id));
        return id.map(|location_id| Place { location_id, pointer: "/location_id" }).into_iter().collect();
    }
    if let Command::TakeReturnBack(command) = command {
        let back = book.supplier_returns.get(&command.return_id);
        let id = back.map(|back| back.location_id);
        return id.map(|location_id| Place { location_id, pointer: "" }).into_iter().collect();
    }
    if let Command::SendPurchaseOrder(command) = command {
        return of_lines(&command.id, BTreeSet::new());
    }
    if let Command::ConfirmPurchaseOrder(command) = command {
        return of_lines(&command.id, BTreeSet::new());
    }
    if let Command::CancelPurchaseOrder(command) = command {
        return of_lines(&command.0, BTreeSet::new());
    }
    if let Command::ClosePurchaseOrder(command) = command {
        return of_lines(&command.0, BTreeSet::new());
    }
    Vec::new()
}

/// Returns the locations of the goods that a command bills, or of which it takes a bill back; none for other commands.
fn billed_places(book: &Book, command: &Command) -> Vec<Place> {
    let of_bill = |id: &BillId| -> BTreeSet<LocationId> {
        let lines = book.bills.get(id).into_iter().flat_map(|known| &known.bill.lines);
        lines.filter_map(|line| line.location_id).collect()
    };
    let of_goods = |goods: BilledGoods| match goods {
        BilledGoods::Order(id, line_no) => {
            let mut lines = book.purchases.get(&id).into_iter().flat_map(|order| &order.lines);
            lines.find(|line| line.line_no == line_no).map(|line| line.location_id)
        }
        BilledGoods::Receipt(..) => {
            let mut received = book.billing.received.iter();
            received.find(|received| received.goods == goods).map(|received| received.location_id)
        }
    };
    let mut places = BTreeSet::new();
    if let Command::RecordBill(command) = command {
        for line in &command.lines {
            if let Some(bill::Subject::Goods(goods)) = &line.subject {
                places.extend(of_goods(*goods));
            }
        }
    }
    if let Command::CreditBill(command) = command {
        places = of_bill(&command.bill_id);
    }
    if let Command::ReverseBill(command) = command {
        places = of_bill(&command.bill_id);
    }
    places.into_iter().map(|location_id| Place { location_id, pointer: "/lines" }).collect()
}

fn till(book: &Book, id: RegisterId) -> Option<Place> {
    let register = book.setup.registers.get(&id)?;
    Some(Place { location_id: register.location_id, pointer: "/register_id" })
}

/// Returns the hold that a command ends besides its own document, and the field that names it.
fn ended_hold<'a>(book: &'a Book, command: &Command) -> Option<(&'a Hold, &'static str)> {
    let named = |id: Option<HoldId>| Some((book.holds.get(&id?)?, "/hold_id"));
    if let Command::PlaceHold(command) = command {
        return Some((hold::of_reference(book, command.reference.as_deref()?)?, "/reference"));
    }
    if let Command::Sell(command) = command {
        return named(command.hold_id);
    }
    if let Command::PlaceOrder(command) = command {
        return named(command.hold_id);
    }
    None
}

/// Returns the channel of an allotment; nothing for other holds.
fn hold_channel(hold: &Hold) -> Option<Channel> {
    match hold.owner? {
        Owner::Till(_) => Some(Channel::Retail),
        Owner::Channel(channel) => Some(channel),
    }
}

/// Returns the amount that was paid, or the part of an advance that was applied to bills: an application pays nothing more.
fn of_supplier(payment: &SupplierPayment) -> Money {
    match payment.advance_id {
        Some(_) => payment.parts.iter().map(PaidBill::paid).sum(),
        None => payment.amount,
    }
}

/// Returns the amount of a document, without its sign, and the field that made it; nothing if it has no amount. A
/// document with lines of both signs has the sum of their sizes, so that they can't cancel each other out.
fn amount(outcome: &Outcome) -> Option<(&'static str, Money)> {
    let of_stock =
        |document: &StockDocument| document.lines.iter().map(|line| line.value.abs()).sum::<Money>();
    match outcome {
        // What was paid for a forced sale may be far from what its lines come to. Neither may exceed the largest amount.
        Outcome::Sale(sale) => Some(("/lines", sale.total().abs().max(sale.totals.total().abs()))),
        Outcome::Session(_, change) => Some(("", change.as_ref()?.amount.abs())),
        Outcome::CashMove(change) => Some(("/amount", change.amount.abs())),
        Outcome::Order(ordered) => {
            let totals = Totals::of(ordered.order.lines.iter().map(|line| &line.line));
            Some(("/lines", totals.total().abs()))
        }
        Outcome::CreditNote(note) => Some(("/lines", note.total().abs())),
        Outcome::Payment(payment) => Some(("/amount", payment.amount.abs())),
        Outcome::Voucher(issued) => Some(("/amount", issued.voucher.issued)),
        Outcome::Application(application) => Some(("/lines", application.amount())),
        Outcome::StockDocument(document) => Some(("/lines", of_stock(document))),
        Outcome::Transfer(transfer) => Some(("/lines", transfer.lines.iter().map(|line| line.value).sum())),
        Outcome::PurchaseOrder(_, Some(goods)) => Some(("/lines", of_stock(goods.document()))),
        Outcome::PurchaseOrder(order, None) => Some(("/lines", order.value)),
        Outcome::LandedCost(landed) => Some(("/charges", landed.value.abs())),
        Outcome::Bill(bill) => Some(("/lines", bill.total().abs())),
        Outcome::SupplierPayment(payment) => Some(("/bills", of_supplier(payment).abs())),
        Outcome::Count(_, document) => Some(("", of_stock(document.as_ref()?))),
        Outcome::Entry(entry) => Some(("/lines", entry.total)),
        Outcome::Hold(_) | Outcome::Expected(_) | Outcome::Recall(_) => None,
    }
}
