//! Where commands that wait do it.

use super::failure::Failure;

/// Runs `work` to its end on one thread: all that commands need which mostly wait.
///
/// # Errors
/// What `work` fails with, or that no runtime could be made.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from(error).while_doing("cannot start the runtime"))?;
    let ended = runtime.block_on(work);
    // What is still looked up or read then is waited for by nobody: it must not hold up the end.
    runtime.shutdown_background();
    ended
}

/// Runs `work` to its end on several threads: for the simulator, which serves.
pub fn block_on_threads<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from(error).while_doing("cannot start the runtime"))?;
    let ended = runtime.block_on(work);
    // A large world may be brought up to date for minutes for somebody who is cut off now.
    runtime.shutdown_background();
    ended
}
