//! The web pages as they were built into this program.

use rust_embed::RustEmbed;
use sekong_centre::{Page, Pages};

/// `web/dist` as it was when the program was compiled; empty if the pages were not built.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Built;

/// The pages in this program.
pub(crate) struct BuiltPages;

impl Pages for BuiltPages {
    fn page(&self, path: &str) -> Option<Page> {
        let file = Built::get(path)?;
        Some(Page { bytes: file.data, media_type: media_type(path) })
    }
}

/// The media type by the file's ending; what is not a page's part is bytes.
fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_fonts_have_the_types_that_browsers_insist_on() {
        assert_eq!(media_type("assets/board-1a2b.js"), "text/javascript; charset=utf-8");
        assert_eq!(media_type("assets/noto.woff2"), "font/woff2");
        assert_eq!(media_type("assets/noise"), "application/octet-stream");
    }

    #[test]
    fn what_was_not_built_is_no_page() {
        assert!(BuiltPages.page("board/none.html").is_none());
        assert!(BuiltPages.page("../Cargo.toml").is_none());
    }
}
