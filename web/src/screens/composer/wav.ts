/** Samples as a WAV file (RIFF, PCM): one channel of 16 bits. */

/** Samples a second: enough for speech. */
export const RATE = 24_000;

export function toWav(channels: readonly Float32Array[], rate = RATE): ArrayBuffer {
  const length = channels[0]?.length ?? 0;
  const file = new DataView(new ArrayBuffer(HEADER + length * 2));
  const word = (at: number, text: string) => [...text].forEach((letter, index) => file.setUint8(at + index, letter.charCodeAt(0)));
  word(0, 'RIFF');
  file.setUint32(4, HEADER - 8 + length * 2, true);
  word(8, 'WAVEfmt ');
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true);
  file.setUint16(22, 1, true);
  file.setUint32(24, rate, true);
  file.setUint32(28, rate * 2, true);
  file.setUint16(32, 2, true);
  file.setUint16(34, 16, true);
  word(36, 'data');
  file.setUint32(40, length * 2, true);
  for (let at = 0; at < length; at += 1) {
    let sum = 0;
    for (const channel of channels) sum += channel[at]!;
    const sample = Math.max(-1, Math.min(1, sum / channels.length));
    file.setInt16(HEADER + at * 2, Math.round(sample * 0x7fff), true);
  }
  return file.buffer;
}

const HEADER = 44;
