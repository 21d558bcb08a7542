//! `matchConditions` of a webhook, evaluated for the creation of a pod.
//!
//! What the sources say (Kubernetes 1.36, k8s.io/apiserver `pkg/admission/plugin/webhook/matchconditions/matcher.go`,
//! `pkg/admission/plugin/cel/{compile,activation,condition}.go`, `pkg/cel/environment/base.go`; cel-go 0.26):
//!
//! * All conditions are evaluated, in order. The first that is false ends it: the webhook is not called, even if an
//!   earlier one failed with an error. Otherwise one error suffices: with `failurePolicy: Fail` the request is refused
//!   without a call (403), with `Ignore` the webhook is not called.
//! * `object` is the pod as a tree without types, made from the typed pod: what is not set is not there, and reading it
//!   is the error `no such key: …`. On creation `oldObject` is null.
//! * `request` is made from the admission request in the same way, so **`request.name` is not there for a pod with
//!   `generateName`**: reading it is an error too, `has(request.name)` is false.
//! * `namespaceObject` is declared, but null in the conditions of webhooks: reading from it is always an error.
//! * `authorizer` asks the authorizer of the API server and `request.userInfo` is who creates the pod (usually a
//!   controller): neither is known here.
//! * A condition is compiled when the configuration is written, so one that is in the cluster has no syntax errors and no
//!   unknown names. One that seems to have them uses something that is not known here.
//!
//! The expressions run on the crate `cel`. Anything that it has not, that was not written for it here, or that it does
//! otherwise than cel-go makes the answer [`Condition::CannotEvaluate`], unless the result does not depend on it. The
//! limits of cost that the API server has are not followed.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators,
};
use cel::common::types::{CelBool, CelOptional, CelString, DYN_TYPE, Kind, LIST_TYPE};
use cel::common::value::{CowVal, Val};
use cel::objects::{Key, Map};
use cel::{Context, DeclarationError, Env, ExecutionError, FunctionContext, Value};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The creation of a pod, as the API server sees it before it calls mutating webhooks.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The pod, with what the API server adds before webhooks are called: defaults, namespace, and what the built-in
    /// admission plugins add (service account, tolerations, priority). Fields that are not set must not be there.
    pub pod: &'a serde_json::Value,
    /// The namespace of the request.
    pub namespace: &'a str,
    /// Whether the request is only a test (`dryRun: All`).
    pub dry_run: bool,
}

/// What one condition evaluates to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The webhook may be called.
    True,
    /// The webhook is not called.
    False,
    /// The evaluation fails in the API server, with about this message.
    Error(String),
    /// It cannot be evaluated here, and why: a function or variable that is missing here.
    CannotEvaluate(String),
}

/// What all conditions of a webhook come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conditions {
    /// All are true, or there are none: the webhook is called.
    Match,
    /// One is false: the webhook is not called.
    NoMatch {
        /// Its name.
        name: String,
        /// Its expression.
        expression: String,
    },
    /// None is false and one fails: with `failurePolicy: Fail` the request is refused without a call, with `Ignore` the
    /// webhook is not called.
    Error {
        /// The name of the first that fails.
        name: String,
        /// About what the API server says.
        message: String,
    },
    /// None is known to be false, and this one cannot be evaluated here.
    CannotEvaluate {
        /// Its name.
        name: String,
        /// Why not.
        reason: String,
    },
}

/// Evaluates the conditions of a webhook, given as pairs of name and expression, as the API server combines them.
///
/// Source: `Match` of k8s.io/apiserver `pkg/admission/plugin/webhook/matchconditions/matcher.go` (1.36).
pub fn all(conditions: &[(&str, &str)], request: &Request) -> Conditions {
    let mut error = None;
    let mut unknown = None;
    for (name, expression) in conditions {
        let name = || (*name).to_owned();
        match evaluate(expression, request) {
            Condition::True => {}
            Condition::False => {
                return Conditions::NoMatch {
                    name: name(),
                    expression: (*expression).to_owned(),
                };
            }
            Condition::Error(message) => {
                error.get_or_insert_with(|| Conditions::Error {
                    name: name(),
                    message,
                });
            }
            Condition::CannotEvaluate(reason) => {
                unknown.get_or_insert_with(|| Conditions::CannotEvaluate {
                    name: name(),
                    reason,
                });
            }
        }
    }
    unknown.or(error).unwrap_or(Conditions::Match)
}

/// Evaluates one condition.
///
/// Parser and interpreter are recursive, so this happens on a thread of its own with a large stack, which also keeps a
/// panic in them from spreading.
pub fn evaluate(expression: &str, request: &Request) -> Condition {
    if expression.len() > LONGEST
        || operators_in(expression) > MOST_OPERATORS
        || nesting(expression) > DEEPEST
    {
        return Condition::CannotEvaluate("the expression is too large".to_owned());
    }
    let evaluated = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let thread = thread
            .spawn_scoped(scope, || evaluation(expression, request))
            .ok()?;
        thread.join().ok()
    });
    match evaluated {
        Some(result) => result.unwrap_or_else(Condition::CannotEvaluate),
        None => Condition::CannotEvaluate("the interpreter gave up".to_owned()),
    }
}

