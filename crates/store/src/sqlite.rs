//! SQLite: one connection, write-ahead log, `synchronous=FULL`, so that a commit is one fdatasync of the WAL.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::{Commit, Store, StoreError, StoredBody, StoredHead, StoredLeaf, StoredPerson};

/// The tables of a log.
const LAYOUT: Layout = Layout { number: 2, sql: include_str!("sqlite.sql") };

/// Pages (4 KiB) in the write-ahead log before SQLite moves them into the database: 64 MiB, so that a checkpoint,
/// which costs further fsyncs, is rare.
const AUTOCHECKPOINT_PAGES: &str = "16384";

/// The embedded store: one SQLite file.
pub struct SqliteStore {
    connection: SqliteConnection,
}

/// The tables of a file, and the number by which they are known: SQLite's `user_version`.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) number: i64,
    pub(crate) sql: &'static str,
}

impl Layout {
    /// Creates the database `path`, which must not exist.
    ///
    /// The tables are laid out unflushed and flushed once as a file: SQLite would drop the write-ahead log of a
    /// database whose first page a power cut had lost.
    pub(crate) async fn create(self, path: &Path) -> Result<SqliteConnection, StoreError> {
        self.lay_out(path).await?;
        let flushed = std::fs::File::open(path).and_then(|file| file.sync_all());
        flushed.map_err(|source| StoreError::Flush { source })?;
        self.open(path).await
    }

    /// Opens the database `path` for the one process that writes it.
    pub(crate) async fn open(self, path: &Path) -> Result<SqliteConnection, StoreError> {
        check_not_emptied(path)?;
        self.checked(connect(writing(path)).await?).await
    }

    /// The same for a process that goes on where another ended, however that ended. What the write-ahead log holds is moved
    /// into the database first: after a flush that failed the system may read from memory what the disk does not have, and
    /// what is written after such bytes would be lost with them. Nobody may read meanwhile, or a part would stay.
    pub(crate) async fn go_on(self, path: &Path) -> Result<SqliteConnection, StoreError> {
        let mut connection = self.open(path).await?;
        if is_moved(&mut connection).await? { Ok(connection) } else { Err(StoreError::Held) }
    }

    /// Opens the database `path` beside its writer, for reading.
    pub(crate) async fn open_read_only(self, path: &Path) -> Result<SqliteConnection, StoreError> {
        check_not_emptied(path)?;
        self.checked(connect(reading(path)).await?).await
    }

    async fn checked(self, mut connection: SqliteConnection) -> Result<SqliteConnection, StoreError> {
        let row = sqlx::query("PRAGMA user_version").fetch_one(&mut connection).await;
        let found = row.map_err(failed("reading the layout"))?.get::<i64, _>(0);
        if found != self.number {
            return Err(StoreError::OtherLayout { found, wanted: self.number });
        }
        Ok(connection)
    }

    async fn lay_out(self, path: &Path) -> Result<(), StoreError> {
        let doing = "laying out the tables";
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Memory)
            .synchronous(SqliteSynchronous::Off)
            .disable_statement_logging();
        let mut connection = connect(options).await?;
        let mut tx = connection.begin().await.map_err(failed(doing))?;
        sqlx::raw_sql(self.sql).execute(&mut *tx).await.map_err(failed(doing))?;
        // A pragma takes no bound value.
        let numbered = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", self.number));
        sqlx::raw_sql(numbered).execute(&mut *tx).await.map_err(failed(doing))?;
        tx.commit().await.map_err(failed(doing))?;
        sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut connection).await.map_err(failed(doing))?;
        connection.close().await.map_err(failed(doing))
    }
}

pub(crate) fn failed(doing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Database { doing, source }
}

/// Moves the write-ahead log into the database; whether all of it is there now, and no reader held a part back.
async fn is_moved(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await;
    Ok(row.map_err(failed("moving the write-ahead log into the database"))?.get::<i64, _>(0) == 0)
}

fn size_of(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::BadNumber { value })
}

fn stored_number(value: u64) -> i64 {
    i64::try_from(value).expect("a log of 2^63 entries cannot be written by any machine")
}

