//! What was found in which kind of vehicle: two closed lists, so that a report says nothing about anybody.

use serde::{Deserialize, Serialize};

use crate::inspection::Counts;

/// What something crossed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// On foot, with or without a cart or an animal.
    OnFoot,
    /// A motorcycle, with or without a trailer, or a bicycle.
    TwoWheeler,
    /// A car or a pick-up.
    Car,
    /// A bus or a minibus.
    Bus,
    /// A lorry, with or without a trailer; a tractor.
    Truck,
    /// A boat or a ferry.
    Boat,
    /// Anything else.
    Other,
}

/// What was found, by the chief groups of the World Drug Report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drug {
    /// Amphetamine-type stimulants: methamphetamine as pills or crystals, ecstasy.
    Amphetamines,
    /// Opium, morphine, heroin and synthetic opioids.
    Opioids,
    /// Cannabis, herb or resin.
    Cannabis,
    /// Cocaine.
    Cocaine,
    /// What drugs are made from: precursors and reagents.
    Precursors,
    /// Anything else: ketamine, new substances, medicines.
    Other,
}

impl Transport {
    /// Every kind, in order.
    pub const ALL: [Transport; 7] = [
        Transport::OnFoot,
        Transport::TwoWheeler,
        Transport::Car,
        Transport::Bus,
        Transport::Truck,
        Transport::Boat,
        Transport::Other,
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Transport::OnFoot => "on-foot",
            Transport::TwoWheeler => "two-wheeler",
            Transport::Car => "car",
            Transport::Bus => "bus",
            Transport::Truck => "truck",
            Transport::Boat => "boat",
            Transport::Other => "other",
        }
    }
}

impl Drug {
    /// Every class, in order.
    pub const ALL: [Drug; 6] =
        [Drug::Amphetamines, Drug::Opioids, Drug::Cannabis, Drug::Cocaine, Drug::Precursors, Drug::Other];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Drug::Amphetamines => "amphetamines",
            Drug::Opioids => "opioids",
            Drug::Cannabis => "cannabis",
            Drug::Cocaine => "cocaine",
            Drug::Precursors => "precursors",
            Drug::Other => "other",
        }
    }
}

/// Vehicles of one kind in which one class was found, or was most of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Find {
    /// The kind of vehicle.
    pub transport: Transport,
    /// The class of most of it.
    pub drug: Drug,
    /// How many vehicles, at least one.
    pub vehicles: u32,
}

/// The finds of one slot, as far as they were told apart: each pair once, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Find>", into = "Vec<Find>")]
pub struct Finds(Vec<Find>);

/// Why a list is not the finds of one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FindsError {
    /// A line of no vehicles, or of more than pass any post in an hour.
    #[error("{vehicles} vehicles; a line tells of 1 to {}", Counts::MAX)]
    Vehicles {
        /// As given.
        vehicles: u32,
    },
    /// A pair is there twice, or after one that comes later.
    #[error("{} with {} is not in its place: each pair once, transports and drugs in the order of their lists", transport.name(), drug.name())]
    Order {
        /// The kind of vehicle.
        transport: Transport,
        /// The class.
        drug: Drug,
    },
}

impl Finds {
    /// The finds of one slot.
    ///
    /// # Errors
    /// When a line tells of no vehicle or of too many, or a pair is out of order or there twice.
    pub fn new(finds: Vec<Find>) -> Result<Finds, FindsError> {
        if let Some(find) = finds.iter().find(|find| !(1..=Counts::MAX).contains(&find.vehicles)) {
            return Err(FindsError::Vehicles { vehicles: find.vehicles });
        }
        let key = |find: &Find| (find.transport, find.drug);
        if let Some(pair) = finds.windows(2).find(|pair| key(&pair[1]) <= key(&pair[0])) {
            return Err(FindsError::Order { transport: pair[1].transport, drug: pair[1].drug });
        }
        Ok(Finds(finds))
    }

    /// Whether nothing was told apart.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each line.
    pub fn iter(&self) -> impl Iterator<Item = &Find> {
        self.0.iter()
    }

    /// Vehicles in all lines.
    pub fn vehicles(&self) -> u64 {
        self.iter().map(|find| u64::from(find.vehicles)).sum()
    }
}

impl TryFrom<Vec<Find>> for Finds {
    type Error = FindsError;
    fn try_from(finds: Vec<Find>) -> Result<Finds, FindsError> {
        Finds::new(finds)
    }
}

impl From<Finds> for Vec<Find> {
    fn from(finds: Finds) -> Vec<Find> {
        finds.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Finds, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn each_pair_is_told_once_and_in_order() {
        let one = r#"{"transport":"car","drug":"opioids","vehicles":1}"#;
        let next = r#"{"transport":"car","drug":"cannabis","vehicles":2}"#;
        assert_eq!(read(&format!("[{one},{next}]")).unwrap().vehicles(), 3);
        for list in [format!("[{next},{one}]"), format!("[{one},{one}]")] {
            assert!(read(&list).unwrap_err().contains("not in its place"), "{list}");
        }
    }

    #[test]
    fn a_line_of_no_vehicle_and_an_unknown_word_are_refused() {
        for (text, why) in [
            (r#"[{"transport":"car","drug":"opioids","vehicles":0}]"#, "1 to 9999"),
            (r#"[{"transport":"car","drug":"opioids","vehicles":10000}]"#, "1 to 9999"),
            (r#"[{"transport":"camel","drug":"opioids","vehicles":1}]"#, "camel"),
            (r#"[{"transport":"car","drug":"tea","vehicles":1}]"#, "tea"),
            (r#"[{"transport":"car","drug":"opioids","vehicles":1,"name":"x"}]"#, "name"),
        ] {
            assert!(read(text).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn names_are_those_of_the_files_and_lists_are_in_order() {
        for transport in Transport::ALL {
            assert_eq!(serde_json::to_value(transport).unwrap(), transport.name());
        }
        for drug in Drug::ALL {
            assert_eq!(serde_json::to_value(drug).unwrap(), drug.name());
        }
        assert!(Transport::ALL.is_sorted() && Drug::ALL.is_sorted());
    }
}
