//! Who may take which units, out of which lot.
//!
//! Every command that sells, reserves, moves or writes off goods asks the same question here, and asks it in two steps.
//! [`Demand`] collects what the lines of the document want of each level and gives tracked goods their lots (`pick.rs`).
//! [`Book::check_available`](crate::book::Book::check_available) then refuses the document if a level has too little for
//! it. Only after that the command changes the level: `consume` lowers the allotments it used, and the level itself
//! issues or reserves.
//!
//! # What is available to whom
//!
//! A level has so much *on hand*. A part of it is *reserved*: for orders, for holds, for a till (*till allotment*), for a
//! channel (*channel allotment*). The rest is *free*; it is negative if more is reserved than is on hand.
//!
//! | who takes | own reservation | till allotment | channel allotment | free |
//! |---|---|---|---|---|
//! | a sale at a till | of the hold it names | of that till | of retail | yes |
//! | a new order | of the hold it names | no | of wholesale | yes |
//! | a shipment | of its order | no | no | yes |
//! | a hold, a transfer, a write-off | of the hold it replaces | no | no | yes |
//! | a forced sale or write-off | everything on hand, and below zero | | | |
//!
//! # In which order
//!
//! 1. *Named lots* are taken as named. A lot that is recalled, has expired, or has too little for the taker is refused.
//! 2. *Own reservation* first: the lots that are reserved for the document.
//! 3. The *till allotment* of the till.
//! 4. What is *free*, and with it the *channel allotment*: both count as available to the channel, and the sale lowers the
//!    channel allotment only by what is not free on the level.
//! 5. *Forced* only: what is on hand although it is reserved for others; the rest below zero, in the lot that came last.
//!
//! Within each step the lot that expires first is taken first (`Lot::rank`), and only lots that may be sold on the day and
//! last long enough for the customer. Goods without lots have one level and skip the choice.
//!
//! What becomes free is allocated to waiting order lines before the next command sees it (`shelf.rs`,
//! [`crate::promise`]), so what is free here is free of them too. A channel allotment is a quantity: what its channel took
//! of it in one lot moves to another lot as long as one is free (`rebalance`).
//!
//! # An example
//!
//! A shop has 10 units of milk on hand: 3 of lot A, which expires first, and 7 of lot B, which came last. An order has 2
//! reserved, till T1 has an allotment of 2, and retail has an allotment of 3:
//!
//! | lot | on hand | order | till T1 | retail | free |
//! |---|---|---|---|---|---|
//! | A | 3 | 2 | 1 | 0 | 0 |
//! | B | 7 | 0 | 1 | 3 | 3 |
//!
//! | who wants how many | gets | because |
//! |---|---|---|
//! | a sale at T1 of 4 | A 1, B 3 | till allotment A 1 and B 1, then free B 2; retail keeps its 3 |
//! | a sale at T1 of 8 | A 1, B 7 | till allotment 2, free 3, retail 3: the most that it can have |
//! | a sale at T1 of 2, lot A named | refused | of A only the 1 of its till allotment is available to it |
//! | a sale at T2 of 4 | B 4 | free 3, then 1 of retail, which keeps 2 |
//! | a sale at T2 of 7 | refused | free 3 and retail 3 make 6 |
//! | a new order of 3 | B 3 | free 3 |
//! | a new order of 4 | refused | free 3; with the policy `backorder` it gets 3 and waits for 1 |
//! | the order that has 2 reserved, of 5 | A 2, B 3 | its own 2, then free 3: the most that it can have |
//! | a transfer of 4 | refused | free 3 |
//! | a forced sale at T1 of 12 | A 3, B 9 | A 1, B 7 as above, then A 2 of the order, then 2 of B below zero |
//! | a forced sale at T2 of 12 | A 3, B 9 | free 3 and retail 3, then A 3 and B 1 of others, then 2 of B below zero |
//!
//! The tests of this page hold these numbers.

pub(crate) mod allotment;
mod demand;
mod forced;
mod pick;
mod serial;
mod shelf;

pub use allotment::{Allotment, Owner, Requester};
pub(crate) use allotment::{Consumed, consume, rebalance};
pub use demand::Demand;
pub(crate) use forced::is_unsellable;
#[cfg(test)]
pub(crate) use forced::last_received;
pub(crate) use pick::{Departure, LineRequest, Part, PickRule, Purpose, held_lines};
pub(crate) use serial::{check_gone, check_serial, on_hand};
pub(crate) use shelf::lacking;
pub use shelf::{Free, Given, allot};

#[cfg(test)]
mod tests;
