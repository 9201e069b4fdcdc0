/** Previews of the links in a draft: offered, made, or declined, as the person chose. No document needed. */
import { SvelteMap } from 'svelte/reactivity';
import type { ProfileClient } from '../../api/client.ts';
import type { MadePreview, Settings } from '../../api/types.ts';
import { webLinks } from '../../text/look.ts';
import { sentence } from '../../state/app.svelte.ts';

/** Previews in a message; the protocol's limit. */
const MOST = 5;

export type PreviewState = { state: 'asking' } | { state: 'made'; preview: MadePreview } | { state: 'failed'; problem: string } | { state: 'declined' };

export class PreviewsModel {
  private readonly known = new SvelteMap<string, PreviewState>();

  constructor(private readonly api: Pick<ProfileClient, 'makePreview'>, private readonly choice: () => Settings['linkPreviews']) {}

  /** What there is to show for a text: links without a word on them are offered if the person wants to be asked. */
  shown(text: string): { url: string; entry?: PreviewState }[] {
    if (this.choice() === undefined || this.choice() === 'never') return [];
    return webLinks(text, MOST)
      .map((url) => ({ url, entry: this.known.get(url) }))
      .filter(({ entry }) => entry?.state !== 'declined' && (entry !== undefined || this.choice() === 'ask'))
      .map(({ url, entry }) => (entry ? { url, entry } : { url }));
  }

  /** The names of the previews that go with a text. */
  ids(text: string): string[] {
    return webLinks(text, MOST).flatMap((url) => {
      const entry = this.known.get(url);
      return entry?.state === 'made' ? [entry.preview.id] : [];
    });
  }

  /** Asks for what is not known yet, if that is to happen by itself. */
  async settle(text: string): Promise<void> {
    if (this.choice() !== 'always') return;
    await Promise.all(webLinks(text, MOST).filter((url) => !this.known.has(url)).map((url) => this.make(url)));
  }

  async make(url: string): Promise<void> {
    this.known.set(url, { state: 'asking' });
    try {
      this.known.set(url, { state: 'made', preview: await this.api.makePreview(url) });
    } catch (error) {
      this.known.set(url, { state: 'failed', problem: sentence(error) });
    }
  }

  decline(url: string): void {
    this.known.set(url, { state: 'declined' });
  }

  /** After sending: previews wait with the daemon for some minutes only. */
  clear(): void {
    this.known.clear();
  }
}
