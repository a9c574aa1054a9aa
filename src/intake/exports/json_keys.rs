//! Which keys the objects of a JSON text have, from its beginning alone.

/// Bytes that are looked at; responses are alike, so the first few say what all are.
const BYTES_MAX: usize = 1 << 16;
/// Objects deeper than this are parts of a response.
const DEPTH_MAX: usize = 4;

/// Something that is open at one place of the text.
struct Open<'b> {
    is_object: bool,
    keys: Vec<&'b str>,
    at_key: bool,
}

/// The keys of each object near the top, as far as the text reaches; of an object that is cut off, those that are there.
/// Keys are as written, escapes included. What is no JSON gives keys that make no sense, and no panic.
pub(super) fn key_sets(bytes: &[u8]) -> Vec<Vec<&str>> {
    let bytes = &bytes[..bytes.len().min(BYTES_MAX)];
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut sets = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let start = at;
                let Some(quote) = closing_quote(bytes, start) else { break };
                at = quote + 1;
                if let Some(top) = open.last_mut().filter(|top| top.is_object && top.at_key) {
                    top.at_key = false;
                    top.keys.extend(std::str::from_utf8(&bytes[start..quote]));
                }
            }
            b'{' | b'[' => open.push(Open { is_object: byte == b'{', keys: Vec::new(), at_key: true }),
            b',' => {
                if let Some(top) = open.last_mut() {
                    top.at_key = true;
                }
            }
            b'}' | b']' => {
                if let Some(closed) = open.pop()
                    && closed.is_object
                    && open.len() < DEPTH_MAX
                {
                    sets.push(closed.keys);
                }
            }
            _ => {}
        }
    }
    sets.extend(open.into_iter().take(DEPTH_MAX).filter(|open| open.is_object).map(|open| open.keys));
    sets
}

/// The quote that closes the string whose first sign stands at `start`.
pub(super) fn closing_quote(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::key_sets;

    #[test]
    fn keys_are_told_from_values_and_texts() {
        let text = br#"{"data": {"list": [{"a": "x\", \"no\": 1", "b": ["c", {"d": 1}]}, {"e"#;
        assert_eq!(key_sets(text), [vec!["a", "b"], vec!["data"], vec!["list"], vec![]]);
        assert_eq!(key_sets(b"{\"a\":1}\n{\"b\":2}\n"), [vec!["a"], vec!["b"]]);
        assert_eq!(key_sets(b"}]\"\\").len(), 0);
    }
}
