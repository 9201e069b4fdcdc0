import { encodeQR } from 'qr';
import { expect, test } from 'vitest';
import { compared, comparedText, fitted, readCode, safetyCode, type Pixels } from './scan.ts';

/** A code as a picture: dark on white, so many pixels a module, on a larger grey ground. */
function picture(text: string, scale: number): Pixels {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', border: 4 });
  const side = modules.length * scale + 40;
  const data = new Uint8ClampedArray(side * side * 4).fill(200);
  modules.forEach((line, y) => line.forEach((dark, x) => {
    for (let dy = 0; dy < scale; dy += 1) for (let dx = 0; dx < scale; dx += 1) {
      const at = ((y * scale + dy + 20) * side + x * scale + dx + 20) * 4;
      data.fill(dark ? 20 : 255, at, at + 3);
    }
  }));
  return { width: side, height: side, data };
}

test.each([3, 8])('a code is read at %i pixels a module', async (scale) => {
  const link = 'https://status.app/u/iyKACkQKB0RvZWxsZXkSJ0NvbnRlbnQ=#zQ3shrR1bWKfEG';
  expect(await readCode(picture(link, scale), true)).toBe(link);
});

test('a picture without a code says nothing', async () => {
  expect(await readCode({ width: 60, height: 60, data: new Uint8ClampedArray(60 * 60 * 4).fill(99) }, true)).toBeUndefined();
});

test('pictures are made no larger, and keep their shape', () => {
  expect(fitted(4096, 2048)).toEqual({ width: 1024, height: 512 });
  expect(fitted(300, 200)).toEqual({ width: 300, height: 200 });
  expect(fitted(5000, 1)).toEqual({ width: 1024, height: 1 });
});

test('only a code of a comparison can say that something is wrong', () => {
  const own = safetyCode(['12345', '67890']);
  expect(own).toBe('undertone:safety:1234567890');
  expect(compared(own, own)).toBe('same');
  expect(compared(safetyCode(['12345', '67891']), own)).toBe('different');
  expect(compared('https://status.app/u/x', own)).toBe('other');
});

test.each([
  ['undertone:safety:1234567890', 'same'],
  ['  Undertone:safety:1234567890 ', 'same'],
  ['12345 67890', 'same'],
  ['12345\n67890', 'same'],
  ['Ours is 12345-67890, I see it at 10:30.', 'same'],
  ['12345 67891', 'different'],
  ['undertone:safety:1234567891, not 12345 67890', 'different'],
  ['12345 6789', 'other'],
  ['undertone:safety:12345', 'other'],
  ['123456789012', 'other'],
  ['hello', 'other'],
  ['', 'other'],
])('a pasted text is compared: %j is %s', (text, verdict) => {
  expect(comparedText(text, safetyCode(['12345', '67890']))).toBe(verdict);
});
