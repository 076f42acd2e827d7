//! How far something long is, for whoever watches a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use sekong_centre::Progress;

use crate::output::complain;

/// The progress of an audit on stderr.
pub(crate) fn shown(doing: &'static str) -> impl FnMut(&Progress<'_>) {
    let mut show = bar(doing);
    move |progress| show(progress.done, progress.of)
}

/// Progress on stderr, only where somebody looks at it.
pub(crate) fn bar(doing: &'static str) -> impl FnMut(u64, u64) {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(doing);
    complain(format_args!("{doing} …"));
    move |done, of| {
        bar.set_length(of);
        bar.set_position(done);
        if done == of {
            bar.finish_and_clear();
        }
    }
}
