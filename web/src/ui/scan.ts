/** Reading QR codes, from a camera's picture or a file. The decoder is fetched when the first is to be read. */

/** Pixels as a canvas gives them: red, green, blue, opacity. */
export interface Pixels { width: number; height: number; data: Uint8ClampedArray }

/** What the code in a picture says, if there is one. `patient` looks longer: for a file, not for one of many moments. */
export async function readCode(pixels: Pixels, patient = false): Promise<string | undefined> {
  const { decodeQR } = await import('qr/decode.js');
  try {
    return decodeQR(pixels, patient ? { timeLimit: PATIENCE } : {}) || undefined;
  } catch {
    return undefined;
  }
}

/** How large a picture is drawn to be read: codes are far larger than what this takes away. */
export function fitted(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, LARGEST / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The pixels of something that can be drawn. */
export function pixelsOf(canvas: HTMLCanvasElement, source: CanvasImageSource, width: number, height: number): Pixels {
  ({ width: canvas.width, height: canvas.height } = fitted(width, height));
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** The text of a code by which two people compare the number between them. */
export const safetyCode = (groups: readonly string[]): string => `undertone:safety:${groups.join('')}`;

/** Whether a scanned code is one of a comparison, and if so, whether it says the same. */
export function compared(scanned: string, own: string): 'same' | 'different' | 'other' {
  if (!scanned.startsWith('undertone:safety:')) return 'other';
  return scanned === own ? 'same' : 'different';
}

/**
 * The same for a text that came another way: the code, or the digits as they are shown, also among words. Digits that are
 * too few or too many are no comparison.
 */
export function comparedText(text: string, own: string): 'same' | 'different' | 'other' {
  const digits = (from: string) => from.replace(/\D/g, '');
  const length = digits(own).length;
  const code = /undertone:safety:(\d+)/i.exec(text)?.[1];
  const found = (code === undefined ? (text.match(/\d(?:[\s\u00a0·.-]*\d)*/g) ?? []).map(digits) : [code]).filter((one) => one.length === length);
  if (found.length === 0) return 'other';
  return found.includes(digits(own)) ? 'same' : 'different';
}

/** Milliseconds for a file. */
const PATIENCE = 2000;
/** Pixels along the longer side. */
const LARGEST = 1024;
