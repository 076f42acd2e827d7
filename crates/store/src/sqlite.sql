CREATE TABLE leaves (
    log_index INTEGER PRIMARY KEY CHECK (log_index >= 0),
    leaf      BLOB NOT NULL
) STRICT;

CREATE TABLE heads (
    size INTEGER PRIMARY KEY CHECK (size > 0),
    note TEXT NOT NULL
) STRICT;

CREATE TABLE bodies (
    hash            BLOB PRIMARY KEY CHECK (length(hash) = 32),
    bytes           BLOB NOT NULL,
    auditors_from_s INTEGER,
    public_from_s   INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE persons (
    commitment BLOB PRIMARY KEY CHECK (length(commitment) = 32),
    salt       BLOB NOT NULL CHECK (length(salt) = 32),
    record     BLOB NOT NULL
) STRICT, WITHOUT ROWID;
