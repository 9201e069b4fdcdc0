/** Letters and colour for a person or chat without a picture. */
const HUES = [
  '#8a4b2f', '#9a3b52', '#84408a', '#5d4aa8', '#3d5aa9', '#1f6a96', '#0d6f70', '#1f7350', '#4f6b1f', '#7d5f12', '#96501a', '#5f5a55',
] as const;

export function letters(name: string): string {
  const words = name.trim().split(/[\s_-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = (word: string | undefined) => [...(word ?? '').replace(/^[^\p{L}\p{N}]+/u, '')][0] ?? '';
  if (words.length === 0) return '?';
  const pair = words.length > 1 ? first(words[0]) + first(words[1]) : [...words[0]!].slice(0, 2).join('');
  return pair.toLocaleUpperCase();
}

/** The colours that people choose from, in the order of the protocol, each dark enough for white letters. 0 is no choice. */
export const CHOICES = [
  '#2f5fd0', '#6a4bc4', '#4a52b8', '#14707a', '#2a5fc4', '#257a3e', '#8a6a00', '#b0521a', '#b3302d', '#b8435f', '#7a5237', '#1673a6',
  '#5f6b2e', '#a12e8f', '#96542f', '#85683a', '#2c2f33', '#7b6f5b',
] as const;

/** For somebody whose own colour is not known yet, or is locked away: that of the house. */
export const UNKNOWN = '#0b6b74';

/** A colour that stays the same for the same person. A chosen colour wins. */
export function colorOf(seed: string, given?: number | string): string {
  if (typeof given === 'number' && given > 0 && CHOICES[given]) return CHOICES[given];
  if (typeof given === 'string' && /^#[0-9a-f]{6}$/i.test(given) && luminance(given) < 0.2) return given;
  let hash = 0;
  for (const letter of seed) hash = (Math.imul(hash, 31) + letter.codePointAt(0)!) | 0;
  return HUES[(hash >>> 0) % HUES.length]!;
}

function luminance(hex: string): number {
  const part = (at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

export function shortKey(key: string): string {
  return key.length > 16 ? `${key.slice(0, 7)}…${key.slice(-6)}` : key;
}

/** Colours of the ring around an avatar; the daemon gives indices. */
export const RING = [
  '#000000', '#726f6f', '#c4c4c4', '#e7e7e7', '#ffffff', '#00ff00', '#009800', '#b8ffbb', '#ffc413', '#9f5947', '#ffff00', '#a8ac00',
  '#ffffb0', '#ff5733', '#ff0000', '#9a0000', '#ff9d9d', '#ff0099', '#c80078', '#ff00ff', '#900090', '#ffb0ff', '#9e00ff', '#0000ff',
  '#000086', '#9b81ff', '#3faeff', '#9a6600', '#00ffff', '#008694', '#c2ffff', '#00f0b6',
] as const;
