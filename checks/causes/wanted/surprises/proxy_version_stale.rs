//! The pods run a proxy of another version than the next one.

use crate::causes::wanted::{Asked, in_injector, injected};
use crate::causes::{Verdict, declare_check};
use crate::facts::kinds::Pod;
use crate::facts::{Missing, Object as _};
use crate::fixes::restart;
use crate::report::{Difference, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::wanted::injector_config;
use crate::way::{Case, Number, has_image_of, is_fresh, version_of_proxies, version_of_proxy};

declare_check! {
    /// The pod runs a proxy of another version than it would get today.
    ///
    /// ## What it finds
    /// The tag of the image of the pod's proxy names another version of Istio than `global.tag` in the injector's values,
    /// which the next pod gets: istiod was upgraded in place, and the pods were not restarted. It is found for pods and
    /// workloads that are asked about by name; of the pods of a whole namespace only the metadata is read, and that names
    /// no version.
    ///
    /// ## Why it matters
    /// The pods keep the old proxy, with its faults and its security holes, until they are restarted. Istio supports
    /// proxies that are one minor version older than istiod.
    ///
    /// ## How to fix it
    /// Restart the pods.
    ///
    /// ## References
    /// - Istio, In-place upgrades: <https://istio.io/latest/docs/setup/upgrade/in-place/>
    /// - Istio, Supported releases, control plane and data plane skew:
    ///   <https://istio.io/latest/docs/releases/supported-releases/#control-planedata-plane-skew>
    "INJ320", "proxy-version-stale", Wanted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let observed = &case.observation().pods;
    let pods = case.pods()?;
    let Ok(whole) = case.whole_pods() else {
        let why = "the images of pods are read where these are asked about by name";
        return Ok(Verdict::not_applicable(why));
    };
    let asked = match injected(case, |_, _| Some(()))? {
        Ok((asked, ())) => asked,
        Err(verdict) => return Ok(verdict),
    };
    let Some((next, by)) = next(case, &asked)? else {
        return Ok(Verdict::not_applicable("global.tag names no version"));
    };
    let mut stale = Vec::new();
    for (pod, seen) in whole.into_iter().zip(observed) {
        let version = version_of_proxy(pod).filter(|version| *version != next);
        let is_its = has_image_of(pod, &asked.istiod.revision);
        if let (Some(version), true) = (version, is_its)
            && !is_fresh(case, seen)?
        {
            stale.push((pod, version));
        }
    }
    let Some((first, version)) = stale.first() else {
        return Ok(Verdict::Passed);
    };
    let message = format!(
        "{} of {} pods run a proxy of another version than the next one will: {} of {}, the next one of {}",
        stale.len(),
        pods.len(),
        name(first),
        version.text,
        next.text
    );
    let image = Evidence::new(
        format!("pod/{}", name(first)),
        ".spec containers istio-proxy image",
    );
    let effect = Effect::Differs(Difference::OtherVersion);
    let finding = Finding::new(Severity::Warning, effect, message)
        .evidence(image.actual(&version.text).expected(&next.text))
        .evidence(by);
    let fix = Fix::new(
        "restart the pods",
        Risk::RestartsPods,
        format!("the pods come back with the proxy of version {}", next.text),
    );
    Ok(Verdict::of([finding.fix(fix.restart(restart(case)?))]))
}

fn name(pod: &Pod) -> &str {
    pod.metadata().name.as_deref().unwrap_or_default()
}

/// The version that the next pod gets, and where that stands.
fn next(case: &Case, asked: &Asked) -> Result<Option<(Number, Evidence)>, Missing> {
    let config = injector_config(case, &asked.istiod)?;
    let Some(version) = version_of_proxies(config.known_values()?) else {
        return Ok(None);
    };
    let evidence = in_injector(case, &asked.istiod, "values", ".data.values global.tag")?;
    Ok(Some((version.clone(), evidence.actual(version.text))))
}
