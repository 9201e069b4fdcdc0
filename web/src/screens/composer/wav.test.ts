import { expect, test } from 'vitest';
import { toWav } from './wav.ts';

test('samples of all channels become one, clipped, behind a header that says so', () => {
  const bytes = new DataView(toWav([Float32Array.of(0, 1, -2, 0.5), Float32Array.of(0, 1, -2, -0.5)], 8_000));
  const word = (at: number) => String.fromCharCode(...[0, 1, 2, 3].map((index) => bytes.getUint8(at + index)));
  expect([word(0), word(8), word(12), word(36)]).toEqual(['RIFF', 'WAVE', 'fmt ', 'data']);
  expect([bytes.getUint32(4, true), bytes.byteLength, bytes.getUint32(40, true)]).toEqual([44, 52, 8]);
  expect([bytes.getUint16(22, true), bytes.getUint32(24, true), bytes.getUint16(34, true)]).toEqual([1, 8_000, 16]);
  expect([0, 1, 2, 3].map((at) => bytes.getInt16(44 + at * 2, true))).toEqual([0, 32_767, -32_767, 0]);
  expect(toWav([]).byteLength).toBe(44);
});
