//! The folder of whoever keeps a secret: a custodian, a witness, an auditor, who anchors or plants. One file in it is shown to nobody.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::data_folder::{parse_secret, write_new};
use crate::failure::Failure;
use crate::files::read_text;
use crate::lines;

/// The file with the secret.
pub(crate) const SECRET: &str = "secret.json";

/// Whose folder it is, and what is said where it does not hold.
pub(crate) struct Keeper {
    /// What the folder is, with an article.
    pub(crate) what: &'static str,
    /// The command that makes one.
    pub(crate) made_by: &'static str,
    /// What to do where it is damaged.
    pub(crate) restore: &'static str,
}

/// Writes the secret into a folder that is new.
pub(crate) fn write_secret(root: &Path, secret: &impl Serialize) -> Result<(), Failure> {
    write_new(&root.join(SECRET), lines::text(secret)?.as_bytes(), 0o600)
}

impl Keeper {
    /// The secret of a folder that is there.
    pub(crate) fn secret<T: DeserializeOwned>(&self, root: &Path) -> Result<T, Failure> {
        let path = root.join(SECRET);
        if !path.is_file() {
            return Err(Failure::usage(format!("{} is not {}", root.display(), self.what))
                .hint(format!("name the folder that `{}` made", self.made_by)));
        }
        self.read(&path)
    }

    /// What a file of the folder says.
    pub(crate) fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<T, Failure> {
        serde_json::from_str(&read_text(path)?).map_err(|error| {
            Failure::failed(format!("{} cannot be read: {error}", path.display())).hint(self.restore)
        })
    }

    /// A field's 32 bytes.
    pub(crate) fn seed(&self, field: &str, hex: &str) -> Result<[u8; 32], Failure> {
        parse_secret(SECRET, field, hex, self.restore)
    }
}
