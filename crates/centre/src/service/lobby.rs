//! Where connections wait that have not proved who they are: few places, for a short time, and never all for one network.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Connections that wait at one time.
const PLACES: usize = 128;

/// Of these, connections from one network: a centre asks for all its provinces at once.
const PLACES_OF_ONE: usize = 64;

/// An IPv4 address, or the first half of an IPv6 address: the rest is the caller's to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Network {
        Network(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address => address,
        })
    }
}

/// The lobby; there is always a place for a newcomer, for somebody else has to go.
#[derive(Clone, Default)]
pub(super) struct Lobby(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    next: u64,
    /// The oldest first.
    places: VecDeque<Place>,
}

struct Place {
    number: u64,
    from: Network,
    /// Dropped with the place, which its holder hears.
    _held: oneshot::Sender<()>,
}

/// A place in the lobby, until it is dropped or taken back.
pub(super) struct Ticket {
    lobby: Lobby,
    number: u64,
    held: oneshot::Receiver<()>,
}

impl Lobby {
    pub(super) fn enter(&self, from: IpAddr) -> Ticket {
        let (hold, held) = oneshot::channel();
        let mut waiting = self.waiting();
        let from = Network::from(from);
        if let Some(gone) = leaver(&waiting.places, from) {
            waiting.places.remove(gone);
        }
        let number = waiting.next;
        waiting.next += 1;
        waiting.places.push_back(Place { number, from, _held: hold });
        drop(waiting);
        Ticket { lobby: self.clone(), number, held }
    }

    /// A panic elsewhere leaves a list of places, which is all that there is.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who has to go for a newcomer: the oldest of a network that has its share already, or else, when all places are taken,
/// the oldest of the network with the most.
fn leaver(places: &VecDeque<Place>, newcomer: Network) -> Option<usize> {
    let mut counts: BTreeMap<Network, usize> = BTreeMap::new();
    places.iter().for_each(|place| *counts.entry(place.from).or_default() += 1);
    let full = counts.get(&newcomer).is_some_and(|count| PLACES_OF_ONE <= *count);
    let most = || counts.iter().max_by_key(|(_, count)| **count).map(|(network, _)| *network);
    let of = if full { Some(newcomer) } else { most().filter(|_| PLACES <= places.len()) };
    places.iter().position(|place| Some(place.from) == of)
}

impl Ticket {
    /// Ends when the place is wanted for somebody else.
    pub(super) async fn taken_back(&mut self) {
        let _ = (&mut self.held).await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let number = self.number;
        self.lobby.waiting().places.retain(|place| place.number != number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn waits(ticket: &mut Ticket) -> bool {
        ticket.held.try_recv() == Err(oneshot::error::TryRecvError::Empty)
    }

    #[test]
    fn a_crowd_of_one_network_pushes_out_itself_alone() {
        let (lobby, mut crowd) = (Lobby::default(), Vec::new());
        let mut single = lobby.enter(from("192.0.2.7"));
        for number in 0..500_u128 {
            let address = Ipv6Addr::from_bits(0x2001_0db8_0000_0001 << 64 | number);
            crowd.push(lobby.enter(IpAddr::V6(address)));
        }
        assert!(waits(&mut single));
        let there: Vec<bool> = crowd.iter_mut().map(waits).collect();
        assert_eq!(there.iter().filter(|waits| **waits).count(), PLACES_OF_ONE);
        assert!(there.ends_with(&[true; PLACES_OF_ONE]), "the newest wait");
    }

    #[test]
    fn when_all_places_are_taken_the_largest_crowd_makes_room() {
        let (lobby, mut crowds) = (Lobby::default(), Vec::new());
        let mut single = lobby.enter(from("192.0.2.7"));
        for network in 0..4 {
            let address = from(&format!("198.51.100.{network}"));
            crowds.extend((0..PLACES_OF_ONE).map(|_| lobby.enter(address)));
        }
        let mut late = lobby.enter(from("192.0.2.8"));
        assert!(waits(&mut single) && waits(&mut late));
        assert_eq!(lobby.waiting().places.len(), PLACES);
        crowds.clear();
        assert_eq!(lobby.waiting().places.len(), 2, "who is through leaves no place behind");
    }
}
