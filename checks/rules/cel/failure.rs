//! What an error of the interpreter is in cel-go, which the API server uses.

use super::Condition;
use cel::ExecutionError;

pub(super) fn failure(error: ExecutionError) -> Condition {
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

#[cfg(test)]
mod tests {
    use super::super::fixture::eval;
    use super::*;

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
}
