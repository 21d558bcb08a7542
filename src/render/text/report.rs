//! Many targets, read from the bottom: the verdict last, above it the worst cause with its fix, then the others by
//! damage, and at the top what is healthy. However many there are, it fits on few lines.

use std::collections::HashSet;
use std::io;

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::report::{Numbers, Severity};
use injdoctor_checks::way::Outcome;
use textwrap::core::display_width;

use super::finding::Extent;
use super::groups::{self, Group};
use super::mark::Mark;
use super::overview::{NAMED, affects, head, numbers, whom};
use super::{Report, facts, finding, unknown, verdict, words};
use crate::render::page::{Page, Span, Style};
use crate::terminal::Look;

/// The most lines of a report.
const LINES: usize = 60;

/// Causes with a single line, at most; more are counted.
const ONE_LINERS: usize = 12;

/// Lines about missing facts, at most.
const MISSING: usize = 8;

/// Commands in a row, at most: of a cause with all fixes, and of one with less room.
const COMMANDS: [usize; 2] = [8, 4];

/// Characters of the message of a cause that has no room, at most.
const MESSAGE: usize = 400;

/// How much of a cause is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Form {
    /// Nothing: it is counted.
    LeftOut,
    /// A line.
    Line,
    /// What it is, whom it concerns, and the commands of the first fix.
    Brief,
    /// The same with all that proves it.
    OneFix,
    /// The same with all fixes.
    Full,
}

/// Lines of text.
#[derive(Debug, Default)]
struct Lines {
    text: String,
    rows: usize,
}

/// Writes the report.
pub fn report(report: &Report, page: &mut Page) -> io::Result<()> {
    let groups = groups::groups(report.diagnoses);
    let look = page.look();
    let number = words::count(report.diagnoses.len(), "workload", "workloads");
    let head = Lines::new(look, |page| facts::facts(report, &number, page))?;
    let healthy = Lines::new(look, |page| healthy(&groups, report.diagnoses, page))?;
    let missing =
        Lines::new(look, |page| unknown::unknown(report.diagnoses, false, page))?.cut(MISSING);
    let verdict = Lines::new(look, |page| {
        verdict::several(&groups, report.diagnoses, page)
    })?;
    let frame = [&head, &healthy, &missing, &verdict];
    // Three for what is left out, and an empty line for each part.
    let taken = frame.into_iter().map(|one| one.rows).sum::<usize>() + 3 + 2;
    let causes = Causes::new(&groups, report, look, LINES.saturating_sub(taken))?;
    page.laid_out(&head.text)?;
    let left_out = causes.left_out(report.again);
    if healthy.rows > 0 || left_out.is_some() {
        page.blank()?;
    }
    page.laid_out(&healthy.text)?;
    if let Some(text) = left_out {
        page.wrapped(0, &[], 2, &Span::new(Style::Faint, text))?;
    }
    page.laid_out(&missing.text)?;
    causes.write(page)?;
    page.laid_out(&verdict.text)
}

/// The causes, each with as much as there is room for.
struct Causes<'a> {
    groups: &'a [Group<'a>],
    forms: Vec<(Form, Lines)>,
}