/// The longest expression, in bytes, the most operators and the deepest brackets that are tried.
const LONGEST: usize = 8 * 1024;
const MOST_OPERATORS: usize = 1_000;
const DEEPEST: usize = 60;
/// In bytes: some forty thousand for each operator and a hundred thousand for each bracket are needed.
const STACK: usize = 128 * 1024 * 1024;

fn evaluation(expression: &str, request: &Request) -> Result<Condition, String> {
    let env = environment().map_err(|error| error.to_string())?;
    let parsed = env.parser().parse(expression);
    let mut program = parsed.map_err(|errors| {
        format!(
            "it cannot be parsed here: {}",
            first_line(&errors.to_string())
        )
    })?;
    let non_ascii = !request.pod.to_string().is_ascii();
    let fractions = expression.contains("double") || has_fraction(expression);
    Rewriting {
        bound: Vec::new(),
        non_ascii,
        fractions,
    }
    .rewrite(&mut program, 0)?;

    let touched = Touched::default();
    let mut context = Context::with_env(Arc::new(env));
    add_functions(&mut context, &touched).map_err(|error| error.to_string())?;
    for (name, value) in variables(request) {
        context.add_variable_from_value(name, value);
    }
    Ok(match context.resolve(&program) {
        Ok(Value::Bool(true)) => Condition::True,
        Ok(Value::Bool(false)) => Condition::False,
        Ok(other) => Condition::CannotEvaluate(format!(
            "its value is not true or false but a {}",
            other.type_of()
        )),
        Err(error) => match touched.reason() {
            Some(reason) => Condition::CannotEvaluate(reason),
            None => failure(error),
        },
    })
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}

