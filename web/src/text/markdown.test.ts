import { describe, expect, test } from 'vitest';
import { directionOf, flatten, inline, isEmojiOnly, isWebAddress, parse } from './markdown.ts';

const show = (text: string) => JSON.stringify(inline(text));

describe('markdown', () => {
  test.each([
    ['a **b** c', 'b', 'bold'], ['*b*', 'b', 'italic'], ['_b_', 'b', 'italic'], ['~~b~~', 'b', 'strike'],
  ])('%s', (text, inner, type) => {
    expect(inline(text)).toContainEqual({ type, children: [{ type: 'text', text: inner }] });
  });

  test.each(['2*3*4', 'snake_case_name', '**', '* a *', '~~ ~~', '``', 'a_b', '** a **'])('%s has no marks', (text) => {
    expect(flatten(text)).toBe(text.trim());
  });

  test('inside code nothing means anything', () => {
    expect(inline('`**a** https://x.example`')).toEqual([{ type: 'code', text: '**a** https://x.example' }]);
    expect(parse('```\n> **a**\n```')).toEqual([{ type: 'code', text: '> **a**' }]);
  });

  test('quotes and paragraphs', () => {
    expect(parse('> a\n> b\nc').map((block) => block.type)).toEqual(['quote', 'paragraph']);
  });

  test('links end where the sentence does', () => {
    expect(inline('see https://a.example/b(c), or')).toContainEqual({ type: 'link', url: 'https://a.example/b(c)', text: 'https://a.example/b(c)' });
    expect(inline('(https://a.example)')).toContainEqual({ type: 'link', url: 'https://a.example', text: 'https://a.example' });
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', 'ftp://a.example', 'https://', 'file:///etc/passwd', ' https://'])('%s is no web address', (text) => {
    expect(isWebAddress(text)).toBe(false);
  });

  test('mentions show the name that is known, and only keys are mentions', () => {
    const key = `zQ3sh${'a'.repeat(44)}`;
    expect(inline(`hi @${key}!`, [{ key, name: 'Bob' }])).toContainEqual({ type: 'mention', key, name: 'Bob' });
    expect(inline('mail me@zQ3shaaaaa')).toEqual([{ type: 'text', text: 'mail me@zQ3shaaaaa' }]);
  });

  test.each([
    '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '[a](javascript:alert(1))', '**<b>x</b>**', 'https://a.example/"onmouseover="x', '&lt;script&gt;', '</p><p>',
  ])('markup stays text: %s', (text) => {
    // Whatever the tree is, its texts put together hold every character: nothing was swallowed as markup.
    const letters = (value: unknown): string => Array.isArray(value) ? value.map(letters).join('') : typeof value === 'object' && value !== null ? letters('children' in value ? value.children : 'text' in value ? value.text : '') : String(value);
    expect(letters(inline(text))).toBe(text.replaceAll('**', ''));
  });

  test('long and deep input ends soon', () => {
    const hard = ['*'.repeat(20_000), '**a'.repeat(7_000), '_a '.repeat(7_000), '`'.repeat(20_000), '~~a~~'.repeat(4_000), 'https://'.repeat(2_500), '> '.repeat(10_000), '@zQ3'.repeat(5_000), '```\n'.repeat(5_000)];
    const began = performance.now();
    for (const text of hard) show(text) && parse(text);
    // A guard against exponential time, far above what it takes.
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('a text has the direction of its first letter', () => {
    for (const [text, direction] of [['hello', 'ltr'], ['שלום hello', 'rtl'], ['12 مرحبا', 'rtl'], ['👋', 'ltr'], ['hello שלום', 'ltr']] as const) expect(directionOf(text), text).toBe(direction);
  });

  test('few emoji alone are large', () => {
    for (const text of ['🧗', '👍🏽', '👨‍👩‍👧‍👦', '🇺🇦 🎉', '😀😀😀']) expect(isEmojiOnly(text), text).toBe(true);
    for (const text of ['', 'a', '1', '😀😀😀😀', '😀 a', '#']) expect(isEmojiOnly(text), text).toBe(false);
  });
});
