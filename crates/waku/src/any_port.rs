//! Dials from the port that is listened on, as peers behind routers need it, and from any other where the system refuses
//! that one: it does while a connection of somebody else has it, for as long as that lasts. (libp2p-tcp takes another port
//! itself where there is a connection with the peer already, and for no other reason.)

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, FutureExt};
use libp2p::core::transport::{DialOpts, ListenerId, PortUse, TransportError, TransportEvent};
use libp2p::{Multiaddr, Transport};

/// A transport that does so.
pub(crate) struct AnyPort<T>(pub(crate) T);

impl<T> Transport for AnyPort<T>
where
    T: Transport<Error = io::Error> + Unpin,
    T::Output: Send + 'static,
    T::Dial: Send + 'static,
{
    type Output = T::Output;
    type Error = io::Error;
    type ListenerUpgrade = T::ListenerUpgrade;
    type Dial = BoxFuture<'static, io::Result<T::Output>>;

    fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<io::Error>> {
        self.0.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.0.remove_listener(id)
    }

    fn dial(&mut self, address: Multiaddr, options: DialOpts) -> Result<Self::Dial, TransportError<io::Error>> {
        if options.port_use == PortUse::New {
            return Ok(self.0.dial(address, options)?.boxed());
        }
        let first = self.0.dial(address.clone(), options)?;
        let second = self.0.dial(
            address,
            DialOpts {
                port_use: PortUse::New,
                ..options
            },
        )?;
        // A dial does nothing before it is polled.
        Ok(async move {
            match first.await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => second.await,
                dialled => dialled,
            }
        }
        .boxed())
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        Pin::new(&mut self.0).poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use libp2p::core::Endpoint;

    use super::*;

    /// Refuses the port that is listened on, for this reason.
    struct Refusing(io::ErrorKind);

    impl Transport for Refusing {
        type Output = PortUse;
        type Error = io::Error;
        type ListenerUpgrade = Ready<io::Result<PortUse>>;
        type Dial = Ready<io::Result<PortUse>>;

        fn listen_on(&mut self, _: ListenerId, address: Multiaddr) -> Result<(), TransportError<io::Error>> {
            Err(TransportError::MultiaddrNotSupported(address))
        }

        fn remove_listener(&mut self, _: ListenerId) -> bool {
            false
        }

        fn dial(&mut self, _: Multiaddr, options: DialOpts) -> Result<Self::Dial, TransportError<io::Error>> {
            Ok(ready(match options.port_use {
                PortUse::Reuse => Err(self.0.into()),
                PortUse::New => Ok(PortUse::New),
            }))
        }

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
            Poll::Pending
        }
    }

    async fn dial(refusal: io::ErrorKind) -> io::Result<PortUse> {
        let options = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::Reuse,
        };
        let address = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
        AnyPort(Refusing(refusal)).dial(address, options).unwrap().await
    }

    #[tokio::test]
    async fn a_port_that_is_refused_is_not_insisted_on_and_other_failures_stay() {
        assert_eq!(dial(io::ErrorKind::AddrInUse).await.unwrap(), PortUse::New);
        let failure = dial(io::ErrorKind::ConnectionRefused).await.unwrap_err();
        assert_eq!(failure.kind(), io::ErrorKind::ConnectionRefused);
    }
}
