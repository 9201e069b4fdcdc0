/**
 * All texts of the app, by key, with plural forms by the language's own rules (`Intl.PluralRules`), and dates, sizes and
 * numbers as the language writes them.
 */
import { en, type Key } from './en.ts';
import type { Language } from './languages.ts';

export type { Key };
export interface Forms {
  zero?: string;
  one?: string;
  two?: string;
  few?: string;
  many?: string;
  other: string;
}
export type Catalogue = Record<Key, string | Forms>;
type Values = Record<string, string | number>;

class Texts {
  catalogue = $state.raw<Catalogue>(en);
  language = $state.raw<Language>('en');
  /** The person's own region, if the browser speaks the same language. */
  readonly tag = $derived.by(() => {
    const language = this.language === 'ar-XB' ? 'en' : this.language;
    const own = globalThis.navigator?.language;
    return own?.startsWith(language) ? own : language;
  });
  readonly plural = $derived(new Intl.PluralRules(this.tag));
  readonly numbers = $derived(new Intl.NumberFormat(this.tag));
  readonly time = $derived(new Intl.DateTimeFormat(this.tag, { hour: 'numeric', minute: '2-digit' }));
  readonly day = $derived(new Intl.DateTimeFormat(this.tag, { weekday: 'long', day: 'numeric', month: 'long' }));
  readonly dayAndYear = $derived(new Intl.DateTimeFormat(this.tag, { day: 'numeric', month: 'long', year: 'numeric' }));
  readonly shortDay = $derived(new Intl.DateTimeFormat(this.tag, { day: 'numeric', month: 'short' }));
  readonly weekday = $derived(new Intl.DateTimeFormat(this.tag, { weekday: 'short' }));
  readonly moment = $derived(new Intl.DateTimeFormat(this.tag, { dateStyle: 'medium', timeStyle: 'medium' }));
  readonly relative = $derived(new Intl.RelativeTimeFormat(this.tag, { numeric: 'auto' }));

  async use(language: Language): Promise<void> {
    const catalogue = language === 'de' ? (await import('./de.ts')).de : en;
    this.catalogue = catalogue;
    this.language = language;
  }
}

export const texts = new Texts();

export function t(key: Key, values?: Values): string {
  return format(texts.catalogue[key], values, texts.plural, texts.numbers);
}

export function format(
  entry: string | Forms, values: Values | undefined, plural: Intl.PluralRules, numbers: Intl.NumberFormat,
): string {
  let text: string;
  if (typeof entry === 'string') text = entry;
  else {
    const count = Number(values?.['count'] ?? 0);
    text = (count === 0 ? entry.zero : undefined) ?? entry[plural.select(count)] ?? entry.other;
  }
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? numbers.format(value) : value;
  });
}

export function clock(at: number): string {
  return texts.time.format(at);
}

/** For a list: the time today, the weekday this week, the date before. */
export function shortMoment(at: number, now = Date.now()): string {
  const days = daysBetween(at, now);
  if (days <= 0) return texts.time.format(at);
  if (days === 1) return t('day.yesterday');
  return days < 7 ? texts.weekday.format(at) : texts.shortDay.format(at);
}

/** For a separator between messages. */
export function dayName(at: number, now = Date.now()): string {
  const days = daysBetween(at, now);
  if (days === 0) return t('day.today');
  if (days === 1) return t('day.yesterday');
  return days > 0 && days < 300 ? texts.day.format(at) : texts.dayAndYear.format(at);
}

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(texts.tag, { maximumFractionDigits: digits })} ${units[unit]}`;
}

export function ago(at: number, now = Date.now()): string {
  const seconds = Math.round((at - now) / 1000);
  if (Math.abs(seconds) < 60) return t('time.justNow');
  if (Math.abs(seconds) < 3600) return texts.relative.format(Math.round(seconds / 60), 'minute');
  if (Math.abs(seconds) < 86_400) return texts.relative.format(Math.round(seconds / 3600), 'hour');
  return texts.relative.format(Math.round(seconds / 86_400), 'day');
}

export function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

function daysBetween(at: number, now: number): number {
  const midnight = (moment: number) => new Date(moment).setHours(0, 0, 0, 0);
  return Math.round((midnight(now) - midnight(at)) / 86_400_000);
}
