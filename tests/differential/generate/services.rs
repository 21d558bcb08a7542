//! What is wrong with the Services of the istiods.

use serde_json::{Map, Value, json};

use super::Dice;

const SERVICES: [&str; 3] = ["istiod", "istiod-canary", "istiod-revision-tag-prod"];

/// Changes to some of them, to none in most worlds.
pub fn generate(dice: &mut Dice) -> Map<String, Value> {
    let mut services = Map::new();
    if dice.percent(30) {
        services.insert((*dice.pick(&SERVICES)).to_owned(), fault(dice));
    }
    services
}

fn fault(dice: &mut Dice) -> Value {
    let port = |port: u16, target: u16| json!({"ports": [{"name": "https-webhook", "port": port, "protocol": "TCP", "targetPort": target}]});
    let faults = [
        (3, Value::Null),
        (3, json!({"selector": {"app": "nobody"}})),
        (
            2,
            json!({"selector": {"istio.io/rev": "canary", "istio": null}}),
        ),
        (1, json!({"selector": {"istio.io/rev": "default"}})),
        (
            1,
            json!({"selector": {"istio": null, "istio.io/rev": null}}),
        ),
        (2, port(444, 15017)),
        (2, port(443, 15010)),
        (1, port(443, 9999)),
        (2, port(443, 15017)),
        (1, json!({"clusterIP": "None", "clusterIPs": ["None"]})),
        (
            1,
            json!({"type": "ExternalName", "externalName": "istiod.example.com",
            "clusterIP": null, "clusterIPs": null, "ipFamilies": null, "ipFamilyPolicy": null, "internalTrafficPolicy": null}),
        ),
    ];
    dice.weighted(&faults).clone()
}
