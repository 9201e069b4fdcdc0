import { describe, expect, it } from 'vitest';
import { ChatExport } from './export.svelte.ts';
import { fileName } from '../../api/client.ts';

describe('exporting a chat', () => {
  it('counts bytes against an estimate and never past it', async () => {
    const seen: (number | undefined)[] = [];
    const view = new ChatExport({
      exportChat: async (_chat, _signal, progress) => {
        for (const done of [50, 100, 150]) {
          progress(done, 100);
          seen.push(view.progress);
        }
        return { blob: new Blob(['x']), name: 'Bob.zip' };
      },
    });
    expect((await view.run('0x01'))?.name).toBe('Bob.zip');
    expect(seen).toEqual([0.5, 1, 1]);
    expect(view.running).toBe(false);
  });

  it('is given up without a complaint, and fails with one', async () => {
    const waiting = new ChatExport({
      exportChat: (_chat, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    });
    const run = waiting.run('0x01');
    expect(waiting.running).toBe(true);
    waiting.cancel();
    expect(await run).toBeUndefined();
    const failing = new ChatExport({ exportChat: () => Promise.reject(new Error('locked')) });
    await expect(failing.run('0x01')).rejects.toThrow('locked');
    expect(failing.running).toBe(false);
  });

  it('reads the name of a file from its header', () => {
    expect(fileName("attachment; filename*=UTF-8''B%C3%B6b%202026-11-26.zip", 'x')).toBe('Böb 2026-11-26.zip');
    expect(fileName("attachment; filename*=UTF-8''%zz", 'x')).toBe('x');
    expect(fileName(null, 'x')).toBe('x');
  });
});
