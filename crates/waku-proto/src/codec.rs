//! Framing: an unsigned LEB128 length in front of every message on a stream.
//!
//! Reading from a stream happens elsewhere; here is only what the bytes mean.

/// Writes length and body.
pub fn frame(body: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(body.len() + MAX_PREFIX);
    prost::encoding::encode_varint(body.len() as u64, &mut framed);
    framed.extend_from_slice(body);
    framed
}

/// Reads a length, one byte after the other as they arrive.
#[derive(Clone, Copy, Debug, Default)]
pub struct LengthReader {
    value: u64,
    bytes: usize,
}

impl LengthReader {
    /// Takes the next byte. `Ok(None)` means that more are needed.
    pub fn push(&mut self, byte: u8, limit: usize) -> Result<Option<usize>, FrameError> {
        if self.bytes == MAX_PREFIX {
            return Err(FrameError::BadLength);
        }
        self.value |= u64::from(byte & 0x7f) << (7 * self.bytes);
        self.bytes += 1;
        if byte & 0x80 != 0 {
            return Ok(None);
        }
        match usize::try_from(self.value) {
            Ok(length) if length <= limit => Ok(Some(length)),
            _ => Err(FrameError::TooLong),
        }
    }
}

/// The other side's framing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length does not end.
    #[error("the length in front of the message is malformed")]
    BadLength,
    /// More than the caller is willing to read.
    #[error("the message is longer than the limit")]
    TooLong,
}

/// Longest prefix that is read: lengths below 2^35.
const MAX_PREFIX: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], limit: usize) -> Result<Option<usize>, FrameError> {
        let mut reader = LengthReader::default();
        for byte in bytes {
            if let Some(length) = reader.push(*byte, limit)? {
                return Ok(Some(length));
            }
        }
        Ok(None)
    }

    #[test]
    fn lengths() {
        for length in [0usize, 1, 127, 128, 300, 70_000] {
            let framed = frame(&vec![7; length]);
            let prefix = &framed[..framed.len() - length];
            assert_eq!(read(prefix, 70_000), Ok(Some(length)));
        }
        assert_eq!(
            read(&[0xff, 0xff, 0xff, 0xff, 0xff, 0x01], usize::MAX),
            Err(FrameError::BadLength)
        );
        assert_eq!(read(&[0x80, 0x08], 1023), Err(FrameError::TooLong));
        assert_eq!(read(&[0x80], 10), Ok(None));
    }
}
