import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Message, SavedDraft } from '../api/types.ts';
import { Drafts } from './drafts.svelte.ts';

/** A daemon, and two windows on it that hear of a commit when they are told. */
function world() {
  let kept: SavedDraft | undefined;
  let fails = false;
  const asked: SavedDraft[] = [];
  const window = () => {
    let said: SavedDraft | undefined;
    const drafts = new Drafts({
      said: () => said,
      keep: async (_chat, draft) => {
        if (fails) throw new Error('away');
        asked.push(draft);
        kept = draft.text === '' && !draft.replyTo && !draft.edits ? undefined : draft;
      },
    });
    return { drafts, hear: () => { said = kept; drafts.heard('c'); } };
  };
  return { asked, window, fail: (how: boolean) => { fails = how; } };
}
const later = () => vi.advanceTimersByTimeAsync(1_000);

describe('drafts', () => {
  beforeEach(() => { vi.useFakeTimers(); });

  test('a pause hands over what was typed, once', async () => {
    const { asked, window } = world();
    const { drafts } = window();
    for (const text of ['s', 'so', 'soon']) drafts.put('c', { text });
    await later();
    expect(asked).toEqual([{ text: 'soon' }]);
  });

  test('the other window shows it, and what it types comes back', async () => {
    const { window } = world();
    const [one, two] = [window(), window()];
    one.drafts.put('c', { text: 'soon', replyTo: 'm' });
    await later();
    one.hear();
    two.hear();
    expect(two.drafts.get('c')).toMatchObject({ text: 'soon', replyTo: 'm' });
    two.drafts.put('c', { text: 'sooner' });
    await later();
    two.hear();
    one.hear();
    expect(one.drafts.get('c').text).toBe('sooner');
  });

  test('what was being written comes back after an edit, sent or given up', async () => {
    const { asked, window } = world();
    const { drafts } = window();
    const message = { id: 'm', text: 'Eigth?' } as Message;
    drafts.put('c', { text: 'soon', replyTo: 'r' });
    drafts.edit('c', message);
    expect(drafts.get('c')).toMatchObject({ text: 'Eigth?', editing: 'm', replyTo: '' });
    drafts.edit('c', { id: 'n', text: 'Another' } as Message);
    drafts.clear('c');
    expect(drafts.get('c')).toMatchObject({ text: 'soon', editing: '', replyTo: 'r' });
    drafts.edit('c', message);
    drafts.answer('c', { id: 'o', text: '' } as Message);
    expect(drafts.get('c')).toMatchObject({ text: 'soon', editing: '', replyTo: 'o' });
    drafts.clear('c');
    expect(drafts.get('c').text).toBe('');
    await later();
    expect(asked.at(-1)).toEqual({ text: '' });
  });

  test('only what nobody else keeps holds a window back', () => {
    const { drafts } = world().window();
    expect(drafts.onlyHere).toBe(false);
    drafts.put('chat', { text: 'half a thought' });
    expect(drafts.onlyHere, 'the daemon keeps it').toBe(false);
    drafts.put('chat', { files: [{ id: 1, file: new File(['x'], 'x.txt') }] });
    expect(drafts.onlyHere).toBe(true);
    drafts.put('chat', { files: [] });
    expect(drafts.onlyHere).toBe(false);
    drafts.edit('chat', { id: 'm', text: 'said' } as Message);
    expect(drafts.onlyHere, 'set aside').toBe(true);
    drafts.clear('chat');
    expect(drafts.onlyHere).toBe(false);
  });

  test('an older state that is told late does not take back what was typed since', async () => {
    const { window } = world();
    const one = window();
    one.drafts.put('c', { text: 'a' });
    await later();
    one.drafts.put('c', { text: 'ab' });
    one.hear();
    expect(one.drafts.get('c').text).toBe('ab');
    await later();
    expect(one.drafts.get('c').text, 'until the stream says so').toBe('ab');
    one.hear();
    expect(one.drafts.get('c').text).toBe('ab');
  });

  test('what was sent is gone at once and stays gone', async () => {
    const { asked, window } = world();
    const one = window();
    one.drafts.put('c', { text: 'hello' });
    await later();
    one.hear();
    one.drafts.clear('c');
    expect(one.drafts.get('c').text).toBe('');
    await later();
    expect(asked.at(-1)).toEqual({ text: '' });
    one.hear();
    expect(one.drafts.get('c').text).toBe('');
  });

  test('what a daemon that is away did not take is handed over when it is back', async () => {
    const { asked, window, fail } = world();
    const one = window();
    fail(true);
    one.drafts.put('c', { text: 'hello', mentions: { Bo: 'k', Al: 'l' } });
    await later();
    expect(one.drafts.get('c').text).toBe('hello');
    fail(false);
    one.drafts.put('c', { text: 'hello @Bo' });
    one.drafts.flush();
    await later();
    expect(asked).toEqual([{ text: 'hello @Bo', mentions: [{ name: 'Bo', key: 'k' }] }]);
  });
});
