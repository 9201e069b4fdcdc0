import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, test } from 'vitest';
import { readKey } from '../contacts/contacts.vm.svelte.ts';
import { twoPlaces } from '../backup/phrase.svelte.ts';
import { nameProblem, passwordProblem, strength } from './names.ts';
import { PhraseEntry } from './restore.vm.svelte.ts';

describe('first start', () => {
  test.each([['Al', 'name.short'], ['Alice!', 'name.letters'], ['Älice', 'name.letters'], [' Alice', 'name.spaces'], ['Alice-eth', 'name.eth'], ['x'.repeat(25), 'name.long'], ['Alice Doe', undefined], ['a_b-c 1', undefined]])('%s', (name, problem) => {
    expect(nameProblem(name)).toBe(problem);
  });

  test('passwords', () => {
    expect(passwordProblem('short')).toBe('password.short');
    expect(passwordProblem('long enough', 'long enouhg')).toBe('password.different');
    expect(passwordProblem('long enough', 'long enough')).toBeUndefined();
    expect(strength('aaaaaaaaaa')).toBeLessThan(strength('correct horse battery staple'));
  });

  test('a phrase: suggestions, unknown words, length', () => {
    const entry = new PhraseEntry();
    entry.learn(wordlist);
    entry.text = 'panda eyeb';
    expect(entry.suggestions).toEqual(['eyebrow']);
    entry.take('eyebrow');
    expect(entry.text).toBe('panda eyebrow ');
    entry.text = 'panda eyebrwo bullet';
    expect(entry.unknown).toEqual(['eyebrwo']);
    entry.text = 'Panda  eyebrow\nbullet ';
    expect(entry.problem()).toBe('restore.length');
    entry.text = Array(12).fill('panda').join(' ');
    expect(entry.problem()).toBeUndefined();
    expect(entry.phrase().split(' ').length).toBe(12);
  });

  test('two places of a phrase are two, in order', () => {
    for (const random of [0, 0.25, 0.5, 0.99]) {
      const [first, second] = twoPlaces(12, () => random);
      expect(first).toBeLessThan(second);
      expect(second).toBeLessThan(12);
    }
  });

  test('a key is found in what was pasted', () => {
    const key = `zQ3sh${'a'.repeat(44)}`;
    for (const text of [key, `  ${key}\n`, `https://status.app/u#${key}`, `https://status.app/u/abc#${key}`]) expect(readKey(text), text).toBe(key);
    for (const text of ['', 'hello', key.slice(0, 20), `${key} and more`, '0x04ff']) expect(readKey(text), text).toBeUndefined();
  });
});
