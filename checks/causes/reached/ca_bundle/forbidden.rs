//! What istiod may not do with the webhook.

use crate::causes::reached::istiod;
use crate::facts::Missing;
use crate::facts::kinds::ClusterRole;
use crate::way::reached::is_patched;
use crate::way::rights::{Account, lacking};
use crate::way::{Case, Destination};

/// What keeps istiod from writing.
pub struct Forbidden<'a> {
    pub(super) account: Account,
    pub(super) verbs: Vec<&'static str>,
    pub(super) roles: Vec<&'a ClusterRole>,
}

/// Whether the istiod that keeps the caBundle of a destination may not do so.
///
/// # Errors
/// [`Missing`] where the ClusterRoles or the Deployments were not read.
pub fn forbidden<'a>(
    case: &Case<'a>,
    destination: &Destination,
) -> Result<Option<Forbidden<'a>>, Missing> {
    let Some(deployment) = istiod::deployment_of(case, destination)? else {
        return Ok(None);
    };
    let is_its_own =
        |container| is_patched(destination.configuration, destination.entry, container);
    let template = deployment
        .spec
        .as_ref()
        .and_then(|spec| spec.template.spec.as_ref());
    let (Some(spec), Some(service), true) = (
        template,
        destination.service(),
        istiod::container(deployment).is_some_and(is_its_own),
    ) else {
        return Ok(None);
    };
    let account = Account::of(&service.namespace, spec);
    let roles = account.roles(case.cluster_roles()?, case.cluster_role_bindings()?);
    let verbs = lacking(&roles, destination.name());
    Ok((!verbs.is_empty()).then_some(Forbidden {
        account,
        verbs,
        roles,
    }))
}
