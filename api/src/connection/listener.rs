//! The listening socket, and the service behind it: it lets connections in, and closes those whose peer is late.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol, Request, Response};
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_factory, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server};
use futures_util::future::LocalBoxFuture;
use ipnet::IpNet;
use tokio::net::{TcpSocket, TcpStream};

use super::gate::Gate;
use super::transport::Transport;
use super::watch::{Connection, within_head};
use super::{ConnectionLimits, Deadlines};

/// Connections that the system keeps until they are accepted.
const BACKLOG: u32 = 1_024;
/// Bytes that an HTTP/2 peer may send before they are read: for a request, and for a connection.
const HTTP2_WINDOWS: (u32, u32) = (256 * 1024, 1024 * 1024);
/// The beginning of an HTTP/2 connection (RFC 9113, section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2";
/// Time to read on after a response to a request whose body was not read, so that the peer sees the response.
const GOODBYE: Duration = Duration::from_secs(1);
/// Sent to a connection that is one too many.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Settings of a listening server.
#[derive(Debug)]
pub struct Listening<'a> {
    /// Address to bind.
    pub addr: SocketAddr,
    /// Threads that serve requests.
    pub workers: usize,
    /// Seconds for requests in progress to finish when the server stops.
    pub shutdown_seconds: u64,
    /// Limits of its connections.
    pub limits: &'a ConnectionLimits,
    /// Networks of our own proxies.
    pub trusted_proxies: &'a [IpNet],
}

/// Binds the address and serves the application that `app` creates for each worker. Returns the server and its address.
pub fn listen<F, I, S, B>(settings: &Listening<'_>, app: F) -> io::Result<(Server, SocketAddr)>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let listener = bind(settings.addr)?;
    let addr = listener.local_addr()?;
    let gate = Arc::new(Gate::new(settings.limits, settings.trusted_proxies));
    let deadlines = settings.limits.deadlines();
    let builder = ServerBuilder::default()
        .workers(settings.workers)
        .max_concurrent_connections(settings.limits.connections_max as usize)
        .shutdown_timeout(settings.shutdown_seconds)
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let builder = builder.listen("http", listener, move || {
        let stopping = stopping.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(deadlines.keep_alive)
            .client_request_timeout(deadlines.head)
            .client_disconnect_timeout(GOODBYE)
            .local_addr(addr)
            .h2_initial_window_size(HTTP2_WINDOWS.0)
            .h2_initial_connection_window_size(HTTP2_WINDOWS.1)
            .on_connect_ext(|transport: &Transport, data| {
                data.insert(transport.connection());
            });
        let app = app().into_factory().map_err(|error| error.into().error_response());
        // The configuration holds the host for URLs, and the application makes none.
        let app = map_config(app, |()| AppConfig::default());
        let http = http.finish(app);
        let gate = Arc::clone(&gate);
        fn_factory(move || {
            let (made, gate) = (http.new_service(()), Arc::clone(&gate));
            async move { Ok::<_, ()>(Door { http: Rc::new(made.await?), gate, deadlines }) }
        })
    })?;
    Ok((builder.run(), addr))
}

fn bind(addr: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Lets connections in.
struct Door<S> {
    http: Rc<S>,
    gate: Arc<Gate>,
    deadlines: Deadlines,
}

impl<S> Service<TcpStream> for Door<S>
where
    S: Service<(Transport, Protocol, Option<SocketAddr>), Response = (), Error = DispatchError> + 'static,
{
    type Response = ();
    type Error = DispatchError;
    type Future = LocalBoxFuture<'static, Result<(), DispatchError>>;

    actix_service::forward_ready!(http);

    fn call(&self, stream: TcpStream) -> Self::Future {
        let peer = stream.peer_addr().ok();
        let address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let pass = self.gate.enter(address);
        if pass.is_none() {
            // If the client can't take it at once, it only sees the end.
            _ = stream.try_write(FULL);
        }
        let takes_http2 = self.gate.trusts(address);
        let (http, deadlines) = (Rc::clone(&self.http), self.deadlines);
        Box::pin(async move {
            let Some(_pass) = pass else { return Ok(()) };
            let accepted = Instant::now();
            let Some(protocol) = within_head(deadlines, protocol(&stream)).await else { return Ok(()) };
            let protocol = protocol?;
            if protocol == Protocol::Http2 && !takes_http2 {
                return Ok(());
            }
            _ = stream.set_nodelay(true);
            let connection = Rc::new(Connection::new(deadlines, protocol == Protocol::Http2, accepted));
            let transport = Transport::new(stream, Rc::clone(&connection));
            tokio::select! {
                served = http.call((transport, protocol, peer)) => served,
                () = connection.expired() => Ok(()),
            }
        })
    }
}

/// Returns the protocol that the first bytes speak.
async fn protocol(stream: &TcpStream) -> io::Result<Protocol> {
    let mut first = [0; HTTP2_PREFACE.len()];
    stream.peek(&mut first).await?;
    Ok(if first == HTTP2_PREFACE { Protocol::Http2 } else { Protocol::Http1 })
}
