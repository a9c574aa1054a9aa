//! What is asked of a store that speaks S3. Who may ask, and where the store is, stand in the environment, as everywhere.

use super::Fetched;
use super::connection::Connector;
use futures::{StreamExt, TryStreamExt};
use glob::{MatchOptions, Pattern};
use object_store::aws::AmazonS3Builder;
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::timeout;

/// Objects that are fetched at a time; stores serve one connection slower than a line can carry.
const AT_A_TIME: usize = 4;
/// How long a store may send nothing of an object.
const SILENT_AT_MOST: Duration = Duration::from_secs(60);

/// What went wrong with a store.
#[derive(Debug, thiserror::Error)]
pub(super) enum RemoteError {
    #[error("{0}")]
    Store(#[from] object_store::Error),
    #[error("could not be written to `{}`", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("is no pattern: {0}")]
    BadPattern(&'static str),
    #[error("the store sent nothing of `{0}` for a minute")]
    Silent(String),
}

/// What a study names in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address<'a> {
    bucket: &'a str,
    /// A key, a pattern of keys, or the beginning of all keys of a folder.
    key: &'a str,
}

impl<'a> Address<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let (bucket, key) = path.strip_prefix("s3://")?.split_once('/')?;
        (!bucket.is_empty() && !key.is_empty()).then_some(Self { bucket, key })
    }

    /// The whole folders in front of the first sign of a pattern.
    fn folders(&self) -> &'a str {
        let plain = self.key.find(['*', '?', '[']).map_or(self.key, |sign| &self.key[..sign]);
        plain.rfind('/').map_or("", |slash| &plain[..slash])
    }

    fn is_pattern(&self) -> bool {
        self.key.contains(['*', '?', '['])
    }
}

/// The objects that a path of a study names, fetched into a folder in the order of their keys. What lies there from an earlier
/// fetch, under the same key and tag, is not fetched again.
pub(super) fn fetch(path: &str, into: &Path) -> Result<Vec<Fetched>, RemoteError> {
    let Some(address) = Address::of(path) else {
        return Err(RemoteError::BadPattern("write s3://bucket/key, s3://bucket/folder/*.csv or s3://bucket/folder"));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| RemoteError::Unwritable { path: into.to_owned(), source })?;
    runtime.block_on(async {
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(address.bucket)
            .with_http_connector(Connector::default())
            .build()?;
        let objects = named(&store, &address).await?;
        let store = &store;
        // Two buckets may hold the same content under the same key: both are files of the source.
        let folder = &into.join(address.bucket);
        futures::stream::iter(objects)
            .map(|object| async move {
                let path = fetch_one(store, &object, folder).await?;
                Ok(Fetched { name: format!("s3://{}/{}", address.bucket, object.location), path })
            })
            .buffered(AT_A_TIME)
            .try_collect()
            .await
    })
}