impl<'a> Causes<'a> {
    fn new(
        groups: &'a [Group<'a>],
        report: &Report,
        look: Look,
        mut room: usize,
    ) -> io::Result<Self> {
        let numbers = numbers(report.snapshot);
        let lines = |group: &Group, form: Form| {
            Lines::new(look, |page| write(group, form, report, &numbers, page))
        };
        let mut forms = Vec::with_capacity(groups.len());
        // The empty line above those that have one.
        room = room.saturating_sub(1);
        for (at, group) in groups.iter().enumerate() {
            let line = match at {
                0..=ONE_LINERS => lines(group, Form::Line)?,
                _ => Lines::default(),
            };
            let fits = line.rows > 0 && line.rows <= room;
            room -= if fits { line.rows } else { 0 };
            forms.push(match fits {
                true => (Form::Line, line),
                false => (Form::LeftOut, Lines::default()),
            });
        }
        let mut grow = |at: usize, all: &[Form]| -> io::Result<()> {
            let (Some(group), Some(slot)) = (groups.get(at), forms.get_mut(at)) else {
                return Ok(());
            };
            if group.severity == Severity::Info || slot.0 == Form::LeftOut {
                return Ok(());
            }
            for form in all.iter().copied().filter(|form| *form > slot.0) {
                let larger = lines(group, form)?;
                let has_blank = slot.0 != Form::Line;
                let before = slot.1.rows + usize::from(has_blank);
                if larger.rows < room + before {
                    room = room + before - larger.rows - 1;
                    *slot = (form, larger);
                    break;
                }
            }
            Ok(())
        };
        grow(0, &[Form::Full, Form::OneFix, Form::Brief])?;
        for at in 1..=ONE_LINERS {
            grow(at, &[Form::Brief])?;
        }
        for at in 1..=ONE_LINERS {
            grow(at, &[Form::Full, Form::OneFix])?;
        }
        Ok(Self { groups, forms })
    }

    /// How much has no room, and the command that shows it; none where all is written.
    fn left_out(&self, again: &str) -> Option<String> {
        if self.forms.iter().all(|(form, _)| *form == Form::Full) {
            return None;
        }
        let all = self.groups.iter().zip(&self.forms);
        let left_out = all.filter(|(_, (form, _))| *form == Form::LeftOut);
        let left_out: Vec<_> = left_out.map(|(group, _)| group).collect();
        let whom = left_out.iter().flat_map(|group| &group.targets);
        let whom: HashSet<_> = whom.map(|one| &one.target).collect();
        let text = match left_out.len() {
            0 => "not all is shown here".to_owned(),
            number => {
                let causes = words::count(number, "cause", "causes");
                let whom = words::count(whom.len(), "workload", "workloads");
                format!("left out here: {causes} of {whom}")
            }
        };
        Some(format!("{text}; all of it: {again}"))
    }

    /// Writes the worst last.
    fn write(&self, page: &mut Page) -> io::Result<()> {
        let mut last = Form::Full;
        for (form, lines) in self.forms.iter().rev() {
            if *form == Form::LeftOut {
                continue;
            }
            if *form != Form::Line || last != Form::Line {
                page.blank()?;
            }
            page.laid_out(&lines.text)?;
            last = *form;
        }
        Ok(())
    }
}

fn write(
    group: &Group,
    form: Form,
    report: &Report,
    numbers: &Numbers,
    page: &mut Page,
) -> io::Result<()> {
    let [many, few] = COMMANDS;
    let extent = Extent {
        commands: if form == Form::Full { many } else { few },
        ..Extent::all(report.snapshot, numbers)
    };
    match form {
        Form::LeftOut => Ok(()),
        Form::Line => {
            let lead = [
                Span::new(group.severity.into(), words::severity(group.severity)),
                Span::new(Style::Strong, format!(" {}:", finding::name(group.check))),
            ];
            page.wrapped(0, &lead, 2, &Span::plain(number(group)))
        }
        Form::Brief => {
            head(group, MESSAGE, page)?;
            affects(group, NAMED, page)?;
            let extent = Extent {
                fixes: 1,
                whole: false,
                ..extent
            };
            finding::fixes(&group.findings, &extent, page)?;
            alone(group, page)
        }
        Form::OneFix | Form::Full => {
            let fixes = match form {
                Form::Full => usize::MAX,
                _ => 1,
            };
            head(group, usize::MAX, page)?;
            affects(group, NAMED, page)?;
            finding::proof(&group.findings, &Extent { fixes, ..extent }, page)?;
            super::follows(&group.follows, page)?;
            alone(group, page)
        }
    }
}

/// Writes what shows more of a cause that no check explains.
fn alone(group: &Group, page: &mut Page) -> io::Result<()> {
    let (None, Some(first)) = (group.check, group.targets.first()) else {
        return Ok(());
    };
    let target = words::subject_and_namespace(first);
    let text = format!("more: injdoctor check {target} -o wide");
    page.line(2, &[Span::new(Style::Faint, text)])
}

fn number(group: &Group) -> String {
    match group.targets.as_slice() {
        [one] => facts::subject(one),
        all => {
            let namespaces: HashSet<_> = all.iter().map(|one| &one.target.namespace).collect();
            let mut names = namespaces.iter();
            match (names.next(), names.next()) {
                (Some(one), None) => format!("{} workloads in {one}", all.len()),
                _ => format!("{} workloads in {} namespaces", all.len(), namespaces.len()),
            }
        }
    }
}

