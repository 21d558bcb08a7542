//! The changes that help, for the findings of many checks.
//!
//! A fix is made of changes ([`crate::report::Change`]), from which its commands and the way back follow.

mod api_server;
mod ask;
mod injector_config;
mod istiod;
mod namespace;
mod restart;
mod sidecar_start;
mod tag;
mod template;
mod webhook;

pub use api_server::{ApiServerSetting, change_api_server, environment_out_of_sight};
pub use ask::{ask_by_label, opt_out};
pub use injector_config::{is_literal, see_injector_config, set_line};
pub use istiod::{await_rollout, change_istiod, deployment_object, restart_istiod};
pub use namespace::{label_namespace, relabel_namespace, relabelled, unlabel_namespace};
pub use restart::restart;
pub use sidecar_start::{sidecar_first, wait_for_sidecar};
pub use tag::{remove_tag, set_tag};
pub use template::{
    Entry, container_of_template, from_api, in_api_form, patch_lists, patch_spec, patch_template,
};
pub use webhook::Entries;

/// Why what comes after `istioctl install` and `istioctl tag set` is not foreseen.
pub const WRITES_THE_WEBHOOK: &str = "istioctl writes the webhook";
