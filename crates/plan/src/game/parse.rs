//! From the document to the game: every rule of GAME.json that can be broken is looked at here.

use std::collections::{BTreeMap, BTreeSet};

use sekong_model::{IdError, PoolId, PostId, ProvinceId};

use super::{Game, GameUnit, Objective, POSTS_MAX, SLOTS_MAX, STAKE_MAX, UNITS_MAX};
use crate::game_error::GameError;
use crate::game_json::{CaptureJson, GameJson, UnitJson};

type Names = BTreeMap<PostId, u16>;

impl TryFrom<GameJson> for Game {
    type Error = GameError;

    fn try_from(document: GameJson) -> Result<Game, GameError> {
        let hours = hours(document.slots)?;
        let (posts, post_index) = posts(&document.posts)?;
        let (provinces, province_of) = provinces(&document.provinces, &posts, &post_index)?;
        let value = stakes("value", &document.value, &posts, hours)?;
        let capture = capture(&document.capture, &posts, hours)?;
        let roads = roads(&document.travel_hours, &posts, &post_index)?;
        let units = units(&document.units, &provinces, &posts, &post_index, hours)?;
        let floor = floor(document.floor)?;
        let bribed = team_count("bribed", document.bribed)?;
        let objective = objective(document.objective.as_deref())?;
        let absent = absent(document.absent.as_ref(), &units)?;
        Ok(Game {
            document,
            hours,
            posts,
            post_index,
            provinces,
            province_of,
            value,
            capture,
            roads,
            units,
            floor,
            bribed,
            objective,
            absent,
        })
    }
}

fn id<T: TryFrom<String, Error = IdError>>(field: String, text: &str) -> Result<T, GameError> {
    T::try_from(text.to_owned()).map_err(|reason| GameError::Id { field, reason })
}

fn hours(slots: i64) -> Result<usize, GameError> {
    usize::try_from(slots)
        .ok()
        .filter(|hours| (1..=SLOTS_MAX).contains(hours))
        .ok_or(GameError::Slots { slots })
}

fn posts(names: &[String]) -> Result<(Vec<PostId>, Names), GameError> {
    let count = names.len();
    if !(1..=POSTS_MAX).contains(&count) {
        return Err(GameError::PostCount { count });
    }
    let mut posts = Vec::with_capacity(count);
    let mut index = Names::new();
    for (place, name) in (0u16..).zip(names) {
        let post: PostId = id(format!("posts[{place}]"), name)?;
        if index.insert(post.clone(), place).is_some() {
            return Err(GameError::Duplicate { field: "posts".into(), id: name.clone() });
        }
        posts.push(post);
    }
    Ok((posts, index))
}

fn known_post(field: impl Fn() -> String, name: &str, index: &Names) -> Result<u16, GameError> {
    PostId::try_from(name.to_owned())
        .ok()
        .and_then(|post| index.get(&post).copied())
        .ok_or_else(|| GameError::UnknownPost { field: field(), post: name.to_owned() })
}

type Provinces = Vec<(ProvinceId, Vec<u16>)>;

fn provinces(
    document: &BTreeMap<String, Vec<String>>,
    posts: &[PostId],
    index: &Names,
) -> Result<(Provinces, Vec<usize>), GameError> {
    let mut provinces: Provinces = Vec::new();
    let mut province_of: Vec<Option<usize>> = vec![None; posts.len()];
    for (place, (name, members)) in document.iter().enumerate() {
        if members.is_empty() {
            return Err(GameError::EmptyProvince { province: name.clone() });
        }
        let field = || format!("provinces[{name}]");
        let members: Vec<u16> =
            members.iter().map(|post| known_post(field, post, index)).collect::<Result<_, _>>()?;
        provinces.push((id(field(), name)?, members.clone()));
        for post in members {
            if let Some(other) = province_of[usize::from(post)].replace(place) {
                return Err(GameError::TwoProvinces {
                    post: posts[usize::from(post)].clone(),
                    first: provinces[other].0.to_string(),
                    second: name.clone(),
                });
            }
        }
    }
    let province_of = province_of
        .into_iter()
        .zip(posts)
        .map(|(province, post)| province.ok_or_else(|| GameError::NoProvince { post: post.clone() }))
        .collect::<Result<_, _>>()?;
    Ok((provinces, province_of))
}

