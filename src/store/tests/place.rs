//! Whatever is written in whatever order: what may leave is always what the rule says, looked up from nothing that is
//! kept beside the messages themselves.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::{Fresh, account, at, client_id, episode, message, money, notification};
use crate::domain::ChannelName;
use crate::domain::alert::EpisodeId;
use crate::domain::notice::{Message, NoticeState};
use crate::domain::set_back::SetBack;
use crate::store::{Access, Commit, Store};

/// Messages of one run: enough for chains of several, few enough to be compared after each step.
const MOST: usize = 30;

/// One run: what was written, in the order of the queue, and of which episodes each message tells.
struct Run {
    fresh: Fresh,
    random: StdRng,
    now: Timestamp,
    written: Vec<(String, Vec<EpisodeId>)>,
}

impl Run {
    fn chance(&mut self, share: f64) -> bool {
        self.random.random_bool(share)
    }

    fn one_of<const N: usize>(&mut self, words: [&str; N]) -> String {
        (*words.choose(&mut self.random).unwrap()).to_owned()
    }

    fn soon(&mut self) -> Timestamp {
        self.now + SignedDuration::from_secs(self.random.random_range(-20..40))
    }

    async fn read(&self, id: &str) -> Message {
        let record = self
            .fresh
            .store
            .notification(&format!("{id}/0"))
            .await
            .unwrap()
            .unwrap();
        record.message.unwrap()
    }

    /// All messages as they are stored, in the order of the queue.
    async fn all(&self) -> Vec<(Message, &Vec<EpisodeId>)> {
        let mut all = Vec::new();
        for (id, episodes) in &self.written {
            all.push((self.read(id).await, episodes));
        }
        all
    }

    /// A new message that tells of one to three episodes; some were written down before it.
    async fn write(&mut self) {
        let id = format!("m{}", self.written.len());
        let mut new = message(&id, &self.one_of(["t1", "t2", "t3", "t4"]));
        new.recipient = self.one_of(["a@example.com", "b@example.com"]);
        new.channel = ChannelName::new(&self.one_of(["client", "ops"])).unwrap();
        if self.chance(0.3) {
            new.paced = Some(money(&self.one_of(["-1", "0", "7"])));
        }
        if self.chance(0.3) {
            (new.not_before, new.next_at) = (self.soon(), self.soon());
        }
        let is_late = self.chance(0.3);
        let mut commit = Commit::new(account(), self.now);
        let mut episodes = Vec::new();
        for number in 0..self.random.random_range(1..=3) {
            let client = self.one_of(["561111", "561112", "561113", "561114", "561115", "561116"]);
            let mut about = notification(&format!("{id}/{number}"), &client, (!is_late).then_some(&id));
            (about.client, about.episode) = (client_id(&client), episode(&client, 10));
            episodes.push(about.episode.clone());
            commit.notifications.push(about);
        }
        if is_late {
            self.fresh.store.commit(&commit).await.unwrap();
            let known = std::mem::take(&mut commit.notifications);
            commit.notices_into = known.into_iter().map(|about| (about.id, id.clone())).collect();
        }
        commit.messages = vec![new];
        self.fresh.store.commit(&commit).await.unwrap();
        self.written.push((id, episodes));
    }

    /// A message goes on: it leaves, it ends, or it waits for another try.
    async fn go_on(&mut self, mut message: Message) {
        message.state = match self.random.random_range(0..6) {
            0 => NoticeState::Sending,
            1 => NoticeState::Pending,
            2 => NoticeState::Dead("550".to_owned()),
            3 => NoticeState::Dropped("over".to_owned()),
            _ => NoticeState::Delivered,
        };
        if message.state == NoticeState::Pending {
            message.next_at = self.soon();
        }
        let mut commit = Commit::new(account(), self.now);
        commit.notices_of_messages = vec![(message.id.clone(), message.state.clone())];
        commit.messages_moved = vec![message];
        self.fresh.store.commit(&commit).await.unwrap();
    }

