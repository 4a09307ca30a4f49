-- Results of recorded queries by the SHA-256 of their bytes; stored deflated.
CREATE TABLE blob_entry (
    sha256 TEXT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    deflated BLOB NOT NULL
);
