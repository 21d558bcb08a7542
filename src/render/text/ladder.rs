//! The pod's way at a glance.

use std::io;

use injdoctor_checks::Stage;
use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::way::{Answer, Call, Observation, Outcome, Prediction, Seen};

use super::mark::Mark;
use super::words;
use crate::render::page::{Page, Span, Style};

/// One rung: a question, its answer, and why.
#[derive(Debug, PartialEq, Eq)]
struct Rung {
    name: &'static str,
    mark: Mark,
    because: String,
}

/// The longest name of a rung, and two blanks.
const NAMES: usize = "rendered".len() + 2;

/// Writes the ladder of a workload; a webhook configuration has none.
pub fn ladder(diagnosis: &Diagnosis, page: &mut Page) -> io::Result<()> {
    let root = diagnosis
        .findings
        .first()
        .filter(|_| diagnosis.root_cause.is_some());
    let bad = root.map_or(Style::Error, |(_, finding)| finding.severity.into());
    for mut rung in rungs(diagnosis) {
        if let (Mark::No | Mark::Unknown, Some((check, _))) = (rung.mark, root)
            && diagnosis
                .predicted
                .as_ref()
                .is_some_and(|one| one.decided.name() == rung.name)
        {
            rung.because = format!("{} ({})", rung.because, check.code);
        }
        let unicode = page.look().unicode;
        let lead = [
            Span::plain(format!("{:NAMES$}", rung.name)),
            rung.mark.span(unicode, bad),
        ];
        let hang = 2 + NAMES + Mark::width(unicode);
        page.wrapped(2, &lead, hang, &Span::plain(rung.because))?;
    }
    Ok(())
}

fn rungs(diagnosis: &Diagnosis) -> Vec<Rung> {
    let predicted = diagnosis.predicted.iter().flat_map(|predicted| {
        let stages = [
            Stage::Called,
            Stage::Reached,
            Stage::Wanted,
            Stage::Rendered,
        ];
        // What comes after injection is told where it is known: by a refusal.
        let admitted = (predicted.decided == Stage::Admitted).then_some(Stage::Admitted);
        let stages = stages.into_iter().chain(admitted);
        stages.map(|stage| rung(predicted, stage))
    });
    predicted
        .chain(diagnosis.observed.as_ref().map(running))
        .collect()
}

fn rung(predicted: &Prediction, stage: Stage) -> Rung {
    let (mark, because) = match stage.cmp(&predicted.decided) {
        std::cmp::Ordering::Greater => (Mark::Pointless, String::new()),
        std::cmp::Ordering::Equal if predicted.outcome != Outcome::Injected => {
            match predicted.outcome {
                Outcome::Unknown => (Mark::Unknown, words::missing(&predicted.because)),
                _ => (Mark::No, predicted.because.clone()),
            }
        }
        _ => passed(predicted, stage),
    };
    Rung {
        name: stage.name(),
        mark,
        because,
    }
}

/// A rung that the pod gets over, in the words of the call that gets it furthest.
fn passed(predicted: &Prediction, stage: Stage) -> (Mark, String) {
    let Some(call) = decisive(predicted) else {
        return (Mark::Yes, String::new());
    };
    match stage {
        Stage::Called => {
            // With a condition that cannot be evaluated the call fails before it is made.
            let by = match call.called.is_yes() {
                true => "by",
                false => "selected by",
            };
            (
                Mark::Yes,
                format!("{by} {}/{}", call.configuration, call.entry),
            )
        }
        Stage::Reached => answered(call.reached.as_ref()),
        Stage::Wanted => answered(call.wanted.as_ref()),
        _ => answered(call.rendered.as_ref()),
    }
}

fn answered<Y: std::fmt::Display, N: std::fmt::Display>(
    answer: Option<&Answer<Y, N>>,
) -> (Mark, String) {
    let Some(answer) = answer else {
        return (Mark::Pointless, String::new());
    };
    let mark = match answer {
        Answer::Yes(_) => Mark::Yes,
        Answer::No(_) => Mark::No,
        Answer::Unknown(_) => Mark::Unknown,
    };
    (mark, answer.to_string())
}

/// The call that decides, or the injection webhook that comes furthest.
fn decisive(predicted: &Prediction) -> Option<&Call> {
    let decides = |call: &&Call| {
        let name = format!("{}/{}", call.configuration, call.entry);
        predicted.webhook.as_ref() == Some(&name)
    };
    let depth = |call: &&Call| {
        let beyond = [
            call.reached.is_some(),
            call.wanted.is_some(),
            call.rendered.is_some(),
        ];
        (call.called.is_yes(), beyond)
    };
    let mut calls = predicted.calls.iter();
    calls.find(decides).or_else(|| {
        predicted
            .calls
            .iter()
            .filter(|call| call.injector)
            .max_by_key(depth)
    })
}

/// What the pods show that run already. Whether their proxies work is not judged.
fn running(observed: &Observation) -> Rung {
    let is_ready = observed.readiness.is_none_or(|one| one.ready >= one.pods);
    let mark = match observed.outcome {
        Seen::Injected if !is_ready => Mark::No,
        Seen::Injected => Mark::Yes,
        Seen::NotInjected | Seen::Mixed | Seen::Rejected => Mark::No,
        Seen::NoPods => Mark::Pointless,
        Seen::Unknown => Mark::Unknown,
    };
    let because = match &observed.rejection {
        Some(rejection) => format!("{}: {}", words::observation(observed), rejection.message),
        None => words::observation(observed),
    };
    Rung {
        name: "running",
        mark,
        because,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predicted(outcome: Outcome, decided: Stage) -> Prediction {
        Prediction {
            invalid: None,
            outcome,
            revision: None,
            webhook: None,
            decided,
            because: "so it is".to_owned(),
            calls: Vec::new(),
        }
    }

    fn marks(predicted: &Prediction) -> [Mark; 4] {
        [
            Stage::Called,
            Stage::Reached,
            Stage::Wanted,
            Stage::Rendered,
        ]
        .map(|stage| rung(predicted, stage).mark)
    }

    #[test]
    fn the_ladder_breaks_off_where_it_is_decided() {
        use Mark::{No, Pointless, Unknown, Yes};
        for (outcome, decided, expected) in [
            (Outcome::Injected, Stage::Rendered, [Yes, Yes, Yes, Yes]),
            (
                Outcome::NotInjected,
                Stage::Called,
                [No, Pointless, Pointless, Pointless],
            ),
            (
                Outcome::Rejected,
                Stage::Reached,
                [Yes, No, Pointless, Pointless],
            ),
            (
                Outcome::NotInjected,
                Stage::Wanted,
                [Yes, Yes, No, Pointless],
            ),
            (
                Outcome::Unknown,
                Stage::Reached,
                [Yes, Unknown, Pointless, Pointless],
            ),
        ] {
            assert_eq!(
                marks(&predicted(outcome, decided)),
                expected,
                "{outcome} at {decided:?}"
            );
        }
    }

    #[test]
    fn the_reason_stands_at_the_rung_that_decides() {
        let predicted = predicted(Outcome::Rejected, Stage::Reached);
        assert_eq!(rung(&predicted, Stage::Reached).because, "so it is");
        assert_eq!(rung(&predicted, Stage::Wanted).because, "");
    }
}
