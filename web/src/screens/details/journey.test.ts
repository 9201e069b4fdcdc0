import { describe, expect, test } from 'vitest';
import type { Trace, TraceEnvelope, TraceKey, TraceParcel, TracePlace } from '../../api/types.ts';
import { drawn, keyStory, layers, onlookers, reading, shares } from './journey.ts';

const envelope: TraceEnvelope = { hash: '0x00', segment: 0, data: 500, padded: 768, sealed: 796, wire: 900, outcome: 'taken', at: 0, seen: [], fields: [] };
const parcel: TraceParcel = { person: 'p', at: 0, signed: 200, synced: 240, encrypted: 500, place: 'negotiated', pubsubTopic: '/m', contentTopic: '/t', segments: 1, keys: [], envelopes: [envelope] };
const trace: Trace = { message: '0x01', own: true, text: 7, parcels: [parcel] };

describe('what the network saw', () => {
  test('layers go from the wire to the text, and each says what it added', () => {
    expect(layers(trace, parcel, envelope).map(({ name, bytes, added }) => [name, bytes, added])).toEqual([
      ['wire', 900, 104], ['padded', 796, 296], ['encrypted', 500, 260], ['synced', 240, 40], ['signed', 200, 193], ['text', 7, 7],
    ]);
  });

  test('a layer that was not there is not drawn', () => {
    expect(layers(trace, { ...parcel, synced: 200, encrypted: 200 }, envelope).map((layer) => layer.name)).toEqual(['wire', 'padded', 'signed', 'text']);
    expect(layers({ ...trace, text: 0 }, parcel, undefined).map((layer) => layer.name)).toEqual(['encrypted', 'synced', 'signed']);
    expect(layers(trace, { ...parcel, segments: 3 }, envelope)[0]!.name).toBe('encrypted');
  });

  test('what an envelope is made of adds up to what was on the wire', () => {
    expect(shares(envelope).map(({ bytes }) => bytes)).toEqual([500, 268, 28, 104]);
    expect(shares(envelope).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(envelope.wire);
  });

  test('an attempt that nobody took is not what is drawn', () => {
    const failed = { ...envelope, hash: '0x02', outcome: 'not-taken' as const };
    expect(drawn({ ...parcel, envelopes: [envelope, failed] })).toBe(envelope);
    expect(drawn({ ...parcel, envelopes: [failed] })).toBe(failed);
    expect(drawn({ ...parcel, envelopes: [] })).toBeUndefined();
  });

  test('only an erased key is good news', () => {
    const tone = (fate: TraceKey['fate']) => keyStory({ scheme: 'ratchet', fate }).tone;
    expect(tone('erased')).toBe('good');
    for (const fate of ['in-pre-key', 'in-identity', 'shared'] as const) expect(tone(fate)).toBe('warn');
    expect(keyStory({ scheme: 'founding', fate: 'in-pre-key', until: 5 })).toEqual({ text: 'key.preKeyUntil', until: 5, tone: 'warn' });
  });

  test('fields are read as a node could read them', () => {
    expect(reading({ name: 'payload', bytes: 9, value: '8f3a01' }, String)).toBe('8f 3a 01 …');
    expect(reading({ name: 'timestamp', bytes: 9, value: '1800000000123000000' }, String)).toBe('1800000000123');
    expect(reading({ name: 'meta', bytes: 2 }, String)).toBeUndefined();
  });

  test('nodes learn neither text nor people', () => {
    for (const place of ['partitioned', 'negotiated', 'public'] as TracePlace[]) {
      for (const node of onlookers({ ...parcel, place }).slice(0, 2)) {
        expect(node.learns).not.toContain('learn.text');
        expect(node.cannot).toEqual(expect.arrayContaining(['learn.text', 'learn.author', 'learn.recipient']));
      }
    }
  });

  test('who knows the name of a public chat reads it, and it is said', () => {
    expect(onlookers({ ...parcel, place: 'public' })[2]!.learns).toContain('learn.text');
    expect(onlookers(parcel)[2]!.learns).toEqual([]);
    expect(onlookers({ ...parcel, place: 'partitioned' })[2]!.learns).toContain('learn.oneOf5000');
  });
});
