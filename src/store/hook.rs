//! What crash tests and simulated worlds do to a store at each of its steps: let it go on, end the program there, or have the
//! disk fail. A store of the program itself has no hook.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use super::DiskTrouble;
use super::sqlite::Fault;

/// A moment at which a hook is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Before an operation, as errors name it.
    Operation(&'static str),
    /// Before the statement of a commit that writes this table.
    Statement(&'static str),
    /// All statements are done, nothing is visible yet.
    BeforeCommit,
    /// Everything is written; the caller does not know it yet.
    AfterCommit,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(what) => write!(f, "before it could {what}"),
            Self::Statement(table) => write!(f, "before writing `{table}`"),
            Self::BeforeCommit => f.write_str("before COMMIT"),
            Self::AfterCommit => f.write_str("after COMMIT"),
        }
    }
}

/// What happens at a [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    GoOn,
    /// It is over here, and the caller is told so.
    Stop,
    /// The process is gone: nobody is told anything, ever.
    Die,
    /// The disk does not do it.
    Fail(DiskTrouble),
}

/// Asked at each [`Step`] of each operation.
pub type Hook = Arc<dyn Fn(Step) -> Course + Send + Sync>;

/// Asks the hook how it goes on.
pub(super) fn pass(hook: Option<&Hook>, step: Step) -> Result<(), Fault> {
    match hook.map_or(Course::GoOn, |hook| hook(step)) {
        Course::GoOn => Ok(()),
        Course::Stop => Err(Fault::Stopped(step)),
        Course::Die => Err(Fault::Died),
        Course::Fail(trouble) => Err(Fault::Disk(trouble)),
    }
}

/// Does `work` on the database to its end before anything else of this thread goes on, so that what runs beside it cannot
/// depend on how fast a disk is.
pub fn at_once<T>(work: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut work = pin!(tokio::task::unconstrained(work));
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return done;
        }
        thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
