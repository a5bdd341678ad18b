//! The pages for people, in a browser.

mod console;
mod copies;
mod explorer;
mod fix;
mod harness;
mod insights;
mod live;
mod serving;
mod sign_in;
mod states;
mod store;
mod visit;
