//! The credential of a request whose response lasts: it is checked again before each further part.

use std::net::IpAddr;

use actix_web::HttpRequest;
use domain::refusal::Code;
use secrecy::{ExposeSecret, SecretString};
use service::auth::AuthError;

use crate::app::App;
use crate::credential;
use crate::problem::ApiError;

/// A credential, and the address that it comes from.
pub struct Presented {
    text: SecretString,
    address: Option<IpAddr>,
}

impl Presented {
    /// Takes the credential of a request.
    pub fn of(request: &HttpRequest, app: &App) -> Self {
        let text = credential::presented(request.headers()).unwrap_or_default().into_owned();
        Presented { text: SecretString::from(text), address: app.address_of(request) }
    }

    /// Rejects a credential that has ended, or that has lost a scope since it was that of `caller`. One that can't be looked up is
    /// not rejected: if the database fails, the next part fails as well.
    pub async fn check(&self, app: &App, caller: &service::Caller) -> Result<(), ApiError> {
        match app.auth.authenticate(self.text.expose_secret(), self.address).await {
            Ok(now) if now.scopes.covers(caller.scopes) => Ok(()),
            Ok(_) => Err(ApiError::of(Code::InsufficientScope)),
            Err(AuthError::Failed(_) | AuthError::TooManyUnknownKeys(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
