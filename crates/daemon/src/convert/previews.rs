//! Previews of the domain in the words of the API.

use api::LinkPreview;
use messenger::MessageId;
use messenger::previews::{Preview, carried};
use store::{Deletion, MessageRow, StoreError};
use url::Url;

use super::Reading;

impl Reading<'_> {
    /// The previews that a message carries.
    pub(crate) fn previews_of(&self, id: &MessageId) -> Result<Vec<Preview>, StoreError> {
        let row = self.view.messages().load(id)?;
        Ok(row.map(|row| previews(&row)).unwrap_or_default())
    }

    /// The same, as they are shown.
    pub(super) fn links(&self, row: &MessageRow) -> Vec<LinkPreview> {
        let numbered = previews(row).into_iter().enumerate();
        let shown = numbered.map(|(number, preview)| LinkPreview {
            image_path: preview.picture.as_ref().map(|_| {
                format!(
                    "/v1/profiles/{}/messages/{}/links/{number}/image",
                    self.own.profile, row.id
                )
            }),
            ..shown(&preview)
        });
        shown.collect()
    }
}

/// A preview as it is shown, without its picture. Whose page it is said to be is read off the address and nowhere else.
pub(crate) fn shown(preview: &Preview) -> LinkPreview {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let url = Url::parse(&preview.url).ok();
    LinkPreview {
        url: preview.url.clone(),
        site: url.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned(),
        title: some(&preview.title),
        description: some(&preview.description),
        image_path: None,
    }
}

fn previews(row: &MessageRow) -> Vec<Preview> {
    if row.deletion != Deletion::None {
        return Vec::new();
    }
    row.payload.as_deref().map(carried).unwrap_or_default()
}
