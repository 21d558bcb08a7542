//! The selectors of the injector's ConfigMap: neverInjectSelector and alwaysInjectSelector.

crate::check::checks! { never_inject, always_inject }