fn hash_of(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    <[u8; 32]>::try_from(bytes).map_err(|bytes| StoreError::BadHash { len_bytes: bytes.len() })
}

fn reading(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging()
}

/// SQLite removes the write-ahead log of a database that has no byte, or a single one, whoever opens it.
fn check_not_emptied(path: &Path) -> Result<(), StoreError> {
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |about| about.len());
    let is_empty = path.exists() && bytes(path) <= 1;
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut wal = target.into_os_string();
    wal.push("-wal");
    if is_empty && 0 < bytes(Path::new(&wal)) { Err(StoreError::Emptied) } else { Ok(()) }
}

impl SqliteStore {
    /// Creates the database `path`, which must not exist.
    pub async fn create(path: &Path) -> Result<SqliteStore, StoreError> {
        Ok(SqliteStore { connection: LAYOUT.create(path).await? })
    }

    /// Opens the database `path` for the one process that writes it.
    pub async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
        Ok(SqliteStore { connection: LAYOUT.go_on(path).await? })
    }

    /// Opens the database `path` beside its writer, for an auditor who must change nothing.
    pub async fn open_read_only(path: &Path) -> Result<SqliteStore, StoreError> {
        Ok(SqliteStore { connection: LAYOUT.open_read_only(path).await? })
    }

    /// Entries in the database `path` if it is sound, by itself or with the write-ahead log that lies beside it; changes neither. A log of
    /// another database, as a copy finds it where it is put, is replayed all the same, and shows in what does not go together then.
    ///
    /// # Errors
    /// [`StoreError`] if it could not be looked at: then nothing is known of it.
    pub async fn sound_entries(path: &Path, with_wal: bool) -> Result<Option<u64>, StoreError> {
        match looked_at(path, with_wal).await {
            Err(error) if crate::is_damage(&error) => Ok(None),
            entries => entries,
        }
    }

    async fn size(&mut self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT coalesce(max(log_index) + 1, 0) FROM leaves")
            .fetch_one(&mut self.connection)
            .await
            .map_err(failed("counting the entries"))?;
        size_of(row.get(0))
    }
}

async fn looked_at(path: &Path, with_wal: bool) -> Result<Option<u64>, StoreError> {
    check_not_emptied(path)?;
    let mut connection = LAYOUT.checked(connect(reading(path).immutable(!with_wal)).await?).await?;
    let entries = entries_if_sound(&mut connection).await.map_err(failed("checking the database"));
    drop(connection.close().await);
    entries?.map(size_of).transpose()
}

/// Entries, if pages, indices and tables agree, no entry is missing, and the newest head covers them all.
async fn entries_if_sound(connection: &mut SqliteConnection) -> Result<Option<i64>, sqlx::Error> {
    let pages = sqlx::query("PRAGMA integrity_check(1)").fetch_one(&mut *connection).await?;
    let leaves = "SELECT count(*), count(*) = coalesce(max(log_index) + 1, 0)
        AND count(*) = (SELECT coalesce(max(size), 0) FROM heads) FROM leaves";
    let leaves = sqlx::query(leaves).fetch_one(connection).await?;
    Ok((pages.get::<String, _>(0) == "ok" && leaves.get(1)).then(|| leaves.get(0)))
}

/// Replaces the note of a stored head.
async fn rewrite(connection: &mut SqliteConnection, head: &StoredHead) -> Result<(), StoreError> {
    let written = sqlx::query("UPDATE heads SET note = ? WHERE size = ?")
        .bind(&head.note)
        .bind(stored_number(head.size))
        .execute(connection)
        .await
        .map_err(failed("writing cosignatures"))?;
    if written.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NoHead { size: head.size }) }
}

fn writing(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", AUTOCHECKPOINT_PAGES)
        .pragma("secure_delete", "ON")
        .disable_statement_logging()
}

async fn connect(options: SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    SqliteConnection::connect_with(&options).await.map_err(failed("opening the file"))
}

fn leaf_of(row: &SqliteRow) -> Result<StoredLeaf, StoreError> {
    Ok(StoredLeaf { index: size_of(row.get(0))?, leaf: row.get(1) })
}

