import { describe, expect, it } from 'vitest';
import type { MadePreview, Settings } from '../../api/types.ts';
import { PreviewsModel } from './previews.svelte.ts';

const URL_A = 'https://example.org/a';

function model(choice: Settings['linkPreviews'], fail = false) {
  const asked: string[] = [];
  const api = {
    makePreview: async (url: string): Promise<MadePreview> => {
      asked.push(url);
      if (fail) throw new Error('the page does not answer in time');
      return { id: `id of ${url}`, url, site: new URL(url).hostname, title: 'A' };
    },
  };
  return { asked, previews: new PreviewsModel(api, () => choice) };
}

describe('previews of links', () => {
  it('asks nobody before the person says so', async () => {
    const { asked, previews } = model('ask');
    const text = `look: ${URL_A}, please`;
    await previews.settle(text);
    expect(asked).toEqual([]);
    expect(previews.shown(text)).toEqual([{ url: URL_A }]);
    expect(previews.ids(text)).toEqual([]);
    await previews.make(URL_A);
    expect(previews.ids(text)).toEqual([`id of ${URL_A}`]);
    expect(previews.ids('the link is gone')).toEqual([]);
    previews.decline(URL_A);
    expect(previews.shown(text)).toEqual([]);
    expect(previews.ids(text)).toEqual([]);
  });

  it('asks each page once by itself if that was chosen, and none if that was', async () => {
    const always = model('always');
    await always.previews.settle(`${URL_A} and ${URL_A} and https://example.org/b`);
    await always.previews.settle(`${URL_A} and https://example.org/b`);
    expect(always.asked).toEqual([URL_A, 'https://example.org/b']);
    const never = model('never');
    await never.previews.settle(URL_A);
    expect(never.asked).toEqual([]);
    expect(never.previews.shown(URL_A)).toEqual([]);
    expect(model(undefined).previews.shown(URL_A)).toEqual([]);
  });

  it('says why there is none, and lets the message go', async () => {
    const { previews } = model('ask', true);
    await previews.make(URL_A);
    expect(previews.shown(URL_A)).toEqual([{ url: URL_A, entry: { state: 'failed', problem: 'The page does not answer in time' } }]);
    expect(previews.ids(URL_A)).toEqual([]);
  });

  it('makes five at most', async () => {
    const { asked, previews } = model('always');
    await previews.settle(Array.from({ length: 9 }, (_, at) => `https://example.org/${at}`).join(' '));
    expect(asked.length).toBe(5);
  });
});
