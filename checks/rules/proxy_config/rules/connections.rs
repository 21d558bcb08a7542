//! Limits and timeouts of connections: `validateConnectionSettings`.

use super::super::read::Message;
use super::super::schema::json_name;

const LEAST: [(&str, i64); 7] = [
    ("listener_per_connection_buffer_limit_bytes", 0),
    ("cluster_per_connection_buffer_limit_bytes", 0),
    ("http_max_concurrent_streams", 1),
    ("http2_initial_stream_window_size", 65_535),
    ("http2_initial_connection_window_size", 65_535),
    ("listener_connection_limit", 1),
    ("global_downstream_connection_limit", 1),
];

/// What is wrong with `connectionSettings`.
pub(super) fn complaint(settings: &Message) -> Option<String> {
    let small = LEAST.into_iter().find_map(|(field, least)| {
        let number = settings.number(field).filter(|number| *number < least)?;
        Some((field, format!("is {number}, less than {least}")))
    });
    let negative = || {
        let (field, _) = settings.durations().find(|(_, duration)| *duration < 0)?;
        Some((field, "is negative".to_owned()))
    };
    let (field, problem) = small.or_else(negative)?;
    Some(format!("connectionSettings.{} {problem}", json_name(field)))
}
