//! The edge error: every failure ends here as one message with a hint, and one exit code.

use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use serde_json::{Value, json};

use crate::output::shown;

/// How a command ended badly; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The command could not do what was asked: 1.
    Failed,
    /// The command was asked for something that makes no sense: 2.
    Usage,
    /// Something does not hold: 3.
    NotVerified,
}

impl FailureKind {
    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            FailureKind::Failed => 1,
            FailureKind::Usage => 2,
            FailureKind::NotVerified => 3,
        }
    }
}

/// A failure as the user sees it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Decides the exit code.
    pub kind: FailureKind,
    message: String,
    hint: Option<String>,
    source_text: Option<NamedSource<String>>,
    label: Option<LabeledSpan>,
    related: Vec<Failure>,
    told: bool,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, message: impl ToString) -> Failure {
        Failure {
            kind,
            message: shown(message),
            hint: None,
            source_text: None,
            label: None,
            related: vec![],
            told: false,
        }
    }

    /// The command could not do what was asked.
    pub fn failed(message: impl ToString) -> Failure {
        Failure::new(FailureKind::Failed, message)
    }

    /// The command makes no sense as given.
    pub fn usage(message: impl ToString) -> Failure {
        Failure::new(FailureKind::Usage, message)
    }

    /// Something does not hold.
    pub fn not_verified(message: impl ToString) -> Failure {
        Failure::new(FailureKind::NotVerified, message)
    }

    /// Says how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl ToString) -> Failure {
        self.hint = Some(shown(hint));
        self
    }

    /// Shows the place in a text file; nothing where the text has no such place.
    #[must_use]
    pub fn place(mut self, file: &str, text: &str, span: Range<usize>, label: &str) -> Failure {
        let is_crlf = |at: usize| text[at..].starts_with("\r\n");
        let part = |range: Range<usize>| {
            let signs = text.get(range.clone())?.char_indices();
            let kept = signs.filter(|(at, _)| !is_crlf(range.start + at)).map(|(_, sign)| sign);
            Some(shown(kept.collect::<String>()))
        };
        let (Some(before), Some(at), Some(after)) =
            (part(0..span.start), part(span.clone()), part(span.end..text.len()))
        else {
            return self;
        };
        // What is missing at the end has a place, too.
        let at = if at.is_empty() && after.is_empty() { " ".to_owned() } else { at };
        let span = before.len()..before.len() + at.len();
        self.source_text = Some(NamedSource::new(shown(file), before + &at + &after));
        self.label = Some(LabeledSpan::at(span, shown(label)));
        self
    }

    /// Says that the command has printed its verdict already, so that `--json` prints no second object.
    #[must_use]
    pub fn told(mut self) -> Failure {
        self.told = true;
        self
    }

    /// The failure as the one JSON object on standard output; `None` if the command printed its own.
    pub fn to_json(&self) -> Option<Value> {
        (!self.told).then(|| json!({ "error": self.as_json(), "exit": self.kind.exit_code() }))
    }

    fn as_json(&self) -> Value {
        let related: Vec<Value> = self.related.iter().map(Failure::as_json).collect();
        json!({ "message": self.message, "hint": self.hint, "related": related })
    }

    /// Adds further failures found in the same go.
    #[must_use]
    pub fn with_related(mut self, related: Vec<Failure>) -> Failure {
        self.related = related;
        self
    }
}

impl Diagnostic for Failure {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source_text.as_ref().map(|source| source as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.label.clone().map(|label| Box::new(std::iter::once(label)) as _)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|failure| failure as _)))
    }
}
