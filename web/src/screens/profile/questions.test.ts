import { describe, expect, test } from 'vitest';
import type { Verification } from '../../api/types.ts';
import { fits, wishes } from './questions.ts';

const at = (state: Verification['state']): Verification => ({ question: 'q', state, at: 1 });
const steps = (state: Verification['state'], ours: boolean) => wishes(at(state), ours).map((wish) => wish.step);

describe('questions of identity', () => {
  test('whoever was asked answers, whoever asked judges, once', () => {
    expect([steps('pending', true), steps('pending', false)]).toEqual([['cancel'], ['answer', 'decline']]);
    expect([steps('answered', true), steps('answered', false)]).toEqual([['trust', 'distrust'], []]);
    for (const over of ['declined', 'cancelled', 'trusted', 'untrusted'] as const) expect([...steps(over, true), ...steps(over, false)]).toEqual([]);
  });

  test('the limit is in bytes', () => {
    expect(fits(' ')).toBe(false);
    expect(fits('x'.repeat(280))).toBe(true);
    expect(fits('é'.repeat(140))).toBe(true);
    expect(fits('é'.repeat(141))).toBe(false);
  });
});
