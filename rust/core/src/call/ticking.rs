//! A clock that is read in a few nanoseconds: the system's, carried forward by the processor's counter of ticks.
//!
//! Where the counter runs at one rate whatever the processor does (an invariant time-stamp counter), the system's clock
//! is asked ten times a millisecond and the ticks say what has passed since: nowhere further from the clock itself than
//! a fraction of a microsecond. A step of the clock is noticed within a tenth of a millisecond. Elsewhere every reading
//! is the system's own.
#![allow(unsafe_code, reason = "the counter of ticks is an intrinsic")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds for which ticks carry the clock forward.
const SPAN: u64 = 100_000;
/// The least nanoseconds over which the rate of the ticks is measured.
const LEAST_BASE: u64 = 1_000_000;
/// The most nanoseconds that reading a clock may take: more, and something came in between.
const LONGEST_READING: u64 = 1_000;
/// Bits behind the point of the rate.
const POINT: u32 = 32;

/// A reading of the system's clock, and how ticks lead on from there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TickingClock {
    /// Ticks and nanoseconds since the epoch of the last reading.
    ticks: u64,
    time: u64,
    /// Ticks for which the reading is good; 0 while it is not.
    good_for: u64,
    /// Nanoseconds of a tick as a fixed-point number; 0 while unknown.
    rate: u64,
    /// Whether two measures of the rate agreed.
    is_steady: bool,
    /// A reading of a clock that nobody sets, from which the rate is measured.
    base: Option<Reading<Instant>>,
}

/// What a clock said, and the ticks just before and just after.
#[derive(Debug, Clone, Copy)]
struct Reading<T> {
    before: u64,
    said: T,
    after: u64,
}

impl<T> Reading<T> {
    #[inline]
    fn of(clock: impl FnOnce() -> T) -> Self {
        let before = counter();
        let said = clock();
        Self { before, said, after: counter() }
    }

    fn lasted(&self) -> u64 {
        self.after.wrapping_sub(self.before)
    }

    fn middle(&self) -> u64 {
        self.before.wrapping_add(self.lasted() / 2)
    }
}

/// The counter of ticks at a moment. Taken before the lock under which it is turned into a time: the processor works on
/// other things while it reads the counter, but not across a lock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticks(u64);

impl Ticks {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(counter())
    }

    /// What the counter said: 0 where there is none.
    #[inline]
    pub(crate) fn count(self) -> u64 {
        self.0
    }

    /// Ticks since the counter said so much; 0 when that is still to come, as on another processor.
    #[inline]
    pub(crate) fn since(self, count: u64) -> u64 {
        self.0.saturating_sub(count)
    }
}

impl TickingClock {
    /// Microseconds since the epoch at `ticks`, a reading just taken; 0 when the clock stands before 1970.
    #[inline]
    pub(crate) fn at(&mut self, ticks: Ticks) -> i64 {
        // Ticks from before the reading that counts now have passed a whole round: the clock is asked again.
        let passed = ticks.0.wrapping_sub(self.ticks);
        if passed < self.good_for {
            // Less than SPAN nanoseconds have passed, so the product stays below 2^49.
            return ((self.time + ((passed * self.rate) >> POINT)) / 1000).cast_signed();
        }
        self.read()
    }

