/**
 * What texts look like. The daemon reads the marks and tells blocks of spans; here they are only put together. Whatever is
 * in a span ends as a text node, so nothing in a message can become markup.
 */
import type { TextBlock } from '../api/types.ts';

/** One line for a list: the characters without their marks. */
export function flat(said: { text?: string; blocks?: readonly TextBlock[] }): string {
  const text = said.blocks ? said.blocks.map((block) => block.spans.map((span) => span.text).join('')).join(' ') : (said.text ?? '');
  return text.slice(0, 400).replace(/\s+/g, ' ').trim();
}

export function isWebAddress(text: string): boolean {
  try {
    const { protocol, hostname } = new URL(text);
    return (protocol === 'https:' || protocol === 'http:') && hostname !== '';
  } catch {
    return false;
  }
}

/** Up to `most` different web addresses of a draft, in their order: what a preview can be offered for. Code is left out. */
export function webLinks(draft: string, most: number): string[] {
  const found = new Set<string>();
  for (const [word] of draft.replace(/(`+)[^`]+\1/g, ' ').matchAll(/(?<![a-z0-9])https?:\/\/[^\s<>"'`]+/gi)) {
    const url = word.replace(/[.,;:!?*_~]+$/, '').replace(/^([^(]*)\)+$/, '$1');
    if (isWebAddress(url)) found.add(url);
  }
  return [...found].slice(0, most);
}

const STRONG = /[\p{L}]/u;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/** The direction of a text: that of its first letter, as `dir=auto` finds it. */
export function directionOf(text: string): 'ltr' | 'rtl' {
  const first = STRONG.exec(text)?.[0];
  return first && RIGHT_TO_LEFT.test(first) ? 'rtl' : 'ltr';
}
