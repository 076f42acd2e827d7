//! The memory of a custodian on its own machine: named bytes, each written once and never changed.

use std::path::Path;

use sqlx::{Connection, Row, SqliteConnection};

use crate::StoreError;
use crate::sqlite::{Layout, failed};

/// The table of a vault.
const LAYOUT: Layout = Layout { number: 101, sql: include_str!("vault.sql") };

/// Something that is kept under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// One SQLite file; what is kept is durable and is never overwritten.
pub struct Vault {
    connection: SqliteConnection,
}

impl Vault {
    /// Creates the file `path`, which must not exist.
    pub async fn create(path: &Path) -> Result<Vault, StoreError> {
        Ok(Vault { connection: LAYOUT.create(path).await? })
    }

    /// Opens the file `path` for the one process that writes it.
    pub async fn open(path: &Path) -> Result<Vault, StoreError> {
        Ok(Vault { connection: LAYOUT.go_on(path).await? })
    }

    /// Opens the file `path` beside its writer, for reading.
    pub async fn open_read_only(path: &Path) -> Result<Vault, StoreError> {
        Ok(Vault { connection: LAYOUT.open_read_only(path).await? })
    }

    /// Keeps all of these or none; durable when it returns. What was kept before under a name stays.
    ///
    /// # Errors
    /// [`StoreError::OtherKept`] if other bytes are kept under one of the names.
    pub async fn keep(&mut self, items: &[Kept]) -> Result<(), StoreError> {
        let doing = "keeping in the vault";
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed(doing))?;
        for Kept { name, bytes } in items {
            sqlx::query("INSERT INTO kept (name, bytes) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")
                .bind(name)
                .bind(bytes)
                .execute(&mut *tx)
                .await
                .map_err(failed(doing))?;
            let row =
                sqlx::query("SELECT bytes FROM kept WHERE name = ?").bind(name).fetch_one(&mut *tx).await;
            if row.map_err(failed(doing))?.get::<Vec<u8>, _>(0) != *bytes {
                return Err(StoreError::OtherKept { name: name.clone() });
            }
        }
        tx.commit().await.map_err(failed(doing))
    }

    /// What is kept under a name.
    pub async fn get(&mut self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT bytes FROM kept WHERE name = ?").bind(name);
        let row = row.fetch_optional(&mut self.connection).await.map_err(failed("reading the vault"))?;
        Ok(row.map(|row| row.get(0)))
    }

    /// What is kept under names that begin with `prefix` and come after `after`, in the order of names, at most `limit`.
    pub async fn page(&mut self, prefix: &str, after: &str, limit: u32) -> Result<Vec<Kept>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, bytes FROM kept WHERE name > ? AND substr(name, 1, length(?)) = ? ORDER BY name LIMIT ?",
        );
        let rows =
            rows.bind(after).bind(prefix).bind(prefix).bind(limit).fetch_all(&mut self.connection).await;
        let rows = rows.map_err(failed("listing the vault"))?;
        Ok(rows.iter().map(|row| Kept { name: row.get(0), bytes: row.get(1) }).collect())
    }

    /// Ends the connection; what was kept stays.
    pub async fn close(self) -> Result<(), StoreError> {
        self.connection.close().await.map_err(failed("closing the vault"))
    }
}
