//! What a text looks like in a terminal.

use api::{Message, TextBlock, TextBlockKind, TextSpan, TextSpanKind};

/// The text of a message as people read it: people by their names, quotes and code marked as in the text.
pub(super) fn shown(message: &Message) -> String {
    if message.blocks.is_empty() {
        return message.text.clone();
    }
    message.blocks.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn block(block: &TextBlock) -> String {
    let text: String = block.spans.iter().map(span).collect();
    match block.kind {
        TextBlockKind::Paragraph => text,
        TextBlockKind::Quote => text
            .split('\n')
            .map(|line| format!("> {line}"))
            .collect::<Vec<_>>()
            .join("\n"),
        TextBlockKind::Code => {
            let code: String = block.spans.iter().map(|span| span.text.as_str()).collect();
            code.split('\n')
                .map(|line| format!("    {line}"))
                .collect::<Vec<_>>()
                .join("\n")
        }
    }
}

fn span(span: &TextSpan) -> String {
    match span.kind {
        // Terminals have no agreed way to show the rest; the words say it too.
        TextSpanKind::Text if span.bold => format!("*{}*", span.text),
        TextSpanKind::Code => format!("`{}`", span.text),
        _ => span.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_names_and_quotes_their_sign() {
        let span = |kind, text: &str, bold| TextSpan {
            kind,
            text: text.into(),
            bold,
            italic: false,
            struck: false,
            key: None,
        };
        let block = |kind, spans| TextBlock {
            kind,
            language: None,
            spans,
        };
        let message = Message {
            blocks: vec![
                block(TextBlockKind::Quote, vec![span(TextSpanKind::Text, "one\ntwo", false)]),
                block(
                    TextBlockKind::Paragraph,
                    vec![
                        span(TextSpanKind::Mention, "@Bob", false),
                        span(TextSpanKind::Text, " says ", false),
                        span(TextSpanKind::Text, "yes", true),
                    ],
                ),
            ],
            ..super::super::chats::tests::message(1, "raw")
        };
        assert_eq!(shown(&message), "> one\n> two\n@Bob says *yes*");
    }
}
