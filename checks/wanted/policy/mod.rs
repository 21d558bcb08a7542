//! The value of `policy` in the injector's ConfigMap: what becomes of pods that do not ask explicitly.

mod edit;

crate::check::checks! { disabled, illegal }
