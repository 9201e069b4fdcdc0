import { describe, expect, test } from 'vitest';
import type { Written } from '../../api/client.ts';
import type { Message } from '../../api/types.ts';
import { Drafts } from '../../state/drafts.svelte.ts';
import { addFiles, LARGEST_IMAGE } from './files.svelte.ts';
import { sendDraft } from './sending.ts';
import { ComposerModel, KEY_LENGTH, LONGEST } from './composer.vm.svelte.ts';

function model() {
  const drafts = new Drafts({ said: () => undefined, keep: async () => {} });
  const people = [{ key: 'zQ3shBob', name: 'Bob Summer' }, { key: 'zQ3shBo', name: 'Bo' }, { key: 'zQ3shAndre', name: 'André' }];
  return { drafts, composer: new ComposerModel('c', drafts, () => people) };
}
function type(composer: ComposerModel, text: string) {
  composer.type(text);
  composer.caret = text.length;
}

describe('the composer', () => {
  test('sends nothing that is empty or too long', () => {
    const { composer } = model();
    type(composer, '  \n ');
    expect(composer.canSend).toBe(false);
    type(composer, '😀'.repeat(LONGEST));
    expect(composer.canSend).toBe(true);
    expect(composer.left).toBe(0);
    type(composer, '😀'.repeat(LONGEST + 1));
    expect(composer.canSend).toBe(false);
  });

  test('counts the keys that are sent, not the names that are shown', () => {
    const { composer } = model();
    type(composer, '@and');
    composer.complete(composer.candidates[0]!);
    expect(composer.length).toBe('@'.length + KEY_LENGTH + ' '.length);
    type(composer, '@André '.repeat(Math.ceil(LONGEST / KEY_LENGTH)));
    expect(composer.canSend).toBe(false);
  });

  test('finds people after an @, without minding case and marks', () => {
    const { composer } = model();
    type(composer, 'hi @and');
    expect(composer.candidates.map((person) => person.name)).toEqual(['André']);
    type(composer, 'mail a@b');
    expect(composer.candidates).toEqual([]);
    type(composer, 'hi @sum');
    expect(composer.candidates.map((person) => person.name)).toEqual(['Bob Summer']);
  });

  test('hands over whose names stand in the text', () => {
    const { composer } = model();
    for (const word of ['@bob', '@bo']) {
      type(composer, `${composer.draft.text}${word}`);
      composer.complete(composer.candidates.find((person) => person.name.toLowerCase().startsWith(word === '@bob' ? 'bob' : 'bo') && (word === '@bob' || person.name === 'Bo'))!);
    }
    expect(composer.draft.text).toBe('@Bob Summer @Bo ');
    expect(composer.outgoing()).toEqual({ text: '@Bob Summer @Bo', mentions: [{ name: 'Bob Summer', key: 'zQ3shBob' }, { name: 'Bo', key: 'zQ3shBo' }] });
  });

  test('a name that is no longer in the text is not handed over, and two people of one name are told apart', () => {
    const drafts = new Drafts({ said: () => undefined, keep: async () => {} });
    const composer = new ComposerModel('c', drafts, () => [{ key: 'zQ3one', name: 'Bo' }, { key: 'zQ3two', name: 'Bo' }, { key: 'everyone', name: 'everyone' }]);
    for (const at of [0, 1]) {
      type(composer, `${composer.draft.text}@bo`);
      composer.complete(composer.candidates[at]!);
    }
    type(composer, `${composer.draft.text}@every`);
    composer.complete(composer.candidates[0]!);
    expect(composer.outgoing()).toEqual({ text: '@Bo @zQ3two @everyone', mentions: [{ name: 'Bo', key: 'zQ3one' }] });
    type(composer, 'nobody');
    expect(composer.outgoing()).toEqual({ text: 'nobody' });
  });

  test('an edit begins with names', () => {
    const { composer } = model();
    const message = { id: 'm', text: '@0x04ab hi', written: { text: '@Bo hi', mentions: [{ name: 'Bo', key: 'zQ3shBo' }] } };
    composer.edit(message as Message);
    expect(composer.draft.text).toBe('@Bo hi');
    expect(composer.outgoing()).toEqual(message.written);
  });

  test('marks go on and off', () => {
    const { composer } = model();
    type(composer, 'one two');
    const on = composer.mark('**', 4, 7);
    expect(on).toEqual({ text: 'one **two**', from: 6, to: 9 });
    expect(composer.mark('**', on.from, on.to)).toEqual({ text: 'one two', from: 4, to: 7 });
  });

  test('a draft waits for each chat, and is gone once it is empty', () => {
    const { drafts, composer } = model();
    type(composer, 'later');
    expect(drafts.get('c').text).toBe('later');
    expect(drafts.get('other').text).toBe('');
    drafts.clear('c');
    expect(composer.draft.text).toBe('');
  });

  test('what cannot be attached is named, the rest goes along', () => {
    const file = (name: string, type: string, size: number) => ({ name, type, size }) as File;
    const can = { pictures: true, files: true };
    const huge = addFiles([], [file('a.png', 'image/png', LARGEST_IMAGE + 1), file('b.txt', 'text/plain', 5)], can);
    expect(huge.files.map((entry) => entry.file.name)).toEqual(['b.txt']);
    expect(huge.problem).toBe('files.imageTooLarge');
    const many = addFiles([], Array.from({ length: 8 }, (_, at) => file(`${at}.png`, 'image/png', 10)), can);
    expect(many.files.length).toBe(6);
    expect(many.problem).toBe('files.tooMany');
    expect(addFiles([], [file('a.png', 'image/png', 5)], { write: true })).toEqual({ files: [], problem: 'files.notHere' });
    const large = [file('a.iso', 'application/x', 5_000_001)];
    expect(addFiles([], large, can).problem).toBe('files.tooLargeHere');
    expect(addFiles([], large, { ...can, largeFiles: true }).files.length).toBe(1);
  });
});