/// How deep the brackets of an expression go.
fn nesting(expression: &str) -> usize {
    let depths = expression.chars().scan(0_usize, |depth, character| {
        match character {
            '(' | '[' | '{' => *depth += 1,
            ')' | ']' | '}' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    depths.max().unwrap_or(0)
}

/// Whether something looks like a number with a fraction or an exponent.
fn has_fraction(expression: &str) -> bool {
    let bytes = expression.as_bytes();
    bytes.windows(2).any(|pair| match pair {
        [b'.', digit] => digit.is_ascii_digit(),
        [digit, b'e' | b'E'] => digit.is_ascii_digit(),
        _ => false,
    })
}

fn operators_in(expression: &str) -> usize {
    expression
        .chars()
        .filter(|character| "+-*/%<>=!&|?:".contains(*character))
        .count()
}

/// What an error in the interpreter is in cel-go.
fn failure(error: ExecutionError) -> Condition {
    match error {
        ExecutionError::NoSuchKey(key) => Condition::Error(format!("no such key: {key}")),
        ExecutionError::UndeclaredReference(name) => {
            Condition::CannotEvaluate(format!("{name} is not known here"))
        }
        ExecutionError::IndexOutOfBounds(_) => Condition::Error("index out of bounds".to_owned()),
        ExecutionError::DivisionByZero(_) => Condition::Error("division by zero".to_owned()),
        ExecutionError::RemainderByZero(_) => Condition::Error("modulus by zero".to_owned()),
        ExecutionError::Overflow(..) => Condition::Error("integer overflow".to_owned()),
        ExecutionError::FunctionError { function, message } if function == "matches" => {
            Condition::CannotEvaluate(format!("{function}: {message}"))
        }
        ExecutionError::FunctionError { message, .. } => Condition::Error(message),
        ExecutionError::InternalError(message) => Condition::CannotEvaluate(message),
        _ => Condition::Error("no such overload".to_owned()),
    }
}

// ---- variables

fn variables(request: &Request) -> [(&'static str, Value); 4] {
    let gvk = || serde_json::json!({"group": "", "version": "v1", "kind": "Pod"});
    let gvr = || serde_json::json!({"group": "", "version": "v1", "resource": "pods"});
    let mut fields = serde_json::json!({
        "uid": "",
        "kind": gvk(),
        "resource": gvr(),
        "requestKind": gvk(),
        "requestResource": gvr(),
        "operation": "CREATE",
        "dryRun": request.dry_run,
    });
    let name = request
        .pod
        .pointer("/metadata/name")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    for (field, text) in [("name", name), ("namespace", request.namespace)] {
        if let (Some(fields), false) = (fields.as_object_mut(), text.is_empty()) {
            fields.insert(field.to_owned(), text.into());
        }
    }
    [
        ("object", to_cel(request.pod)),
        ("oldObject", Value::Null),
        ("namespaceObject", Value::Null),
        ("request", to_cel(&fields)),
    ]
}

/// JSON as the values of CEL: whole numbers are `int`.
fn to_cel(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => number.as_i64().map_or_else(
            || Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            Value::Int,
        ),
        serde_json::Value::String(text) => Value::String(Arc::new(text.clone())),
        serde_json::Value::Array(items) => {
            Value::List(Arc::new(items.iter().map(to_cel).collect()))
        }
        serde_json::Value::Object(fields) => {
            let entry = |(name, value): (&String, &serde_json::Value)| {
                (Key::String(Arc::new(name.clone())), to_cel(value))
            };
            Value::Map(Map {
                map: Arc::new(fields.iter().map(entry).collect::<HashMap<_, _>>()),
            })
        }
    }
}

// ---- what is not known

/// The function that stands for everything unknown; its argument says what that is.
const UNKNOWN: &str = "@unknown";

/// The first unknown thing that the evaluation came across.
#[derive(Clone, Default)]
struct Touched(Arc<Mutex<Option<String>>>);

impl Touched {
    fn note(&self, what: String) -> ExecutionError {
        if let Ok(mut first) = self.0.lock() {
            first.get_or_insert(what);
        }
        ExecutionError::function_error(UNKNOWN, "unknown")
    }

    fn reason(&self) -> Option<String> {
        self.0.lock().ok().and_then(|first| first.clone())
    }
}

/// Functions and macros of the crate, or added below, that do what those of cel-go do.
const KNOWN: [&str; 78] = [
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

/// Names of types, which are values too.
const TYPES: [&str; 13] = [
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
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
];

/// Replaces what is not known here by calls of [`UNKNOWN`].
struct Rewriting {
    /// The variables of the macros around.
    bound: Vec<String>,
    /// Whether the pod has characters outside ASCII.
    non_ascii: bool,
    /// Whether there may be numbers with a fraction, whose text differs between the languages.
    fractions: bool,
}

impl Rewriting {
    /// Fails if the tree is too deep.
    fn rewrite(&mut self, node: &mut IdedExpr, depth: usize) -> Result<(), String> {
        if depth > LONGEST {
            return Err("the expression is too deep".to_owned());
        }
        if let Some(what) = self.unknown(&node.expr) {
            node.expr = unknown_call(what);
            return Ok(());
        }
        if is_test_of_user(&node.expr) {
            node.expr = Expr::Literal(LiteralValue::Boolean(true.into()));
            return Ok(());
        }
        if is_member_of_nothing(&node.expr) {
            node.expr = Expr::Literal(LiteralValue::Boolean(false.into()));
            return Ok(());
        }
        let below = depth + 1;
        if let Some((function, operand, key)) = presence(&mut node.expr) {
            let mut operand = operand;
            let mut key = key;
            if !is_request(&operand) {
                self.rewrite(&mut operand, below)?;
            }
            self.rewrite(&mut key, below)?;
            node.expr = Expr::Call(CallExpr {
                func_name: function.to_owned(),
                target: None,
                args: vec![operand, key],
            });
            return Ok(());
        }
        match &mut node.expr {
            Expr::Call(call) => {
                for argument in &mut call.args {
                    self.rewrite(argument, below)?;
                }
                match &mut call.target {
                    Some(target) if !is_namespace(target) => self.rewrite(target, below),
                    _ => Ok(()),
                }
            }
            Expr::Select(select) if is_request(&select.operand) => Ok(()),
            Expr::Select(select) => self.rewrite(&mut select.operand, below),
            Expr::List(list) => list
                .elements
                .iter_mut()
                .try_for_each(|element| self.rewrite(element, below)),
            Expr::Map(map) => map
                .entries
                .iter_mut()
                .try_for_each(|entry| match &mut entry.expr {
                    EntryExpr::MapEntry(entry) => {
                        self.rewrite(&mut entry.key, below)?;
                        self.rewrite(&mut entry.value, below)
                    }
                    EntryExpr::StructField(field) => self.rewrite(&mut field.value, below),
                }),
            Expr::Comprehension(comprehension) => self.rewrite_comprehension(comprehension, below),
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => Ok(()),
        }
    }

    fn rewrite_comprehension(
        &mut self,
        comprehension: &mut ComprehensionExpr,
        depth: usize,
    ) -> Result<(), String> {
        let reserved = [
            "object",
            "oldObject",
            "request",
            "namespaceObject",
            "authorizer",
        ];
        if reserved.contains(&comprehension.iter_var.as_str())
            || reserved.contains(&comprehension.accu_var.as_str())
        {
            return Err(format!("a macro hides {}", comprehension.iter_var));
        }
        self.rewrite(&mut comprehension.iter_range, depth)?;
        self.rewrite(&mut comprehension.accu_init, depth)?;
        let outer = self.bound.len();
        self.bound.extend([
            comprehension.iter_var.clone(),
            comprehension.accu_var.clone(),
        ]);
        self.bound.extend(comprehension.iter_var2.clone());
        self.rewrite(&mut comprehension.loop_cond, depth)?;
        self.rewrite(&mut comprehension.loop_step, depth)?;
        self.rewrite(&mut comprehension.result, depth)?;
        self.bound.truncate(outer);
        Ok(())
    }

    /// What is unknown about the node itself.
    fn unknown(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Ident(name) if self.bound.contains(name) => None,
            Expr::Ident(name)
                if ["object", "oldObject", "namespaceObject"].contains(&name.as_str()) =>
            {
                None
            }
            Expr::Ident(name) if TYPES.contains(&name.as_str()) => None,
            Expr::Ident(name) if name == "request" => Some("request as a whole".to_owned()),
            Expr::Ident(name) => Some(name.clone()),
            Expr::Select(select) if is_request(&select.operand) => match select.field.as_str() {
                "userInfo" if select.test => None,
                field @ ("userInfo" | "options") => Some(format!("request.{field}")),
                _ => None,
            },
            Expr::Select(_)
                if qualified(expr).is_some_and(|name| TYPES.contains(&name.as_str())) =>
            {
                None
            }
            Expr::Call(call) => self.unknown_call_of(call),
            Expr::Struct(literal) => Some(format!("the type {}", literal.type_name)),
            _ => None,
        }
    }

    fn unknown_call_of(&self, call: &CallExpr) -> Option<String> {
        let name = match &call.target {
            Some(target) if is_namespace(target) => {
                format!("{}.{}", qualified(&target.expr)?, call.func_name)
            }
            _ => call.func_name.clone(),
        };
        let first_is_request = call.args.first().is_some_and(is_request);
        match name.as_str() {
            operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT if first_is_request => {
                Some("request as a map".to_owned())
            }
            "indexOf" | "lastIndexOf" if call.args.len() > 1 => {
                Some(format!("the function {name} with an offset"))
            }
            "string" if self.fractions => Some("a number with a fraction as text".to_owned()),
            "matches" => self
                .unlike_go(call)
                .then(|| "matches with this pattern".to_owned()),
            name if KNOWN.contains(&name) => None,
            name => Some(format!("the function {name}")),
        }
    }

    /// Whether the pattern of a call of `matches` may mean something else to Go.
    fn unlike_go(&self, call: &CallExpr) -> bool {
        const UNLIKE: [&str; 10] = [
            "&&", "--", "~~", "\\<", "\\>", "\\b{", "\\Q", "\\C", "(?", "[[",
        ];
        let Some(Expr::Literal(LiteralValue::String(pattern))) =
            call.args.last().map(|pattern| &pattern.expr)
        else {
            return true;
        };
        let pattern: &CelString = pattern;
        let pattern = pattern.inner();
        UNLIKE.iter().any(|unlike| pattern.contains(unlike))
            || (self.non_ascii && pattern.contains('\\'))
    }
}

fn is_request(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Ident(name) if name == "request")
}

fn is_namespace(target: &IdedExpr) -> bool {
    matches!(&target.expr, Expr::Ident(name) if NAMESPACES.contains(&name.as_str()))
}

/// `has(request.userInfo)`: it always is there.
fn is_test_of_user(expr: &Expr) -> bool {
    matches!(expr, Expr::Select(select) if select.test && select.field == "userInfo" && is_request(&select.operand))
}

/// `x in []`: cel-go does not even look at `x`.
fn is_member_of_nothing(expr: &Expr) -> bool {
    let Expr::Call(call) = expr else {
        return false;
    };
    let list = call.args.last().map(|list| &list.expr);
    call.func_name == operators::IN
        && matches!(list, Some(Expr::List(list)) if list.elements.is_empty())
}

/// The function that `has(x.f)` is here.
const PRESENT: &str = "@present";
/// The function that `x.?f` and `x[?f]` are here, and `.f` and `[f]` behind one of them.
const MAYBE: &str = "@maybe";

/// Takes the parts out of an expression that asks for something that need not be there. The crate is stricter than the
/// API server about what can be asked.
fn presence(expr: &mut Expr) -> Option<(&'static str, IdedExpr, IdedExpr)> {
    let key = |field: &str| IdedExpr {
        id: 0,
        expr: Expr::Literal(LiteralValue::String(field.to_owned().into())),
    };
    match expr {
        Expr::Select(select) if select.test => Some((
            PRESENT,
            std::mem::take(&mut select.operand),
            key(&select.field),
        )),
        Expr::Select(select) if is_optional(&select.operand.expr) => Some((
            MAYBE,
            std::mem::take(&mut select.operand),
            key(&select.field),
        )),
        Expr::Call(call) if is_optional_access(call) => {
            let key = call.args.pop()?;
            Some((MAYBE, Box::new(call.args.pop()?), key))
        }
        _ => None,
    }
    .map(|(function, operand, key): (_, Box<IdedExpr>, _)| (function, *operand, key))
}

fn is_optional_access(call: &CallExpr) -> bool {
    let optional = matches!(
        call.func_name.as_str(),
        operators::OPT_SELECT | operators::OPT_INDEX
    );
    let behind = || {
        call.args
            .first()
            .is_some_and(|operand| is_optional(&operand.expr))
    };
    call.args.len() == 2 && (optional || (call.func_name == operators::INDEX && behind()))
}

/// Whether the expression is a chain of fields and indexes one of which is optional.
fn is_optional(expr: &Expr) -> bool {
    match expr {
        Expr::Select(select) => !select.test && is_optional(&select.operand.expr),
        Expr::Call(call) => is_optional_access(call),
        _ => false,
    }
}

/// The name with periods that an expression spells.
fn qualified(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => Some(format!(
            "{}.{}",
            qualified(&select.operand.expr)?,
            select.field
        )),
        _ => None,
    }
}

fn unknown_call(what: String) -> Expr {
    let what = IdedExpr {
        id: 0,
        expr: Expr::Literal(LiteralValue::String(what.into())),
    };
    Expr::Call(CallExpr {
        func_name: UNKNOWN.to_owned(),
        target: None,
        args: vec![what],
    })
}

// ---- the environment

/// The language as Kubernetes has it, as far as it is known here.
fn environment() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    env.add_extension(cel::extensions::strings)?;
    env.add_extension(cel::extensions::lists)?;
    env.add_member_overload(
        "indexOf",
        "list_index_of",
        LIST_TYPE,
        vec![DYN_TYPE],
        |args| position(&args, false),
    )?;
    env.add_member_overload(
        "lastIndexOf",
        "list_last_index_of",
        LIST_TYPE,
        vec![DYN_TYPE],
        |args| position(&args, true),
    )?;
    let lists = || vec![LIST_TYPE, LIST_TYPE];
    env.add_overload(
        "sets.contains",
        "list_sets_contains_list",
        lists(),
        |args| compare_sets(&args, holds_all),
    )?;
    env.add_overload(
        "sets.intersects",
        "list_sets_intersects_list",
        lists(),
        |args| compare_sets(&args, holds_any),
    )?;
    env.add_overload(
        "sets.equivalent",
        "list_sets_equivalent_list",
        lists(),
        |args| compare_sets(&args, are_equal),
    )?;
    Ok(env)
}

