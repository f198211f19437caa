//! The stylesheet, the script and the icon: part of the program, under names that change with what is in them, so that
//! browsers keep them for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::web::answer::Refused;

struct Asset {
    /// What its name ends with, and what pages ask for it by.
    ending: &'static str,
    kind: &'static str,
    text: &'static str,
    path: String,
}

/// Characters of a hash in a name. Names that collide would only show an old stylesheet until the next version.
const HASH_LENGTH: usize = 16;

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        ("css", "text/css; charset=utf-8", include_str!("../assets/style.css")),
        (
            "js",
            "text/javascript; charset=utf-8",
            include_str!("../assets/script.js"),
        ),
        ("svg", "image/svg+xml", include_str!("../assets/icon.svg")),
    ]
    .map(|(ending, kind, text)| {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let hash: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Asset {
            ending,
            kind,
            text,
            path: format!("/assets/{}.{ending}", &hash[..HASH_LENGTH]),
        }
    })
});

/// Where the asset of this ending is.
pub fn path(ending: &str) -> &'static str {
    let found = ASSETS.iter().find(|asset| asset.ending == ending);
    found.map_or("", |asset| &asset.path)
}

/// Serves one by its name; of another version there is none.
pub async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let found = ASSETS
        .iter()
        .find(|asset| asset.path.strip_prefix("/assets/") == Some(&name));
    let Some(asset) = found else {
        return Refused::new(StatusCode::NOT_FOUND, "there is no such asset in this version")
            .hint("load the page again")
            .into_response();
    };
    let tag = format!("\"{name}\"");
    let kept = [
        (ETAG, tag.as_str()),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    let has_it = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    if has_it {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    (kept, [(CONTENT_TYPE, asset.kind)], asset.text).into_response()
}
