//! The areas over HTTP: one folder for each, named as in the product.

#![expect(clippy::print_stdout, reason = "what a failed run shows: seeds and figures")]

mod buying;
mod catalog;
mod close;
mod count;
mod ledger;
mod lot;
mod order;
mod payment;
mod period_lock;
mod pos;
mod pricing;
mod reconcile;
mod replenish;
mod report;
mod stock;
mod tax;
mod walk;

/// Behaviour that all operations share: authority, idempotency, reads, streams, limits.
mod platform {
    pub mod auth;
    mod bi_login;
    mod bounded;
    mod bounds;
    mod card_numbers;
    mod command_line;
    mod connections;
    mod costs;
    mod custom_roles;
    mod customer_sessions;
    mod days;
    mod decimals;
    mod doctor;
    mod events;
    mod example_programs;
    mod examples;
    mod faults;
    mod faults_together;
    mod finer;
    mod foreign_decimals;
    mod guesses;
    mod hostile_texts;
    mod idempotency;
    mod instants;
    mod integrity;
    mod invitations;
    mod isolation;
    mod jobs;
    mod last_place;
    mod limits;
    mod list_export;
    mod lists;
    mod one_line;
    mod order_of_times;
    mod own_ids;
    mod pages;
    mod people;
    mod personal;
    mod plain_words;
    mod power;
    mod printed;
    mod publishable;
    mod rate;
    mod reading;
    mod refusals;
    mod request_form;
    mod request_log;
    mod round_trip;
    mod second_factor;
    mod seen;
    mod sessions;
    mod settings;
    mod sign_in_provider;
    mod stream;
    mod synced;
    mod tenant_archive;
    mod unchanged;
    mod unknown_keys;
    mod unknown_parameters;
    mod versions;
    mod webhook;
}
