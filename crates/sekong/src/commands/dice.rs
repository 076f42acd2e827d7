//! `sekong dice`: the public dice before the first day, and those that stand in for silent custodians.

mod book;
mod throw;

use std::path::Path;

use sekong_draw::{seat_key_message, sign_for_seat};
use sekong_log::{DeviceKey, OfficerEnrolled};
use sekong_model::OfficerId;
use serde_json::json;

use crate::cli::{DiceKeyArgs, DicePublicArgs, DiceVouchArgs, check_seats};
use crate::clocks::now;
use crate::data_folder::{DataFolder, parse_secret, write_new};
use crate::failure::Failure;
use crate::files::read_text;
use crate::output::print_line;
use crate::randomness::random;

pub(crate) use throw::throw;

pub(crate) fn key(args: &DiceKeyArgs) -> Result<(), Failure> {
    let seed = random()?;
    write_new(&args.out, format!("{}\n", hex::encode(seed)).as_bytes(), 0o600)?;
    print_line(DeviceKey::from_seed(&seed).id())
}

pub(crate) fn public(args: &DicePublicArgs) -> Result<(), Failure> {
    let folder = DataFolder::open(&args.data)?;
    let _lock = folder.lock()?;
    let dice = args.digits.value();
    let index = super::block_on(async {
        let (mut centre, _) = super::serve::open(&folder).await?;
        // What is cast must stand over what cosigners have seen.
        centre.commit(now()).await.map_err(crate::serving::not_started)?;
        let index = centre.cast_dice(dice, args.method.clone(), now()).map_err(Failure::failed)?;
        centre.commit(now()).await.map_err(Failure::failed)?;
        crate::serving::complain_of_cosigners(centre.missing_cosigners());
        centre.close().await.map_err(Failure::failed)?;
        Ok::<u64, Failure>(index)
    })??;
    if args.json {
        return print_line(json!({ "index": index, "dice": dice }));
    }
    print_line(format_args!("public dice {dice} are entry {index}; the campaign can be planned now"))
}

/// Says as JSON what `/api/seat-keys` takes.
pub(crate) fn vouch(args: &DiceVouchArgs) -> Result<(), Failure> {
    check_seats(args.officer.iter().map(|seat| &seat.officer))?;
    let keys = args.officer.iter().map(|seat| Ok((&seat.officer, officer_key(&seat.file)?)));
    let keys: Vec<(&OfficerId, DeviceKey)> = keys.collect::<Result<_, Failure>>()?;
    let own = keys.iter().find(|(officer, _)| **officer == args.seat).map(|(_, key)| key.id());
    let before = args.lost.or(own);
    let message = seat_key_message(&args.campaign, &args.seat, &args.key, before.as_ref());
    let vouchers =
        keys.iter().map(|(officer, key)| sign_for_seat((*officer).clone(), key, &message)).collect();
    let said = OfficerEnrolled { officer: args.seat.clone(), key: args.key, vouchers };
    print_line(serde_json::to_string(&said).map_err(Failure::failed)?)
}

pub(super) fn officer_key(path: &Path) -> Result<DeviceKey, Failure> {
    let text = read_text(path)?;
    let hint = "name the file that `sekong dice key` wrote";
    Ok(DeviceKey::from_seed(&parse_secret(&path.display().to_string(), "key", text.trim(), hint)?))
}
