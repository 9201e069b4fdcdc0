/**
 * How this browser shows the app: theme, size of text, language. Nothing personal; the only thing in `localStorage`.
 */
import { isLanguage, type Language } from '../i18n/languages.ts';

export type Theme = 'system' | 'light' | 'dark';

interface Stored {
  theme: Theme;
  textSize: number;
  language: Language;
  trustedLinks: boolean;
  notifications: boolean;
}

const KEY = 'undertone.preferences';
export const TEXT_SIZES = [87.5, 100, 112.5, 125, 150] as const;

export class Preferences {
  theme = $state<Theme>('system');
  textSize = $state<number>(100);
  language = $state<Language>('en');
  /** Links open without a question. */
  trustedLinks = $state(false);
  notifications = $state(false);

  load(): void {
    let stored: Partial<Stored> = {};
    try {
      stored = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Stored>;
    } catch {
      // Storage is off or holds something else: the usual look.
    }
    if (stored.theme === 'light' || stored.theme === 'dark') this.theme = stored.theme;
    if (TEXT_SIZES.some((size) => size === stored.textSize)) this.textSize = stored.textSize as number;
    const wanted = stored.language ?? navigator.language.slice(0, 2);
    if (isLanguage(wanted)) this.language = wanted;
    this.trustedLinks = stored.trustedLinks === true;
    this.notifications = stored.notifications === true;
  }

  save(): void {
    const { theme, textSize, language, trustedLinks, notifications } = this;
    try {
      localStorage.setItem(KEY, JSON.stringify({ theme, textSize, language, trustedLinks, notifications } satisfies Stored));
    } catch {
      // It then lasts until the page is closed.
    }
  }

  show(root: HTMLElement): void {
    if (this.theme === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = this.theme;
    root.style.fontSize = this.textSize === 100 ? '' : `${this.textSize}%`;
    root.lang = this.language;
  }
}

export const preferences = new Preferences();