type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// The index of the first, or last, element that equals the argument.
fn position<'b, 'v>(args: &[CowVal<'b, 'v>], last: bool) -> Answer<'b, 'v> {
    let (Value::List(list), wanted) = pair(args)? else {
        return Err(ExecutionError::no_such_overload("indexOf", Vec::new()));
    };
    let index = if last {
        list.iter().rposition(|item| *item == wanted)
    } else {
        list.iter().position(|item| *item == wanted)
    };
    into_cow(Value::Int(
        index
            .and_then(|index| i64::try_from(index).ok())
            .unwrap_or(-1),
    ))
}

fn compare_sets<'b, 'v>(
    args: &[CowVal<'b, 'v>],
    compare: fn(&[Value], &[Value]) -> bool,
) -> Answer<'b, 'v> {
    match pair(args)? {
        (Value::List(left), Value::List(right)) => into_cow(Value::Bool(compare(&left, &right))),
        _ => Err(ExecutionError::no_such_overload("sets", Vec::new())),
    }
}

fn holds_all(list: &[Value], part: &[Value]) -> bool {
    part.iter().all(|item| list.contains(item))
}

fn holds_any(list: &[Value], other: &[Value]) -> bool {
    list.iter().any(|item| other.contains(item))
}

fn are_equal(left: &[Value], right: &[Value]) -> bool {
    holds_all(left, right) && holds_all(right, left)
}