async fn named(store: &dyn ObjectStore, address: &Address<'_>) -> Result<Vec<ObjectMeta>, RemoteError> {
    if !address.is_pattern() {
        match store.head(&Key::from(address.key)).await {
            Ok(object) => return Ok(vec![object]),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let folder = if address.is_pattern() { address.folders() } else { address.key };
    let prefix = (!folder.is_empty()).then(|| Key::from(folder));
    let mut objects: Vec<ObjectMeta> = store.list(prefix.as_ref()).try_collect().await?;
    if address.is_pattern() {
        let pattern = Pattern::new(address.key).map_err(|error| RemoteError::BadPattern(error.msg))?;
        // As with files: a star does not go through a folder's end.
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::default() };
        objects.retain(|object| pattern.matches_with(object.location.as_ref(), options));
    } else {
        objects.retain(|object| {
            let mut below = object.location.as_ref()[folder.len()..].split('/').peekable();
            below.any(|part| part.contains('='))
        });
    }
    objects.retain(|object| !object.location.parts().any(|part| part.as_ref().starts_with(['.', '_'])));
    objects.sort_by(|left, right| left.location.cmp(&right.location));
    Ok(objects)
}

/// Written beside and renamed when whole.
async fn fetch_one(store: &dyn ObjectStore, object: &ObjectMeta, into: &Path) -> Result<PathBuf, RemoteError> {
    let tag = object.e_tag.as_deref().unwrap_or_default().replace(|sign: char| !sign.is_ascii_alphanumeric(), "");
    let path = into.join(tag).join(object.location.as_ref());
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() == object.size) {
        return Ok(path);
    }
    let unwritable = |source| RemoteError::Unwritable { path: path.clone(), source };
    let folder = path.parent().unwrap_or(into);
    fs::create_dir_all(folder).map_err(unwritable)?;
    let part = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    let mut writer = BufWriter::new(part);
    let mut stream = store.get(&object.location).await?.into_stream();
    loop {
        let next = timeout(SILENT_AT_MOST, stream.try_next()).await;
        let Some(bytes) = next.map_err(|_| RemoteError::Silent(object.location.to_string()))?? else { break };
        writer.write_all(&bytes).map_err(unwritable)?;
    }
    let part = writer.into_inner().map_err(|error| unwritable(error.into_error()))?;
    part.persist(&path).map_err(|error| unwritable(error.error))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::PutPayload;
    use object_store::memory::InMemory;

    #[test]
    fn an_address_has_a_bucket_and_a_key() {
        let of = |path| Address::of(path).map(|address| (address.bucket, address.key, address.folders().to_owned()));
        assert_eq!(of("s3://shop/in/a.csv"), Some(("shop", "in/a.csv", "in".to_owned())));
        assert_eq!(of("s3://shop/in/2026-*/a.csv"), Some(("shop", "in/2026-*/a.csv", "in".to_owned())));
        assert_eq!(of("s3://shop/*.csv"), Some(("shop", "*.csv", String::new())));
        assert_eq!((of("s3://shop"), of("s3://shop/"), of("s3:///a.csv")), (None, None, None));
    }

    #[test]
    fn objects_are_named_as_files_are_and_fetched_whole() {
        let store = InMemory::new();
        let keys = [
            "in/a.csv",
            "in/b.csv",
            "in/deep/c.csv",
            "in/_SUCCESS",
            "orders/year=2026/month=10/b.csv",
            "orders/year=2025/month=01/a.csv",
            "orders/year=2025/.part.crc",
            "plain/x.csv",
        ];
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            for key in keys {
                store.put(&Key::from(key), PutPayload::from(key.as_bytes().to_vec())).await.expect("put");
            }
            for (path, want) in [
                ("s3://shop/in/a.csv", vec!["in/a.csv"]),
                ("s3://shop/in/*.csv", vec!["in/a.csv", "in/b.csv"]),
                ("s3://shop/in/*", vec!["in/a.csv", "in/b.csv"]),
                ("s3://shop/in/**/*.csv", vec!["in/a.csv", "in/b.csv", "in/deep/c.csv"]),
                ("s3://shop/orders/", vec!["orders/year=2025/month=01/a.csv", "orders/year=2026/month=10/b.csv"]),
                ("s3://shop/plain", vec![]),
                ("s3://shop/gone.csv", vec![]),
            ] {
                let address = Address::of(path).expect("an address");
                let objects = named(&store, &address).await.expect("listed");
                let keys: Vec<&str> = objects.iter().map(|object| object.location.as_ref()).collect();
                assert_eq!(keys, want, "{path}");
                for object in &objects {
                    let path = fetch_one(&store, object, folder.path()).await.expect("fetched");
                    let text = fs::read_to_string(&path).expect("readable");
                    assert_eq!(text, object.location.as_ref());
                    assert_eq!(fetch_one(&store, object, folder.path()).await.expect("there"), path);
                }
            }
        });
    }
}
