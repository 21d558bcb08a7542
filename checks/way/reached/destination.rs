//! Where the API server sends its calls, once for all entries that share the way.

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhook, MutatingWebhookConfiguration, ServiceReference, WebhookClientConfig,
};

use super::obstacle::Obstacle;
use super::route::Route;
use super::step::Entry;
use super::walk::{reached, route};
use crate::facts::{Kind, Missing, ReadSet};
use crate::way::Case;
use crate::way::injector::{entries, fails_closed, injectors, is_deactivated};
use crate::way::{Answer, Called, NotCalled, Outcome, is_static};

/// The injection entries of one configuration that share Service, path, caBundle and failurePolicy.
#[derive(Clone, Debug)]
pub struct Destination<'a> {
    /// Their configuration.
    pub configuration: &'a MutatingWebhookConfiguration,
    /// The first of them.
    pub entry: &'a MutatingWebhook,
    /// The way of their calls.
    pub route: Route,
    /// Whether a failing call refuses the pod.
    pub fails_closed: bool,
    /// What a failing call means for the pod; none where an earlier call has settled the matter.
    decides: Option<Outcome>,
    /// What was read to know that no earlier call has.
    before: ReadSet,
}

/// All destinations of the target.
#[derive(Clone, Debug, Default)]
pub struct Destinations<'a> {
    /// They themselves, in call order.
    pub all: Vec<Destination<'a>>,
    /// Why there may be more: whether some entry is called is unknown.
    pub missing: Option<Missing>,
}

/// Where the injection webhooks lead that are called for the target's pods, or that belong to the
/// target where it is a webhook configuration; deactivated ones lead nowhere.
///
/// # Errors
/// [`Missing`] where the webhooks or, for pods, the target were not read.
pub fn destinations<'a>(case: &Case<'a>) -> Result<Destinations<'a>, Missing> {
    let mut found = Destinations::default();
    let webhooks = case.webhooks()?;
    if case.target().kind == Kind::MutatingWebhookConfiguration {
        for (configuration, webhook) in injectors(webhooks) {
            if configuration.metadata.name.as_ref() == Some(&case.target().name)
                && !is_deactivated(webhook)
            {
                found.add(case, configuration, webhook);
            }
        }
        return Ok(found);
    }
    if is_static(case)? {
        return Ok(found);
    }
    let mut others = Others::default();
    for (call, (configuration, webhook)) in case.calls()?.iter().zip(entries(webhooks)) {
        if !call.injector && fails_closed(webhook) {
            let entry = Entry {
                configuration,
                webhook,
            };
            others.look_at(case, &call.called, entry);
            continue;
        }
        match &call.called {
            Answer::Yes(_) if call.injector => {
                let known = found.all.len();
                found.add(case, configuration, webhook);
                for new in found.all.iter_mut().skip(known) {
                    others.settle(new);
                }
            }
            Answer::Unknown(missing) if call.injector => {
                found.missing.get_or_insert_with(|| missing.clone());
            }
            _ => {}
        }
    }
    found.settle();
    Ok(found)
}

/// Other vendors' webhooks, as far as the API server has come to them.
#[derive(Default)]
struct Others {
    /// Whether one of them has refused the pod.
    refuse: bool,
    /// What was read to know that.
    reads: ReadSet,
}

impl Others {
    fn look_at(&mut self, case: &Case, called: &Called, entry: Entry) {
        let (refuses, reads) = match called {
            Answer::Yes(_) => case.recorded(|| reached(case, entry, false).no().is_some()),
            Answer::No(NotCalled::ConditionError { .. }) => (true, ReadSet::default()),
            _ => return,
        };
        self.refuse |= refuses;
        self.reads.extend(&reads);
    }

    /// What comes after a refusal decides nothing.
    fn settle(&self, destination: &mut Destination) {
        destination.before.extend(&self.reads);
        if self.refuse {
            destination.decides = None;
        }
    }
}

impl<'a> Destinations<'a> {
    fn add(
        &mut self,
        case: &Case<'a>,
        configuration: &'a MutatingWebhookConfiguration,
        webhook: &'a MutatingWebhook,
    ) {
        let fails_closed = fails_closed(webhook);
        let is_same = |known: &Destination| {
            known.configuration.metadata.name == configuration.metadata.name
                && known.fails_closed == fails_closed
                && goes_to_the_same(&known.entry.client_config, &webhook.client_config)
        };
        if self.all.iter().any(is_same) {
            return;
        }
        let outcome = if fails_closed {
            Outcome::Rejected
        } else {
            Outcome::NotInjected
        };
        self.all.push(Destination {
            configuration,
            entry: webhook,
            route: route(
                case,
                Entry {
                    configuration,
                    webhook,
                },
                true,
            ),
            fails_closed,
            decides: Some(outcome),
            before: ReadSet::default(),
        });
    }

    /// The first call that fails closed ends the pod's way: none after it is made.
    fn settle(&mut self) {
        let mut is_over = false;
        let mut reads = ReadSet::default();
        for one in &mut self.all {
            one.before.extend(&reads);
            if is_over {
                one.decides = None;
            } else if one.fails_closed {
                is_over = one.route.is_blocked();
                reads.extend(&one.route.reads());
            }
        }
    }
}

fn goes_to_the_same(one: &WebhookClientConfig, other: &WebhookClientConfig) -> bool {
    one.service == other.service && one.url == other.url && one.ca_bundle == other.ca_bundle
}

impl<'a> Destination<'a> {
    /// The name of the configuration.
    pub fn name(&self) -> &'a str {
        self.configuration
            .metadata
            .name
            .as_deref()
            .unwrap_or_default()
    }

    /// The first of its entries.
    pub fn first(&self) -> Entry<'a> {
        Entry {
            configuration: self.configuration,
            webhook: self.entry,
        }
    }

    /// The Service that is called; none for a webhook by URL.
    pub fn service(&self) -> Option<&'a ServiceReference> {
        self.entry.client_config.service.as_ref()
    }

    /// What an obstacle means for the pod; none where another is in the way before it. A denial is an answer, whatever
    /// failurePolicy says.
    pub fn decided_by(&self, case: &Case, obstacle: &Obstacle) -> Option<Outcome> {
        case.note(&self.before);
        let first = self.route.obstacle(case)?;
        let decides = self.decides.filter(|_| first == obstacle)?;
        Some(match obstacle.is_denial() {
            true => Outcome::Rejected,
            false => decides,
        })
    }
}
