//! The creation of a pod, with the variables of conditions as the API server makes them.

use super::functions;
use super::replaced::Replaced;
use super::unknown::Touched;
use cel::Context;
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString,
};
use cel::common::value::Val;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt;

/// The creation of a pod, as the API server sees it before it calls mutating webhooks. It is made once for a pod and
/// serves all conditions.
pub struct Request {
    pub(super) context: Context<'static, 'static>,
    pub(super) touched: Touched,
    /// Whether all texts of the pod are ASCII.
    pub(super) is_ascii: bool,
    /// What of the pod a file does not hold.
    pub(super) replaced: Replaced,
}

impl Request {
    /// The creation of `pod` in a namespace. The pod is as the API server has it before webhooks are called: with
    /// defaults, namespace, and what the built-in admission plugins add (service account, tolerations, priority). Fields
    /// that are not set must not be there. `dry_run` says whether the request is only a test (`dryRun: All`).
    ///
    /// # Errors
    /// Why no condition can be evaluated.
    pub fn new(pod: Value, namespace: &str, dry_run: bool) -> Result<Self, String> {
        let touched = Touched::default();
        let mut context = functions::context(&touched)?;
        let is_ascii = is_ascii(&pod);
        let replaced = Replaced::of(&pod);
        for (name, value) in variables(pod, namespace, dry_run) {
            context.add_variable_as_val(name, to_cel(value));
        }
        Ok(Self {
            context,
            touched,
            is_ascii,
            replaced,
        })
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").finish_non_exhaustive()
    }
}

fn is_ascii(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_ascii(),
        Value::Array(items) => items.iter().all(is_ascii),
        Value::Object(fields) => fields
            .iter()
            .all(|(name, value)| name.is_ascii() && is_ascii(value)),
        _ => true,
    }
}

fn variables(pod: Value, namespace: &str, dry_run: bool) -> [(&'static str, Value); 4] {
    let gvk = || json!({"group": "", "version": "v1", "kind": "Pod"});
    let gvr = || json!({"group": "", "version": "v1", "resource": "pods"});
    let mut fields = json!({
        "uid": "",
        "kind": gvk(),
        "resource": gvr(),
        "requestKind": gvk(),
        "requestResource": gvr(),
        "operation": "CREATE",
        "dryRun": dry_run,
    });
    let name = pod
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    for (field, text) in [("name", name), ("namespace", namespace)] {
        if let (Some(fields), false) = (fields.as_object_mut(), text.is_empty()) {
            fields.insert(field.to_owned(), text.into());
        }
    }
    [
        ("object", pod),
        ("oldObject", Value::Null),
        ("namespaceObject", Value::Null),
        ("request", fields),
    ]
}

/// JSON as the values of CEL: whole numbers are `int`.
fn to_cel(value: Value) -> Box<dyn Val> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(value)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Box::new(CelInt::from(whole)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Value::String(text) => Box::new(CelString::from(text)),
        Value::Array(items) => {
            let items: Vec<_> = items.into_iter().map(to_cel).collect();
            Box::new(CelList::from(items))
        }
        Value::Object(fields) => {
            let entries = fields.into_iter();
            let entries: HashMap<_, _> = entries
                .map(|(name, value)| (CelMapKey::from(name), to_cel(value)))
                .collect();
            Box::new(CelMap::from(entries))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::unwrap_used)]
    use super::super::Condition;
    use super::super::evaluation::Program;
    use super::super::fixture::pod;
    use super::*;

    #[test]
    fn a_name_is_there_if_it_is_given() {
        let mut pod = pod();
        pod["metadata"]["name"] = "web-0".into();
        let request = Request::new(pod, "shop", true).unwrap();
        assert_eq!(
            Program::new("request.name == 'web-0' && request.dryRun").evaluate(&request),
            Condition::True
        );
    }
}
