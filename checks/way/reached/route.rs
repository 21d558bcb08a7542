//! What became of a call's way: the answer of every leg, and what was read for it.

use std::collections::BTreeSet;
use std::fmt;

use super::istiod::Istiod;
use super::obstacle::Obstacle;
use super::step::{Leg, Step};
use crate::facts::{Missing, Need};
use crate::way::{Answer, Case};

/// Whether a call arrives.
pub type Reached = Answer<Arrival, Obstacle>;

/// Who answers the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// An istiod of the cluster.
    Istiod(Istiod),
    /// Some other vendor's webhook, which is taken to answer.
    Foreign,
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Istiod(istiod) => {
                write!(
                    f,
                    "istiod of revision {} in {} is ready",
                    istiod.revision, istiod.namespace
                )
            }
            Self::Foreign => f.write_str("not Istio's: taken to answer"),
        }
    }
}

/// The way of a call: the answer of every leg that could be asked about. Whoever looks at a leg has
/// read what was read for it, and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Route {
    legs: Vec<Answered>,
    arrival: Option<Arrival>,
}

#[derive(Clone, Debug)]
struct Answered {
    leg: Leg,
    answer: Answer<(), Obstacle>,
    needs: BTreeSet<Need>,
}

impl Route {
    /// Notes what became of a leg, and hands on what the next ones need of it.
    pub(super) fn note<T, O: Into<Obstacle>>(
        &mut self,
        case: &Case,
        leg: Leg,
        look: impl FnOnce() -> Step<T, O>,
    ) -> Option<T> {
        let (step, mut needs) = case.recorded(look);
        needs.extend(self.needs_before(leg));
        let (answer, value) = match step {
            Ok(Ok(value)) => (Answer::Yes(()), Some(value)),
            Ok(Err(obstacle)) => (Answer::No(obstacle.into()), None),
            Err(missing) => (Answer::Unknown(missing), None),
        };
        self.legs.push(Answered { leg, answer, needs });
        value
    }

    /// Notes who answers at the end of the way.
    pub(super) fn arrives(mut self, arrival: Option<Arrival>) -> Self {
        self.arrival = arrival;
        self
    }

    /// What was read for the legs on which one rests.
    fn needs_before(&self, leg: Leg) -> BTreeSet<Need> {
        let before = |one: &&Answered| leg.rests_on().contains(&one.leg);
        let needs = self.legs.iter().filter(before).map(|one| &one.needs);
        needs.flatten().copied().collect()
    }

    /// What was read for all legs.
    pub(super) fn needs(&self) -> BTreeSet<Need> {
        let needs = self.legs.iter().map(|one| &one.needs);
        needs.flatten().copied().collect()
    }

    /// What became of a leg; none where an earlier one makes the question pointless.
    pub fn leg(&self, case: &Case, leg: Leg) -> Option<&Answer<(), Obstacle>> {
        let found = self.legs.iter().find(|one| one.leg == leg);
        match found {
            Some(answered) => case.note(&answered.needs),
            None => case.note(&self.needs_before(leg)),
        }
        found.map(|answered| &answered.answer)
    }

    /// The obstacle that decides: the first of those that are known to be in the way.
    pub fn obstacle(&self, case: &Case) -> Option<&Obstacle> {
        self.legs.iter().find_map(|one| {
            case.note(&one.needs);
            one.answer.no()
        })
    }

    /// Whether anything is known to be in the way.
    pub(super) fn is_blocked(&self) -> bool {
        self.legs.iter().any(|one| one.answer.no().is_some())
    }

    /// Whether the call arrives. One obstacle that is known is enough: what is unknown of the way
    /// before it cannot lead around it.
    pub fn reached(&self, case: &Case) -> Reached {
        if let Some(obstacle) = self.obstacle(case) {
            return Answer::No(obstacle.clone());
        }
        match (self.unknown(case), &self.arrival) {
            (None, Some(arrival)) => Answer::Yes(arrival.clone()),
            (Some(missing), _) => Answer::Unknown(missing.clone()),
            (None, None) => Answer::Unknown(Missing("the call's way is not known".to_owned())),
        }
    }

    /// Why a leg is not answered, where that is because an earlier one is unknown.
    pub fn unknown(&self, case: &Case) -> Option<&Missing> {
        self.legs.iter().find_map(|one| match &one.answer {
            Answer::Unknown(missing) => {
                case.note(&one.needs);
                Some(missing)
            }
            _ => None,
        })
    }

    /// The istiod at the end of the way, even where the call itself does not arrive.
    pub fn istiod(&self, case: &Case) -> Option<&Istiod> {
        self.leg(case, Leg::Backend)?;
        match &self.arrival {
            Some(Arrival::Istiod(istiod)) => Some(istiod),
            _ => None,
        }
    }
}
