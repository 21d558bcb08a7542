//! Which reads a result rests on.

use std::cell::RefCell;

use foldhash::HashMap;

use super::Read;

/// Numbers the reads that are looked at, and collects them until they are taken.
#[derive(Debug, Default)]
pub struct Recorder {
    known: RefCell<Known>,
    looked_at: RefCell<ReadSet>,
}

#[derive(Debug, Default)]
struct Known {
    numbers: HashMap<Read, usize>,
    reads: Vec<Read>,
}

/// A set of reads, by their numbers: a bit for each, as sets are joined for every look at a result
/// that was worked out before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadSet(Vec<u64>);

impl ReadSet {
    fn insert(&mut self, number: usize) {
        let (word, bit) = (number / 64, number % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1 << bit;
        }
    }

    fn contains(&self, number: usize) -> bool {
        let word = self.0.get(number / 64);
        word.is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }

    /// Adds the reads of another set.
    pub fn extend(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (bits, more) in self.0.iter_mut().zip(&other.0) {
            *bits |= more;
        }
    }
}

impl Recorder {
    /// Notes that a read was looked at.
    pub fn look_at(&self, read: &Read) {
        let mut known = self.known.borrow_mut();
        let number = match known.numbers.get(read) {
            Some(number) => *number,
            None => {
                let number = known.reads.len();
                known.numbers.insert(read.clone(), number);
                known.reads.push(read.clone());
                number
            }
        };
        self.looked_at.borrow_mut().insert(number);
    }

    /// Notes that reads were looked at when a result was worked out that is used now.
    pub fn look_at_all(&self, reads: &ReadSet) {
        self.looked_at.borrow_mut().extend(reads);
    }

    /// The reads that were looked at since this was called last.
    pub fn take(&self) -> ReadSet {
        self.looked_at.take()
    }

    /// Works something out, and tells which reads were looked at for it. They count for nothing else
    /// before they are noted by [`Recorder::look_at_all`].
    pub fn recorded<T>(&self, work_out: impl FnOnce() -> T) -> (T, ReadSet) {
        let before = self.take();
        let value = work_out();
        (value, self.looked_at.replace(before))
    }

    /// The reads of a set.
    pub fn reads(&self, set: &ReadSet) -> Vec<Read> {
        let known = self.known.borrow();
        let all = known.reads.iter().enumerate();
        let in_set = all.filter(|(number, _)| set.contains(*number));
        in_set.map(|(_, read)| read.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Resource;

    #[test]
    fn a_result_rests_on_what_was_looked_at_for_it() {
        let recorder = Recorder::default();
        let read = |name: &str| Read::get(Resource::Service, Some("shop"), name);
        recorder.look_at(&read("before"));
        let ((), reads) = recorder.recorded(|| {
            for number in 0..100 {
                recorder.look_at(&read(&number.to_string()));
            }
        });
        assert_eq!(recorder.reads(&reads).len(), 100);
        assert_eq!(recorder.reads(&recorder.take()).len(), 1);
        recorder.look_at_all(&reads);
        assert_eq!(recorder.take(), reads);
        assert!(recorder.reads(&recorder.take()).is_empty());
    }
}
