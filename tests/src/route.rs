//! An address in front of a server, which a test can cut and lead elsewhere.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// An address that leads to a server, as a proxy or a name with a short life does. It can be cut, and led elsewhere.
pub struct Route {
    port: u16,
    target: watch::Sender<Option<u16>>,
}

impl Route {
    /// Leads to `port` of this machine.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
        let own = listener.local_addr().expect("an address").port();
        let (target, targets) = watch::channel(Some(port));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, targets.clone()));
            }
        });
        Route { port: own, target }
    }

    /// Returns its own port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends all connections. Later ones lead to `port`, or nowhere.
    pub fn lead(&self, port: Option<u16>) {
        self.target.send_replace(port);
    }
}

/// Passes bytes on until one side ends or the route changes.
async fn forward(mut client: TcpStream, mut targets: watch::Receiver<Option<u16>>) {
    let Some(port) = *targets.borrow_and_update() else { return };
    let Ok(mut server) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = targets.changed() => {}
    }
}
