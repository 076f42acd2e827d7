//! Custodians: each holds a share of the randomness and gives it out by its own clock, for one freeze only.

use std::collections::BTreeMap;
use std::fmt;

use hmac::Mac;
use jiff::Timestamp;
use sekong_log::{CustodianCommitted, DeviceKey, Head, OutagePlanned, Period, Tree, leaf_hash};
use sekong_model::{CampaignId, CustodianId, Moment, ProvinceId};

use crate::freeze::{
    Freeze, FreezeError, FreezeKeys, FrozenEntry, FrozenPart, Matter, check_included, period_of,
};
use crate::release::{Release, ValueList, commitment_message, outage_message};
use crate::seed::{keyed, length_prefixed};

/// What the centre sends to have a value released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// The campaign.
    pub campaign: CampaignId,
    /// The province.
    pub province: ProvinceId,
    /// The moment.
    pub moment: Moment,
    /// The day's plan, or the campaign for a week's deal.
    pub basis: FrozenEntry,
    /// The absences of the day or week.
    pub absences: FrozenEntry,
    /// Its daily die, in a campaign with one.
    pub die: Option<FrozenEntry>,
    /// The cosigned head (whole signed note) that the proofs lead to. The first one that covers them all is the best: the
    /// absences stand an hour under it before values are released.
    pub head: String,
}

impl ReleaseRequest {
    /// The entries that it shows, by their leaf hashes.
    pub fn freeze(&self) -> Freeze {
        let leaf = |entry: &FrozenEntry| leaf_hash(&entry.leaf);
        let (basis, absences) = (leaf(&self.basis), leaf(&self.absences));
        Freeze { basis, absences, die: self.die.as_ref().map(leaf) }
    }
}

/// Why a custodian keeps a value to itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is of another campaign.
    #[error("a request of campaign {found}; this custodian serves {expected}")]
    OtherCampaign {
        /// The custodian's campaign.
        expected: CampaignId,
        /// The request's.
        found: CampaignId,
    },
    /// No value is committed for the province and moment.
    #[error("no value is committed for {province}, {moment}")]
    NotListed {
        /// The province.
        province: ProvinceId,
        /// The moment.
        moment: Moment,
    },
    /// Its time has not come, by the custodian's clock.
    #[error("{province}, {moment} is due at {due}; it is {now}")]
    TooEarly {
        /// The province.
        province: ProvinceId,
        /// The moment.
        moment: Moment,
        /// Earliest release.
        due: Timestamp,
        /// The custodian's time.
        now: Timestamp,
    },
    /// The entries are not frozen, or are not the ones this moment is drawn over.
    #[error(transparent)]
    NotFrozen(#[from] FreezeError),
    /// A value was released for the same day or week over other entries.
    #[error("{province}, {moment}: values were released over other entries before")]
    SecondFreeze {
        /// The province.
        province: ProvinceId,
        /// The moment.
        moment: Moment,
        /// The entries released for before.
        before: Box<Freeze>,
        /// The entries of the request.
        requested: Box<Freeze>,
    },
}

/// A body that holds a share of the randomness, here or on another machine.
pub trait Custodian {
    /// Its name in the campaign.
    fn id(&self) -> &CustodianId;

    /// Its signed commitment to all its values.
    fn commitment(&self) -> CustodianCommitted;

    /// Its signed word that it will not answer from `from` until before `until`.
    fn outage(&self, from: Timestamp, until: Timestamp) -> OutagePlanned;

    /// Its value for a moment, if everything it checks holds at `now`; asked again for the same freeze it
    /// answers alike.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is then remembered.
    fn release(&mut self, request: &ReleaseRequest, now: Timestamp) -> Result<Release, Refusal>;
}

