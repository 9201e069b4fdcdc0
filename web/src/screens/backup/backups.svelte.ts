/** The backups of the open profile: the list, and the job that runs, looked at again while it does. */
import type { Backups, BackupJob } from '../../api/types.ts';
import type { ProfileClient } from '../../api/client.ts';

const LOOK_EVERY_MS = 400;

export class BackupsView {
  list = $state<Backups>();
  private waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly api: Pick<ProfileClient, 'backups'>, private readonly every = LOOK_EVERY_MS) {}

  get job(): BackupJob | undefined {
    return this.list?.job;
  }

  get running(): boolean {
    return this.job?.state === 'running';
  }

  /** How far the job is, from 0 to 1; undefined if nobody knows. */
  get progress(): number | undefined {
    const job = this.job;
    return job && job.total > 0 ? Math.min(1, job.done / job.total) : undefined;
  }

  async load(): Promise<void> {
    clearTimeout(this.waiting);
    this.list = await this.api.backups();
    if (this.running) this.waiting = setTimeout(() => void this.load().catch(() => this.stop()), this.every);
  }

  stop(): void {
    clearTimeout(this.waiting);
  }
}
