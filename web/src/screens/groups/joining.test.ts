import { expect, test } from 'vitest';
import type { Chat, Contact, ContactState, GroupRequest, Link } from '../../api/types.ts';
import { mayBeLink, nextStep, type Known } from './joining.ts';

const link = { kind: 'group', key: 'alice', chat: 'g', link: 'undertone:group:g', plain: 'undertone:group:g' } as Link;
const nothing: Known = { own: 'me', chat: undefined, member: undefined, requests: [] };
const request = (change: Partial<GroupRequest> = {}): GroupRequest => ({ group: 'g', person: 'me', personName: 'Me', own: true, admin: 'alice', introduction: 'Hello', state: 'asked', ...change });
const member = (state: ContactState) => ({ key: 'alice', name: 'Alice', state }) as Contact;

test.each([
  ['mutual', 'ask'], ['asked', 'befriending'], ['asking', 'accept'], ['blocked', 'blocked'], ['stranger', 'befriend'], ['declined', 'befriend'],
] as const)('a member who is %s: %s', (state, step) => {
  expect(nextStep(link, { ...nothing, member: member(state) })).toBe(step);
});

test('somebody whom we do not know at all has to be a contact first', () => {
  expect(nextStep(link, nothing)).toBe('befriend');
});

test('nobody asks twice, or for what they have', () => {
  const known = { ...nothing, member: member('mutual') };
  expect(nextStep(link, { ...known, requests: [request()] })).toBe('waiting');
  expect(nextStep(link, { ...known, chat: { id: 'g' } as Chat })).toBe('in');
  expect(nextStep({ ...link, key: 'me' }, known)).toBe('own');
});

test('a no, another group, another member and the questions of others stand in nobody’s way', () => {
  const others = [request({ state: 'rejected' }), request({ group: 'h' }), request({ admin: 'bob' }), request({ own: undefined })];
  expect(nextStep(link, { ...nothing, member: member('mutual'), requests: others as GroupRequest[] })).toBe('ask');
  expect(nextStep(link, { ...nothing, member: member('mutual'), chat: { id: 'g', left: true } as Chat })).toBe('ask');
});

test('only what looks like a link is read', () => {
  expect(['https://status.app/u#x', 'Come: undertone:group:x', 'zQ3sh', ''].map(mayBeLink)).toEqual([true, true, false, false]);
});
