import { describe, expect, test } from 'vitest';
import { directionOf, flat, isWebAddress, webLinks } from './look.ts';

describe('looks', () => {
  test('a list shows the characters without their marks, on one line', () => {
    expect(flat({ text: 'as it\nreads ' })).toBe('as it reads');
    expect(flat({
      text: '**a** @zQ3x\n\n> b',
      blocks: [
        { kind: 'paragraph', spans: [{ kind: 'text', text: 'a', bold: true }, { kind: 'text', text: ' ' }, { kind: 'mention', text: '@Bob', key: 'zQ3x' }] },
        { kind: 'quote', spans: [{ kind: 'text', text: 'b' }] },
      ],
    })).toBe('a @Bob b');
    expect(flat({})).toBe('');
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', 'ftp://a.example', 'https://', 'file:///etc/passwd', ' https://'])('%s is no web address', (text) => {
    expect(isWebAddress(text)).toBe(false);
  });

  test('addresses of a draft end where the sentence does, and code has none', () => {
    expect(webLinks('see https://a.example/b(c), (https://b.example) and `https://c.example`. https://a.example/b(c)', 5)).toEqual(['https://a.example/b(c)', 'https://b.example']);
    expect(webLinks('https://a.example https://b.example', 1)).toHaveLength(1);
  });

  test('a text has the direction of its first letter', () => {
    for (const [text, direction] of [['hello', 'ltr'], ['שלום hello', 'rtl'], ['12 مرحبا', 'rtl'], ['👋', 'ltr'], ['hello שלום', 'ltr']] as const) expect(directionOf(text), text).toBe(direction);
  });
});