/// Leaves in one statement: each statement is a trip to the connection's thread, which costs more than the row itself.
const LEAVES_MAX: usize = 64;

async fn insert_leaves(
    tx: &mut SqliteConnection,
    first_index: u64,
    leaves: &[Vec<u8>],
) -> Result<(), sqlx::Error> {
    let mut indices = first_index..;
    for some in leaves.chunks(LEAVES_MAX) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO leaves (log_index, leaf) ");
        insert.push_values(some.iter().zip(indices.by_ref()), |mut row, (leaf, index)| {
            row.push_bind(stored_number(index)).push_bind(leaf.as_slice());
        });
        insert.build().execute(&mut *tx).await?;
    }
    Ok(())
}

const KEEP_NEW_PERSON: &str = "INSERT INTO persons (commitment, salt, record) VALUES (?, ?, ?)";

const KEEP_LOST_PERSON: &str =
    "INSERT INTO persons (commitment, salt, record) VALUES (?, ?, ?) ON CONFLICT (commitment) DO NOTHING";

async fn insert_persons(
    tx: &mut SqliteConnection,
    persons: &[StoredPerson],
    insert: &'static str,
) -> Result<(), StoreError> {
    for person in persons {
        sqlx::query(insert)
            .bind(&person.commitment[..])
            .bind(&person.salt[..])
            .bind(&person.record)
            .execute(&mut *tx)
            .await
            .map_err(failed("keeping persons' records"))?;
    }
    Ok(())
}

async fn delete_persons(tx: &mut SqliteConnection, commitments: &[[u8; 32]]) -> Result<(), StoreError> {
    for commitment in commitments {
        sqlx::query("DELETE FROM persons WHERE commitment = ?")
            .bind(&commitment[..])
            .execute(&mut *tx)
            .await
            .map_err(failed("erasing persons' records"))?;
    }
    Ok(())
}

fn head_of(row: &SqliteRow) -> Result<StoredHead, StoreError> {
    Ok(StoredHead { size: size_of(row.get(0))?, note: row.get(1) })
}

