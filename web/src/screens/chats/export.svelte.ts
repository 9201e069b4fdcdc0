/** A chat on its way into an archive: how far it is, and how it is given up. */
import type { ProfileClient } from '../../api/client.ts';

export interface Archive {
  blob: Blob;
  name: string;
}

export class ChatExport {
  running = $state(false);
  done = $state(0);
  total = $state(0);
  private control: AbortController | undefined;

  constructor(private readonly api: Pick<ProfileClient, 'exportChat'>) {}

  /** From 0 to 1; undefined if nobody knows. The total is an estimate. */
  get progress(): number | undefined {
    return this.total > 0 ? Math.min(1, this.done / this.total) : undefined;
  }

  /** The archive; nothing if it was given up. */
  async run(chat: string): Promise<Archive | undefined> {
    const control = new AbortController();
    this.control = control;
    this.running = true;
    this.done = 0;
    this.total = 0;
    try {
      return await this.api.exportChat(chat, control.signal, (done, total) => { this.done = done; this.total = total; });
    } catch (error) {
      if (control.signal.aborted) return undefined;
      throw error;
    } finally {
      if (this.control === control) this.running = false;
    }
  }

  cancel(): void {
    this.control?.abort();
  }
}
