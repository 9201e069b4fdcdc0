/**
 * The event stream: one WebSocket that comes back by itself and resumes where it was.
 *
 * Keeps the epoch and the last number it gave on. Frames that are no JSON, too long or of an unknown kind are counted and
 * skipped; the next resume brings what they may have held.
 */
import type { Frame } from './types.ts';

export type StreamState = 'connecting' | 'open' | 'waiting' | 'closed';

export interface Wire {
  send?(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
}

export interface StreamOptions {
  open(query: string): Wire;
  frame(frame: Frame): void;
  state(state: StreamState, retryInMs?: number): void;
  /** Waits; a test gives its own. */
  later?(run: () => void, ms: number): () => void;
}

/** A frame is one commit; 200 messages of 4096 characters are far below. */
const LARGEST_FRAME = 16 << 20;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;

export class Stream {
  private wire: Wire | undefined;
  private epoch: string | undefined;
  private seq = 0;
  private failures = 0;
  private stopped = false;
  private cancel: (() => void) | undefined;
  skipped = 0;

  constructor(private readonly options: StreamOptions) {}

  start(): void {
    this.stopped = false;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
    this.wire?.close();
    this.options.state('closed');
  }

  /** Tries now, because something says that the daemon is back. */
  hurry(): void {
    if (this.cancel && !this.stopped) {
      this.cancel();
      this.cancel = undefined;
      this.connect();
    }
  }

  private connect(): void {
    this.options.state('connecting');
    const query = this.epoch === undefined ? '' : `?${new URLSearchParams({ epoch: this.epoch, since: String(this.seq) })}`;
    const wire = this.options.open(query);
    this.wire = wire;
    wire.onmessage = (event) => this.receive(wire, event.data);
    wire.onclose = (event) => {
      if (this.wire !== wire) return;
      this.wire = undefined;
      if (this.stopped || event.reason === 'locked') return this.options.state('closed');
      this.retry();
    };
  }

  private retry(): void {
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.failures, LONGEST_WAIT_MS);
    this.failures += 1;
    this.options.state('waiting', wait);
    const later = this.options.later ?? ((run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    });
    this.cancel = later(() => {
      this.cancel = undefined;
      this.connect();
    }, wait);
  }

  private receive(wire: Wire, data: unknown): void {
    const frame = parse(data);
    if (!frame) {
      this.skipped += 1;
      return;
    }
    switch (frame.type) {
      case 'joined':
        this.failures = 0;
        this.epoch = frame.epoch;
        this.seq = frame.seq;
        this.options.state('open');
        break;
      case 'reset':
        this.failures = 0;
        this.epoch = frame.epoch;
        this.seq = frame.seq;
        this.options.state('open');
        break;
      case 'event':
        if (frame.epoch !== this.epoch || frame.seq <= this.seq) return;
        if (frame.seq !== this.seq + 1) {
          // Something was lost on the way: resume from what we have.
          wire.close();
          return;
        }
        this.seq = frame.seq;
        break;
      case 'signal':
        break;
    }
    this.options.frame(frame);
  }
}

/** A frame, or nothing if it is not one. */
export function parse(data: unknown): Frame | undefined {
  if (typeof data !== 'string' || data.length > LARGEST_FRAME) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const frame = value as Record<string, unknown>;
  switch (frame['type']) {
    case 'joined':
    case 'reset':
      return numbered(frame) ? (value as Frame) : undefined;
    case 'event':
      return numbered(frame) && Array.isArray(frame['items']) && frame['items'].every(isItem) ? (value as Frame) : undefined;
    case 'signal':
      return isItem(frame['signal']) ? (value as Frame) : undefined;
    default:
      return undefined;
  }
}

function numbered(frame: Record<string, unknown>): boolean {
  return typeof frame['epoch'] === 'string' && Number.isSafeInteger(frame['seq']);
}

function isItem(item: unknown): boolean {
  return typeof item === 'object' && item !== null && typeof (item as { kind?: unknown }).kind === 'string';
}
