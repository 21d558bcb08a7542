//! CEL expressions for matchConditions.

use serde_json::{Value, json};

use super::Dice;

/// Some are true, some false, some fail for some pods.
const EXPRESSIONS: [&str; 44] = [
    "true",
    "false",
    "request.operation == 'CREATE'",
    "request.namespace != 'shop'",
    "request.namespace in ['shop', 'bank', 'mail']",
    "request.namespace.startsWith('kube-')",
    "!request.namespace.matches('^(kube|istio)-')",
    "request.kind.kind == 'Pod' && request.resource.resource == 'pods'",
    "has(request.name)",
    "request.name == 'pod-1'",
    "oldObject == null",
    "object.kind == 'Pod'",
    "object.metadata.labels['app'] == 'reviews'",
    "object.metadata.labels.app != 'cart'",
    "has(object.metadata.labels.tier)",
    "has(object.metadata.labels) && 'tier' in object.metadata.labels",
    "!('sidecar.istio.io/inject' in object.metadata.labels)",
    "object.metadata.?labels[?'tier'].orValue('none') == 'front'",
    "has(object.metadata.annotations)",
    "has(object.metadata.annotations) && 'sidecar.istio.io/inject' in object.metadata.annotations",
    "object.metadata.annotations.exists(key, key.startsWith('traffic.sidecar.istio.io/'))",
    "object.metadata.annotations['sidecar.istio.io/inject'] == 'true'",
    "has(object.metadata.name)",
    "object.metadata.generateName.startsWith('pod-')",
    "object.metadata.namespace == request.namespace",
    "has(object.spec.hostNetwork) && object.spec.hostNetwork",
    "!object.spec.?hostNetwork.orValue(false)",
    "object.spec.containers.all(container, container.name != 'istio-proxy')",
    "object.spec.containers.exists(c, c.image.contains(':'))",
    "object.spec.containers.exists_one(c, c.image.endsWith(':1'))",
    "size(object.spec.containers) == 1",
    "size(object.spec.containers.filter(c, has(c.ports))) > 0",
    "object.spec.containers.map(c, c.name).join(',') == 'app'",
    "object.spec.containers[1].name == 'helper'",
    "has(object.spec.initContainers)",
    "object.spec.serviceAccountName == 'default'",
    "object.spec.restartPolicy == 'Always'",
    "object.spec.dnsPolicy == 'ClusterFirst' ? true : object.spec.hostNetwork == true",
    "object.metadata.labels['app'].lowerAscii().split('-')[0] in ['reviews', 'db']",
    "int(object.metadata.labels['count']) > 3",
    "has(object.status) && has(object.spec.tolerations)",
    "object.spec.containers.all(c, quantity(c.resources.requests.cpu).isLessThan(quantity('1')))",
    "'app' in object.metadata.labels || object.absent",
    "object.absent.field == 1",
];

/// What depends on who asks.
const UNKNOWABLE: [&str; 2] = [
    "request.userInfo.username != 'system:serviceaccount:kube-system:replicaset-controller'",
    "authorizer.group('').resource('pods').namespace('shop').check('delete').allowed()",
];

/// One or two conditions.
pub fn generate(dice: &mut Dice) -> Value {
    let count = 1 + usize::from(dice.percent(35));
    let conditions: Vec<_> = (0..count)
        .map(|index| {
            let from: &[&str] = if dice.percent(3) {
                &UNKNOWABLE
            } else {
                &EXPRESSIONS
            };
            json!({"name": format!("condition-{index}"), "expression": dice.pick(from)})
        })
        .collect();
    json!(conditions)
}
