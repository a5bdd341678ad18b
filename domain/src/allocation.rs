//! Decides who may take which units, out of which lot.
//!
//! Every command that sells, reserves, moves or writes off stock uses this module, in two steps. [`Demand`]
//! sums what the lines of the document ask of each level, and picks the lots of tracked products (`pick.rs`).
//! [`Book::check_available`](crate::book::Book::check_available) then rejects the document if a level has too
//! little for it. Only after that does the command change the level: `consume` lowers the allotments that it
//! uses, and the level issues or reserves.
//!
//! # Who may take what
//!
//! A level has units *on hand*. A part of them is *reserved*: for orders, for holds, for a till (*till
//! allotment*), for a channel (*channel allotment*). The rest is *available*. It is below zero if more is
//! reserved than is on hand.
//!
//! | requester | own reservation | till allotment | channel allotment | available |
//! |---|---|---|---|---|
//! | a sale at a till | of the hold it names | of that till | of retail | yes |
//! | a new order | of the hold it names | no | of wholesale | yes |
//! | a shipment | of its order | no | no | yes |
//! | a hold, a transfer, a write-off | of the hold it replaces | no | no | yes |
//! | a forced sale or write-off | all on hand, and below zero | | | |
//!
//! # The order in which they are taken
//!
//! 1. *Named lots* are taken as named. A lot that has too little for the requester is rejected, and in a sale also
//!    a lot that is recalled or has expired.
//! 2. *Own reservation*: the lots that are reserved for the document.
//! 3. The *till allotment* of the till.
//! 4. *Available* units, and with them the *channel allotment*. A sale lowers the channel allotment only by what is
//!    not available on the level.
//! 5. *Forced* only: units on hand that are reserved for others. The rest goes below zero, in the lot that was
//!    received last.
//!
//! Within each step the lot that expires first is taken first (`Lot::rank`). Lots are taken only if they are
//! sellable on the day and have enough remaining life for the customer. A product without lots has one level
//! and skips the choice.
//!
//! Stock that becomes available is allocated to waiting order lines before the next command sees it
//! (`shelf.rs`, [`crate::promise`]), so what is available here is what those lines left. A channel allotment
//! is a quantity: what its channel took of it in one lot moves to another lot that has available units
//! (`rebalance`).
//!
//! # An example
//!
//! A shop has 10 units of milk on hand: 3 of lot A, which expires first, and 7 of lot B, which was received
//! last. An order has 2 reserved, till T1 has an allotment of 2, and retail has an allotment of 3:
//!
//! | lot | on hand | order | till T1 | retail | available |
//! |---|---|---|---|---|---|
//! | A | 3 | 2 | 1 | 0 | 0 |
//! | B | 7 | 0 | 1 | 3 | 3 |
//!
//! | requester and quantity | gets | because |
//! |---|---|---|
//! | a sale at T1 of 4 | A 1, B 3 | till allotment A 1 and B 1, then available B 2; retail keeps its 3 |
//! | a sale at T1 of 8 | A 1, B 7 | till allotment 2, available 3, retail 3: the most that it can have |
//! | a sale at T1 of 2, lot A named | rejected | it may take only the 1 of A in its till allotment |
//! | a sale at T2 of 4 | B 4 | available 3, then 1 of retail, which keeps 2 |
//! | a sale at T2 of 7 | rejected | available 3 and retail 3 make 6 |
//! | a new order of 3 | B 3 | available 3 |
//! | a new order of 4 | rejected | available 3; with the policy `backorder` it gets 3 and waits for 1 |
//! | the order that has 2 reserved, of 5 | A 2, B 3 | its own 2, then available 3: all that it can have |
//! | a transfer of 4 | rejected | available 3 |
//! | a forced sale at T1 of 12 | A 3, B 9 | A 1, B 7 as above, then A 2 of the order, then 2 of B below zero |
//! | a forced sale at T2 of 12 | A 3, B 9 | available 3 and retail 3, then A 3 and B 1 of others, then 2 of B below zero |
//!
//! The tests of this module check these numbers.

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