fn pair(args: &[CowVal]) -> Result<(Value, Value), ExecutionError> {
    match args {
        [left, right] => Ok((
            Value::try_from(left.as_ref())?,
            Value::try_from(right.as_ref())?,
        )),
        _ => Err(ExecutionError::invalid_argument_count(2, args.len())),
    }
}

fn into_cow<'b, 'v>(value: Value) -> Answer<'b, 'v> {
    let value: Box<dyn Val> = value.try_into()?;
    Ok(CowVal::Owned(value))
}

/// The functions that may come across something unknown.
fn add_functions(context: &mut Context, touched: &Touched) -> Result<(), DeclarationError> {
    let note = touched.clone();
    context.add_function(
        UNKNOWN,
        function(move |args| {
            let what = match args {
                [Value::String(what)] => what.to_string(),
                _ => "something".to_owned(),
            };
            Err(note.note(what))
        }),
    )?;
    context.add_function(
        PRESENT,
        lookup(|found| Box::new(CelBool::from(found.is_some()))),
    )?;
    context.add_function(
        MAYBE,
        lookup(|found| Box::new(found.map_or_else(CelOptional::none, CelOptional::of))),
    )?;
    type Fold = fn(&[Value]) -> Result<Value, Folding>;
    let folds: [(&'static str, Fold); 4] = [
        ("isSorted", is_sorted),
        ("sum", sum),
        ("min", min),
        ("max", max),
    ];
    for (name, fold) in folds {
        let note = touched.clone();
        let fold = function(move |args| match args {
            [Value::List(list)] => fold(list).map_err(|folding| match folding {
                Folding::Unknown => note.note(format!("{name} of such a list")),
                Folding::Fails(message) => ExecutionError::function_error(name, message),
            }),
            _ => Err(ExecutionError::no_such_overload(name, Vec::new())),
        });
        context.add_function(name, fold)?;
    }
    Ok(())
}

/// A function of target and arguments.
fn function(
    body: impl Fn(&[Value]) -> Result<Value, ExecutionError> + Send + Sync + 'static,
) -> cel_function::Boxed {
    Box::new(move |call: &mut FunctionContext| {
        let args = call
            .this
            .iter()
            .chain(&call.args)
            .map(|arg| Value::try_from(arg.as_ref()));
        into_cow(body(&args.collect::<Result<Vec<_>, _>>()?)?)
    })
}

/// The type of functions of a context, which the crate does not name in public.
mod cel_function {
    use super::{CowVal, ExecutionError, FunctionContext};

    pub(super) type Boxed = Box<
        dyn for<'context, 'call> Fn(
                &mut FunctionContext<'context, 'call>,
            ) -> Result<CowVal<'context, 'call>, ExecutionError>
            + Send
            + Sync,
    >;
}

/// What a value has for a key.
type Found<'v> = Option<Box<dyn Val + 'v>>;

/// A function of a value and a key, whose answer is made of what the value has for the key.
fn lookup(answer: for<'v> fn(Found<'v>) -> Box<dyn Val + 'v>) -> cel_function::Boxed {
    Box::new(
        move |call: &mut FunctionContext| match call.args.as_slice() {
            [value, key] => Ok(CowVal::Owned(answer(find(value.as_ref(), key.as_ref())?))),
            args => Err(ExecutionError::invalid_argument_count(2, args.len())),
        },
    )
}

