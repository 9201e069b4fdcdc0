/**
 * From the daemon's record of a message to what is drawn: layers with their bytes, keys and what became of them, and what
 * each kind of onlooker could learn. Every statement follows from a recorded fact; what is not recorded is not said.
 */
import type { Message, Trace, TraceEnvelope, TraceKey, TracePart } from '../../api/types.ts';
import type { Key } from '../../i18n/index.svelte.ts';

export interface Layer {
  name: 'text' | 'signed' | 'synced' | 'encrypted' | 'padded' | 'wire';
  /** Bytes after this layer. */
  bytes: number;
  /** What this layer added. */
  added: number;
}

/** From the wire inwards, for one person's part and one envelope. */
export function layers(message: Message, part: TracePart | undefined, envelope: TraceEnvelope | undefined): Layer[] {
  const list: { name: Layer['name']; bytes: number }[] = [];
  const text = new TextEncoder().encode(message.text).length;
  if (text > 0) list.push({ name: 'text', bytes: text });
  if (part) {
    list.push({ name: 'signed', bytes: part.signed });
    if (part.synced !== part.signed) list.push({ name: 'synced', bytes: part.synced });
    if (part.encrypted !== part.synced) list.push({ name: 'encrypted', bytes: part.encrypted });
  }
  if (envelope) list.push({ name: 'padded', bytes: envelope.padded }, { name: 'wire', bytes: envelope.wire });
  return list.map((layer, at) => ({ ...layer, added: at === 0 ? layer.bytes : layer.bytes - list[at - 1]!.bytes })).reverse();
}

/** What became of the key, as a sentence and whether that is good. */
export function keyStory(key: TraceKey): { text: Key; values?: Record<string, number>; tone: 'good' | 'warn' | 'plain' } {
  switch (key.state.kind) {
    case 'gone':
      return key.state.next === undefined
        ? { text: 'key.gone', tone: 'good' }
        : { text: 'key.goneNext', values: { next: key.state.next }, tone: 'good' };
    case 'in-pre-key':
      return { text: key.state.until === undefined ? 'key.preKey' : 'key.preKeyUntil', ...(key.state.until === undefined ? {} : { values: { until: key.state.until } }), tone: 'warn' };
    case 'present':
      return { text: 'key.present', tone: 'warn' };
    case 'identity':
      return { text: 'key.identity', tone: 'warn' };
    case 'shared':
      return { text: 'key.shared', tone: 'warn' };
  }
}

export interface Onlooker {
  who: Key;
  learns: Key[];
  cannot: Key[];
}

/** What could be learned, from where the envelope went and how the text was encrypted. */
export function onlookers(trace: Trace): Onlooker[] {
  const envelope = trace.envelopes[0];
  if (!envelope) return [];
  const schemes = new Set(trace.parts.flatMap((part) => part.keys.map((key) => key.scheme)));
  const open = envelope.place === 'public' || envelope.place === 'community' || schemes.has('clear');
  // What knows no name of a chat sees no text, however it is encrypted below.
  const node: Onlooker['cannot'] = ['learn.text', 'learn.author', 'learn.recipient', 'learn.chat'];
  const result: Onlooker[] = [
    { who: 'who.relay', learns: ['learn.size', 'learn.topic', 'learn.time', 'learn.neighbour'], cannot: node },
    { who: 'who.store', learns: ['learn.size', 'learn.topic', 'learn.time', 'learn.kept'], cannot: node },
  ];
  if (envelope.place === 'public') {
    result.push({ who: 'who.publicName', learns: ['learn.text', 'learn.author'], cannot: ['learn.address'] });
  } else if (envelope.place === 'community') {
    result.push({ who: 'who.communityId', learns: open ? ['learn.text', 'learn.author'] : ['learn.traffic'], cannot: ['learn.address'] });
  } else if (envelope.place === 'partitioned') {
    result.push({ who: 'who.publicKey', learns: ['learn.oneOf5000', 'learn.time'], cannot: ['learn.text', 'learn.author', 'learn.certain'] });
  } else {
    result.push({ who: 'who.publicKey', learns: [], cannot: ['learn.thatTopic', 'learn.text', 'learn.author'] });
  }
  return result;
}