impl Store for SqliteStore {
    async fn commit(&mut self, commit: &Commit) -> Result<(), StoreError> {
        let end = commit.first_index + commit.leaves.len() as u64;
        if commit.head.size != end {
            return Err(StoreError::HeadElsewhere { head: commit.head.size, end });
        }
        let stored = self.size().await?;
        if stored != commit.first_index {
            return Err(StoreError::NotNext { stored, given: commit.first_index });
        }
        let doing = "writing a commit";
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed(doing))?;
        for head in &commit.cosigned {
            rewrite(&mut tx, head).await?;
        }
        if commit.leaves.is_empty() {
            rewrite(&mut tx, &commit.head).await?;
            return tx.commit().await.map_err(failed(doing));
        }
        insert_leaves(&mut tx, commit.first_index, &commit.leaves).await.map_err(failed(doing))?;
        for body in &commit.bodies {
            sqlx::query(
                "INSERT INTO bodies (hash, bytes, auditors_from_s, public_from_s) VALUES (?, ?, ?, ?) \
                 ON CONFLICT (hash) DO NOTHING",
            )
            .bind(&body.hash[..])
            .bind(&body.bytes)
            .bind(body.auditors_from_s)
            .bind(body.public_from_s)
            .execute(&mut *tx)
            .await
            .map_err(failed(doing))?;
        }
        insert_persons(&mut tx, &commit.persons, KEEP_NEW_PERSON).await?;
        delete_persons(&mut tx, &commit.erased).await?;
        sqlx::query("INSERT INTO heads (size, note) VALUES (?, ?)")
            .bind(stored_number(commit.head.size))
            .bind(&commit.head.note)
            .execute(&mut *tx)
            .await
            .map_err(failed(doing))?;
        tx.commit().await.map_err(failed(doing))
    }

    async fn leaves(&mut self, from: u64, limit: u64) -> Result<Vec<StoredLeaf>, StoreError> {
        let rows =
            sqlx::query("SELECT log_index, leaf FROM leaves WHERE log_index >= ? ORDER BY log_index LIMIT ?")
                .bind(stored_number(from))
                .bind(stored_number(limit))
                .fetch_all(&mut self.connection)
                .await
                .map_err(failed("reading entries"))?;
        rows.iter().map(leaf_of).collect()
    }

    async fn newest_head(&mut self) -> Result<Option<StoredHead>, StoreError> {
        Ok(self.newest_heads(1).await?.pop())
    }

    async fn newest_heads(&mut self, limit: u64) -> Result<Vec<StoredHead>, StoreError> {
        let rows = sqlx::query("SELECT size, note FROM heads ORDER BY size DESC LIMIT ?")
            .bind(stored_number(limit))
            .fetch_all(&mut self.connection)
            .await
            .map_err(failed("reading the newest heads"))?;
        rows.iter().map(head_of).collect()
    }

    async fn heads(&mut self, beyond: u64, limit: u64) -> Result<Vec<StoredHead>, StoreError> {
        let rows = sqlx::query("SELECT size, note FROM heads WHERE size > ? ORDER BY size LIMIT ?")
            .bind(stored_number(beyond))
            .bind(stored_number(limit))
            .fetch_all(&mut self.connection)
            .await
            .map_err(failed("reading heads"))?;
        rows.iter().map(head_of).collect()
    }

    async fn body(&mut self, hash: [u8; 32]) -> Result<Option<StoredBody>, StoreError> {
        let row = sqlx::query("SELECT bytes, auditors_from_s, public_from_s FROM bodies WHERE hash = ?")
            .bind(&hash[..])
            .fetch_optional(&mut self.connection)
            .await
            .map_err(failed("reading a body"))?;
        Ok(row.map(|row| StoredBody {
            hash,
            bytes: row.get(0),
            auditors_from_s: row.get(1),
            public_from_s: row.get(2),
        }))
    }

    async fn person(&mut self, commitment: [u8; 32]) -> Result<Option<StoredPerson>, StoreError> {
        let row = sqlx::query("SELECT salt, record FROM persons WHERE commitment = ?")
            .bind(&commitment[..])
            .fetch_optional(&mut self.connection)
            .await
            .map_err(failed("reading a person's record"))?;
        row.map(|row| Ok(StoredPerson { commitment, salt: hash_of(row.get(0))?, record: row.get(1) }))
            .transpose()
    }

    async fn person_commitments(&mut self) -> Result<Vec<[u8; 32]>, StoreError> {
        let rows = sqlx::query("SELECT commitment FROM persons ORDER BY commitment")
            .fetch_all(&mut self.connection)
            .await
            .map_err(failed("listing the persons' records"))?;
        rows.iter().map(|row| hash_of(row.get(0))).collect()
    }

    async fn keep_persons(&mut self, persons: &[StoredPerson]) -> Result<(), StoreError> {
        let doing = "keeping persons' records";
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed(doing))?;
        insert_persons(&mut tx, persons, KEEP_LOST_PERSON).await?;
        tx.commit().await.map_err(failed(doing))
    }

    async fn erase(&mut self, commitments: &[[u8; 32]]) -> Result<(), StoreError> {
        let doing = "erasing persons' records";
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed(doing))?;
        delete_persons(&mut tx, commitments).await?;
        tx.commit().await.map_err(failed(doing))
    }

    /// `secure_delete` has zeros in the place of what was deleted; the old pages stand in the write-ahead log until that is
    /// moved into the file and cut.
    async fn cut_traces(&mut self) -> Result<bool, StoreError> {
        is_moved(&mut self.connection).await
    }

    async fn body_hashes(&mut self) -> Result<Vec<[u8; 32]>, StoreError> {
        let rows = sqlx::query("SELECT hash FROM bodies ORDER BY hash")
            .fetch_all(&mut self.connection)
            .await
            .map_err(failed("listing the bodies"))?;
        rows.iter().map(|row| hash_of(row.get(0))).collect()
    }

    async fn close(self) -> Result<(), StoreError> {
        self.connection.close().await.map_err(failed("closing the file"))
    }
}
