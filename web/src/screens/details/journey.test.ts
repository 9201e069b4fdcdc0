import { describe, expect, test } from 'vitest';
import type { Message, Trace, TraceEnvelope, TracePart } from '../../api/types.ts';
import { keyStory, layers, onlookers } from './journey.ts';

const message = { text: 'häuser' } as Message;
const part = { peer: 'p', signed: 200, synced: 240, encrypted: 500, at: 0, keys: [] } as TracePart;
const envelope = { hash: 'h', data: 500, padded: 768, wire: 900, place: 'negotiated' } as TraceEnvelope;
const trace = (place: TraceEnvelope['place'], scheme: 'ratchet' | 'clear' = 'ratchet'): Trace => ({ envelopes: [{ ...envelope, place }], parts: [{ ...part, keys: [{ scheme, n: 0, state: { kind: 'gone' } }] }] });

describe('what the network saw', () => {
  test('layers go from the wire to the text, in bytes of UTF-8, and each says what it added', () => {
    expect(layers(message, part, envelope).map(({ name, bytes, added }) => [name, bytes, added])).toEqual([
      ['wire', 900, 132], ['padded', 768, 268], ['encrypted', 500, 260], ['synced', 240, 40], ['signed', 200, 193], ['text', 7, 7],
    ]);
  });

  test('a layer that was not there is not drawn', () => {
    expect(layers(message, { ...part, synced: 200, encrypted: 200 }, envelope).map((layer) => layer.name)).toEqual(['wire', 'padded', 'signed', 'text']);
    expect(layers(message, undefined, undefined).map((layer) => layer.name)).toEqual(['text']);
  });

  test('only an erased key is good news', () => {
    const tone = (state: Parameters<typeof keyStory>[0]['state']) => keyStory({ scheme: 'ratchet', n: 0, state }).tone;
    expect(tone({ kind: 'gone' })).toBe('good');
    expect(tone({ kind: 'gone', next: 3 })).toBe('good');
    for (const state of [{ kind: 'present' }, { kind: 'in-pre-key' }, { kind: 'identity' }, { kind: 'shared' }] as const) expect(tone(state)).toBe('warn');
  });

  test('nodes learn neither text nor people', () => {
    for (const place of ['partitioned', 'negotiated', 'public'] as const) {
      for (const node of onlookers(trace(place)).slice(0, 2)) {
        expect(node.learns).not.toContain('learn.text');
        expect(node.cannot).toEqual(expect.arrayContaining(['learn.text', 'learn.author', 'learn.recipient']));
      }
    }
  });

  test('who knows the name of a public chat reads it, and it is said', () => {
    expect(onlookers(trace('public', 'clear'))[2]!.learns).toContain('learn.text');
    expect(onlookers(trace('negotiated'))[2]!.learns).toEqual([]);
    expect(onlookers(trace('partitioned'))[2]!.learns).toContain('learn.oneOf5000');
  });
});
