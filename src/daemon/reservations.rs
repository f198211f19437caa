//! Joins the pace of the API client with the store: calls are reserved where every process of the account sees them.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::store::{ReserveCalls, SettledCalls, Store};
use crate::telemetry;
use crate::voipms::pace::{CallLedger, Grant, LedgerError, Occupied, Reservation};

#[derive(Clone, Debug)]
pub struct StoreLedger(pub Store);

impl CallLedger for StoreLedger {
    fn reserve(&self, reservation: Reservation) -> BoxFuture<'_, Result<Grant, LedgerError>> {
        async move {
            let settled = reservation.settled.iter().map(|settled| SettledCalls {
                id: settled.id,
                calls: settled.calls,
                ended_at: settled.ended_at,
                occupied_until: settled.occupied_until,
            });
            let request = ReserveCalls {
                now: reservation.now,
                calls: reservation.calls,
                last_start_by: reservation.last_start_by,
                occupied_until: reservation.occupied_until,
                settled: settled.collect(),
            };
            let reserved = self
                .0
                .reserve_calls(&reservation.account, &reservation.owner, &request)
                .await;
            let reserved = reserved.map_err(|error| LedgerError(telemetry::chain(&error)))?;
            let others = reserved.foreign.iter();
            let others = others.map(|foreign| Occupied {
                calls: foreign.calls,
                until: foreign.occupied_until,
            });
            Ok(Grant {
                id: reserved.id,
                others: others.collect(),
            })
        }
        .boxed()
    }
}
