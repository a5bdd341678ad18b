//! Ends a stream whose caller may no longer have it, also if its client reads nothing.
//!
//! A stream that waits for its client to read can't look at its credential. So a task beside it does.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use domain::id::TenantId;
use secrecy::{ExposeSecret, SecretString};
use service::auth::AuthError;
use service::scope::Scopes;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::App;
use crate::connection::Connection;

/// Interval in which a credential is looked up again. With [`GRACE`] it is what a revocation promises: 5 seconds.
const CHECK: Duration = Duration::from_secs(4);
/// Time for a client to take the end of its stream, before its connection is closed.
const GRACE: Duration = Duration::from_secs(1);

/// Credential of a stream, to be checked again.
pub struct Credential {
    /// Tenant of the credential.
    pub tenant_id: TenantId,
    /// The key or the token.
    pub text: SecretString,
    /// Address that it comes from.
    pub address: Option<IpAddr>,
    /// Scopes that the stream needs.
    pub scopes: Scopes,
}

/// The reason why a stream ends.
#[derive(Debug, Clone, Copy, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    TooSlow,
    Stopping,
    Replaced,
    CredentialEnded,
    Failed,
}

/// Guards a stream until it ends. The returned receiver learns why it must end.
pub fn start(
    app: Data<App>,
    credential: Credential,
    given_up: Arc<Notify>,
    connection: Option<Rc<Connection>>,
) -> watch::Receiver<Option<Reason>> {
    let (ends, ending) = watch::channel(None);
    actix_web::rt::spawn(async move {
        let reason = tokio::select! {
            () = ends.closed() => return,
            () = given_up.notified() => Reason::Replaced,
            () = ended(&app, &credential) => Reason::CredentialEnded,
        };
        ends.send_replace(Some(reason));
        if timeout(GRACE, ends.closed()).await.is_err()
            && let Some(connection) = connection
        {
            connection.cut();
        }
    });
    ending
}

/// Returns when the credential is no longer valid, or has lost a scope that the stream needs. A fault of the database does not end the
/// stream.
async fn ended(app: &App, credential: &Credential) {
    let mut forgotten = app.auth.forgotten();
    let mut check = interval_at(Instant::now() + CHECK, CHECK);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = check.tick() => {}
            tenant = forgotten.recv() => match tenant {
                Ok(Some(tenant_id)) if tenant_id != credential.tenant_id => continue,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
        let Credential { text, address, scopes, .. } = credential;
        let may_go_on = match app.auth.authenticate_again(text.expose_secret(), *address).await {
            Ok(now) => now.scopes.covers(*scopes),
            Err(error) => matches!(error, AuthError::Failed(_) | AuthError::TooManyUnknownKeys(_)),
        };
        if !may_go_on {
            return;
        }
    }
}
