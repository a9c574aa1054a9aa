//! What a typed table says of its keys.

/// Columns of typed tables that hold keys of customers.
pub const KEY_COLUMNS: [&str; 3] = ["customer", "referrer", "referred"];

/// The entry of a typed table's Parquet metadata that holds the length of its longest key, in bytes.
pub const LONGEST_KEY: &str = "advocate.longest_key";
