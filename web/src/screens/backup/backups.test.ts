import { afterEach, expect, test, vi } from 'vitest';
import type { Backups } from '../../api/types.ts';
import { BackupsView } from './backups.svelte.ts';

const job = (state: 'running' | 'done', done: number, total: number): Backups => ({ folder: '/b', files: [], job: { number: 1, doing: 'create', state, done, total } });

afterEach(() => vi.useRealTimers());

test('a job is looked at until it is over, and not longer', async () => {
  vi.useFakeTimers();
  const answers = [job('running', 0, 0), job('running', 5, 10), job('done', 10, 10)];
  const backups = vi.fn(async () => answers.shift()!);
  const view = new BackupsView({ backups }, 10);
  await view.load();
  expect([view.running, view.progress]).toEqual([true, undefined]);
  await vi.advanceTimersByTimeAsync(10);
  expect([view.running, view.progress]).toEqual([true, 0.5]);
  await vi.advanceTimersByTimeAsync(10);
  expect([view.running, view.progress]).toEqual([false, 1]);
  await vi.advanceTimersByTimeAsync(100);
  expect(backups).toHaveBeenCalledTimes(3);
});

test('a page that was left looks no further', async () => {
  vi.useFakeTimers();
  const backups = vi.fn(async () => job('running', 1, 10));
  const view = new BackupsView({ backups }, 10);
  await view.load();
  view.stop();
  await vi.advanceTimersByTimeAsync(100);
  expect(backups).toHaveBeenCalledTimes(1);
});