fn stakes(
    field: &'static str,
    rows: &[Vec<f64>],
    posts: &[PostId],
    hours: usize,
) -> Result<Vec<f64>, GameError> {
    if rows.len() != posts.len() {
        return Err(GameError::RowCount { field, rows: rows.len(), posts: posts.len() });
    }
    for (row, post) in rows.iter().zip(posts) {
        if row.len() != hours {
            return Err(GameError::RowLength { field, post: post.clone(), len: row.len(), slots: hours });
        }
        for (hour, &number) in row.iter().enumerate() {
            if !(0.0..=STAKE_MAX).contains(&number) {
                return Err(GameError::Stake { field, post: post.clone(), hour, number });
            }
        }
    }
    Ok(rows.concat())
}

fn capture(document: &CaptureJson, posts: &[PostId], hours: usize) -> Result<Vec<f64>, GameError> {
    match document {
        CaptureJson::PerSlot(rows) => stakes("capture", rows, posts, hours),
        CaptureJson::Everywhere(number) => {
            stakes("capture", &vec![vec![*number; hours]; posts.len()], posts, hours)
        }
    }
}

fn roads(
    pairs: &[(String, String, i64)],
    posts: &[PostId],
    index: &Names,
) -> Result<Vec<Vec<(u16, u16)>>, GameError> {
    let mut known: BTreeMap<(u16, u16), u16> = BTreeMap::new();
    let field = || "travel_hours".to_owned();
    for (from, to, hours) in pairs {
        let ends = (known_post(field, from, index)?, known_post(field, to, index)?);
        let (from, to) = (posts[usize::from(ends.0)].clone(), posts[usize::from(ends.1)].clone());
        if from == to {
            return Err(GameError::TravelToSelf { post: from });
        }
        if *hours < 0 {
            return Err(GameError::TravelNegative { from, to, hours: *hours });
        }
        // A way longer than any shift is as good as none; its exact length does not matter.
        let second = u16::try_from(*hours).unwrap_or(u16::MAX);
        let first = *known.entry((ends.0.min(ends.1), ends.0.max(ends.1))).or_insert(second);
        if first != second {
            return Err(GameError::TravelConflict { from, to, first, second });
        }
    }
    let mut roads = vec![Vec::new(); posts.len()];
    for (&(one, other), &hours) in &known {
        roads[usize::from(one)].push((other, hours));
        roads[usize::from(other)].push((one, hours));
    }
    roads.iter_mut().for_each(|of_post| of_post.sort_unstable());
    Ok(roads)
}

fn units(
    documents: &[UnitJson],
    provinces: &Provinces,
    posts: &[PostId],
    index: &Names,
    hours: usize,
) -> Result<Vec<GameUnit>, GameError> {
    if documents.len() > UNITS_MAX {
        return Err(GameError::UnitCount { count: documents.len() });
    }
    let mut seen = BTreeSet::new();
    let mut units = Vec::with_capacity(documents.len());
    for document in documents {
        if !seen.insert(&document.id) {
            return Err(GameError::Duplicate { field: "units".into(), id: document.id.clone() });
        }
        units.push(unit(document, provinces, posts, index, hours)?);
    }
    Ok(units)
}