describe('sending a draft', () => {
  const api = () => {
    const asked: string[] = [];
    return {
      asked,
      edit: async (id: string, { text }: Written) => void asked.push(`edit ${id} ${text}`),
      send: async (_chat: string, { text }: Written, reply?: string) => { asked.push(`send ${text} ${reply ?? '-'}`); return { messageId: 'm' }; },
      upload: async (kind: 'image' | 'audio' | 'file', file: File) => { asked.push(`upload ${kind} ${file.name}`); return { id: file.name, kind, size: 1 }; },
      sendAttachments: async (_chat: string, uploads: string[], text?: Written, reply?: string) => { asked.push(`attach ${uploads.join('+')} ${text?.text ?? '-'} ${reply ?? '-'}`); return { messageId: 'm' }; },
    };
  };
  const file = (name: string, type: string) => ({ id: 1, file: { name, type, size: 1 } as File });
  const draft = { text: '', mentions: {}, files: [] as ReturnType<typeof file>[] };

  test('pictures go together with the text and the answer, files after them', async () => {
    const to = api();
    const steps: number[] = [];
    await sendDraft(to, 'c', { ...draft, replyTo: 'r', files: [file('a.png', 'image/png'), file('b.pdf', 'application/pdf'), file('c.png', 'image/png')] }, { text: 'look' }, (done) => steps.push(done));
    expect(to.asked).toEqual(['upload image a.png', 'upload image c.png', 'attach a.png+c.png look r', 'upload file b.pdf', 'attach b.pdf - -']);
    expect(steps).toEqual([0, 1, 2]);
  });

  test('without pictures the text is a message of its own', async () => {
    const to = api();
    await sendDraft(to, 'c', { ...draft, replyTo: 'r', files: [file('b.aac', 'audio/aac')] }, { text: 'hear' });
    expect(to.asked).toEqual(['send hear r', 'upload audio b.aac', 'attach b.aac - -']);
  });

  test('an edit is nothing but an edit', async () => {
    const to = api();
    await sendDraft(to, 'c', { ...draft, editing: 'm', files: [] }, { text: 'better' });
    expect(to.asked).toEqual(['edit m better']);
  });
});
