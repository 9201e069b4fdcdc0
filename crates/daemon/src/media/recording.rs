//! What was recorded on this device, as a sound that deployed clients play: WAV in, AAC in ADTS frames out.
//!
//! Browsers record what they like (Opus in WebM on Linux) and can hand over its samples; nothing that somebody else sent
//! comes here.

use std::io::Cursor;

use hound::{SampleFormat, WavReader, WavSpec};
use messenger::media::sound::MAX_DURATION_MS;
use oxideav_aac::encoder::{EncoderConfig, StreamEncoder};

/// The page's fault, or the person spoke for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordingError {
    /// Not WAV with one channel of 16 bits, or at a rate that AAC does not know.
    #[error("a recording has to be WAV with one channel of 16-bit samples, 8,000 to 48,000 a second")]
    Form,
    /// Silence of no length.
    #[error("nothing was recorded; hold on a little longer")]
    Empty,
    /// Longer than a sound may be.
    #[error("a recording has at most two minutes")]
    TooLong,
}

impl RecordingError {
    /// A word for programs.
    pub(crate) fn code(self) -> &'static str {
        match self {
            RecordingError::Form => "bad_recording",
            RecordingError::Empty => "empty_recording",
            RecordingError::TooLong => "sound_too_long",
        }
    }
}

/// Whether bytes claim to be a recording, and no sound that is sent as it is.
pub(crate) fn is_recording(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF")
}

/// Encodes a recording.
pub(crate) fn encode(wav: &[u8]) -> Result<Vec<u8>, RecordingError> {
    let reader = WavReader::new(Cursor::new(wav)).map_err(|_| RecordingError::Form)?;
    let WavSpec {
        channels,
        sample_rate,
        bits_per_sample,
        sample_format,
    } = reader.spec();
    if channels != 1 || bits_per_sample != 16 || sample_format != SampleFormat::Int {
        return Err(RecordingError::Form);
    }
    let most = u64::from(sample_rate) * MAX_DURATION_MS / 1_000;
    if u64::from(reader.len()) > most {
        return Err(RecordingError::TooLong);
    }
    let config = EncoderConfig {
        sample_rate,
        channels: 1,
        bitrate: BITS_PER_SECOND,
    };
    if !(8_000..=48_000).contains(&sample_rate) {
        return Err(RecordingError::Form);
    }
    let mut encoder = StreamEncoder::new(config).map_err(|_| RecordingError::Form)?;
    let samples: Vec<i16> = reader
        .into_samples()
        .collect::<Result<_, _>>()
        .map_err(|_| RecordingError::Form)?;
    match samples.is_empty() {
        true => Err(RecordingError::Empty),
        false => encoder.encode_all(&samples).map_err(|_| RecordingError::Form),
    }
}

/// Enough for speech: a minute is 240 kB.
const BITS_PER_SECOND: u32 = 32_000;

#[cfg(test)]
mod tests {
    use hound::WavWriter;
    use messenger::media::Sound;

    use super::*;

    fn wav(sample_rate: u32, channels: u16, samples: impl Iterator<Item = i16>) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let spec = WavSpec {
            channels,
            sample_rate,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
        samples.for_each(|sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn tone(rate: u32, seconds: u32) -> impl Iterator<Item = i16> {
        let step = 440.0 * std::f64::consts::TAU / f64::from(rate);
        (0..rate * seconds).map(move |at| ((f64::from(at) * step).sin() * 8_000.0) as i16)
    }

    #[test]
    fn a_tone_becomes_a_sound_that_can_be_sent() {
        let aac = encode(&wav(24_000, 1, tone(24_000, 2))).unwrap();
        assert!(aac.len() < 12_000, "{} bytes for two seconds", aac.len());
        let sound = Sound::parse(aac).unwrap();
        assert!((2_000..2_150).contains(&sound.duration_ms), "{sound:?}");
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        assert_eq!(encode(b"RIFF").unwrap_err(), RecordingError::Form);
        assert_eq!(
            encode(&wav(24_000, 2, tone(24_000, 1))).unwrap_err(),
            RecordingError::Form
        );
        assert_eq!(
            encode(&wav(23_999, 1, tone(23_999, 1))).unwrap_err(),
            RecordingError::Form
        );
        assert_eq!(
            encode(&wav(24_000, 1, std::iter::empty())).unwrap_err(),
            RecordingError::Empty
        );
        let long = wav(8_000, 1, std::iter::repeat_n(0, 8_000 * 121));
        assert_eq!(encode(&long).unwrap_err(), RecordingError::TooLong);
        let mut cut = wav(24_000, 1, tone(24_000, 1));
        cut.truncate(100);
        assert_eq!(encode(&cut).unwrap_err(), RecordingError::Form);
    }
}
