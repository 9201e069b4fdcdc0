//! The canary: a text that the demo itself publishes in the clear, once in every form, to show that the search would have
//! found the others.

use std::time::{SystemTime, UNIX_EPOCH};

use waku::{ContentTopic, Envelope, PubsubTopic, WakuMessage};

use super::search::{Form, Needle};

/// The name under which the canary is found.
pub(crate) const NAME: &str = "the canary";

/// The canary as something to look for.
pub(crate) fn needle() -> Option<Needle> {
    Needle::new(NAME, CANARY)
}

/// One envelope per form, on a content topic of the demo.
pub(crate) fn envelopes(pubsub_topic: &PubsubTopic) -> Vec<Envelope> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let timestamp = i64::try_from(now.as_nanos()).ok();
    let message = |form: Form| WakuMessage {
        payload: form.leak(CANARY.as_bytes()),
        content_topic: ContentTopic::new(CONTENT_TOPIC),
        timestamp,
        ..WakuMessage::default()
    };
    Form::ALL
        .into_iter()
        .map(|form| Envelope::new(pubsub_topic.clone(), message(form)))
        .collect()
}

/// Full of `?` and `>`, so that it looks different in every form.
const CANARY: &str = "Does the canary sing???>>>???>>>";
const CONTENT_TOPIC: &str = "/undertone-demo/1/canary/plain";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::search::Search;

    #[test]
    fn every_envelope_gives_the_canary_away_in_a_form_of_its_own() {
        let search = Search::new(vec![needle().unwrap()]).unwrap();
        let topic = PubsubTopic::from("/waku/2/rs/16/32");
        for (envelope, form) in envelopes(&topic).into_iter().zip(Form::ALL) {
            let found: Vec<Form> = search
                .find(&envelope.message.encode())
                .iter()
                .map(|finding| finding.form)
                .collect();
            assert_eq!(found, [form]);
        }
    }
}
