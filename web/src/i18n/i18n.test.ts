import { describe, expect, test } from 'vitest';
import { de } from './de.ts';
import { en, type Key } from './en.ts';
import { format, type Forms } from './index.svelte.ts';

const values = (entry: string | Forms) => {
  const text = typeof entry === 'string' ? entry : entry.other;
  return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
};

describe('the catalogues', () => {
  test('German has every text, with the same values', () => {
    for (const key of Object.keys(en) as Key[]) {
      expect(de[key], key).toBeDefined();
      expect(values(de[key]), key).toEqual(values(en[key]));
    }
  });

  test.each([['en', en], ['de', de]] as const)('%s: forms are those that the language has', (language, catalogue) => {
    const wanted = new Set(new Intl.PluralRules(language).resolvedOptions().pluralCategories);
    for (const [key, entry] of Object.entries(catalogue)) {
      if (typeof entry === 'string') continue;
      for (const category of wanted) expect((entry as Forms)[category], `${key} ${category}`).toBeTruthy();
    }
  });

  test('counts choose the form, and numbers are written as the language does', () => {
    const text = (language: string, count: number) => format({ one: '{count} Knoten!', other: '{count} Knoten' }, { count }, new Intl.PluralRules(language), new Intl.NumberFormat(language));
    expect(text('de', 1)).toBe('1 Knoten!');
    expect(text('de', 12_345)).toBe('12.345 Knoten');
    expect(text('en', 12_345)).toBe('12,345 Knoten');
  });

  test('a value that looks like a place holder is left alone', () => {
    expect(format('{name} asks', { name: '{other}' }, new Intl.PluralRules('en'), new Intl.NumberFormat('en'))).toBe('{other} asks');
  });
});
