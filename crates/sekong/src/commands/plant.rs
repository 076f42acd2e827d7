//! `sekong plant`: simulants of the inspectorate, committed to before the draw and opened when the hour is over.

use sekong_log::{Hash, Plant, PlantCommitted, PlantRevealed, PlantVisit, Statement};
use sekong_model::CampaignId;
use serde::{Deserialize, Serialize};

use super::line::Line;
use super::pinned::Pinned;
use crate::cli::{MetVisit, PlantCommitArgs, PlantInitArgs, PlantPlaceArgs, PlantRevealArgs};
use crate::data_folder::{new_folder, whole};
use crate::failure::Failure;
use crate::output::print_line;
use crate::plant_folder::{KeptPlant, PlantFolder};
use crate::randomness::random;

pub(crate) fn init(args: &PlantInitArgs) -> Result<(), Failure> {
    // Its text stands in campaign.toml as it is.
    if args.holder.contains(|c: char| c.is_control() || "\"\\".contains(c)) {
        return Err(Failure::usage("--holder holds a quotation mark, a backslash or a control character")
            .hint("say who holds the simulants in plain words"));
    }
    new_folder(&args.data)?;
    whole(&args.data, || PlantFolder::create(&args.data, &args.campaign, random()?))?;
    let folder = PlantFolder::open(&args.data)?;
    print_line("[rules.plants]")?;
    print_line(format_args!("holder = \"{}\"", args.holder))?;
    print_line(format_args!("key = \"{}\"", folder.key.id()))
}

#[derive(Deserialize)]
struct ToldCampaign {
    id: CampaignId,
}

/// The line to the centre, which must be of the folder's campaign.
fn line_to<'a>(folder: &PlantFolder, centre: &'a str) -> Result<Line<'a>, Failure> {
    let line = Line::to(centre);
    let ToldCampaign { id } = line.get("/api/campaign")?;
    if id == folder.campaign {
        return Ok(line);
    }
    Err(Failure::usage(format!(
        "--centre: {centre} is the centre of {id}, this folder is for {}",
        folder.campaign
    ))
    .hint("name the address of the other campaign's centre"))
}

/// Has a statement logged; gives its index, and by whose word.
fn log(
    line: &Line<'_>,
    args: &PlantPlaceArgs,
    (path, body): (&str, &impl Serialize),
    said: &Statement,
) -> Result<(u64, &'static str), Failure> {
    let pinned = args.key.as_deref().map(|key| Pinned::read(key, args.cosignatures)).transpose()?;
    let index = line.log(path, &serde_json::to_string(body).map_err(Failure::failed)?)?;
    let Some(pinned) = pinned else { return Ok((index, "by the centre's word")) };
    let hint = "keep what the centre shows as evidence; what opens the plant is kept, send it again";
    pinned.prove(line, index, said, ("the plant", hint))?;
    Ok((index, "proven to be"))
}

pub(crate) fn commit(args: &PlantCommitArgs) -> Result<(), Failure> {
    let place = &args.place;
    let folder = PlantFolder::open(&place.data)?;
    let _lock = folder.lock()?;
    let line = line_to(&folder, &place.centre)?;
    let plant = match folder.kept(&place.post, place.day, place.hour)? {
        Some(KeptPlant { plant, .. }) if plant.planted == args.planted && plant.province == args.province => {
            plant
        }
        Some(_) => {
            return Err(Failure::usage("another plant at this post in this hour is kept in this folder")
                .hint("nobody plants twice there; choose another post or hour"));
        }
        None => {
            let (province, post, salt) = (args.province.clone(), place.post.clone(), Hash(random()?));
            let (day, hour, planted) = (place.day, place.hour, args.planted);
            let plant = Plant { province, post, day, hour, planted, salt };
            folder.keep(&KeptPlant { plant: plant.clone(), of: None })?;
            plant
        }
    };
    let said = PlantCommitted::sign(&folder.campaign, &plant, &folder.key);
    let (index, word) = log(&line, place, ("/api/plants", &said), &Statement::Plant(said.clone()))?;
    folder.keep(&KeptPlant { plant, of: Some(index) })?;
    print_line(format_args!("committed under {}: {word} entry {index}", said.commitment))
}

pub(crate) fn reveal(args: &PlantRevealArgs) -> Result<(), Failure> {
    let place = &args.place;
    let folder = PlantFolder::open(&place.data)?;
    let _lock = folder.lock()?;
    let line = line_to(&folder, &place.centre)?;
    let kept = folder.kept(&place.post, place.day, place.hour)?;
    let Some(KeptPlant { plant, of: Some(of) }) = kept else {
        return Err(Failure::usage(
            "nothing is committed to at this post in this hour, as this folder knows",
        )
        .hint("`sekong plant commit` comes first, before the draw; sent again it tells its entry"));
    };
    let visit = |MetVisit { unit, inspected, found }: &MetVisit| PlantVisit {
        unit: unit.clone(),
        inspected: *inspected,
        found: *found,
    };
    let visits = args.visit.iter().map(visit).collect();
    let said = PlantRevealed::sign(&folder.campaign, of, plant, visits, &folder.key);
    let statement = Statement::PlantRevealed(said.clone());
    let (index, word) = log(&line, place, ("/api/plants/reveals", &said), &statement)?;
    print_line(format_args!("entry {of} is opened: {word} entry {index}"))
}
