//! What may tell the version of an istiod where its image does not.

use std::rc::Rc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;

use crate::facts::Missing;
use crate::facts::kinds::Pod;
use crate::way::InjectorConfig;

/// The injector's ConfigMap, and what is in it.
pub(super) type Injector<'a> = Result<Option<(&'a ConfigMap, Rc<InjectorConfig>)>, Missing>;

/// What stands beside an istiod, and may tell its version where its image does not.
#[derive(Debug)]
pub struct Beside<'a> {
    /// The Deployments of its namespace.
    pub deployments: Result<&'a [Deployment], Missing>,
    /// The pods of its namespace.
    pub pods: &'a [Pod],
    /// That of its revision.
    pub injector: Injector<'a>,
    /// Its revision.
    pub revision: &'a str,
}
