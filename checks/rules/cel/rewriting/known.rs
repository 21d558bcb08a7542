//! The names that are known here.

use cel::common::ast::{CallExpr, Expr, IdedExpr, operators};

/// What a condition can read. Only the name of `authorizer` is known here.
pub(super) const VARIABLES: [&str; 5] = [
    "object",
    "oldObject",
    "request",
    "namespaceObject",
    "authorizer",
];

/// Names of types, which are values too.
pub(super) const TYPES: [&str; 11] = [
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "list",
    "map",
    "type",
    "null_type",
    "optional_type",
];

/// Functions of Kubernetes that are missing here, and whose arguments are evaluated as anywhere else.
/// Source: `k8s.io/apiserver/pkg/cel/library` (v0.36).
const MISSING: [&str; 18] = [
    "quantity",
    "isQuantity",
    "isGreaterThan",
    "isLessThan",
    "compareTo",
    "asInteger",
    "asApproximateFloat",
    "isInteger",
    "sign",
    "url",
    "isURL",
    "ip",
    "isIP",
    "cidr",
    "isCIDR",
    "semver",
    "isSemver",
    "find",
];

/// What cel-go evaluates before it calls a function that is missing here.
pub(super) fn evaluated_before(expr: &mut Expr) -> Vec<IdedExpr> {
    match expr {
        Expr::Call(call) if MISSING.contains(&call.func_name.as_str()) => {
            let target = call.target.take().map(|target| *target);
            target.into_iter().chain(call.args.drain(..)).collect()
        }
        _ => Vec::new(),
    }
}

/// Functions and macros of the crate, or of this program, that do what those of cel-go do.
pub(super) const FUNCTIONS: [&str; 78] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "string",
    "int",
    "uint",
    "double",
    "bool",
    "bytes",
    "type",
    "dyn",
    "duration",
    "timestamp",
    "getFullYear",
    "getMonth",
    "getDayOfYear",
    "getDayOfMonth",
    "getDate",
    "getDayOfWeek",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "optional.none",
    "optional.of",
    "optional.ofNonZeroValue",
    "value",
    "hasValue",
    "or",
    "orValue",
    "charAt",
    "indexOf",
    "lastIndexOf",
    "join",
    "lowerAscii",
    "upperAscii",
    "trim",
    "replace",
    "split",
    "substring",
    "strings.quote",
    "slice",
    "flatten",
    "distinct",
    "sort",
    "reverse",
    "lists.range",
    "@sortByAssociatedKeys",
    "isSorted",
    "sum",
    "min",
    "max",
    "sets.contains",
    "sets.intersects",
    "sets.equivalent",
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::OPT_INDEX,
    operators::OPT_SELECT,
    operators::NOT_STRICTLY_FALSE,
    operators::IN,
];

/// The names that stand for a namespace of functions in front of a period.
const NAMESPACES: [&str; 4] = ["optional", "sets", "lists", "strings"];

/// The name of the function that is called, with the namespace in front of it.
pub(super) fn name(call: &CallExpr) -> String {
    match call.target.as_deref().and_then(namespace) {
        Some(namespace) => format!("{namespace}.{}", call.func_name),
        None => call.func_name.clone(),
    }
}

/// Whether the target of a call is no value but a namespace.
pub(super) fn is_namespace(target: &IdedExpr) -> bool {
    namespace(target).is_some()
}

fn namespace(target: &IdedExpr) -> Option<&str> {
    match &target.expr {
        Expr::Ident(name) => NAMESPACES.contains(&name.as_str()).then_some(name),
        _ => None,
    }
}
