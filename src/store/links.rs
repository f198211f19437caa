//! Signed links that were used: each holds once.

use jiff::Timestamp;

use super::{Error, Store};

impl Store {
    /// Remembers that the link of this tag, which holds until `until`, was used; whether it was not before.
    ///
    /// # Errors
    /// When the store cannot be written; the link counts as not used.
    pub async fn use_link(&self, tag: &str, until: Timestamp, now: Timestamp) -> Result<bool, Error> {
        self.during("use the link", self.engine.use_link(tag, until, now)).await
    }

    /// Whether the link of this tag was used.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn is_link_used(&self, tag: &str) -> Result<bool, Error> {
        self.during("look for the link", self.engine.is_link_used(tag)).await
    }
}
