/**
 * Pictures and sounds as object addresses. They are fetched with the page's proof and live in memory while they are used.
 */
export class Media {
  private readonly entries = new Map<string, Promise<string>>();

  constructor(private readonly fetchBlob: (path: string) => Promise<Blob>) {}

  url(path: string): Promise<string> {
    let entry = this.entries.get(path);
    if (entry) {
      this.entries.delete(path);
    } else {
      entry = this.fetchBlob(path).then((blob) => URL.createObjectURL(blob));
      entry.catch(() => this.entries.delete(path));
    }
    this.entries.set(path, entry);
    this.shrink();
    return entry;
  }

  clear(): void {
    for (const entry of this.entries.values()) void entry.then(URL.revokeObjectURL, () => {});
    this.entries.clear();
  }

  private shrink(): void {
    for (const [path, entry] of this.entries) {
      if (this.entries.size <= KEPT) return;
      this.entries.delete(path);
      void entry.then(URL.revokeObjectURL, () => {});
    }
  }
}

/** About a screen of albums and all avatars of a long list. */
const KEPT = 400;
