//! Days and hours of the world: Toronto's days, by which the API counts, and the local hours by which clients spend.
//! Zone arithmetic is done once per day or per change of offset, so that a reading costs none.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Seconds since 1970 of an instant, rounded down.
pub fn seconds(at: Timestamp) -> i64 {
    at.as_nanosecond()
        .div_euclid(1_000_000_000)
        .try_into()
        .unwrap_or(i64::MAX)
}

fn instant(secs: i64) -> Timestamp {
    Timestamp::from_second(secs).unwrap_or(if secs < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// A zone of the bundled database; UTC if it should be missing.
fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// One day in Toronto.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970-01-01.
    pub number: i64,
    pub begin: i64,
    /// The first second of the next day; 23 to 25 hours later.
    pub end: i64,
}

#[derive(Debug)]
pub struct Toronto {
    zone: TimeZone,
    /// The days asked for last: clients are usually settled within one or two.
    recent: [Day; 2],
}

impl Toronto {
    pub fn new() -> Self {
        let never = Day {
            number: 0,
            begin: 0,
            end: 0,
        };
        Self {
            zone: zone("America/Toronto"),
            recent: [never; 2],
        }
    }

    /// The day that a second belongs to.
    pub fn day(&mut self, secs: i64) -> Day {
        if let Some(day) = self.recent.iter().find(|day| (day.begin..day.end).contains(&secs)) {
            return *day;
        }
        let local = instant(secs).to_zoned(self.zone.clone());
        let begin = local.start_of_day().map_or(secs, |start| seconds(start.timestamp()));
        let end = local
            .tomorrow()
            .and_then(|tomorrow| tomorrow.start_of_day())
            .map_or(i64::MAX, |next| seconds(next.timestamp()));
        let day = Day {
            number: day_number(local.date()),
            begin,
            end,
        };
        self.recent = [day, self.recent[0]];
        day
    }

    /// When bills are made on `day_of_month` (1 to 28) of the month that a second belongs to, or of one `months` later:
    /// at 00:01. `i64::MAX` if there is no such month.
    pub fn billing(&self, secs: i64, day_of_month: i8, months: i32) -> i64 {
        let local = instant(secs).to_zoned(self.zone.clone());
        let at = local
            .date()
            .with()
            .day(day_of_month)
            .build()
            .and_then(|date| date.checked_add(months.months()))
            .and_then(|date| date.at(0, 1, 0, 0).to_zoned(self.zone.clone()));
        at.map_or(i64::MAX, |at| seconds(at.timestamp()))
    }

    /// The next billing after a second.
    pub fn billing_after(&self, secs: i64, day_of_month: i8) -> i64 {
        let this_month = self.billing(secs, day_of_month, 0);
        if this_month > secs {
            this_month
        } else {
            self.billing(secs, day_of_month, 1)
        }
    }

    /// The last billing up to and including a second.
    pub fn billing_by(&self, secs: i64, day_of_month: i8) -> i64 {
        let this_month = self.billing(secs, day_of_month, 0);
        if this_month <= secs {
            this_month
        } else {
            self.billing(secs, day_of_month, -1)
        }
    }

    /// The date of a second, such as `2026-11-23`.
    pub fn date(&self, secs: i64) -> String {
        instant(secs).to_zoned(self.zone.clone()).date().to_string()
    }

    /// The date and the wall clock of a second, such as `2026-11-23 00:01:00`.
    pub fn date_and_time(&self, secs: i64) -> String {
        instant(secs)
            .to_zoned(self.zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string()
    }
}

/// The day of UTC that a second belongs to.
pub fn utc_day(secs: i64) -> Day {
    let number = secs.div_euclid(86_400);
    Day {
        number,
        begin: number * 86_400,
        end: (number + 1) * 86_400,
    }
}

fn day_number(date: Date) -> i64 {
    date.since(Date::constant(1970, 1, 1))
        .map_or(0, |span| i64::from(span.get_days()))
}

/// The zones that clients live in, in the order of [`super::people::PLACES`].
#[derive(Debug)]
pub struct Zones(Vec<Offset>);

/// A zone's offset, and while it holds.
#[derive(Debug)]
struct Offset {
    zone: TimeZone,
    from: i64,
    until: i64,
    secs: i64,
}

impl Zones {
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self(
            names
                .map(|name| Offset {
                    zone: zone(name),
                    from: 0,
                    until: 0,
                    secs: 0,
                })
                .collect(),
        )
    }

    /// Hour of the day (0 to 23) and day number on the wall clocks of a zone.
    pub fn local_hour(&mut self, zone: u8, secs: i64) -> (u32, i64) {
        let Some(offset) = self.0.get_mut(usize::from(zone)) else {
            return (0, 0);
        };
        if !(offset.from..offset.until).contains(&secs) {
            let at = instant(secs);
            offset.secs = i64::from(offset.zone.to_offset(at).seconds());
            offset.from = secs;
            // At most 30 days on, so that a wrong guess about a far future costs little.
            let latest = at.checked_add((30 * 24).hours()).unwrap_or(Timestamp::MAX);
            let change = offset
                .zone
                .following(at)
                .next()
                .map_or(latest, |change| change.timestamp().min(latest));
            offset.until = seconds(change);
        }
        let local = secs + offset.secs;
        let hour = local.rem_euclid(86_400) / 3_600;
        (u32::try_from(hour).unwrap_or_default(), local.div_euclid(86_400))
    }
}

/// Whether a day number is a Saturday or Sunday; 1970-01-01 was a Thursday.
pub fn is_weekend(day: i64) -> bool {
    matches!((day + 3).rem_euclid(7), 5 | 6)
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, Toronto, Zones, is_weekend, seconds};

    fn at(text: &str) -> i64 {
        seconds(text.parse::<Timestamp>().unwrap())
    }

    #[test]
    fn days_in_toronto_have_23_to_25_hours() {
        let mut toronto = Toronto::new();
        for (name, inside, begin, hours) in [
            ("winter", "2026-11-23T12:00:00Z", "2026-11-23T05:00:00Z", 24),
            ("first second", "2026-11-23T05:00:00Z", "2026-11-23T05:00:00Z", 24),
            ("last second", "2026-11-23T04:59:59Z", "2026-11-22T05:00:00Z", 24),
            ("spring forward", "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z", 23),
            ("fall back", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", 25),
        ] {
            let day = toronto.day(at(inside));
            assert_eq!((day.begin, day.end - day.begin), (at(begin), hours * 3_600), "{name}");
        }
        let monday = toronto.day(at("2026-11-23T12:00:00Z")).number;
        assert!(!is_weekend(monday) && is_weekend(monday - 1) && is_weekend(monday - 2) && !is_weekend(monday - 3));
    }

    #[test]
    fn bills_are_made_at_one_past_midnight_in_toronto() {
        let toronto = Toronto::new();
        for (name, day, at_or_before, bill, next) in [
            (
                "the second itself",
                8,
                "2026-03-08T05:01:00Z",
                "2026-03-08T05:01:00Z",
                "2026-04-08T04:01:00Z",
            ),
            (
                "a second early",
                8,
                "2026-03-08T05:00:59Z",
                "2026-02-08T05:01:00Z",
                "2026-03-08T05:01:00Z",
            ),
            (
                "fall back",
                1,
                "2026-11-01T23:00:00Z",
                "2026-11-01T04:01:00Z",
                "2026-12-01T05:01:00Z",
            ),
            (
                "over the year",
                28,
                "2026-12-31T23:00:00Z",
                "2026-12-28T05:01:00Z",
                "2027-01-28T05:01:00Z",
            ),
            (
                "the month of Toronto, not of UTC",
                28,
                "2026-03-01T04:00:00Z",
                "2026-02-28T05:01:00Z",
                "2026-03-28T04:01:00Z",
            ),
        ] {
            assert_eq!(toronto.billing_by(at(at_or_before), day), at(bill), "{name}");
            assert_eq!(toronto.billing_after(at(at_or_before), day), at(next), "{name}");
        }
        for (time, date, date_and_time) in [
            ("2026-11-23T04:59:59Z", "2026-11-22", "2026-11-22 23:59:59"),
            ("2026-11-23T05:00:00Z", "2026-11-23", "2026-11-23 00:00:00"),
            ("2026-11-01T06:30:00Z", "2026-11-01", "2026-11-01 01:30:00"),
        ] {
            assert_eq!(
                (toronto.date(at(time)), toronto.date_and_time(at(time))),
                (date.to_owned(), date_and_time.to_owned())
            );
        }
    }

    #[test]
    fn local_hours_follow_the_change_of_clocks() {
        let mut zones = Zones::new(["Europe/Berlin", "Asia/Kolkata"].into_iter());
        for (zone, time, hour) in [
            (0, "2026-10-25T00:59:59Z", 2),
            (0, "2026-10-25T01:00:00Z", 2),
            (0, "2026-10-25T02:00:00Z", 3),
            (1, "2026-10-25T00:00:00Z", 5),
            (1, "2026-10-25T18:30:00Z", 0),
            (0, "2026-07-01T10:00:00Z", 12),
        ] {
            assert_eq!(zones.local_hour(zone, at(time)).0, hour, "{time}");
        }
    }
}