    async fn step(&mut self) {
        if self.written.is_empty() || (self.written.len() < MOST && self.chance(0.3)) {
            return self.write().await;
        }
        let id = self.written.choose(&mut self.random).unwrap().0.clone();
        let about = format!("{id}/0");
        let (now, store) = (self.now, self.fresh.store.clone());
        match self.random.random_range(0..20) {
            0 => assert!(store.retry(&about, now).await.is_ok()),
            1 => assert!(store.retry_all(None, at(0), now).await.is_ok()),
            2 => assert!(store.drop_dead(&about, "by a person").await.is_ok()),
            3 => {
                let mut commit = Commit::new(account(), now);
                commit.readdressed = vec![(id, self.one_of(["a@example.com", "b@example.com"]))];
                store.commit(&commit).await.unwrap();
            }
            4 => store.make_due(None, now).await.unwrap(),
            5..8 => store.fill_line(now).await.unwrap(),
            8..10 => self.now += SignedDuration::from_secs(self.random.random_range(1..30)),
            10 => {
                let by = SignedDuration::from_secs(15);
                self.now -= by;
                let mut commit = Commit::new(account(), self.now);
                commit.set_back = Some(SetBack { now: self.now, by });
                store.commit(&commit).await.unwrap();
            }
            11 => {
                store.close().await;
                let path = self.fresh.path();
                self.fresh.store = reopened(store, &path).await;
            }
            _ => {
                let first = store.due_messages(now, 1).await.unwrap();
                let any = self.read(&id).await;
                match first.into_iter().next() {
                    Some((message, _)) => self.go_on(message).await,
                    None if !any.state.is_final() => self.go_on(any).await,
                    None => {}
                }
            }
        }
    }

    async fn check(&self, told: &str) {
        let all = self.all().await;
        let mut first = Vec::new();
        for (place, (message, episodes)) in all.iter().enumerate() {
            let is_before = |(earlier, theirs): &(Message, &Vec<EpisodeId>)| {
                !earlier.state.is_final()
                    && (&earlier.channel, &earlier.recipient) == (&message.channel, &message.recipient)
                    && (earlier.thread == message.thread || theirs.iter().any(|episode| episodes.contains(episode)))
            };
            if !message.state.is_final() && !all[..place].iter().any(is_before) {
                first.push(message);
            }
        }
        let ready = |message: &Message| message.next_at.max(message.not_before);
        let mut may: Vec<&Message> = first
            .iter()
            .copied()
            .filter(|message| ready(message) <= self.now)
            .collect();
        may.sort_by_key(|message| message.paced);
        let mut taken = [0; 2];
        may.retain(|message| {
            let taken = &mut taken[usize::from(message.channel.is_client())];
            *taken += 1;
            *taken <= 3
        });
        let due = self.fresh.store.due_messages(self.now, 3).await.unwrap();
        let due: Vec<&str> = due.iter().map(|(message, _)| message.id.as_str()).collect();
        let may: Vec<&str> = may.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(due, may, "{told}");
        let next = self.fresh.store.next_message_at().await.unwrap();
        let expected = first.iter().map(|message| ready(message)).min();
        let is_past = |at: Option<Timestamp>| at.is_some_and(|at| at <= self.now);
        assert!(
            next == expected || (is_past(next) && is_past(expected)),
            "{told}: {next:?} {expected:?}"
        );
    }
}

/// The lock is let go of with the last clone.
async fn reopened(store: Store, path: &std::path::Path) -> Store {
    drop(store);
    Store::open(path, Access::Read).await.unwrap()
}

#[tokio::test]
async fn what_may_leave_is_what_the_rule_says_whatever_was_written_before() {
    for seed in 0..4 {
        let mut run = Run {
            fresh: Fresh::new().await,
            random: StdRng::seed_from_u64(seed),
            now: at(100),
            written: Vec::new(),
        };
        for step in 0..150 {
            run.step().await;
            run.check(&format!("seed {seed}, step {step}")).await;
        }
    }
}
