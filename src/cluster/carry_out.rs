//! One read of a plan, carried out.

use injdoctor_checks::facts::kinds::Pod;
use injdoctor_checks::facts::{Fact, Form, Log, Object, Objects, Read, Resource};
use injdoctor_checks::for_resource;

use super::read::{Readable, Reader, Selection, Trouble, fact_of};

/// Pages of events to read of one namespace, and of all. They are kept for an hour; where there are
/// more, the rest is like those that have expired.
const EVENT_PAGES: [usize; 2] = [5, 50];

/// Carries out a read.
///
/// # Errors
/// The API server's own words, where it refuses the label selector that the user gave.
pub async fn carry_out(reader: &Reader<'_>, read: &Read) -> Result<Fact<Objects>, BadSelector> {
    if read.form == Form::Metadata {
        let answer = for_resource!(read.resource, metadata(reader, read));
        return match answer.await {
            Ok(objects) => Ok(Fact::Got(objects)),
            Err(Trouble::Api(status)) if status.code == 400 && read.labels.is_some() => {
                Err(BadSelector(status.message))
            }
            Err(trouble) => Ok(fact_of(&trouble, read.unread(""))),
        };
    }
    if let (Some(log), Some(namespace), Some(pod)) = (&read.log, &read.namespace, &read.name) {
        let log = reader.log(namespace, pod, log).await;
        return Ok(log.map(|log| Log::objects(vec![log])));
    }
    Ok(for_resource!(read.resource, whole(reader, read)).await)
}

/// A label selector that the API server refuses, in its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSelector(pub String);

type Answer<'a, T> = futures::future::BoxFuture<'a, T>;

fn whole<'a, K: Readable + Object>(
    reader: &'a Reader<'_>,
    read: &'a Read,
) -> Answer<'a, Fact<Objects>> {
    Box::pin(async move {
        match &read.name {
            Some(name) => {
                let object = reader.get::<K>(read.namespace.as_deref(), name).await;
                object.map(|object| K::objects(vec![object]))
            }
            None if read.resource == Resource::Pod => {
                reader.pods(selection(read)).await.map(Pod::objects)
            }
            None if read.resource.is_young() => {
                let served = reader.list_if_served::<K>(selection(read)).await;
                served.map(K::objects)
            }
            None => reader.list::<K>(selection(read)).await.map(K::objects),
        }
    })
}

fn metadata<'a, K: Readable + Object>(
    reader: &'a Reader<'_>,
    read: &'a Read,
) -> Answer<'a, Result<Objects, Trouble>> {
    Box::pin(async move {
        let metadata = reader.list_metadata::<K>(selection(read)).await?;
        Ok(Objects::Metadata(metadata))
    })
}

/// What a read asks a list for.
pub fn selection(read: &Read) -> Selection<'_> {
    let [in_one, in_all] = EVENT_PAGES;
    let pages = match read.namespace {
        Some(_) => in_one,
        None => in_all,
    };
    Selection {
        namespace: read.namespace.as_deref(),
        labels: read.labels.as_deref(),
        fields: read.fields.as_deref(),
        pages: (read.resource == Resource::Event).then_some(pages),
    }
}
