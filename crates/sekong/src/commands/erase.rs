//! `sekong erase`: two officers of different bodies have a person's record erased.

use sekong_draw::{erasure_message, sign_for_seat};
use sekong_log::PersonErased;

use super::dice::officer_key;
use super::line::Line;
use crate::cli::{EraseArgs, check_seats};
use crate::failure::Failure;
use crate::output::print_line;

/// Prints what `/api/erasures` takes, or sends it there.
pub(crate) fn run(args: &EraseArgs) -> Result<(), Failure> {
    check_seats(args.officer.iter().map(|seat| &seat.officer))?;
    let mut said = PersonErased {
        entry: args.entry,
        commitment: args.commitment,
        ground: args.ground.into(),
        signers: Vec::new(),
    };
    let message = erasure_message(&args.campaign, &said);
    for seat in &args.officer {
        said.signers.push(sign_for_seat(seat.officer.clone(), &officer_key(&seat.file)?, &message));
    }
    let text = serde_json::to_string(&said).map_err(Failure::failed)?;
    match &args.centre {
        None => print_line(text),
        Some(centre) => {
            Line::to(centre).post("/api/erasures", &text)?;
            print_line("erased: salt and record are gone, the commitment stays")
        }
    }
}
