//! Recognising the sounds that deployed clients send: AAC in ADTS frames, and AMR. Pure; nothing is decoded.

pub use crate::content::chat_message::AudioType;

/// A sound whose kind and length are known.
#[derive(Clone, PartialEq, Eq)]
pub struct Sound {
    /// The file as it was recorded.
    pub bytes: Vec<u8>,
    /// Which coding.
    pub kind: AudioType,
    /// From its frames, in milliseconds.
    pub duration_ms: u64,
}

/// The sender's fault, or the recording program's: this is no sound that others can play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoundError {
    /// Neither AAC nor AMR.
    #[error("only AAC (ADTS) and AMR sounds can be sent; others cannot play anything else")]
    Unknown,
    /// It begins well and breaks off.
    #[error("the sound is damaged: it breaks off in the middle")]
    Broken,
    /// More than [`MAX_BYTES`] or [`MAX_DURATION_MS`].
    #[error("a sound has at most two minutes and 1.5 MB")]
    TooLong,
}

impl SoundError {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            SoundError::Unknown => "unknown_sound",
            SoundError::Broken => "broken_sound",
            SoundError::TooLong => "sound_too_long",
        }
    }
}

impl Sound {
    /// Looks at a recording, whole.
    pub fn parse(bytes: Vec<u8>) -> Result<Sound, SoundError> {
        if bytes.len() > MAX_BYTES {
            return Err(SoundError::TooLong);
        }
        let kind = kind_of(&bytes).ok_or(SoundError::Unknown)?;
        let duration_ms = match kind {
            AudioType::Amr => amr_duration(&bytes[AMR.len()..]),
            _ => adts_duration(&bytes),
        };
        let duration_ms = duration_ms.filter(|ms| *ms > 0).ok_or(SoundError::Broken)?;
        if duration_ms > MAX_DURATION_MS {
            return Err(SoundError::TooLong);
        }
        Ok(Sound {
            bytes,
            kind,
            duration_ms,
        })
    }
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sound({:?}, {} ms)", self.kind, self.duration_ms)
    }
}

/// What the first bytes say, as deployed clients decide it.
pub fn kind_of(bytes: &[u8]) -> Option<AudioType> {
    match bytes {
        [0xff, 0xf1 | 0xf9, ..] => Some(AudioType::Aac),
        _ if bytes.starts_with(AMR) => Some(AudioType::Amr),
        _ => None,
    }
}

/// The largest sound.
pub const MAX_BYTES: usize = 1_500_000;

/// The longest sound. Deployed clients record one minute.
pub const MAX_DURATION_MS: u64 = 120_000;

const AMR: &[u8] = b"#!AMR\n";

/// ISO 14496-3, 1.A.2: frames with a header of seven or nine bytes, each 1,024 samples a block.
fn adts_duration(mut rest: &[u8]) -> Option<u64> {
    let (mut blocks, mut rate) = (0_u64, None);
    while !rest.is_empty() {
        let header: &[u8; 7] = rest.first_chunk()?;
        if header[0] != 0xff || header[1] & 0xf6 != 0xf0 {
            return None;
        }
        let sampled = *RATES.get(usize::from(header[2] >> 2 & 0x0f))?;
        if *rate.get_or_insert(sampled) != sampled {
            return None;
        }
        let length = usize::from(header[3] & 0x03) << 11 | usize::from(header[4]) << 3 | usize::from(header[5] >> 5);
        if length < header.len() {
            return None;
        }
        rest = rest.get(length..)?;
        blocks += u64::from(header[6] & 0x03) + 1;
    }
    Some(blocks * 1_024 * 1_000 / rate?)
}

/// RFC 4867, 5: frames of 20 ms, whose first byte says their kind and so their length.
fn amr_duration(mut rest: &[u8]) -> Option<u64> {
    let mut frames = 0;
    while let Some(first) = rest.first() {
        let length = match first >> 3 & 0x0f {
            kind @ 0..=8 => AMR_BYTES[usize::from(kind)],
            15 => 0,
            _ => return None,
        };
        rest = rest.get(1 + length..)?;
        frames += 1;
    }
    Some(frames * 20)
}

/// Samples a second, by their number in ADTS.
const RATES: [u64; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

/// Bytes of a frame after its first, by its kind; the last is silence.
const AMR_BYTES: [usize; 9] = [12, 13, 15, 17, 19, 20, 26, 31, 5];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `frames` frames of 16 kHz AAC of `length` bytes each.
    fn aac(frames: usize, length: usize) -> Vec<u8> {
        let mut frame = vec![0; length];
        frame[..7].copy_from_slice(&[
            0xff,
            0xf1,
            8 << 2,
            (length >> 11) as u8,
            (length >> 3) as u8,
            (length << 5) as u8,
            0,
        ]);
        frame.repeat(frames)
    }

    /// `frames` frames of AMR at 12.2 kbit/s.
    fn amr(frames: usize) -> Vec<u8> {
        let mut frame = [0; 32];
        frame[0] = 7 << 3;
        [AMR, &frame.repeat(frames)].concat()
    }

    #[test]
    fn kind_and_length_come_from_the_frames() {
        let sound = Sound::parse(aac(125, 300)).unwrap();
        assert_eq!((sound.kind, sound.duration_ms), (AudioType::Aac, 8_000));
        let sound = Sound::parse(amr(50)).unwrap();
        assert_eq!((sound.kind, sound.duration_ms), (AudioType::Amr, 1_000));
    }

    #[test]
    fn what_is_no_sound_has_a_name() {
        let error = |bytes: Vec<u8>| Sound::parse(bytes).unwrap_err();
        assert_eq!(error(b"ID3".to_vec()), SoundError::Unknown);
        assert_eq!(error(Vec::new()), SoundError::Unknown);
        assert_eq!(error(AMR.to_vec()), SoundError::Broken);
        let mut cut = aac(3, 200);
        cut.pop();
        assert_eq!(error(cut), SoundError::Broken);
        let mut cut = amr(3);
        cut.pop();
        assert_eq!(error(cut), SoundError::Broken);
        assert_eq!(error(aac(1_876, 100)), SoundError::TooLong);
        assert_eq!(error(amr(6_001)), SoundError::TooLong);
        assert_eq!(error(vec![0xff; MAX_BYTES + 1]), SoundError::TooLong);
    }

    proptest! {
        #[test]
        fn looking_at_anything_never_panics(start in 0_usize..3, rest in proptest::collection::vec(any::<u8>(), 0..300)) {
            let start: &[u8] = [&b""[..], &[0xff, 0xf1], AMR][start];
            let _ = Sound::parse([start, &rest].concat());
        }
    }
}