/// What cel-go finds when it looks for something that need not be there: nothing in a value that has no fields, and an
/// error only in a list that is asked for something else than an index.
fn find<'v>(value: &(dyn Val + 'v), key: &(dyn Val + 'v)) -> Result<Found<'v>, ExecutionError> {
    if let Some(optional) = value.downcast_ref::<CelOptional>() {
        return optional.option().map_or(Ok(None), |inner| find(inner, key));
    }
    let index = matches!(key.get_type().kind(), Kind::Int | Kind::UInt | Kind::Double);
    match value.get_type().kind() {
        Kind::List if !index => {
            let message = format!("unsupported index type '{}' in list", key.get_type().name());
            Err(ExecutionError::function_error("_[_]", message))
        }
        Kind::List | Kind::Map => {
            let found = value.as_indexer().and_then(|indexer| indexer.get(key).ok());
            Ok(found.map(CowVal::into_owned))
        }
        _ => Ok(None),
    }
}

/// Why a function of a list has no value.
enum Folding {
    /// cel-go has one, perhaps, which depends on types that are not followed here.
    Unknown,
    Fails(&'static str),
}

fn is_sorted(list: &[Value]) -> Result<Value, Folding> {
    let mut sorted = true;
    for neighbours in list.windows(2) {
        if let [before, after] = neighbours {
            sorted &= compare(before, after)? != Ordering::Greater;
        }
    }
    Ok(Value::Bool(sorted))
}

fn sum(list: &[Value]) -> Result<Value, Folding> {
    let add = |total: i64, item: &Value| match item {
        Value::Int(number) => total
            .checked_add(*number)
            .ok_or(Folding::Fails("integer overflow")),
        _ => Err(Folding::Unknown),
    };
    list.iter().try_fold(0, add).map(Value::Int)
}

fn min(list: &[Value]) -> Result<Value, Folding> {
    extreme(list, Ordering::Greater, "min called on empty list")
}

fn max(list: &[Value]) -> Result<Value, Folding> {
    extreme(list, Ordering::Less, "max called on empty list")
}

/// The first element that all before it compare as `worse` to, or the same.
fn extreme(list: &[Value], worse: Ordering, empty: &'static str) -> Result<Value, Folding> {
    let (first, rest) = list.split_first().ok_or(Folding::Fails(empty))?;
    let mut best = first;
    for item in rest {
        if compare(best, item)? == worse {
            best = item;
        }
    }
    Ok(best.clone())
}

fn compare(left: &Value, right: &Value) -> Result<Ordering, Folding> {
    match (left, right) {
        (Value::Int(_), Value::Int(_))
        | (Value::String(_), Value::String(_))
        | (Value::Bool(_), Value::Bool(_)) => left.partial_cmp(right).ok_or(Folding::Unknown),
        _ => Err(Folding::Unknown),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::expect_used,
        clippy::panic
    )]
    use super::*;
    use proptest::prelude::*;

    fn pod() -> serde_json::Value {
        serde_json::json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"generateName": "web-", "namespace": "shop", "labels": {"app": "web", "tier": "front"}},
            "spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y"}], "terminationGracePeriodSeconds": 30},
        })
    }

    fn eval(expression: &str) -> Condition {
        evaluate(
            expression,
            &Request {
                pod: &pod(),
                namespace: "shop",
                dry_run: false,
            },
        )
    }

    #[test]
    fn conditions_are_true_or_false() {
        for expression in [
            "true",
            "object.metadata.labels.app == 'web'",
            "object.metadata.labels['tier'] in ['front', 'back']",
            "!has(object.metadata.annotations)",
            "has(object.metadata.labels.app)",
            "!('none' in object.metadata.labels)",
            "object.metadata.?annotations[?'x'].orValue('') == ''",
            "object.metadata.?labels[?'app'].orValue('none') == 'web'",
            "object.metadata.?labels.?app.hasValue()",
            "oldObject == null",
            "request.operation == 'CREATE' && request.kind.kind == 'Pod' && request.resource.resource == 'pods'",
            "request.namespace == 'shop' && !(request.namespace in ['kube-system'])",
            "!has(request.name) && has(request.userInfo) && !request.dryRun",
            "object.spec.containers.exists(c, c.name == 'b')",
            "object.spec.containers.all(c, c.image != '')",
            "object.spec.containers.exists_one(c, c.name.startsWith('a'))",
            "object.spec.containers.map(c, c.name) == ['a', 'b']",
            "size(object.spec.containers.filter(c, c.image.contains(':'))) == 1",
            "object.spec.terminationGracePeriodSeconds + 1 == 31",
            "object.metadata.generateName.matches('^web-$')",
            "'a,b'.split(',').join('-').upperAscii() == 'A-B' && 'xay'.replace('a', '').substring(1) == 'y'",
            "[1, 2, 3].sum() == 6 && [3, 1].min() == 1 && [3, 1].max() == 3 && [1, 2].isSorted()",
            "['a', 'b', 'a'].indexOf('a') == 0 && ['a', 'b', 'a'].lastIndexOf('a') == 2 && 'abc'.indexOf('c') == 2",
            "sets.contains(['a', 'b'], ['a']) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 2], [2, 1, 1])",
            "object.metadata.?labels[?'app'].optMap(a, a + '!').orValue('') == 'web!'",
            "object.metadata.?nothing.optMap(a, a + '!').orValue('none') == 'none'",
            "optional.of(3).value() == 3 && !optional.none().hasValue()",
            "type(object) == map && int('5') == 5 && string(5) == '5'",
            "object.missing.field == 1 || true",
            "!has(oldObject.metadata) && !has(namespaceObject.metadata) && !oldObject.?metadata.hasValue()",
            "!has(object.metadata.generateName.x) && !(object.metadata.name in [])",
            "object.?spec.containers[0].name.orValue('') == 'a' && !object.?spec.containers[?7].name.hasValue()",
        ] {
            assert_eq!(eval(expression), Condition::True, "{expression}");
            assert_eq!(
                eval(&format!("!({expression})")),
                Condition::False,
                "{expression}"
            );
        }
    }

    #[test]
    fn failures_are_those_of_the_api_server() {
        for (expression, message) in [
            (
                "object.metadata.annotations['x'] == ''",
                "no such key: annotations",
            ),
            (
                "object.metadata.labels.version == '1'",
                "no such key: version",
            ),
            ("request.name == ''", "no such key: name"),
            (
                "object.metadata.labels.version == '1' || false",
                "no such key: version",
            ),
            (
                "object.spec.containers[5].name == ''",
                "index out of bounds",
            ),
            ("object.metadata.labels + 1 == 2", "no such overload"),
            (
                "object.spec.containers.?x.hasValue()",
                "unsupported index type 'string' in list",
            ),
            (
                "has(object.spec.containers.x)",
                "unsupported index type 'string' in list",
            ),
        ] {
            assert_eq!(
                eval(expression),
                Condition::Error(message.to_owned()),
                "{expression}"
            );
        }
        for expression in [
            "namespaceObject.metadata.name == 'shop'",
            "oldObject.metadata.name == ''",
            "int('x') == 1",
        ] {
            assert!(
                matches!(eval(expression), Condition::Error(_)),
                "{expression} {:?}",
                eval(expression)
            );
        }
    }

    #[test]
    fn what_is_unknown_is_said() {
        for (expression, reason) in [
            ("request.userInfo.username == 'me'", "request.userInfo"),
            ("'admins' in request.userInfo.groups", "request.userInfo"),
            (
                "request.?userInfo.?username.orValue('') == ''",
                "request as a map",
            ),
            (
                "!authorizer.group('').resource('pods').check('create').allowed()",
                "the function allowed",
            ),
            (
                "quantity('1Gi').isGreaterThan(quantity('1Mi'))",
                "the function isGreaterThan",
            ),
            ("isURL('x')", "the function isURL"),
            (
                "object.metadata.labels.all(k, v, v != '')",
                "the function all",
            ),
            (
                "object.missing == 1 || request.userInfo.username == 'me'",
                "request.userInfo",
            ),
            ("variables.x", "variables"),
            ("[request].size() == 1", "request as a whole"),
            (
                "object.metadata.generateName.matches(object.metadata.namespace)",
                "matches with this pattern",
            ),
        ] {
            assert_eq!(
                eval(expression),
                Condition::CannotEvaluate(reason.to_owned()),
                "{expression}"
            );
        }
        for expression in ["object.", "", "1 + 1", "'web'", "object.metadata"] {
            assert!(
                matches!(eval(expression), Condition::CannotEvaluate(_)),
                "{expression}"
            );
        }
    }

    #[test]
    fn what_is_unknown_does_not_matter_if_it_decides_nothing() {
        assert_eq!(
            eval("request.userInfo.username == 'me' || object.metadata.labels.app == 'web'"),
            Condition::True
        );
        assert_eq!(
            eval(
                "object.metadata.labels.app == 'other' && authorizer.path('/x').check('get').allowed()"
            ),
            Condition::False
        );
        assert_eq!(eval("true ? true : isURL('x')"), Condition::True);
        assert_eq!(
            eval("true ? object.missing == 1 : isURL('x')"),
            Condition::Error("no such key: missing".to_owned())
        );
    }

    #[test]
    fn a_name_is_there_if_it_is_given() {
        let mut pod = pod();
        pod["metadata"]["name"] = "web-0".into();
        let request = Request {
            pod: &pod,
            namespace: "shop",
            dry_run: true,
        };
        assert_eq!(
            evaluate("request.name == 'web-0' && request.dryRun", &request),
            Condition::True
        );
    }

    #[test]
    fn conditions_are_combined_as_by_the_api_server() {
        let pod = pod();
        let request = Request {
            pod: &pod,
            namespace: "shop",
            dry_run: false,
        };
        let combine = |expressions: &[&str]| {
            let named: Vec<(&str, &str)> = expressions
                .iter()
                .map(|expression| (*expression, *expression))
                .collect();
            match all(&named, &request) {
                Conditions::Match => "match".to_owned(),
                Conditions::NoMatch { name, .. } => format!("no match: {name}"),
                Conditions::Error { name, .. } => format!("error: {name}"),
                Conditions::CannotEvaluate { name, .. } => format!("unknown: {name}"),
            }
        };
        assert_eq!(combine(&[]), "match");
        assert_eq!(combine(&["true", "1 == 1"]), "match");
        assert_eq!(
            combine(&["object.x == 1", "false", "1 == 2"]),
            "no match: false"
        );
        assert_eq!(
            combine(&["isURL('x')", "object.x == 1", "false"]),
            "no match: false"
        );
        assert_eq!(
            combine(&["object.x == 1", "true", "object.y == 1"]),
            "error: object.x == 1"
        );
        assert_eq!(
            combine(&["object.x == 1", "isURL('x')"]),
            "unknown: isURL('x')"
        );
    }

    #[test]
    fn large_expressions_do_no_harm() {
        for part in [
            "(",
            "[",
            "{",
            "!",
            "-",
            "!-",
            "a.",
            "1+",
            "true&&",
            "true||",
            "true?true:",
            "a[",
            "f(",
            "[1].map(x,",
            "1<",
            "'a'+",
            "\"",
            "a.?b",
            "{1:",
        ] {
            for count in [50, 300, 2_000, 8_000 / part.len()] {
                let _ = eval(&part.repeat(count));
                let _ = eval(&format!("{}true", part.repeat(count)));
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics(expression in "\\PC{0,60}", tokens in prop::collection::vec(prop::sample::select(vec![
            "object", ".", "metadata", "labels", "[", "]", "(", ")", "?", ":", "&&", "||", "!", "==", "in", "'a'", "1", "has", "all",
            "c", ",", "{", "}", "optional", "of", "request", "userInfo", "-", "+", "size", "map", "b'x'", "1u", "1.5", "null", "true",
        ]), 0..25)) {
            let _ = eval(&expression);
            let _ = eval(&tokens.concat());
            let _ = eval(&tokens.join(" "));
        }
    }
}
