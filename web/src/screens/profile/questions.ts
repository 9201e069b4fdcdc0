/** What can be done about a question of identity, by whose it is and where it stands. */
import type { Step } from '../../api/client.ts';
import type { Verification } from '../../api/types.ts';

export type Writing = 'ask' | 'answer';

export interface Wish {
  step: Exclude<Step, 'ask'>;
  primary?: boolean;
}

export function wishes(verification: Verification, ours: boolean): Wish[] {
  switch (verification.state) {
    case 'pending':
      return ours ? [{ step: 'cancel' }] : [{ step: 'answer', primary: true }, { step: 'decline' }];
    case 'answered':
      return ours ? [{ step: 'trust', primary: true }, { step: 'distrust' }] : [];
    default:
      return [];
  }
}

/** Whether a question or an answer can be sent; the limit is in bytes. */
export function fits(text: string): boolean {
  const bytes = new TextEncoder().encode(text.trim()).length;
  return bytes > 0 && bytes <= MOST_BYTES;
}

const MOST_BYTES = 280;
