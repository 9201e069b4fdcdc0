import { describe, expect, test } from 'vitest';
import { Drafts } from '../../state/drafts.svelte.ts';
import { addFiles, LARGEST_IMAGE } from './files.svelte.ts';
import { sendDraft } from './sending.ts';
import { ComposerModel, LONGEST } from './composer.vm.svelte.ts';

function model() {
  const drafts = new Drafts();
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

  test('finds people after an @, without minding case and marks', () => {
    const { composer } = model();
    type(composer, 'hi @and');
    expect(composer.candidates.map((person) => person.name)).toEqual(['André']);
    type(composer, 'mail a@b');
    expect(composer.candidates).toEqual([]);
    type(composer, 'hi @sum');
    expect(composer.candidates.map((person) => person.name)).toEqual(['Bob Summer']);
  });

  test('sends keys for names, the longest name first', () => {
    const { composer } = model();
    for (const word of ['@bob', '@bo']) {
      type(composer, `${composer.draft.text}${word}`);
      composer.complete(composer.candidates.find((person) => person.name.toLowerCase().startsWith(word === '@bob' ? 'bob' : 'bo') && (word === '@bob' || person.name === 'Bo'))!);
    }
    expect(composer.draft.text).toBe('@Bob Summer @Bo ');
    expect(composer.outgoing()).toBe('@zQ3shBob @zQ3shBo');
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
    const huge = addFiles([], [file('a.png', 'image/png', LARGEST_IMAGE + 1), file('b.txt', 'text/plain', 5)]);
    expect(huge.files.map((entry) => entry.file.name)).toEqual(['b.txt']);
    expect(huge.problem).toBe('files.imageTooLarge');
    const many = addFiles([], Array.from({ length: 8 }, (_, at) => file(`${at}.png`, 'image/png', 10)));
    expect(many.files.length).toBe(6);
    expect(many.problem).toBe('files.tooMany');
  });
});

describe('sending a draft', () => {
  const api = () => {
    const asked: string[] = [];
    return {
      asked,
      edit: async (id: string, text: string) => void asked.push(`edit ${id} ${text}`),
      send: async (_chat: string, text: string, reply?: string) => { asked.push(`send ${text} ${reply ?? '-'}`); return { messageId: 'm' }; },
      upload: async (kind: 'image' | 'audio' | 'file', file: File) => { asked.push(`upload ${kind} ${file.name}`); return { id: file.name, kind, size: 1 }; },
      sendAttachments: async (_chat: string, uploads: string[], text: string, reply?: string) => { asked.push(`attach ${uploads.join('+')} ${text || '-'} ${reply ?? '-'}`); return { messageId: 'm' }; },
    };
  };
  const file = (name: string, type: string) => ({ id: 1, file: { name, type, size: 1 } as File });
  const draft = { text: '', mentions: {}, files: [] as ReturnType<typeof file>[] };

  test('pictures go together with the text and the answer, files after them', async () => {
    const to = api();
    const steps: number[] = [];
    await sendDraft(to, 'c', { ...draft, replyTo: 'r', files: [file('a.png', 'image/png'), file('b.pdf', 'application/pdf'), file('c.png', 'image/png')] }, 'look', (done) => steps.push(done));
    expect(to.asked).toEqual(['upload image a.png', 'upload image c.png', 'attach a.png+c.png look r', 'upload file b.pdf', 'attach b.pdf - -']);
    expect(steps).toEqual([0, 1, 2]);
  });

  test('without pictures the text is a message of its own', async () => {
    const to = api();
    await sendDraft(to, 'c', { ...draft, replyTo: 'r', files: [file('b.aac', 'audio/aac')] }, 'hear');
    expect(to.asked).toEqual(['send hear r', 'upload audio b.aac', 'attach b.aac - -']);
  });

  test('an edit is nothing but an edit', async () => {
    const to = api();
    await sendDraft(to, 'c', { ...draft, editing: 'm', files: [] }, 'better');
    expect(to.asked).toEqual(['edit m better']);
  });
});
