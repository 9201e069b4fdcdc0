import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Features, operations } from './features.ts';

describe('what a daemon can do', () => {
  test('is read off its description, whatever parameters are called', () => {
    const features = new Features({ paths: { '/v1/profiles/{profile}/messages/{message}/pin': { put: {}, delete: {} } } });
    expect(features.has('pin')).toBe(true);
    expect(features.has('react')).toBe(false);
  });

  test.each([undefined, null, 7, {}, { paths: null }, { paths: 'x' }])('a description that is none offers nothing (%#)', (document) => {
    expect(operations(document).size).toBe(0);
  });

  test('the committed description is understood', () => {
    const document: unknown = JSON.parse(readFileSync(new URL('../../../docs/api/openapi.json', import.meta.url), 'utf8'));
    expect(operations(document)).toContain('post /chats/{}/messages');
  });
});