/// What a custodian is told before the campaign and holds everyone to.
#[derive(Debug, Clone)]
pub struct CustodianTerms {
    /// The campaign.
    pub campaign: CampaignId,
    /// Its provinces in campaign order.
    pub provinces: Vec<ProvinceId>,
    /// Every moment of the campaign, and the earliest time at which its values may be released.
    pub schedule: BTreeMap<Moment, Timestamp>,
    /// Whether values are released after the period's daily die alone.
    pub daily_die: bool,
    /// The keys of the log and its cosigners.
    pub keys: FreezeKeys,
}

impl CustodianTerms {
    /// The values every custodian commits to.
    pub fn value_list(&self) -> ValueList {
        let moments = self.schedule.keys().copied().collect();
        ValueList::new(self.campaign.clone(), self.provinces.clone(), moments)
    }
}

/// What a custodian can say before it knows log or centre: what it commits to, and when it will be out.
pub struct Pledge {
    id: CustodianId,
    secret: [u8; 32],
    key: DeviceKey,
    list: ValueList,
    tree: Tree,
}

impl Pledge {
    /// Values and Ed25519 key all come from one secret. The key's RFC 8032 seed is
    /// `HMAC-SHA-256(secret, lp("sekong/custodian-key/v1") ‖ lp(campaign))`.
    pub fn new(id: CustodianId, secret: [u8; 32], list: ValueList) -> Pledge {
        let mut tree = Tree::new();
        for (province, moment) in list.iter() {
            tree.push(list.leaf(province, moment, &list.value(&secret, province, moment)));
        }
        let key = DeviceKey::from_seed(&signing_seed(&secret, list.campaign()));
        Pledge { id, secret, key, list, tree }
    }

    /// Its signed commitment to all its values.
    pub fn commitment(&self) -> CustodianCommitted {
        let (root, values) = (self.tree.root(), self.tree.size());
        let message = commitment_message(self.list.campaign(), &self.id, &root, values);
        let signature = hex::encode(self.key.sign(&message));
        CustodianCommitted { custodian: self.id.clone(), key: self.key.id(), root, values, signature }
    }

    /// Its signed word that it will not answer from `from` until before `until`.
    pub fn outage(&self, from: Timestamp, until: Timestamp) -> OutagePlanned {
        let (from, until) = (whole_seconds(from), whole_seconds(until));
        let mut said = OutagePlanned { custodian: self.id.clone(), from, until, signature: String::new() };
        said.signature = hex::encode(self.key.sign(&outage_message(self.list.campaign(), &said)));
        said
    }
}

/// A custodian in this process. It never forgets a freeze; its owner carries [`LocalCustodian::freezes`] over
/// a restart.
pub struct LocalCustodian {
    pledge: Pledge,
    terms: CustodianTerms,
    freezes: BTreeMap<(ProvinceId, Period), Freeze>,
    last_head: Option<Head>,
}

impl LocalCustodian {
    /// A custodian of one secret that holds everyone to `terms`.
    pub fn new(id: CustodianId, secret: [u8; 32], terms: CustodianTerms) -> LocalCustodian {
        let pledge = Pledge::new(id, secret, terms.value_list());
        LocalCustodian { pledge, terms, freezes: BTreeMap::new(), last_head: None }
    }

    /// The same custodian, which remembers what it released for before.
    pub fn with_freezes(mut self, freezes: BTreeMap<(ProvinceId, Period), Freeze>) -> LocalCustodian {
        self.freezes = freezes;
        self
    }

    /// What it released for, by province and day or week; persisted before a release leaves the custodian.
    pub fn freezes(&self) -> &BTreeMap<(ProvinceId, Period), Freeze> {
        &self.freezes
    }

    fn check_due(&self, request: &ReleaseRequest, now: Timestamp) -> Result<u64, Refusal> {
        let (province, moment) = (request.province.clone(), request.moment);
        if request.campaign != self.terms.campaign {
            let (expected, found) = (self.terms.campaign.clone(), request.campaign.clone());
            return Err(Refusal::OtherCampaign { expected, found });
        }
        let listed = self.pledge.list.index(&province, moment).zip(self.terms.schedule.get(&moment));
        match listed {
            None => Err(Refusal::NotListed { province, moment }),
            Some((_, due)) if now < *due => Err(Refusal::TooEarly { province, moment, due: *due, now }),
            Some((index, _)) => Ok(index),
        }
    }