    /// Asks the system.
    #[cold]
    fn read(&mut self) -> i64 {
        let since_epoch =
            || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos() as u64);
        let reading = Reading::of(since_epoch);
        if has_steady_ticks() {
            let is_due =
                self.base.is_none_or(|base| self.nanoseconds(reading.before.wrapping_sub(base.after)) >= LEAST_BASE);
            if !self.is_steady || is_due {
                self.measure(Reading::of(Instant::now));
            }
            self.start_from(&reading);
        }
        (reading.said / 1000).cast_signed()
    }

    /// What ticks last, in nanoseconds.
    fn nanoseconds(&self, ticks: u64) -> u64 {
        u64::try_from((u128::from(ticks) * u128::from(self.rate)) >> POINT).unwrap_or(u64::MAX)
    }

    /// Measures the rate of the ticks between the base and a reading that becomes the next base.
    fn measure(&mut self, reading: Reading<Instant>) {
        let Some(base) = self.base else {
            self.base = Some(reading);
            return;
        };
        let ticks = reading.middle().wrapping_sub(base.middle());
        let passed = u64::try_from(reading.said.saturating_duration_since(base.said).as_nanos()).unwrap_or(u64::MAX);
        if passed < LEAST_BASE || ticks == 0 {
            return;
        }
        let rate = u64::try_from((u128::from(passed) << POINT) / u128::from(ticks)).unwrap_or(0);
        // Two measures in a row have to agree to one part in a thousand: a counter that was moved, as that of a
        // virtual machine may be, or a pause within a reading is no measure.
        self.is_steady = rate > 0 && rate.abs_diff(self.rate) <= self.rate / 1000;
        self.rate = rate;
        self.base = Some(reading);
    }

    /// Lets ticks lead on from a reading of the system's clock, if both are to be trusted.
    fn start_from(&mut self, reading: &Reading<u64>) {
        self.good_for = 0;
        if self.is_steady && self.nanoseconds(reading.lasted()) <= LONGEST_READING {
            (self.ticks, self.time) = (reading.middle(), reading.said);
            self.good_for = (SPAN << POINT) / self.rate;
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn counter() -> u64 {
    // SAFETY: reads a register.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
fn counter() -> u64 {
    0
}

/// Whether the counter runs at one rate in all states of the processor.
#[cfg(target_arch = "x86_64")]
fn has_steady_ticks() -> bool {
    use std::arch::x86_64::__cpuid;
    use std::sync::OnceLock;
    const ADVANCED_POWER: u32 = 0x8000_0007;
    static STEADY: OnceLock<bool> = OnceLock::new();
    *STEADY.get_or_init(|| __cpuid(0x8000_0000).eax >= ADVANCED_POWER && __cpuid(ADVANCED_POWER).edx >> 8 & 1 == 1)
}

#[cfg(not(target_arch = "x86_64"))]
fn has_steady_ticks() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::call::system_clock;

    #[test]
    fn goes_with_the_clock_of_the_system() {
        let mut clock = TickingClock::default();
        let (start, mut carried) = (Instant::now(), 0_u32);
        while start.elapsed().as_millis() < 50 {
            let before = system_clock();
            let read = clock.at(Ticks::now());
            let after = system_clock();
            // Half of the longest reading, and one part in a thousand of the span.
            assert!(before - 1 <= read && read <= after + 1, "{before} {read} {after}");
            carried += u32::from(clock.good_for > 0);
        }
        assert_eq!(carried > 0, has_steady_ticks());
    }

    #[test]
    fn a_counter_that_was_moved_is_not_believed() {
        let origin = Instant::now();
        let reading = |before: u64, microseconds: u64, lasted: u64| Reading {
            before,
            said: origin + Duration::from_micros(microseconds),
            after: before + lasted,
        };
        let mut clock = TickingClock::default();
        clock.measure(reading(0, 0, 10));
        clock.measure(reading(1_500_000, 500, 10));
        assert_eq!(clock.rate, 0, "too short a time");
        clock.measure(reading(3_000_000, 1_000, 10));
        assert!(!clock.is_steady, "one measure is none");
        clock.measure(reading(6_000_000, 2_000, 10));
        assert!(clock.is_steady);
        clock.start_from(&Reading { before: 6_000_100, said: 77, after: 6_000_200 });
        assert_eq!((clock.ticks, clock.time), (6_000_150, 77));
        assert!(clock.good_for.abs_diff(300_000) <= 1, "three ticks a nanosecond, for a tenth of a millisecond");
        clock.start_from(&Reading { before: 6_000_100, said: 77, after: 6_010_100 });
        assert_eq!(clock.good_for, 0, "a pause lay within the reading");
        clock.measure(reading(90_000_000, 3_000, 10));
        assert!(!clock.is_steady, "the rate is another");
        clock.start_from(&Reading { before: 90_000_100, said: 99, after: 90_000_200 });
        assert_eq!(clock.good_for, 0);
        clock.measure(reading(93_000_000, 4_000, 10));
        clock.measure(reading(96_000_000, 5_000, 10));
        assert!(clock.is_steady);
    }

    #[test]
    fn ticks_from_before_the_last_reading_ask_the_clock_again() {
        let mut clock = TickingClock::default();
        let early = Ticks::now();
        std::thread::sleep(Duration::from_millis(2));
        while clock.good_for == 0 && has_steady_ticks() {
            clock.at(Ticks::now());
        }
        let before = system_clock();
        let read = clock.at(early);
        assert!((before..=system_clock()).contains(&read));
    }
}
