/**
 * The little markdown that messages carry, as a tree: bold, italic, struck, code, quotes, links, mentions. The tree is drawn
 * by `Rich.svelte` as text nodes and elements of ours, so nothing in a message can become markup.
 */
export type Inline =
  | { type: 'text'; text: string }
  | { type: 'bold' | 'italic' | 'strike'; children: Inline[] }
  | { type: 'code'; text: string }
  | { type: 'link'; url: string; text: string }
  | { type: 'mention'; key: string; name: string };

export type Block =
  | { type: 'paragraph'; lines: Inline[][] }
  | { type: 'quote'; lines: Inline[][] }
  | { type: 'code'; text: string };

export interface Mention {
  key: string;
  name: string;
}

const LONGEST = 20_000;
const DEEPEST = 6;

export function parse(source: string, mentions: readonly Mention[] = []): Block[] {
  const text = source.length > LONGEST ? `${source.slice(0, LONGEST)}…` : source;
  const blocks: Block[] = [];
  // Fences first: nothing inside them means anything.
  const parts = text.split(/^```[^\n`]*\n?([\s\S]*?)\n?```[ \t]*$/m);
  parts.forEach((part, at) => {
    if (at % 2 === 1) blocks.push({ type: 'code', text: part });
    else blocks.push(...lines(part.replace(at > 0 ? /^\n/ : /(?!)/, '').replace(at < parts.length - 1 ? /\n$/ : /(?!)/, ''), mentions));
  });
  return blocks;
}

function lines(text: string, mentions: readonly Mention[]): Block[] {
  if (text === '') return [];
  const blocks: Block[] = [];
  for (const line of text.split('\n')) {
    const quoted = /^> ?(.*)$/.exec(line);
    const type = quoted ? 'quote' : 'paragraph';
    const children = inline(quoted ? quoted[1]! : line, mentions);
    const last = blocks.at(-1);
    if (last && last.type === type) last.lines.push(children);
    else blocks.push({ type, lines: [children] });
  }
  return blocks;
}

// One alternative per construct; the first that matches at the earliest place wins.
const TOKEN = new RegExp(
  [
    '(?<code>`+)(?<codeText>[^`\\n]+)\\k<code>',
    '\\*\\*(?<bold>\\S(?:[^\\n]*?\\S)?)\\*\\*',
    '~~(?<strike>\\S(?:[^\\n]*?\\S)?)~~',
    '(?<![\\w*])\\*(?<star>[^\\s*](?:[^*\\n]*[^\\s*])?)\\*(?![\\w*])',
    '(?<![\\w_])_(?<under>[^\\s_](?:[^_\\n]*[^\\s_])?)_(?![\\w_])',
    '(?<url>https?://[^\\s<>"\'`]+)',
    '(?<![\\w@])@(?<at>0x[0-9a-fA-F]{5,132}|zQ3[1-9A-HJ-NP-Za-km-z]{5,60}|everyone\\b)',
  ].join('|'),
  'gu',
);

export function inline(text: string, mentions: readonly Mention[] = [], depth = 0): Inline[] {
  if (depth >= DEEPEST) return text ? [{ type: 'text', text }] : [];
  const nodes: Inline[] = [];
  let from = 0;
  const plain = (until: number) => {
    if (until > from) nodes.push({ type: 'text', text: text.slice(from, until) });
  };
  for (const match of text.matchAll(TOKEN)) {
    const groups = match.groups!;
    let end = match.index + match[0].length;
    if (match.index < from) continue;
    let node: Inline | undefined;
    if (groups['codeText'] !== undefined) node = { type: 'code', text: groups['codeText'] };
    else if (groups['bold'] !== undefined) node = { type: 'bold', children: inline(groups['bold'], mentions, depth + 1) };
    else if (groups['strike'] !== undefined) node = { type: 'strike', children: inline(groups['strike'], mentions, depth + 1) };
    else if (groups['star'] !== undefined) node = { type: 'italic', children: inline(groups['star'], mentions, depth + 1) };
    else if (groups['under'] !== undefined) node = { type: 'italic', children: inline(groups['under'], mentions, depth + 1) };
    else if (groups['url'] !== undefined) {
      const url = trimUrl(groups['url']);
      end = match.index + url.length;
      if (isWebAddress(url)) node = { type: 'link', url, text: url };
    } else if (groups['at'] !== undefined) node = mention(groups['at'], mentions);
    if (!node) continue;
    plain(match.index);
    nodes.push(node);
    from = end;
  }
  plain(text.length);
  return nodes;
}

function mention(key: string, mentions: readonly Mention[]): Inline {
  if (key === 'everyone') return { type: 'mention', key: '', name: 'everyone' };
  const known = mentions.find((candidate) => candidate.key === key);
  return { type: 'mention', key, name: known?.name ?? `${key.slice(0, 6)}…${key.slice(-4)}` };
}

/** Punctuation that ends a sentence is not part of an address; a closing bracket is, if it was opened in it. */
function trimUrl(url: string): string {
  let end = url.length;
  while (end > 0) {
    const last = url[end - 1]!;
    if ('.,;:!?*_~'.includes(last)) end -= 1;
    else if (last === ')' && !url.slice(0, end - 1).includes('(')) end -= 1;
    else if (last === ']' && !url.slice(0, end - 1).includes('[')) end -= 1;
    else break;
  }
  return url.slice(0, end);
}

export function isWebAddress(text: string): boolean {
  try {
    const { protocol, hostname } = new URL(text);
    return (protocol === 'https:' || protocol === 'http:') && hostname !== '';
  } catch {
    return false;
  }
}

/** Up to `most` different web addresses of a text, in their order; what is code is not a link. */
export function webLinks(text: string, most: number): string[] {
  const found = new Set<string>();
  const walk = (nodes: Inline[]): void => {
    for (const node of nodes) {
      if (node.type === 'link') found.add(node.url);
      else if ('children' in node) walk(node.children);
    }
  };
  for (const block of parse(text)) if (block.type === 'paragraph') block.lines.forEach(walk);
  return [...found].slice(0, most);
}

/** One line for a list: the text without its marks. */
export function flatten(text: string, mentions: readonly Mention[] = []): string {
  const of = (nodes: Inline[]): string =>
    nodes.map((node) => ('children' in node ? of(node.children) : node.type === 'mention' ? `@${node.name}` : node.text)).join('');
  return parse(text.slice(0, 400), mentions)
    .map((block) => (block.type === 'code' ? block.text : block.lines.map(of).join(' ')))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
}

const ONLY_EMOJI = /^(?:\p{RGI_Emoji}|\s){1,12}$/v;

/** One to three emoji and nothing else: shown large. */
export function isEmojiOnly(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > 40 || !ONLY_EMOJI.test(trimmed)) return false;
  return [...new Intl.Segmenter().segment(trimmed.replace(/\s/g, ''))].length <= 3;
}

const STRONG = /[\p{L}]/u;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/** The direction of a text: that of its first letter, as `dir=auto` finds it. */
export function directionOf(text: string): 'ltr' | 'rtl' {
  const first = STRONG.exec(text)?.[0];
  return first && RIGHT_TO_LEFT.test(first) ? 'rtl' : 'ltr';
}
