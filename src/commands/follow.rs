//! `--wait` and `--watch`: the same check again whenever the cluster changes.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::facts::{Fact, Snapshot, Subject};
use injdoctor_checks::judge_subject;
use injdoctor_checks::plan::Question;
use injdoctor_checks::way::Mesh;
use jiff::Zoned;

use crate::cli::Answer;
use crate::cluster::{CollectError, Follower, Link};
use crate::codes::LeftOut;
use crate::exit;
use crate::render::{sanitize, text};

/// How often to judge anew where nothing changes: some of what is wrong comes to its end with time.
const TICK: Duration = Duration::from_secs(1);

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When nothing is wrong any more, or after so long.
    Well(Option<Duration>),
    /// Never.
    Stopped,
}

/// What was seen of the targets at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// The verdict on each.
    verdicts: BTreeMap<String, String>,
    /// How many of them are not well.
    ill: usize,
}

impl Seen {
    fn of(snapshot: &Snapshot, answer: &Answer) -> Self {
        let mesh = Mesh::new(snapshot);
        let mut seen = Self::default();
        // What could not be read this time may be the next.
        let is_partial = (snapshot.reads.reads()).any(|(_, fact)| matches!(fact, Fact::Failed(_)));
        for subject in &snapshot.subjects {
            let mut diagnosis = judge_subject(&mesh, subject);
            answer
                .choice()
                .narrow(&mut diagnosis, &mut LeftOut::default());
            let is_open = is_partial && diagnosis.is_unknown();
            seen.ill += usize::from(is_open || exit::is_ill(&diagnosis));
            seen.verdicts.insert(title(subject), verdict(&diagnosis));
        }
        seen
    }

    /// What is different from before.
    fn changes(&self, before: &Self) -> Vec<String> {
        let changed = self
            .verdicts
            .iter()
            .filter(|(target, verdict)| before.verdicts.get(*target) != Some(verdict))
            .map(|(target, verdict)| format!("{target}: {verdict}"));
        let gone = before.verdicts.keys();
        let gone = gone.filter(|target| !self.verdicts.contains_key(*target));
        changed
            .chain(gone.map(|target| format!("{target} is gone")))
            .collect()
    }
}

fn title(subject: &Subject) -> String {
    match subject.target.namespace.as_str() {
        "" => subject.target.to_string(),
        namespace => format!("{} -n {namespace}", subject.target),
    }
}

fn verdict(diagnosis: &Diagnosis) -> String {
    let verdict = text::verdict(diagnosis);
    match diagnosis.root_cause {
        Some(root) => format!("{verdict}, because of {} {}", root.code, root.name),
        None => verdict,
    }
}

/// Follows the cluster, and gives what is known of it at the end. Changes of the verdict are told on standard error, or
/// for [`Until::Stopped`] on `out`.
pub async fn follow(
    link: &Link,
    question: &Question,
    snapshot: Snapshot,
    (until, answer): (Until, &Answer),
    out: &mut dyn Write,
) -> anyhow::Result<Snapshot> {
    let mut seen = Seen::of(&snapshot, answer);
    let (began, most) = match until {
        Until::Well(_) if seen.ill == 0 => return Ok(snapshot),
        Until::Well(most) => (Instant::now(), most),
        Until::Stopped => (Instant::now(), None),
    };
    if matches!(until, Until::Well(_)) {
        begin(&seen, &mut io::stderr())?;
    }
    let mut follower = Follower::new(link, question, snapshot);
    loop {
        let left = most.map(|most| most.saturating_sub(began.elapsed()));
        if left == Some(Duration::ZERO) {
            break;
        }
        // A judgement of thousands takes its time, too.
        let judging = Instant::now();
        let now = Seen::of(follower.snapshot(), answer);
        let tick = TICK.max(10 * judging.elapsed());
        let changes = now.changes(&seen);
        match until {
            Until::Well(_) => tell(&changes, &mut io::stderr())?,
            Until::Stopped => tell(&changes, out)?,
        }
        seen = now;
        if seen.ill == 0 && matches!(until, Until::Well(_)) {
            break;
        }
        match follower
            .next(left.map_or(tick, |left| tick.min(left)))
            .await
        {
            Ok(()) => {}
            Err(CollectError::Connect(error)) => {
                tell(&[format!("{error}; trying again")], &mut io::stderr())?;
                tokio::time::sleep(TICK).await;
            }
            Err(error) => return Err(error.into()),
        }
        for reason in follower.unwatched() {
            let words = format!("a change is not noticed, as nobody may watch {reason}");
            tell(&[words], &mut io::stderr())?;
        }
    }
    Ok(follower.into_snapshot())
}

fn begin(seen: &Seen, out: &mut dyn Write) -> io::Result<()> {
    match seen.verdicts.iter().next() {
        Some((target, verdict)) if seen.verdicts.len() == 1 => {
            tell(&[format!("{target}: {verdict}")], out)
        }
        _ => {
            let all = text::targets_of(seen.verdicts.len());
            tell(&[format!("waiting for {} of {all}", seen.ill)], out)
        }
    }
}

fn tell(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    for line in lines {
        let time = Zoned::now().strftime("%H:%M:%S").to_string();
        writeln!(out, "{time} {}", sanitize(line, true))?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{FailOn, Format};

    #[test]
    fn only_what_is_different_is_told() {
        let seen = |verdicts: &[(&str, &str)]| Seen {
            verdicts: verdicts
                .iter()
                .map(|(target, verdict)| ((*target).to_owned(), (*verdict).to_owned()))
                .collect(),
            ill: 0,
        };
        let before = seen(&[("a", "REJECTED"), ("b", "INJECTED"), ("c", "INJECTED")]);
        let now = seen(&[("a", "INJECTED"), ("b", "INJECTED"), ("d", "UNKNOWN")]);
        assert_eq!(
            now.changes(&before),
            ["a: INJECTED", "d: UNKNOWN", "c is gone"]
        );
        assert!(now.changes(&now).is_empty());
    }

    #[test]
    fn a_refusal_is_waited_for_whatever_the_user_leaves_out() {
        let snapshot: Snapshot = serde_json::from_str(crate::demo::SCENARIOS[0].snapshot).unwrap();
        let mut answer = Answer::with_all(Format::Text, FailOn::Never);
        assert_eq!(Seen::of(&snapshot, &answer).ill, 1);
        answer
            .ignore
            .push(crate::codes::check("istiod-no-endpoints").unwrap());
        assert_eq!(Seen::of(&snapshot, &answer).ill, 1);
    }
}
