/**
 * Recording a sound: the browser's own recorder, and what it took as samples for the daemon, which makes of them what others
 * can play. Nothing leaves this page before the person sends it.
 */
import { RATE, toWav } from './wav.ts';

export type RecordingState = 'idle' | 'asking' | 'recording' | 'finishing';

/** Seconds; as much as deployed clients record. */
export const LONGEST_RECORDING = 60;

export function canRecord(): boolean {
  return typeof MediaRecorder !== 'undefined' && typeof OfflineAudioContext !== 'undefined' && Boolean(navigator.mediaDevices?.getUserMedia);
}

export class Recording {
  state = $state<RecordingState>('idle');
  seconds = $state(0);
  /** Told when the time is over: what was said until then waits. */
  full = $state(false);

  private recorder: MediaRecorder | undefined;
  private parts: Blob[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;

  /** Asks for the microphone and begins; fails if it is not given. */
  async start(): Promise<void> {
    if (this.state !== 'idle') return;
    this.state = 'asking';
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
      // Taken back while the browser asked.
      if (this.state !== 'asking') return stop(stream);
      this.parts = [];
      this.recorder = new MediaRecorder(stream, { audioBitsPerSecond: 96_000 });
      this.recorder.ondataavailable = ({ data }) => this.parts.push(data);
      this.recorder.start();
    } catch (error) {
      this.reset();
      throw error;
    }
    const begun = performance.now();
    this.state = 'recording';
    this.timer = setInterval(() => {
      this.seconds = Math.min(LONGEST_RECORDING, (performance.now() - begun) / 1000);
      if (this.seconds < LONGEST_RECORDING || this.full) return;
      this.full = true;
      this.recorder?.pause();
    }, 100);
  }

  /** Ends, and gives what was recorded as WAV. */
  async finish(): Promise<File> {
    const { recorder } = this;
    if (!recorder || this.state !== 'recording') throw new Error('nothing is being recorded');
    this.state = 'finishing';
    clearInterval(this.timer);
    try {
      const over = new Promise((resolve) => recorder.addEventListener('stop', resolve, { once: true }));
      recorder.stop();
      await over;
      const encoded = await new Blob(this.parts, { type: recorder.mimeType }).arrayBuffer();
      const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(encoded);
      const channels = Array.from({ length: sound.numberOfChannels }, (_, at) => sound.getChannelData(at));
      return new File([toWav(channels)], 'recording.wav', { type: 'audio/wav' });
    } finally {
      this.reset();
    }
  }

  cancel(): void {
    if (this.recorder && this.recorder.state !== 'inactive') this.recorder.stop();
    this.reset();
  }

  private reset(): void {
    clearInterval(this.timer);
    if (this.recorder) stop(this.recorder.stream);
    this.recorder = undefined;
    this.parts = [];
    this.seconds = 0;
    this.full = false;
    this.state = 'idle';
  }
}

/** The sign that the microphone is open goes out. */
function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
