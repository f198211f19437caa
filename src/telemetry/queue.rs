//! Lines that leave for a reader who may be asleep: whoever writes one never waits. A reader that sleeps for too long loses
//! lines, and is told how many.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lines kept for a reader that is slow. A busy minute of a large fleet; some hundred kilobytes of memory.
const MOST_LINES: usize = 1_000;

/// The lines that wait.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// Dropped, and not told yet.
    lost: u64,
    /// Whether one is being written.
    is_writing: bool,
}

impl Queue {
    pub(super) const fn new() -> Self {
        let state = State {
            lines: VecDeque::new(),
            lost: 0,
            is_writing: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Adds a line, or drops it when there are too many.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.state();
        if state.lines.len() < MOST_LINES {
            state.lines.push_back(line.to_owned());
        } else {
            state.lost += 1;
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Writes the lines to `out` one after the other, for ever. `tell_lost` adds a line about so many lost ones, which
    /// takes their place.
    pub(super) fn work(&self, mut out: impl Write, tell_lost: impl Fn(u64)) -> ! {
        loop {
            let state = self.state();
            let idle = |state: &mut State| state.lines.is_empty() && state.lost == 0;
            let waited = self.changed.wait_while(state, idle);
            let mut state = waited.unwrap_or_else(PoisonError::into_inner);
            state.is_writing = true;
            let (line, lost) = match state.lines.pop_front() {
                Some(line) => (line, 0),
                None => (Vec::new(), std::mem::take(&mut state.lost)),
            };
            drop(state);
            if lost > 0 {
                tell_lost(lost);
            }
            // A reader that went away misses the rest; nobody else does.
            out.write_all(&line).and_then(|()| out.flush()).ok();
            self.state().is_writing = false;
            self.changed.notify_all();
        }
    }

    /// Waits until all is written, for so long at most.
    pub(super) fn finish(&self, patience: Duration) {
        let is_busy = |state: &mut State| state.is_writing || state.lost > 0 || !state.lines.is_empty();
        drop(self.changed.wait_timeout_while(self.state(), patience, is_busy));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who writes into the queue: each write is a line.
impl Write for &Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use super::{MOST_LINES, Queue};

    /// A reader that takes a line whenever it is let.
    struct Reader {
        may_read: Receiver<()>,
        read: Sender<String>,
    }

    impl Write for Reader {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.may_read.recv().map_err(io::Error::other)?;
            self.read.send(String::from_utf8_lossy(line).into_owned()).ok();
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_that_sleeps_and_it_is_told_once_how_much_it_lost() {
        static QUEUE: Queue = Queue::new();
        let (wake, may_read) = channel();
        let (read, lines) = channel();
        std::thread::spawn(move || {
            QUEUE.work(Reader { may_read, read }, |lost| {
                QUEUE.push(format!("{lost} lost").as_bytes())
            })
        });
        QUEUE.push(b"first");
        wake.send(()).unwrap();
        assert_eq!(lines.recv().unwrap(), "first");
        // One more than fits may be in the reader's hand already.
        let written = MOST_LINES + 10;
        for number in 0..written {
            QUEUE.push(number.to_string().as_bytes());
        }
        QUEUE.finish(Duration::from_millis(1));
        for _ in 0..=written {
            wake.send(()).unwrap();
        }
        let mut number = 0;
        let told = loop {
            let line = lines.recv().unwrap();
            if line.ends_with(" lost") {
                break line;
            }
            assert_eq!(line, number.to_string(), "in their order");
            number += 1;
        };
        assert!(number == MOST_LINES || number == MOST_LINES + 1, "{number}");
        assert_eq!(told, format!("{} lost", written - number));
        QUEUE.push(b"last");
        QUEUE.finish(Duration::from_secs(60));
        assert_eq!(lines.try_recv().unwrap(), "last", "the end waits until all is read");
    }
}
