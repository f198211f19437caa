//! A transaction that ends with its connection unless it was committed.
//!
//! SQLite rolls back by itself when a disk fails under it, and the library's own count of open transactions does not
//! follow: such a connection would refuse every transaction after it. A fresh one costs a millisecond.

use std::ops::{Deref, DerefMut};

use sqlx::sqlite::SqliteConnection;

use super::Fault;
use super::connections::{Connections, Lease};

/// A transaction. When it is dropped before [`Transaction::commit`] is done, nothing of it stays.
#[derive(Debug)]
pub struct Transaction<'a> {
    connection: Lease<'a>,
    is_committed: bool,
}

impl<'a> Transaction<'a> {
    /// Begins one with this statement.
    pub async fn begin(connections: &'a Connections, statement: &'static str) -> Result<Self, Fault> {
        let mut transaction = Self {
            connection: connections.take().await?,
            is_committed: false,
        };
        sqlx::query(statement).execute(&mut *transaction).await?;
        Ok(transaction)
    }

    /// Makes it true, all of it.
    pub async fn commit(mut self) -> Result<(), Fault> {
        sqlx::query("COMMIT").execute(&mut *self).await?;
        self.is_committed = true;
        Ok(())
    }
}

impl Deref for Transaction<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.is_committed {
            self.connection.spoil();
        }
    }
}
