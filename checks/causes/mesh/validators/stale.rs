//! Webhooks that validate Istio's configuration, and whose istiod is gone or is another one by now.

use k8s_openapi::api::admissionregistration::v1::ServiceReference;

use crate::causes::{Verdict, declare_check};
use crate::facts::kinds::ValidatingWebhookConfiguration;
use crate::facts::policies::ValidatingWebhook;
use crate::facts::{Kind, Missing};
use crate::report::{Change, Effect, Evidence, Field, Finding, Fix, Object, Patch, Risk, Severity};
use crate::rules::certificates::Trust;
use crate::way::injector::{injectors, label};
use crate::way::reached::{ca_bundle, root_certificate};
use crate::way::{Case, names, validators};

declare_check! {
    /// A webhook that validates Istio's configuration is left over: its istiod is gone, or does not have its root any more.
    ///
    /// ## What it finds
    /// An entry of a ValidatingWebhookConfiguration whose name ends in `validation.istio.io` calls a Service that does not exist. Or
    /// its caBundle does not vouch for istiod's root, while that of an injection webhook for the same Service does.
    /// `injdoctor webhook` finds it, as no pod is concerned, also where there is no injection webhook any more.
    ///
    /// ## Why it matters
    /// With failurePolicy `Fail` the API server refuses to create or change Istio's own objects, such as VirtualServices. Such
    /// configurations belong to no namespace: they stay when the namespace of Istio, or a revision, is deleted by
    /// hand. istiod keeps the caBundle right of those only whose label `istio.io/rev` is its own revision.
    ///
    /// ## How to fix it
    /// Delete the one whose Service is gone; an istiod that runs does not need it. Where istiod does not keep the caBundle right, give
    /// the configuration its revision as label.
    ///
    /// ## References
    /// - Istio, Configuration validation problems: <https://istio.io/latest/docs/ops/common-problems/validation/>
    /// - Istio, Uninstall: <https://istio.io/latest/docs/setup/install/istioctl/#uninstall-istio>
    /// - Istio 1.31, `pkg/webhooks/validation/controller/controller.go`
    "INJ003", "validating-webhook-stale", Mesh, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    if case.target().kind != Kind::MutatingWebhookConfiguration {
        return Ok(Verdict::not_applicable("no pod is concerned"));
    }
    let mut findings = Vec::new();
    for (configuration, webhook) in validators(case.validators()?) {
        let Some(service) = &webhook.client_config.service else {
            continue;
        };
        let validator = Validator {
            configuration,
            webhook,
            service,
        };
        if case.service(&service.namespace, &service.name)?.is_none() {
            findings.push(validator.of_nobody());
        } else if let Some(finding) = validator.distrusts(case)? {
            findings.push(finding);
        }
    }
    Ok(Verdict::of(findings))
}

/// An entry that calls a Service.
struct Validator<'a> {
    configuration: &'a ValidatingWebhookConfiguration,
    webhook: &'a ValidatingWebhook,
    service: &'a ServiceReference,
}

impl Validator<'_> {
    fn of_nobody(&self) -> Finding {
        let ServiceReference {
            name, namespace, ..
        } = self.service;
        let calls = format!("calls Service {name} in {namespace}, which does not exist");
        let evidence = self
            .evidence("service")
            .actual(format!("{name} in {namespace}"))
            .expected("a Service that exists");
        self.finding(&calls).evidence(evidence).fix(self.delete())
    }

    /// What is wrong with its caBundle, where an injection webhook shows that the root beside the Service is istiod's.
    fn distrusts(&self, case: &Case) -> Result<Option<Finding>, Missing> {
        let bundle = self.webhook.client_config.ca_bundle.as_ref();
        let bundle = bundle.map(|bundle| bundle.0.as_slice()).unwrap_or_default();
        // istiod fills it in, and sets failurePolicy to Fail, once it has tried the webhook.
        if bundle.is_empty() && !self.refuses() {
            return Ok(None);
        }
        let Some(root) = root_certificate(case, &self.service.namespace)? else {
            return Ok(None);
        };
        let why = match case.trusts(bundle, root) {
            _ if bundle.is_empty() => "its caBundle is empty".to_owned(),
            Trust::Fails { why } => why,
            _ => return Ok(None),
        };
        let mut same = injectors(case.webhooks()?).filter(|(_, webhook)| {
            let called = webhook.client_config.service.as_ref();
            called.is_some_and(|one| {
                (&one.name, &one.namespace) == (&self.service.name, &self.service.namespace)
            })
        });
        let trusted = same.find(|(_, one)| case.trusts(ca_bundle(one), root) == Trust::Verifies);
        let Some((injector, _)) = trusted else {
            return Ok(None);
        };
        let calls = format!(
            "does not trust istiod behind Service {} in {}: {why}",
            self.service.name, self.service.namespace
        );
        let mut finding = self.finding(&calls).evidence(self.evidence("caBundle"));
        let own = self.configuration.metadata.labels.as_ref();
        let own = own.and_then(|labels| labels.get(names::ISTIO_REV));
        if let Some(revision) = label(injector, names::ISTIO_REV)
            && own.map(String::as_str) != Some(revision)
        {
            finding = finding.fix(self.adopt(revision));
        }
        Ok(Some(finding.fix(self.delete())))
    }

    /// Whether a change is refused where the call fails.
    fn refuses(&self) -> bool {
        self.webhook.failure_policy.as_deref() != Some("Ignore")
    }

    fn finding(&self, calls: &str) -> Finding {
        let (severity, follows) = match self.refuses() {
            true => (
                Severity::Error,
                "so the API server refuses every change of Istio's objects about which it is asked",
            ),
            false => (
                Severity::Info,
                "and failurePolicy is Ignore, so Istio's objects are changed without that check",
            ),
        };
        let (name, entry) = (self.name(), &self.webhook.name);
        let message = format!("{entry} in {name} {calls}, {follows}");
        Finding::new(severity, Effect::Beside, message)
    }

    fn evidence(&self, field: &str) -> Evidence {
        let object = format!("validatingwebhookconfiguration/{}", self.name());
        let entry = &self.webhook.name;
        let path = format!(".webhooks[?(@.name==\"{entry}\")].clientConfig.{field}");
        let element = format!("k:{{\"name\":\"{entry}\"}}");
        let steps = ["webhooks", &element, "clientConfig", field];
        Evidence::new(object, path).set_in(&self.configuration.metadata, &steps)
    }

    fn name(&self) -> &str {
        let name = self.configuration.metadata.name.as_deref();
        name.unwrap_or_default()
    }

    fn object(&self) -> Object {
        Object::unscoped("ValidatingWebhookConfiguration", self.name())
    }

    fn delete(&self) -> Fix {
        Fix::new(
            format!("delete what is left over: {}", self.name()),
            Risk::MeshWide,
            "objects of Istio can be changed again; installing Istio brings the webhook back",
        )
        .forth(Change::new(self.object(), Patch::Delete))
    }

    fn adopt(&self, revision: &str) -> Fix {
        let entry = vec![(names::ISTIO_REV.to_owned(), Some(revision.to_owned()))];
        let change = Change::new(self.object(), Patch::Metadata(Field::Labels, entry));
        Fix::new(
            format!("let the istiod of revision {revision} keep its caBundle right"),
            Risk::MeshWide,
            "istiod fills in its own root, and checks Istio's objects again",
        )
        .change(change, self.configuration)
    }
}
