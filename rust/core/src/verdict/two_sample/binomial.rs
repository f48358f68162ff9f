//! The chances of a binomial count.

/// Beside the likeliest count what is rarer than this, relative to it, counts as never.
const NEVER: f64 = 1e-17;

/// The chances of all counts that ever occur.
#[derive(Debug, Default)]
pub(super) struct Masses {
    first: u64,
    masses: Vec<f64>,
}

impl Masses {
    /// Makes them those of so many trials at a proportion.
    ///
    /// Each is the next but one factor, and their sum is 1: no factorial, whose large logarithms would lose digits.
    pub(super) fn fill(&mut self, trials: f64, proportion: f64) {
        let (success, failure) = (proportion.clamp(0.0, 1.0), (1.0 - proportion).clamp(0.0, 1.0));
        let mode = ((trials + 1.0) * success).floor().min(trials);
        self.masses.clear();
        let (odds, mut mass, mut count) = (failure / success, 1.0, mode);
        while count > 0.0 {
            mass *= count / (trials - count + 1.0) * odds;
            if mass < NEVER {
                break;
            }
            count -= 1.0;
            self.masses.push(mass);
        }
        self.masses.reverse();
        self.first = mode as u64 - self.masses.len() as u64;
        self.masses.push(1.0);
        let (odds, mut mass, mut count) = (success / failure, 1.0, mode);
        while count < trials {
            mass *= (trials - count) / (count + 1.0) * odds;
            if mass < NEVER {
                break;
            }
            count += 1.0;
            self.masses.push(mass);
        }
        let total: f64 = self.masses.iter().sum();
        for mass in &mut self.masses {
            *mass /= total;
        }
    }

    /// The chance of a count.
    pub(super) fn of(&self, count: u64) -> f64 {
        count.checked_sub(self.first).and_then(|place| self.masses.get(place as usize)).copied().unwrap_or(0.0)
    }

    /// The least count that ever occurs.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The chances of all counts from the first one on.
    pub(super) fn all(&self) -> &[f64] {
        &self.masses
    }
}
