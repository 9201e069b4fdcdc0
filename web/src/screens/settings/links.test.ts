import { expect, test } from 'vitest';
import { changedLinks, moved, readyLinks } from './links.ts';

test('links are tidied before they are saved', () => {
  const rows = [{ label: ' Site ', url: 'example.org/me' }, { label: '', url: ' ' }, { label: 'Old', url: 'http://example.org' }];
  expect(readyLinks(rows)).toEqual([{ label: 'Site', url: 'https://example.org/me' }, { label: 'Old', url: 'http://example.org' }]);
});

test.each([
  { label: '', url: 'https://example.org' },
  { label: 'Site', url: '' },
  { label: 'x'.repeat(25), url: 'https://example.org' },
  { label: 'Bad', url: 'javascript:alert(1)' },
  { label: 'Bad', url: 'https://' },
  { label: 'Bad', url: 'https:// example.org' },
])('a link that is none is not saved: %o', (row) => {
  expect(readyLinks([row])).toBeUndefined();
});

test('what is as it was need not be saved', () => {
  const saved = [{ label: 'Site', url: 'https://example.org' }];
  expect(changedLinks([...saved], saved)).toBe(false);
  expect(changedLinks([], saved)).toBe(true);
  expect(changedLinks([{ label: 'Site', url: 'https://example.com' }], saved)).toBe(true);
});

test('a link moves up and down, and not beyond the ends', () => {
  const rows = ['a', 'b', 'c'];
  expect(moved(rows, 2, 1)).toEqual(['a', 'c', 'b']);
  expect(moved(rows, 0, 2)).toEqual(['b', 'c', 'a']);
  expect(moved(rows, 0, -1)).toEqual(rows);
  expect(moved(rows, 2, 3)).toEqual(rows);
  expect(rows).toEqual(['a', 'b', 'c']);
});

test('another order is something to save', () => {
  const saved = [{ label: 'A', url: 'https://a.example' }, { label: 'B', url: 'https://b.example' }];
  expect(changedLinks(moved(saved, 1, 0), saved)).toBe(true);
  expect(changedLinks(moved(moved(saved, 1, 0), 1, 0), saved)).toBe(false);
});
