/**
 * From the daemon's record of a message to what is drawn: layers with their bytes, keys and what became of them, and what
 * each kind of onlooker could learn. Every statement follows from a recorded fact; what is not recorded is not said.
 */
import type { Trace, TraceEnvelope, TraceField, TraceKey, TraceParcel } from '../../api/types.ts';
import type { Key } from '../../i18n/index.svelte.ts';

export interface Layer {
  name: 'text' | 'signed' | 'synced' | 'encrypted' | 'padded' | 'wire';
  /** Bytes after this layer. */
  bytes: number;
  /** What this layer added; nothing can be said of a piece of a larger whole. */
  added: number;
}

/** From the wire inwards, for one parcel and one of its envelopes. */
export function layers(trace: Trace, parcel: TraceParcel, envelope: TraceEnvelope | undefined): Layer[] {
  const list: { name: Layer['name']; bytes: number }[] = [];
  if (trace.text > 0) list.push({ name: 'text', bytes: trace.text });
  list.push({ name: 'signed', bytes: parcel.signed });
  if (parcel.synced !== parcel.signed) list.push({ name: 'synced', bytes: parcel.synced });
  if (parcel.encrypted !== parcel.synced) list.push({ name: 'encrypted', bytes: parcel.encrypted });
  if (envelope && parcel.segments === 1) list.push({ name: 'padded', bytes: envelope.sealed }, { name: 'wire', bytes: envelope.wire });
  return list.map((layer, at) => ({ ...layer, added: at === 0 ? layer.bytes : layer.bytes - list[at - 1]!.bytes })).reverse();
}

/** The envelope to draw: the last one that the network took, or else the last. */
export function drawn(parcel: TraceParcel): TraceEnvelope | undefined {
  return parcel.envelopes.findLast((envelope) => envelope.outcome === 'taken' || envelope.outcome === 'came') ?? parcel.envelopes.at(-1);
}

/** What became of the key, as a sentence and whether that is good. */
export function keyStory(key: TraceKey): { text: Key; until?: number; tone: 'good' | 'warn' } {
  switch (key.fate) {
    case 'erased':
      return { text: 'key.erased', tone: 'good' };
    case 'in-pre-key':
      return key.until === undefined ? { text: 'key.preKey', tone: 'warn' } : { text: 'key.preKeyUntil', until: key.until, tone: 'warn' };
    case 'in-identity':
      return { text: 'key.identity', tone: 'warn' };
    case 'shared':
      return { text: 'key.shared', tone: 'warn' };
  }
}

export interface Share {
  name: 'data' | 'padding' | 'seal' | 'header';
  bytes: number;
}

/** What an envelope is made of, adding up to its bytes on the wire. */
export function shares({ data, padded, sealed, wire }: TraceEnvelope): Share[] {
  return [
    { name: 'data', bytes: data },
    { name: 'padding', bytes: padded - data },
    { name: 'seal', bytes: sealed - padded },
    { name: 'header', bytes: wire - sealed },
  ];
}

/** What a field says to whoever reads it: bytes of the payload in pairs, a time as a moment. */
export function reading(field: TraceField, moment: (at: number) => string): string | undefined {
  if (field.name === 'payload') return field.value && `${field.value.match(/../g)?.join(' ') ?? ''} …`;
  if (field.name === 'timestamp' && field.value) return moment(Number(BigInt(field.value) / 1_000_000n));
  return field.value;
}

export interface Onlooker {
  who: Key;
  learns: Key[];
  cannot: Key[];
}

/** What could be learned, from where the envelope went and how the text was encrypted. */
export function onlookers({ place }: TraceParcel): Onlooker[] {
  // What knows no name of a chat sees no text, however it is encrypted below.
  const node: Onlooker['cannot'] = ['learn.text', 'learn.author', 'learn.recipient', 'learn.chat'];
  const result: Onlooker[] = [
    { who: 'who.relay', learns: ['learn.size', 'learn.topic', 'learn.time', 'learn.neighbour'], cannot: node },
    { who: 'who.store', learns: ['learn.size', 'learn.topic', 'learn.time', 'learn.kept'], cannot: node },
  ];
  switch (place) {
    case 'public':
      return [...result, { who: 'who.publicName', learns: ['learn.text', 'learn.author'], cannot: ['learn.address'] }];
    case 'partitioned':
      return [...result, { who: 'who.publicKey', learns: ['learn.oneOf5000', 'learn.time'], cannot: ['learn.text', 'learn.author', 'learn.certain'] }];
    case 'negotiated':
      return [...result, { who: 'who.publicKey', learns: [], cannot: ['learn.thatTopic', 'learn.text', 'learn.author'] }];
  }
}