/// Writes how many are well: none asks for a person, and nothing about them is unknown.
fn healthy(groups: &[Group], diagnoses: &[Diagnosis], page: &mut Page) -> io::Result<()> {
    let ill = groups
        .iter()
        .filter(|group| group.severity > Severity::Info || group.check.is_none());
    let ill: HashSet<_> = ill
        .flat_map(|group| &group.targets)
        .map(|one| std::ptr::from_ref::<Diagnosis>(one))
        .collect();
    let well = diagnoses
        .iter()
        .filter(|one| !ill.contains(&std::ptr::from_ref::<Diagnosis>(one)) && !one.is_unknown());
    let (injected, not): (Vec<&Diagnosis>, Vec<&Diagnosis>) = well.partition(|one| {
        let predicted = one.predicted.as_ref();
        predicted.is_some_and(|one| one.outcome == Outcome::Injected)
    });
    let words = |all: &[&Diagnosis], outcome: &str| match all {
        [] => None,
        few if few.len() <= NAMED => Some(format!("{} {outcome}", whom(few, NAMED))),
        many => Some(format!("{} {outcome}", many.len())),
    };
    let parts = [
        words(&injected, "injected"),
        words(&not, "not injected, as nobody asks for it or by design"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return Ok(());
    }
    let unicode = page.look().unicode;
    let lead = [
        Mark::Yes.span(unicode, Style::Good),
        Span::plain(" healthy:"),
    ];
    page.wrapped(0, &lead, 2, &Span::plain(parts.join("; ")))
}

impl Lines {
    fn new(look: Look, write: impl FnOnce(&mut Page) -> io::Result<()>) -> io::Result<Self> {
        let mut text = Vec::new();
        write(&mut Page::new(&mut text, look))?;
        let text = String::from_utf8(text).map_err(io::Error::other)?;
        // What is not wrapped takes several rows of the screen where it is long.
        let rows = |line: &str| display_width(line).div_ceil(look.width).max(1);
        let rows = text.lines().map(rows).sum();
        Ok(Self { text, rows })
    }

    /// Only the first lines, and how many more there were.
    fn cut(self, most: usize) -> Self {
        let lines: Vec<_> = self.text.lines().collect();
        if lines.len() <= most {
            return self;
        }
        let kept = lines.iter().take(most.saturating_sub(1));
        let mut text: String = kept.flat_map(|line| [line, "\n"]).collect();
        text.push_str(&format!(
            "  and {} more lines: -o wide\n",
            lines.len() + 1 - most
        ));
        Self { text, rows: most }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use injdoctor_checks::causes::Check;
    use injdoctor_checks::facts::{Kind, Snapshot, Target};
    use injdoctor_checks::registry;
    use injdoctor_checks::report::{
        Change, Effect, Evidence, Field, Finding, Fix, Object, Patch, Risk,
    };
    use injdoctor_checks::symptoms::{self, Symptom};

    /// Where the fault of a world stands.
    #[derive(Clone, Copy, Debug)]
    enum At {
        Workload,
        Namespace,
        Mesh,
    }

    fn label(object: Object, value: &str) -> Fix {
        let entries = vec![("istio-injection".to_owned(), Some(value.to_owned()))];
        let title = format!("label {} as it should be", object.reference());
        let change = Change::new(object, Patch::Metadata(Field::Labels, entries));
        let changes = "istiod is asked about the next pod of the namespace ".repeat(3);
        Fix::new(title, Risk::Safe, changes).change(change, &serde_json::json!({}))
    }

    fn ill(check: &'static Check, at: At, number: usize, long: usize) -> Diagnosis {
        let (namespace, name) = (format!("team-{}", number % 40), format!("web-{number}"));
        let target = Target {
            kind: Kind::Deployment,
            namespace: namespace.clone(),
            name: name.clone(),
        };
        let object = match at {
            At::Workload => Object::from(&target),
            At::Namespace => Object::unscoped("Namespace", &namespace),
            At::Mesh => Object::new("Service", "istio-system", "istiod"),
        };
        let words = match at {
            At::Mesh => "service/istiod -n istio-system".to_owned(),
            _ => object.reference(),
        };
        let severity = match number % 3 {
            0 => Severity::Error,
            1 => Severity::Warning,
            _ => Severity::Info,
        };
        let mut finding = Finding::new(
            severity,
            Effect::Decides(Outcome::NotInjected),
            "the label has a value that nothing selects ".repeat(long),
        );
        for _ in 0..long {
            let value = "v".repeat(40 * long);
            finding = finding
                .evidence(Evidence::new(words.clone(), ".metadata.labels").actual(value))
                .fix(label(object.clone(), "enabled"));
        }
        Diagnosis {
            root_cause: Some(check),
            findings: vec![(check, finding)],
            ..Diagnosis::new(target)
        }
    }

    fn unexplained(number: usize) -> Diagnosis {
        let symptom = Symptom {
            kind: symptoms::Kind::PodsRefused,
            severity: Severity::Error,
            message: "refused ".repeat(200),
            began: None,
            root_cause: None,
        };
        let check = registry().next().unwrap();
        Diagnosis {
            symptoms: vec![symptom],
            root_cause: None,
            findings: Vec::new(),
            ..ill(check, At::Workload, number, 1)
        }
    }

    fn written(diagnoses: &[Diagnosis], width: usize, unicode: bool) -> String {
        let snapshot: Snapshot = serde_json::from_str(crate::demo::SCENARIOS[0].snapshot).unwrap();
        let report = Report {
            snapshot: &snapshot,
            diagnoses,
            recorded: false,
            has_several_namespaces: true,
            again: "injdoctor check -A -o wide",
            narrowed: false,
        };
        colored::control::set_override(false);
        let look = Look {
            unicode,
            colour: false,
            width,
        };
        let mut out = Vec::new();
        super::report(&report, &mut Page::new(&mut out, look)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_mesh_has_more_lines_than_a_screen_or_two() {
        let checks: Vec<&'static Check> = registry().collect();
        for (workloads, causes, long) in [
            (2, 1, 1),
            (200, 1, 1),
            (200, 12, 3),
            (200, checks.len(), 1),
            (2_000, checks.len(), 9),
            (2_000, 3, 40),
            (10_000, 30, 2),
        ] {
            for at in [At::Workload, At::Namespace, At::Mesh] {
                let ill = |number: usize| ill(checks[number % causes], at, number, long);
                let mut all: Vec<_> = (0..workloads).map(ill).collect();
                all.extend((0..workloads / 100).map(unexplained));
                for width in [60, 80, 100] {
                    let text = written(&all, width, width != 80);
                    let rows = |line: &str| display_width(line).div_ceil(width).max(1);
                    let rows: usize = text.lines().map(rows).sum();
                    assert!(
                        rows <= LINES,
                        "{rows} of {workloads}, {causes}, {long}:\n{text}"
                    );
                    assert!(width != 80 || text.is_ascii(), "{text}");
                    let last = text.lines().last().unwrap();
                    assert!(text.contains("workloads"), "{text}");
                    assert!(!last.is_empty(), "{text}");
                }
            }
        }
    }

    #[test]
    fn the_worst_stands_last_with_its_fix_and_what_is_left_out_is_said() {
        let checks: Vec<&'static Check> = registry().collect();
        let mut all: Vec<_> = (0..40)
            .map(|number| ill(checks[number], At::Workload, 3 * number + 1, 2))
            .collect();
        all.extend((0..9).map(|number| ill(checks[50], At::Namespace, 3 * number, 1)));
        let text = written(&all, 80, true);
        assert!(
            text.contains("left out here: 28 causes of 28 workloads"),
            "{text}"
        );
        assert!(
            text.contains("all of it: injdoctor check -A -o wide"),
            "{text}"
        );
        let place = |words: &str| {
            text.find(words)
                .unwrap_or_else(|| panic!("{words}: {text}"))
        };
        let worst = place(&format!("error {}", checks[50].code));
        assert!(
            place(&format!("warning {}", checks[0].code)) < worst,
            "{text}"
        );
        let fix = "kubectl label namespace team-0 team-3 team-6 team-9 team-12 team-15 team-18 team-21 team-24 \
                   istio-injection=enabled --overwrite";
        assert!(worst < place(fix), "{text}");
    }
}
