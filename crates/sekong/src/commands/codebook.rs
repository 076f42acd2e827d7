//! `sekong codebook`: the page of a team without a device, with a code for every order of a day.

use crate::cli::CodebookArgs;
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::output::print;

pub(crate) fn run(args: &CodebookArgs) -> Result<(), Failure> {
    let folder = DataFolder::open(&args.data)?;
    let _lock = folder.lock()?;
    let page = super::block_on(async {
        let (centre, campaign) = super::serve::open(&folder).await?;
        if !campaign.holds(args.day) {
            return Err(Failure::usage(format!("--day: {} is no day of the campaign", args.day))
                .hint(format!("{} to {}", campaign.first_day(), campaign.last_day())));
        }
        let book = centre.codebook(&args.team, args.day);
        centre.close().await.map_err(Failure::failed)?;
        book.ok_or_else(|| {
            Failure::usage(format!("--team: the campaign has no team {}", args.team))
                .hint("see `sekong campaign check`")
        })
    })??
    .page();
    print(&page)
}