    /// A province's hours of one head arrive together: the last head is kept, so that it is verified once.
    fn open_head(&mut self, note: &str) -> Result<Head, FreezeError> {
        match &self.last_head {
            Some(head) if head.note == note => Ok(head.clone()),
            _ => {
                let head = self.terms.keys.open(note)?;
                self.last_head = Some(head.clone());
                Ok(head)
            }
        }
    }

    fn check_freeze(&mut self, request: &ReleaseRequest, now: Timestamp) -> Result<Freeze, Refusal> {
        let head = self.open_head(&request.head)?;
        if request.die.is_some() != self.terms.daily_die {
            return Err(FreezeError::Die { wanted: self.terms.daily_die }.into());
        }
        check_included(FrozenPart::Basis, &request.basis, &head)?;
        check_included(FrozenPart::Absences, &request.absences, &head)?;
        request.die.iter().try_for_each(|die| check_included(FrozenPart::Die, die, &head))?;
        let requested = request.freeze();
        let (province, moment) = (request.province.clone(), request.moment);
        match self.freezes.get(&(province.clone(), period_of(moment))) {
            Some(before) if *before == requested => return Ok(requested),
            Some(before) => {
                let (before, requested) = (Box::new(*before), Box::new(requested));
                return Err(Refusal::SecondFreeze { province, moment, before, requested });
            }
            None => {}
        }
        let matter = Matter { campaign: &self.terms.campaign, province: &request.province, moment };
        let due = matter.check(request, &head, &self.terms.keys)?;
        if now < due {
            return Err(Refusal::TooEarly { province, moment, due, now });
        }
        Ok(requested)
    }

    fn sign(&self, request: &ReleaseRequest, index: u64, freeze: Freeze, now: Timestamp) -> Release {
        let (province, moment) = (request.province.clone(), request.moment);
        let pledge = &self.pledge;
        let proof = pledge.tree.inclusion_proof(index, pledge.tree.size());
        let mut release = Release {
            custodian: pledge.id.clone(),
            value: pledge.list.value(&pledge.secret, &province, moment),
            province,
            moment,
            basis: freeze.basis,
            absences: freeze.absences,
            die: freeze.die,
            time: whole_seconds(now),
            index,
            proof: proof.expect("the list gave an index below its count, which is the tree's size"),
            signature: String::new(),
        };
        release.signature = hex::encode(pledge.key.sign(&release.message(&self.terms.campaign)));
        release
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).expect("a second that was a time's is one of the calendar")
}

fn signing_seed(secret: &[u8; 32], campaign: &CampaignId) -> [u8; 32] {
    let message = length_prefixed(&[b"sekong/custodian-key/v1", campaign.as_str().as_bytes()]);
    keyed(secret).chain_update(message).finalize().into_bytes().into()
}

impl Custodian for LocalCustodian {
    fn id(&self) -> &CustodianId {
        &self.pledge.id
    }

    fn commitment(&self) -> CustodianCommitted {
        self.pledge.commitment()
    }

    fn outage(&self, from: Timestamp, until: Timestamp) -> OutagePlanned {
        self.pledge.outage(from, until)
    }

    fn release(&mut self, request: &ReleaseRequest, now: Timestamp) -> Result<Release, Refusal> {
        let index = self.check_due(request, now)?;
        let freeze = self.check_freeze(request, now)?;
        self.freezes.insert((request.province.clone(), period_of(request.moment)), freeze);
        Ok(self.sign(request, index, freeze, now))
    }
}

impl fmt::Debug for LocalCustodian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalCustodian({}, {} values, ..)", self.pledge.id, self.pledge.list.count())
    }
}
