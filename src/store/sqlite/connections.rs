//! Connections that are kept for whoever needs one next. The library's own pool asks each that comes back, from a task of its own,
//! whether it still answers. That is for servers: a file does not go away, and each short read paid for it with as many changes of
//! threads as for the read itself.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long an operation waits for a connection: several writers in a row may each wait for another process.
const WAIT: Duration = Duration::from_mins(1);

/// So many connections at most, each opened when it is first needed.
#[derive(Debug)]
pub struct Connections {
    options: SqliteConnectOptions,
    most: u32,
    permits: Semaphore,
    idle: Mutex<Idle>,
    /// One that is not needed while others are used so often is closed, so that an idle daemon keeps no cache for it.
    keep: u64,
}

#[derive(Debug, Default)]
struct Idle {
    /// How often any connection was used.
    uses: u64,
    /// The last used at the end, and which use that was.
    connections: Vec<(SqliteConnection, u64)>,
}

impl Idle {
    fn put_back(&mut self, connection: SqliteConnection, keep: u64) {
        self.uses += 1;
        let uses = self.uses;
        self.connections.retain(|(_, used)| uses - used <= keep);
        self.connections.push((connection, uses));
    }
}

impl Connections {
    pub fn new(options: SqliteConnectOptions, most: u32, keep: u64) -> Self {
        Self {
            options,
            most,
            permits: Semaphore::new(most as usize),
            idle: Mutex::default(),
            keep,
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One to use, opened if none is idle.
    pub async fn take(&self) -> Result<Lease<'_>, sqlx::Error> {
        let permit = match self.permits.try_acquire() {
            Ok(permit) => permit,
            Err(_) => {
                let permit = tokio::time::timeout(WAIT, self.permits.acquire()).await;
                let permit = permit.map_err(|_| sqlx::Error::PoolTimedOut)?;
                permit.map_err(|_| sqlx::Error::PoolClosed)?
            }
        };
        let idle = self.idle().connections.pop();
        let connection = match idle {
            Some((connection, _)) => connection,
            None => SqliteConnection::connect_with(&self.options).await?,
        };
        Ok(Lease {
            connection: Some(connection),
            owner: self,
            _permit: permit,
        })
    }

    /// Closes all, once nobody uses one. The last of a file moves the write-ahead log into it.
    pub async fn close(&self) {
        let permits = self.permits.acquire_many(self.most).await;
        self.permits.close();
        let idle = std::mem::take(&mut self.idle().connections);
        for (connection, _) in idle {
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "a connection to the store was not closed well");
            }
        }
        drop(permits);
    }
}

/// A connection while it is used. It is kept for the next one unless it was spoiled.
#[derive(Debug)]
pub struct Lease<'a> {
    /// `None`: spoiled.
    connection: Option<SqliteConnection>,
    owner: &'a Connections,
    _permit: SemaphorePermit<'a>,
}

impl Lease<'_> {
    /// Lets go of the connection, and with it of all that is open in it. Not to be used after it.
    pub fn spoil(&mut self) {
        self.connection = None;
    }
}

impl Deref for Lease<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        let Some(connection) = &self.connection else {
            unreachable!("a connection is used after it was spoiled");
        };
        connection
    }
}

impl DerefMut for Lease<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        let Some(connection) = &mut self.connection else {
            unreachable!("a connection is used after it was spoiled");
        };
        connection
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.owner.idle().put_back(connection, self.owner.keep);
        }
    }
}
