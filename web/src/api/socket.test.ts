import { describe, expect, test } from 'vitest';
import { parse, Stream, type StreamState, type Wire } from './socket.ts';
import type { Frame } from './types.ts';

class Line implements Wire {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  closed = false;
  constructor(readonly query: string) {}
  close() {
    if (this.closed) return;
    this.closed = true;
    this.onclose?.({ code: 1006, reason: '' });
  }
  say(value: unknown) {
    this.onmessage?.({ data: typeof value === 'string' ? value : JSON.stringify(value) });
  }
}

function setup() {
  const lines: Line[] = [];
  const frames: Frame[] = [];
  const states: StreamState[] = [];
  let waiting: (() => void) | undefined;
  const waits: number[] = [];
  const stream = new Stream({
    open: (query) => {
      const line = new Line(query);
      lines.push(line);
      return line;
    },
    frame: (frame) => frames.push(frame),
    state: (state) => states.push(state),
    later: (run, ms) => {
      waiting = run;
      waits.push(ms);
      return () => (waiting = undefined);
    },
  });
  stream.start();
  return { stream, lines, frames, states, waits, wake: () => waiting?.() };
}
const event = (seq: number) => ({ type: 'event', epoch: 'e', seq, items: [{ kind: 'chat-removed', value: 'x' }] });

describe('the event stream', () => {
  test('comes back with the place it had reached', () => {
    const { lines, frames, wake } = setup();
    lines[0]!.say({ type: 'joined', epoch: 'e', seq: 4 });
    lines[0]!.say(event(5));
    lines[0]!.close();
    wake();
    expect(lines[1]!.query).toBe('?epoch=e&since=5');
    lines[1]!.say({ type: 'joined', epoch: 'e', seq: 5 });
    lines[1]!.say(event(6));
    expect(frames.filter((frame) => frame.type === 'event').map((frame) => frame.seq)).toEqual([5, 6]);
  });

  test('a frame that was missed is fetched, one that was seen is skipped', () => {
    const { lines, frames, wake } = setup();
    lines[0]!.say({ type: 'joined', epoch: 'e', seq: 0 });
    lines[0]!.say(event(1));
    lines[0]!.say(event(1));
    lines[0]!.say(event(3));
    expect(lines[0]!.closed).toBe(true);
    wake();
    expect(lines[1]!.query).toBe('?epoch=e&since=1');
    expect(frames.filter((frame) => frame.type === 'event').length).toBe(1);
  });

  test('waits longer each time, and starts over after it worked', () => {
    const { lines, waits, wake } = setup();
    for (let round = 0; round < 8; round += 1) {
      lines.at(-1)!.close();
      wake();
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
    lines.at(-1)!.say({ type: 'joined', epoch: 'e', seq: 0 });
    lines.at(-1)!.close();
    expect(waits.at(-1)).toBe(250);
  });

  test('does not come back into a locked profile', () => {
    const { lines, states, wake } = setup();
    lines[0]!.say({ type: 'joined', epoch: 'e', seq: 0 });
    lines[0]!.onclose!({ code: 1000, reason: 'locked' });
    wake();
    expect(lines.length).toBe(1);
    expect(states.at(-1)).toBe('closed');
  });

  test.each([
    'no json', '', '[]', 'null', '7', '{"type":"event"}', '{"type":"event","epoch":"e","seq":"1","items":[]}',
    '{"type":"event","epoch":"e","seq":1.5,"items":[]}', '{"type":"event","epoch":"e","seq":1,"items":[null]}',
    '{"type":"event","epoch":"e","seq":1,"items":{}}', '{"type":"signal"}', '{"type":"surprise"}', `"${'x'.repeat(17 << 20)}"`,
  ])('nonsense is no frame (%#)', (text) => {
    const { stream, lines, frames } = setup();
    lines[0]!.say({ type: 'joined', epoch: 'e', seq: 0 });
    lines[0]!.say(text);
    expect(frames.length).toBe(1);
    expect(stream.skipped).toBe(1);
    expect(parse(new ArrayBuffer(4))).toBeUndefined();
  });
});
