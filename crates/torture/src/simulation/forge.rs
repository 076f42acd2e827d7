//! A second absence list for a period, with proofs and heads that are in order: what only one who holds the keys of a log
//! and its cosigners can show. Under the true keys it is the two-faced centre, under others a rogue custodian's own log.

use jiff::Timestamp;
use sekong_draw::{FreezeKeys, FrozenEntry, ReleaseRequest, period_of};
use sekong_log::{
    AbsencesFrozen, Checkpoint, Cosigner, DailyDie, DeviceKey, Entry, EntryDraft, KeyKind, NO_PREVIOUS,
    SigningKey, Statement, Tree, empty_root, leaf_hash,
};

/// The keys of a log and of its cosigners.
pub(crate) struct Forger {
    log: SigningKey,
    cosigners: Vec<SigningKey>,
}

impl Forger {
    /// Keys under the names that the campaign's log has.
    pub(crate) fn new(campaign: &str, log: &[u8; 32], cosigners: &[[u8; 32]]) -> Forger {
        let name = format!("sekong/{campaign}");
        let key = |name: &str, kind, seed| SigningKey::from_seed(name, kind, seed).expect("a key's name");
        Forger {
            log: key(&name, KeyKind::Ed25519, log),
            cosigners: (1..)
                .zip(cosigners)
                .map(|(number, seed)| key(&format!("{name}/cosigner-{number}"), KeyKind::CosignatureV1, seed))
                .collect(),
        }
    }

    /// What a custodian must know to believe this log.
    pub(crate) fn freeze_keys(&self) -> FreezeKeys {
        FreezeKeys {
            log: self.log.verifier().clone(),
            cosigners: self.cosigners.iter().map(|key| key.verifier().clone()).collect(),
            cosignatures_needed: self.cosigners.len(),
        }
    }

    /// The same request over an absence list of `written` that the true log does not hold.
    pub(crate) fn other_list(&self, true_request: &ReleaseRequest, written: Timestamp) -> ReleaseRequest {
        let basis = true_request.basis.leaf.clone();
        let mut tree = Tree::new();
        let cosigner = |key: &SigningKey| {
            let cosigner = Cosigner::new(key.clone(), self.log.verifier().clone(), (0, empty_root()));
            cosigner.expect("the keys are of their kinds")
        };
        let mut cosigners: Vec<Cosigner> = self.cosigners.iter().map(cosigner).collect();
        tree.push(leaf_hash(&basis));
        let before = self.head(&tree, &mut cosigners, written);
        let list = list(true_request, before, written);
        tree.push(leaf_hash(&list));
        let mut head = self.head(&tree, &mut cosigners, written);
        let die = true_request.die.as_ref().map(|_| {
            let die = die(true_request, head.clone(), written);
            tree.push(leaf_hash(&die));
            head = self.head(&tree, &mut cosigners, written);
            die
        });
        let frozen = |index, leaf| FrozenEntry {
            index,
            leaf,
            proof: tree.inclusion_proof(index, tree.size()).expect("the tree holds them all"),
        };
        let (basis, absences, die) = (frozen(0, basis), frozen(1, list), die.map(|die| frozen(2, die)));
        ReleaseRequest { basis, absences, die, head, ..true_request.clone() }
    }

    fn head(&self, tree: &Tree, cosigners: &mut [Cosigner], time: Timestamp) -> String {
        let origin = self.log.verifier().name().to_owned();
        let checkpoint = Checkpoint { origin, size: tree.size(), root: tree.root() };
        let mut note = checkpoint.sign(&self.log).expect("a head is signed");
        for cosigner in cosigners {
            let (seen, _) = cosigner.state();
            let proof = tree.consistency_proof(seen, tree.size()).expect("the tree grows");
            note.push(cosigner.cosign(seen, &note.to_string(), &proof, time).expect("the head is in order"));
        }
        note.to_string()
    }
}

fn list(request: &ReleaseRequest, head: String, time: Timestamp) -> Vec<u8> {
    let (province, period) = (request.province.clone(), period_of(request.moment));
    let said = AbsencesFrozen { province, period, absent: Vec::new(), head };
    entry(request, &Statement::Absences(said), time)
}

fn die(request: &ReleaseRequest, head: String, time: Timestamp) -> Vec<u8> {
    let said = DailyDie { period: period_of(request.moment), number: "131313".to_owned(), head };
    entry(request, &Statement::DailyDie(said), time)
}

fn entry(request: &ReleaseRequest, said: &Statement, time: Timestamp) -> Vec<u8> {
    let (kind, body) = said.to_parts();
    let campaign = request.campaign.clone();
    let draft = EntryDraft { campaign, seq: 0, prev: NO_PREVIOUS, time, kind, body };
    Entry::sign(&draft, &DeviceKey::from_seed(&[99; 32])).expect("an entry is signed").bytes().to_vec()
}