fn unit(
    document: &UnitJson,
    provinces: &Provinces,
    posts: &[PostId],
    index: &Names,
    hours: usize,
) -> Result<GameUnit, GameError> {
    let name = &document.id;
    let unit: sekong_model::UnitId = id("units[].id".into(), name)?;
    let province: ProvinceId = id(format!("units[{name}].province"), &document.province)?;
    if !provinces.iter().any(|(known, _)| *known == province) {
        return Err(GameError::UnknownProvince { unit, province: document.province.clone() });
    }
    if !(document.detect > 0.0 && document.detect <= 1.0) {
        return Err(GameError::Detect { unit, detect: document.detect });
    }
    let sentinel = document.sentinel.unwrap_or(false);
    let (start, length, every) = turns(document, &unit, sentinel, hours)?;
    let list = |field, names: &[String]| post_list(&unit, field, names, index);
    let (enter, leave, reach) =
        (list("enter", &document.enter)?, list("leave", &document.leave)?, list("reach", &document.reach)?);
    for (field, ends) in [("enter", &enter), ("leave", &leave)] {
        if let Some(&post) = ends.iter().find(|post| !reach.contains(post)) {
            return Err(GameError::OutsideReach { unit, field, post: posts[usize::from(post)].clone() });
        }
    }
    let pool = id(format!("units[{name}].pool"), &document.pool)?;
    let detect = document.detect;
    Ok(GameUnit { id: unit, province, pool, detect, start, length, every, sentinel, enter, leave, reach })
}

fn turns(
    document: &UnitJson,
    unit: &sekong_model::UnitId,
    sentinel: bool,
    hours: usize,
) -> Result<(u8, u8, u8), GameError> {
    let whole = |number: i64, least: usize, most: usize| {
        u8::try_from(number).ok().filter(|&number| (least..=most).contains(&usize::from(number)))
    };
    let (start, length, every) = (document.start, document.length, document.every.unwrap_or(1));
    let unit = || unit.clone();
    if !sentinel && every != 1 {
        return Err(GameError::PlainEvery { unit: unit(), every });
    }
    Ok((
        whole(start, 0, hours - 1).ok_or_else(|| GameError::Start {
            unit: unit(),
            start,
            last: hours - 1,
        })?,
        whole(length, 1, hours).ok_or_else(|| GameError::Length { unit: unit(), length, slots: hours })?,
        whole(every, 1, hours).ok_or_else(|| GameError::Every { unit: unit(), every, slots: hours })?,
    ))
}

fn post_list(
    unit: &sekong_model::UnitId,
    field: &'static str,
    names: &[String],
    index: &Names,
) -> Result<Vec<u16>, GameError> {
    if names.is_empty() {
        return Err(GameError::EmptyList { unit: unit.clone(), field });
    }
    let mut posts = Vec::with_capacity(names.len());
    let mut seen = BTreeSet::new();
    for name in names {
        let place = || format!("units[{unit}].{field}");
        let post = known_post(place, name, index)?;
        if !seen.insert(post) {
            return Err(GameError::Duplicate { field: place(), id: name.clone() });
        }
        posts.push(post);
    }
    Ok(posts)
}

fn floor(floor: f64) -> Result<f64, GameError> {
    if (0.0..1.0).contains(&floor) { Ok(floor) } else { Err(GameError::Floor { floor }) }
}

fn team_count(field: &str, count: i64) -> Result<usize, GameError> {
    usize::try_from(count)
        .ok()
        .filter(|&count| count <= UNITS_MAX)
        .ok_or_else(|| GameError::TeamCount { field: field.to_owned(), count })
}

fn objective(name: Option<&str>) -> Result<Objective, GameError> {
    match name {
        None | Some("max") => Ok(Objective::Max),
        Some("provinces") => Ok(Objective::Provinces),
        Some("leximin") => Ok(Objective::Leximin),
        Some(other) => Err(GameError::Objective { objective: other.to_owned() }),
    }
}

fn absent(
    document: Option<&BTreeMap<String, i64>>,
    units: &[GameUnit],
) -> Result<BTreeMap<PoolId, usize>, GameError> {
    let mut absent = BTreeMap::new();
    for (pool, &count) in document.into_iter().flatten() {
        let known = units.iter().find(|unit| unit.pool.as_str() == pool);
        let unit = known.ok_or_else(|| GameError::UnknownPool { pool: pool.clone() })?;
        let (pool, count) = (unit.pool.clone(), team_count(&format!("absent[{pool}]"), count)?);
        let units = units.iter().filter(|unit| unit.pool == pool).count();
        if units < count {
            return Err(GameError::AbsentTeams { pool, count, units });
        }
        absent.insert(pool, count);
    }
    Ok(absent)
}
