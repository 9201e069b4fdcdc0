import { expect, test } from 'vitest';
import type { Contact } from '../../api/types.ts';
import { differs } from './seen.ts';

const contact: Contact = { key: 'k', name: 'Alice', state: 'mutual', colour: 3, bio: 'Climbs', links: [{ label: 'Site', url: 'https://a.example' }], picture: '/p' };
const stranger: Contact = { ...contact, state: 'stranger' };

test('how somebody stands to us is nothing that they see', () => {
  expect(differs(contact, stranger)).toBe(false);
  expect(differs({ key: 'k', name: 'A', state: 'mutual' }, { key: 'k', name: 'A', state: 'stranger', bio: '', links: [], colour: 0 })).toBe(false);
});

test.each([{ bio: '' }, { links: [] }, { links: [{ label: 'Site', url: 'https://b.example' }] }, { picture: undefined }, { presence: { state: 'online' } }])('strangers see otherwise: %o', (change) => {
  expect(differs(contact, { ...stranger, ...change } as Contact)).toBe(true);
});
