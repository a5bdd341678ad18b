//! The pages for people, in a browser.

mod copies;
mod fix;
mod harness;
mod insights;
mod serving;
mod sign_in;
mod states;
mod visit;
