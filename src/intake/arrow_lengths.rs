//! The lengths that an Arrow file states, held against its own before anybody asks for memory by them.
//!
//! The reader of the format takes them at their word: one flipped bit asks for terabytes, and the program is ended.

use datafusion::arrow::ipc::{Block, MessageHeader, RecordBatch, root_as_footer, root_as_message};
use std::io::{Read, Seek, SeekFrom};

/// Stands before the length of a message since version 0.15 of the format.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// The length of the footer and the format's name, at the end of a file.
const TRAILER: u64 = 10;
/// No column of one batch of rows is larger, unpacked.
const UNPACKED_MAX: i64 = 1 << 32;

/// Holds the blocks of a file with a footer against its length.
///
/// # Errors
/// In words, a part that reaches beyond the end; what cannot be read is left to the reader.
pub(super) fn check_file(mut file: impl Read + Seek) -> Result<(), String> {
    let Some(there) = length(&mut file) else { return Ok(()) };
    let mut trailer = [0; TRAILER as usize];
    if there < TRAILER || read_at(&mut file, there - TRAILER, &mut trailer).is_none() {
        return Ok(());
    }
    let footer = u64::from(u32::from_le_bytes([trailer[0], trailer[1], trailer[2], trailer[3]]));
    if footer > there - TRAILER {
        return Err(beyond(footer, there));
    }
    let mut bytes = vec![0; footer as usize];
    if read_at(&mut file, there - TRAILER - footer, &mut bytes).is_none() {
        return Ok(());
    }
    let Ok(footer) = root_as_footer(&bytes) else { return Ok(()) };
    let blocks = footer.dictionaries().into_iter().flatten().chain(footer.recordBatches().into_iter().flatten());
    blocks.copied().try_for_each(|block| check_block(&mut file, &block, there))
}

fn check_block(file: &mut (impl Read + Seek), block: &Block, there: u64) -> Result<(), String> {
    let (Ok(offset), Ok(metadata), Ok(body)) =
        (u64::try_from(block.offset()), u64::try_from(block.metaDataLength()), u64::try_from(block.bodyLength()))
    else {
        return Err("it states a negative length".to_owned());
    };
    let end = offset.saturating_add(metadata).saturating_add(body);
    if end > there {
        return Err(beyond(end, there));
    }
    let mut bytes = vec![0; metadata as usize];
    if read_at(file, offset, &mut bytes).is_none() {
        return Ok(());
    }
    let start = if bytes.starts_with(&CONTINUATION) { 8 } else { 4 };
    match bytes.get(start..) {
        Some(message) => check_buffers(file, message, offset + metadata, body),
        None => Ok(()),
    }
}

/// Holds the messages of a stream against what is left of it.
///
/// # Errors
/// As [`check_file`].
pub(super) fn check_stream(mut stream: impl Read + Seek) -> Result<(), String> {
    let Some(there) = length(&mut stream) else { return Ok(()) };
    let mut at = 0;
    let mut word = [0; 4];
    while read_at(&mut stream, at, &mut word).is_some() {
        at += 4;
        if word == CONTINUATION {
            if read_at(&mut stream, at, &mut word).is_none() {
                break;
            }
            at += 4;
        }
        let metadata = u64::from(u32::from_le_bytes(word));
        if metadata == 0 {
            break;
        }
        let body_at = at + metadata;
        if body_at > there {
            return Err(beyond(body_at, there));
        }
        let mut message = vec![0; metadata as usize];
        let read = read_at(&mut stream, at, &mut message);
        let Some(Ok(parsed)) = read.map(|()| root_as_message(&message)) else { break };
        let Ok(body) = u64::try_from(parsed.bodyLength()) else { return Err("it states a negative length".to_owned()) };
        if body > there - body_at {
            return Err(beyond(body_at.saturating_add(body), there));
        }
        check_buffers(&mut stream, &message, body_at, body)?;
        at = body_at + body;
    }
    Ok(())
}

/// The columns of a batch, packed or not, within the body of its message.
fn check_buffers(file: &mut (impl Read + Seek), message: &[u8], body_at: u64, body: u64) -> Result<(), String> {
    let Ok(message) = root_as_message(message) else { return Ok(()) };
    let batch: Option<RecordBatch> = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|batch| batch.data()),
        _ => None,
    };
    let Some(batch) = batch else { return Ok(()) };
    for buffer in batch.buffers().into_iter().flatten() {
        let (Ok(offset), Ok(length)) = (u64::try_from(buffer.offset()), u64::try_from(buffer.length())) else {
            return Err("it states a negative length".to_owned());
        };
        if offset.saturating_add(length) > body {
            return Err(beyond(body_at.saturating_add(offset).saturating_add(length), body_at + body));
        }
        let mut unpacked = [0; 8];
        if batch.compression().is_some()
            && length >= 8
            && read_at(file, body_at + offset, &mut unpacked).is_some()
            && i64::from_le_bytes(unpacked) > UNPACKED_MAX
        {
            return Err(format!("a column states {} bytes when unpacked", i64::from_le_bytes(unpacked)));
        }
    }
    Ok(())
}

fn beyond(end: u64, there: u64) -> String {
    format!("a part of it is said to reach to byte {end}, where {there} are there")
}

fn length(file: &mut impl Seek) -> Option<u64> {
    file.seek(SeekFrom::End(0)).ok()
}

/// All bytes from a place on; `None` where they are not there.
fn read_at(file: &mut (impl Read + Seek), at: u64, bytes: &mut [u8]) -> Option<()> {
    file.seek(SeekFrom::Start(at)).ok()?;
    file.read_exact(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{Float64Array, RecordBatch};
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::arrow::ipc::writer::{FileWriter, StreamWriter};
    use std::io::Cursor;
    use std::sync::Arc;

    fn batch() -> RecordBatch {
        let schema = Schema::new(vec![Field::new("recommend", DataType::Float64, true)]);
        let column = Float64Array::from(vec![9.0, 3.0, 10.0]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(column)]).expect("a batch")
    }

    fn file() -> Vec<u8> {
        let batch = batch();
        let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).expect("a writer");
        writer.write(&batch).expect("written");
        writer.finish().expect("finished");
        writer.into_inner().expect("bytes")
    }

    fn stream() -> Vec<u8> {
        let batch = batch();
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).expect("a writer");
        writer.write(&batch).expect("written");
        writer.finish().expect("finished");
        writer.into_inner().expect("bytes")
    }

    #[test]
    fn sound_files_pass() {
        assert_eq!(check_file(Cursor::new(file())), Ok(()));
        assert_eq!(check_stream(Cursor::new(stream())), Ok(()));
    }

    /// Of all bits that may be wrong some ask for far more than there is; the reader would take each at its word.
    #[test]
    fn lengths_beyond_the_end_are_refused() {
        let refused = |bytes: &[u8], check: fn(Cursor<Vec<u8>>) -> Result<(), String>| {
            let flipped = |place: usize, bit: u8| {
                let mut bytes = bytes.to_vec();
                bytes[place] ^= 1 << bit;
                check(Cursor::new(bytes))
            };
            let all = (0..bytes.len()).flat_map(|place| (0..8).map(move |bit| (place, bit)));
            all.filter_map(|(place, bit)| flipped(place, bit).err()).collect::<Vec<String>>()
        };
        for problems in [refused(&file(), check_file), refused(&stream(), check_stream)] {
            // The higher bits of at least the length of the body and of the column: 31 each.
            assert!(problems.len() > 62, "{}", problems.len());
            assert!(
                problems.iter().all(|own| own.contains("is said to reach") || own.contains("negative")),
                "{problems:?}"
            );
        }
    }
}
