//! Objects of any type with every field filled, however deep: the types themselves say which fields they have.

use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::de::value::{Error, StringDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

/// A value in which `text` stands in the place of every text, and in every map one entry, under a key of its own.
pub fn filled<T: DeserializeOwned>(text: &str) -> T {
    static KEYS: AtomicUsize = AtomicUsize::new(0);
    let fill = Fill(text, &KEYS);
    T::deserialize(fill).unwrap_or_else(|error| panic!("{error}"))
}

/// The text, and how many keys there are.
#[derive(Clone, Copy)]
struct Fill<'t>(&'t str, &'t AtomicUsize);

impl<'de> Deserializer<'de> for Fill<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    /// Bytes come as base64; all other texts are asked for as owned ones.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str("CANARY++")
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(true)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i32(7)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(7)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Once(Some(self)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let keys = vec![format!("key-{}", self.1.fetch_add(1, Ordering::Relaxed))];
        visitor.visit_map(Fields(keys, self))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        // An object has the kind that it is.
        let is_object = fields.contains(&"metadata") && fields.contains(&"apiVersion");
        let fields = fields
            .iter()
            .filter(|field| !(is_object && ["apiVersion", "kind"].contains(field)));
        let fields = fields.map(|field| (*field).to_owned());
        visitor.visit_map(Fields(fields.collect(), self))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let text = match name {
            "Time" | "MicroTime" => "2026-01-01T00:00:00Z".to_owned(),
            _ => return visitor.visit_newtype_struct(self),
        };
        let text: StringDeserializer<Error> = text.into_deserializer();
        visitor.visit_newtype_struct(text)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let first: serde::de::value::StrDeserializer<Error> = variants[0].into_deserializer();
        first.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf unit unit_struct
        tuple tuple_struct identifier ignored_any
    }
}

/// A list of one.
struct Once<'t>(Option<Fill<'t>>);

impl<'de> SeqAccess<'de> for Once<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        self.0.take().map(|fill| seed.deserialize(fill)).transpose()
    }
}

/// Fields that are still to come.
struct Fields<'t>(Vec<String>, Fill<'t>);

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let key = self.0.pop();
        let key = key.map(|key| -> StringDeserializer<Error> { key.into_deserializer() });
        key.map(|key| seed.deserialize(key)).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.1)
    }
}

/// The paths in JSON of every text that holds a word; lists take no step.
pub fn places(value: &serde_json::Value, word: &str) -> Vec<String> {
    fn below(name: impl Display, value: &serde_json::Value, word: &str) -> Vec<String> {
        let places = places(value, word).into_iter();
        let join = |rest: String| match rest.as_str() {
            "" => name.to_string(),
            rest => format!("{name}.{rest}"),
        };
        places.map(join).collect()
    }
    match value {
        serde_json::Value::String(text) if text.contains(word) => vec![String::new()],
        serde_json::Value::Array(items) => {
            items.iter().flat_map(|item| places(item, word)).collect()
        }
        serde_json::Value::Object(fields) => {
            let places = fields.iter();
            places
                .flat_map(|(name, value)| below(name, value, word))
                .collect()
        }
        _ => Vec::new(),
    }
}
